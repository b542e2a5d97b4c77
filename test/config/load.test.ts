// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some values look like templates on purpose
import { resolve } from 'node:path';
import test from 'ava';
import { experimentFromObject, parseExperiment } from '../../src/config/load.ts';
import { resolvedYaml, resultKeys } from '../../src/config/resolved.ts';
import { errorOf, parse, problemsOf, VALID } from './support/experiments.ts';

/** Paths of a value's leaves, written apart from the code under test. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`));
}

test('two keys are enough; all else has a default', (t) => {
  const { experiment, notices, file, baseDir } = parse(VALID);
  t.like(experiment, {
    version: 2,
    name: 'experiment',
    seed: 0,
    optimizer: { type: 'adam', lr: 0.01 },
    train: { batch_size: 64, epochs: 10 },
  });
  t.deepEqual(notices, []);
  t.is(file, 'a.yaml');
  t.is(baseDir, process.cwd());
});

test('the default length gives way to steps', (t) => {
  t.is(parse(`${VALID}train: {steps: 7}\n`).experiment.train.epochs, undefined);
});

test('every leaf of the resolved experiment has an origin', (t) => {
  const { experiment, origins } = parse(`${VALID}tags: [a]\n`, ['seed=3']);
  t.deepEqual([...origins.keys()].sort(), leaves(experiment).sort());
  t.deepEqual(origins.get('model.layers.0.units'), { kind: 'file', file: 'a.yaml', line: 2, column: 39 });
  t.deepEqual(origins.get('data.source.type'), { kind: 'file', file: 'a.yaml', line: 1, column: 16 });
  t.deepEqual(origins.get('train.epochs'), { kind: 'default' });
  t.deepEqual(origins.get('seed'), { kind: 'command line', argument: 'seed=3' });
});

test('a bare word stands for a map with that type', (t) => {
  const text = 'data: {source: mnist}\nloss: mse\nmodel: {init: zeros, layers: [{type: dense, units: 3, activation: relu}]}\n';
  const { experiment } = parse(text);
  t.deepEqual(experiment.loss, { type: 'mse' });
  t.deepEqual(experiment.model.init, { type: 'zeros' });
  t.like(experiment.model.layers, [{ type: 'dense', units: 3, activation: { type: 'relu' } }]);
});

test('a union without type is its default variant', (t) => {
  t.like(parse(`${VALID}optimizer: {lr: 0.2}\n`).experiment.optimizer, { type: 'adam', lr: 0.2 });
});

test('paths are made absolute from the directory of the file', (t) => {
  const text = 'data: {source: {type: idx, images: i.gz, labels: /l.gz}}\nmodel: {layers: [{type: dense, units: 3}]}\n';
  const { experiment } = parseExperiment(text, { file: 'configs/a.yaml' });
  t.deepEqual(experiment.data.source, { type: 'idx', images: resolve('configs/i.gz'), labels: '/l.gz' });
});

test('the resolved text runs again and says the same', (t) => {
  const text =
    'name: "012"\ntags: ["yes", "1_000", "${x}", "a: b", "null"]\ndata: {source: {type: idx, images: i, labels: l}}\nmodel: {layers: [{type: dense, units: 3, init: zeros}]}\ntrack: {notes: "two\\nlines # \\t"}\noptimizer: {lr: 1e-7}\n';
  const first = parse(text);
  const again = parse(resolvedYaml(first));
  t.deepEqual(again.experiment, first.experiment);
  t.is(resolvedYaml(again), resolvedYaml(first));
});

test('names, tags, workers, tracking and checkpoints are no result keys', (t) => {
  const { experiment } = parse(VALID);
  const changed = parse(VALID, ['name=b', 'tags=[x]', 'parallel.workers=2', 'track.notes=n', 'train.checkpoint.keep=7']).experiment;
  t.deepEqual(resultKeys(changed), resultKeys(experiment));
  t.deepEqual(Object.keys(resultKeys(experiment)), [
    'version',
    'seed',
    'data',
    'model',
    'loss',
    'metrics',
    'optimizer',
    'regularization',
    'schedule',
    'train',
    'numerics',
  ]);
});

test('a seed, an engine and leaves are result keys', (t) => {
  t.notDeepEqual(resultKeys(parse(VALID, ['seed=1']).experiment), resultKeys(parse(VALID).experiment));
  t.notDeepEqual(resultKeys(parse(VALID, ['numerics.leaves=8']).experiment), resultKeys(parse(VALID).experiment));
});

const object = { data: { source: 'mnist' }, model: { layers: [{ type: 'dense', units: 10 }] } };

test('an object gives the same experiment as its YAML', (t) => {
  t.deepEqual(experimentFromObject(object).experiment, parse(VALID).experiment);
  t.deepEqual(experimentFromObject({ ...object, seed: 4 }, { overrides: ['seed=5'] }).experiment.seed, 5);
  t.deepEqual(experimentFromObject({ ...object, seed: 4 }).origins.get('seed'), { kind: 'object' });
});

test('keys of an object that are undefined count as absent', (t) => {
  t.is(experimentFromObject({ ...object, seed: undefined }).experiment.seed, 0);
});

const cyclic: Record<string, unknown> = { ...object };
cyclic['train'] = cyclic;
let deep: unknown = 1;
for (let i = 0; i < 70; i += 1) deep = [deep];

const refused: { title: string; input: unknown; problems: string[] }[] = [
  {
    title: 'an unknown key',
    input: { ...object, train: { epoch: 1 } },
    problems: ['train.epoch [E_CONFIG_UNKNOWN_KEY] train.epoch: unknown key; did you mean train.epochs?'],
  },
  {
    title: 'a number as text',
    input: { ...object, optimizer: { lr: '0.1' } },
    problems: [
      'optimizer.lr [E_CONFIG_TYPE] optimizer.lr: wrong type; got "0.1"; expected a number above 0, at most 1e+30; remove the quotes',
    ],
  },
  {
    title: 'NaN',
    input: { ...object, optimizer: { lr: Number.NaN } },
    problems: ['optimizer.lr [E_CONFIG_RANGE] optimizer.lr: not a finite number; got NaN'],
  },
  {
    title: 'a function',
    input: { ...object, seed: () => 1 },
    problems: ['seed [E_CONFIG_TYPE] seed: wrong type; got a function; expected plain data'],
  },
  {
    title: 'a bigint',
    input: { ...object, seed: 1n },
    problems: ['seed [E_CONFIG_TYPE] seed: wrong type; got a bigint; expected plain data'],
  },
  {
    title: 'an instance of a class',
    input: { ...object, train: new Map() },
    problems: ['train [E_CONFIG_TYPE] train: wrong type; got an instance of a class; expected plain data'],
  },
  {
    title: 'a reserved name',
    input: { ...object, train: JSON.parse('{"__proto__": 1}') as unknown },
    problems: ['train.__proto__ [E_CONFIG_RESERVED] train.__proto__: reserved name'],
  },
  { title: 'an object that contains itself', input: cyclic, problems: ['train [E_YAML_CYCLE] train: the object contains itself'] },
  {
    title: 'an object nested deeper than 64',
    input: { ...object, tags: deep },
    problems: [`tags${'.0'.repeat(63)} [E_YAML_TOO_DEEP] tags${'.0'.repeat(63)}: nested deeper than 64 levels`],
  },
  {
    title: 'an environment value',
    input: { ...object, name: '${env:X}' },
    problems: ['name [E_CONFIG_VALUE] name: environment values are not allowed; got "${env:X}"'],
  },
  {
    title: 'half of a surrogate pair',
    input: { ...object, track: { notes: '\ud800' } },
    problems: ['track.notes [E_CONFIG_VALUE] track.notes: not valid Unicode; got "\\ud800"'],
  },
  { title: 'a number for an experiment', input: 3, problems: ['object [E_CONFIG_TYPE] wrong type; expected a map of keys'] },
];

for (const { title, input, problems } of refused) {
  test(`${title} is refused in an object, with the key's path`, (t) => {
    t.deepEqual(
      problemsOf(() => experimentFromObject(input)),
      problems,
    );
    t.is(errorOf(() => experimentFromObject(input)).frame, undefined);
  });
}
