// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some values look like templates on purpose
import { homedir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { experimentFromObject, loadExperiment, parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { literalPath } from '../../../src/config/tree/path-text.ts';
import { renderAnnotated } from '../../../src/report/text/annotated.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { errorOf, parse, problemsOf, VALID, withFiles } from '../support/experiments.ts';

/** Every key whose value is a path, with a file that says it and the value that is read. */
const keys: { title?: string; key: string; text: (value: string) => string }[] = [
  ...['images', 'labels', 'test_images', 'test_labels'].map((name) => ({
    key: `data.source.${name}`,
    text: (value: string) => {
      const files = { images: 'a', labels: 'b', test_images: 'c', test_labels: 'd', [name]: value };
      return `data: {source: ${JSON.stringify({ type: 'idx', ...files })}}\nmodel: {layers: [{type: dense, units: 10}]}\n`;
    },
  })),
  { key: 'data.sample_weights', text: (value) => VALID.replace('mnist', `mnist, sample_weights: ${JSON.stringify(value)}`) },
  { key: 'model.init.path', text: (value) => VALID.replace('{layers', `{init: {type: file, path: ${JSON.stringify(value)}}, layers`) },
  {
    title: 'model.init.path of a run',
    key: 'model.init.path',
    text: (value) => VALID.replace('{layers', `{init: {type: run, path: ${JSON.stringify(value)}}, layers`),
  },
  { key: 'model.layers.0.init.path', text: (value) => VALID.replace('10', `10, init: {type: file, path: ${JSON.stringify(value)}}`) },
  { key: 'parent.run', text: (value) => `${VALID}parent: {run: ${JSON.stringify(value)}, step: 1, sha256: ${'a'.repeat(64)}}\n` },
  { key: 'track.dir', text: (value) => `${VALID}track: {dir: ${JSON.stringify(value)}}\n` },
];

function valueAt(experiment: object, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => Reflect.get(value as object, part), experiment);
}

for (const { key, text, title = key } of keys) {
  test(`${title}: ~ is the home directory, also in the resolved file; other homes and variables are refused`, (t) => {
    for (const [written, read] of [
      ['~/data/x', path.join(homedir(), 'data/x')],
      ['~', homedir()],
      ['./~/x', key === 'track.dir' ? './~/x' : path.resolve('~/x')],
      ['./$x', key === 'track.dir' ? './$x' : path.resolve('$x')],
      ['/./a/${x}', key === 'track.dir' ? '/./a/${x}' : '/a/${x}'],
      ['a~b/c$', key === 'track.dir' ? 'a~b/c$' : path.resolve('a~b/c$')],
    ] as const) {
      const loaded = parse(text(written));
      t.is(valueAt(loaded.experiment, key), read, written);
      t.deepEqual(parseExperiment(resolvedYaml(loaded), { file: 'a.yaml' }).experiment, loaded.experiment, written);
      t.deepEqual(parseExperiment(renderAnnotated(loaded, unpainted), { file: 'a.yaml' }).experiment, loaded.experiment, written);
      t.deepEqual(experimentFromObject(loaded.experiment).experiment, loaded.experiment, written);
    }
    for (const written of ['$HOME/x', '${HOME}/x', 'a/$USER/b', '/data/$USER/x', '$(pwd)/x', 'a$b~c', '~bob/x', '~bob']) {
      const error = errorOf(() => parse(text(written)));
      t.is(error.exitCode, 78);
      t.deepEqual(
        error.problems.map(({ code, message }) => [code, message.startsWith(`${key}: `)]),
        [['E_CONFIG_VALUE', true]],
        written,
      );
    }
  });
}

test('what is refused is told at its place, with what to write instead', (t) => {
  t.deepEqual(
    problemsOf(() => parse(`${VALID}track: {dir: $HOME/x}\nseed: -1\n`)),
    [
      'a.yaml:3:14 [E_CONFIG_VALUE] track.dir: variables are not replaced in paths; got $HOME/x; expected the whole path, or ~/ for your home directory, or ./$HOME/x for a file of that very name',
      'a.yaml:4:7 [E_CONFIG_RANGE] seed: out of range; got -1; expected an integer of 0 or more',
    ],
  );
  t.deepEqual(
    problemsOf(() => parse(VALID, ['track.dir=~bob/x'])),
    [
      'command line: track.dir=~bob/x [E_CONFIG_VALUE] track.dir: only your own home directory is known, as ~/; got ~bob/x; expected the whole path, or ./~bob/x for a file of that very name',
    ],
  );
});

test('an object of a program may lie below a directory whose name has a $, a relative path may not', (t) => {
  const experiment = (images: string) => ({
    data: { source: { type: 'idx', images, labels: '/b' } },
    model: { layers: [{ type: 'dense', units: 10 }] },
  });
  t.notThrows(() => experimentFromObject(experiment('/$x/a')));
  t.throws(() => experimentFromObject(experiment('$HOME/a')), { code: 'E_CONFIG_VALUE' });
});

test('a relative path below a directory whose name has a $ is the same after it was written and read', (t) => {
  const loaded = parseExperiment(keys[0]?.text('x.idx') ?? '', { file: '/a/${b}/c.yaml' });
  t.is(valueAt(loaded.experiment, 'data.source.images'), '/a/${b}/x.idx');
  t.regex(resolvedYaml(loaded), /images: \/\.\/a\/\$\{b\}\/x\.idx$/m);
  t.deepEqual(parseExperiment(resolvedYaml(loaded), { file: 'a.yaml' }).experiment, loaded.experiment);
});

test('a path means itself once ./ stands in it', (t) => {
  for (const [given, literal] of [
    ['a/b', 'a/b'],
    ['~', './~'],
    ['$x/y', './$x/y'],
    ['./$x', './$x'],
    ['/a/$x', '/./a/$x'],
  ] as const)
    t.is(literalPath(given), literal);
});

test('extends: ~ is the home directory, which is outside; variables are refused; a file of that name is found', (t) => {
  withFiles(
    { 'a.yaml': 'extends: ~/x.yaml', 'b.yaml': 'extends: $B/x.yaml', 'c.yaml': 'extends: ./~/x.yaml', '~/x.yaml': VALID },
    (dir) => {
      const outside = errorOf(() => loadExperiment(path.join(dir, 'a.yaml')));
      t.is(outside.code, 'E_EXTENDS_OUTSIDE');
      t.is(outside.message, 'extends: ~/x.yaml leads outside the directory of the experiment file; expected a relative path inside it');
      const variable = errorOf(() => loadExperiment(path.join(dir, 'b.yaml')));
      t.is(variable.code, 'E_CONFIG_VALUE');
      t.true(
        variable.message.startsWith(
          'extends: variables are not replaced in paths; got $B/x.yaml; expected a relative path, or ./$B/x.yaml',
        ),
      );
      t.notThrows(() => loadExperiment(path.join(dir, 'c.yaml')));
    },
  );
});
