import test from 'ava';
import { parseExperiment } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { type ErrorCode, EXIT, GradloomError } from '../../../src/errors.ts';

const head = 'data: {source: {type: synthetic, kind: blobs, features: 4}}\n';
const text = (layers: readonly string[], rest = ''): string =>
  `${head}model:\n  layers:\n${layers.map((layer) => `    - ${layer}\n`).join('')}${rest}`;

const CASES: { title: string; text: string; code: ErrorCode; where: string; line: number; says: RegExp }[] = [
  {
    title: 'batch_norm and layer_norm of one layer',
    text: text(['{type: dense, units: 4}', '{type: dense, units: 3, batch_norm: true, layer_norm: {eps: 0.1}}']),
    code: 'E_CONFIG_VALUE',
    where: 'model.layers.1.layer_norm',
    line: 5,
    says: /batch_norm is on too; expected one of the two/,
  },
  {
    title: 'residual of unequal widths',
    text: text(['{type: dense, units: 4}', '{type: dense, units: 6, residual: true}', '{type: dense, units: 3}']),
    code: 'E_CONFIG_VALUE',
    where: 'model.layers.1.residual',
    line: 5,
    says: /adds 4 inputs to 6 outputs; expected the same number/,
  },
  {
    title: 'batch norm of one row a batch',
    text: text(['{type: dense, units: 3, batch_norm: true}'], 'train: {batch_size: 1}\n'),
    code: 'E_CONFIG_RANGE',
    where: 'train.batch_size',
    line: 5,
    says: /train\.batch_size: model\.layers\.0\.batch_norm can not normalise one row a batch; got 1; expected at least 2 with scope: batch/,
  },
  {
    title: 'batch norm of one row a leaf',
    text: text(['{type: dense, units: 3, batch_norm: {scope: leaf}}'], 'train: {batch_size: 16}\n'),
    code: 'E_CONFIG_RANGE',
    where: 'train.batch_size',
    line: 5,
    says: /batch_norm can not normalise one row a leaf; got 16; expected at least 32 with scope: leaf/,
  },
  {
    title: 'batch norm of one row a leaf by more leaves',
    text: text(['{type: dense, units: 3, batch_norm: {scope: leaf}}'], 'numerics: {leaves: 64}\n'),
    code: 'E_CONFIG_RANGE',
    where: 'train.batch_size',
    line: 4,
    says: /batch_norm can not normalise one row a leaf; got 64; expected at least 128 with scope: leaf/,
  },
  {
    title: 'dropout 1.0',
    text: text(['{type: dense, units: 3, dropout: 1.0}']),
    code: 'E_CONFIG_RANGE',
    where: 'model.layers.0.dropout',
    line: 4,
    says: /got 1\.0; expected .*0\.99/,
  },
  {
    title: 'dropout below 0',
    text: text(['{type: dense, units: 3, dropout: -0.1}']),
    code: 'E_CONFIG_RANGE',
    where: 'model.layers.0.dropout',
    line: 4,
    says: /got -0\.1/,
  },
  {
    title: 'accumulate 0',
    text: text(['{type: dense, units: 3}'], 'train:\n  accumulate: 0\n'),
    code: 'E_CONFIG_RANGE',
    where: 'train.accumulate',
    line: 6,
    says: /got 0; expected .*1/,
  },
  {
    title: 'accumulate 1.5',
    text: text(['{type: dense, units: 3}'], 'train:\n  accumulate: 1.5\n'),
    code: 'E_CONFIG_INTEGER',
    where: 'train.accumulate',
    line: 6,
    says: /got 1\.5/,
  },
  {
    title: 'an unknown scope',
    text: text(['{type: dense, units: 3, batch_norm: {scope: row}}']),
    code: 'E_CONFIG_VALUE',
    where: 'model.layers.0.batch_norm.scope',
    line: 4,
    says: /batch.*leaf/,
  },
  {
    title: 'eps 0',
    text: text(['{type: dense, units: 3, layer_norm: {eps: 0}}']),
    code: 'E_CONFIG_RANGE',
    where: 'model.layers.0.layer_norm.eps',
    line: 4,
    says: /got 0/,
  },
  {
    title: 'ema decay above 1',
    text: text(['{type: dense, units: 3}'], 'train:\n  average: {type: ema, decay: 1.5}\n'),
    code: 'E_CONFIG_RANGE',
    where: 'train.average.decay',
    line: 6,
    says: /got 1\.5/,
  },
];

for (const { title, text: given, code, where, line, says } of CASES) {
  test(`is refused at its place, with what is expected: ${title}`, (t) => {
    const error = t.throws(() => parseExperiment(given, { file: 'a.yaml' }), { instanceOf: GradloomError });
    t.is(error?.exitCode, EXIT.config);
    const [problem, ...others] = error?.problems ?? [];
    t.deepEqual(others, []);
    t.is(problem?.code, code);
    const shown = JSON.stringify(problem);
    t.true(shown.includes(where), shown);
    t.regex(shown, says);
    t.regex(shown, new RegExp(`a\\.yaml:${line}\\b|"line":${line}\\b`));
  });
}

test('two faults in layers are two problems', (t) => {
  const given = text(['{type: dense, units: 4, batch_norm: true, layer_norm: true}', '{type: dense, units: 6, residual: true}']);
  const error = t.throws(() => parseExperiment(given, { file: 'a.yaml' }), { instanceOf: GradloomError });
  t.is(error?.problems?.length, 2);
});

for (const layer of [
  'batch_norm: true, layer_norm: false',
  'batch_norm: false, layer_norm: true',
  'batch_norm: {scope: leaf}',
  'layer_norm: {}',
  'dropout: 0.99',
  'residual: true',
]) {
  test(`is accepted: ${layer}`, (t) => {
    t.notThrows(() => parseExperiment(text([`{type: dense, units: 4, ${layer}}`]), { file: 'a.yaml' }));
  });
}

test('residual of the first layer is checked against the data, before any thread starts', async (t) => {
  const { experiment } = parseExperiment(text(['{type: dense, units: 5, residual: true}', '{type: dense, units: 3}']), { file: 'a.yaml' });
  const dataset = await loadDataset(experiment);
  const error = t.throws(() => planEngine(experiment, dataset, 1), { instanceOf: GradloomError });
  t.is(error?.code, 'E_CONFIG_VALUE');
  t.is(error?.where, 'model.layers.0.residual');
  t.is(error?.message, "residual adds the layer's 4 inputs to its 5 outputs; expected the same number");
  t.is(error?.next, 'set units: 4, or residual: false');
});
