import test from 'ava';
import { parse } from 'yaml';
import { parseExperiment } from '../../../src/config/load.ts';
import { renderAnnotated } from '../../../src/report/text/annotated.ts';
import { unpainted } from '../../../src/report/text/paint.ts';

const text = `name: small
data: {source: {type: synthetic, kind: blobs}}
model:
  layers: [{type: dense, units: 3}]
track: {notes: "# a\\nb\\u001b"}
`;
const loaded = parseExperiment(text, { file: 'a.yaml', overrides: ['optimizer.lr=3e-3'] });
const annotated = renderAnnotated(loaded, unpainted);

test('each value has its origin beside it', (t) => {
  const lines = new Set(annotated.split('\n').map((line) => line.replace(/ +#/, ' #')));
  for (const line of [
    'name: small # a.yaml:1',
    'tags: [] # default',
    '  layers:',
    '    - type: dense # a.yaml:4',
    '      units: 3 # a.yaml:4',
    '  lr: 0.003 # command line: optimizer.lr=3e-3',
  ]) {
    t.true(lines.has(line), line);
  }
});

test('it is YAML of the resolved experiment', (t) => {
  t.deepEqual(parse(annotated), JSON.parse(JSON.stringify(loaded.experiment)));
});

test('comments stand below each other', (t) => {
  const columns = annotated
    .split('\n')
    .filter((line) => line.length < 80 && line.includes(' # ') && !line.includes('notes'))
    .map((line) => line.indexOf(' # '));
  t.is(new Set(columns).size, 1);
});
