import test from 'ava';
import { SYNONYMS } from '../../../src/config/check/synonyms.ts';
import { experimentJsonSchema } from '../../../src/config/schema/json-schema.ts';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const cases: { yaml: string; problem: string }[] = [
  {
    yaml: 'train: {learning_rate: 0.1}',
    problem: '3:9 [E_CONFIG_UNKNOWN_KEY] train.learning_rate: unknown key; did you mean optimizer.lr?',
  },
  { yaml: 'train: {lerning_rate: 0.1}', problem: '3:9 [E_CONFIG_UNKNOWN_KEY] train.lerning_rate: unknown key; did you mean optimizer.lr?' },
  {
    yaml: 'optimizer: {type: sgd, learning_rate: 0.1}',
    problem: '3:24 [E_CONFIG_UNKNOWN_KEY] optimizer.learning_rate: unknown key; did you mean optimizer.lr?',
  },
  { yaml: 'train: {epoch: 3}', problem: '3:9 [E_CONFIG_UNKNOWN_KEY] train.epoch: unknown key; did you mean train.epochs?' },
  { yaml: 'train: {batch: 3}', problem: '3:9 [E_CONFIG_UNKNOWN_KEY] train.batch: unknown key; did you mean train.batch_size?' },
  { yaml: 'epochs: 3', problem: '3:1 [E_CONFIG_UNKNOWN_KEY] epochs: unknown key; did you mean train.epochs?' },
  { yaml: 'workers: 3', problem: '3:1 [E_CONFIG_UNKNOWN_KEY] workers: unknown key; did you mean parallel.workers?' },
  { yaml: 'units: 3', problem: '3:1 [E_CONFIG_UNKNOWN_KEY] units: unknown key; did you mean model.layers.N.units?' },
  { yaml: 'optimiser: sgd', problem: '3:1 [E_CONFIG_UNKNOWN_KEY] optimiser: unknown key; did you mean optimizer?' },
  {
    yaml: 'train: {eval: {every: {epoch: 1}}}',
    problem: '3:24 [E_CONFIG_UNKNOWN_KEY] train.eval.every.epoch: unknown key; did you mean train.eval.every.epochs?',
  },
  {
    yaml: 'parallel: {zzzzzzzz: 1}',
    problem:
      '3:12 [E_CONFIG_UNKNOWN_KEY] parallel.zzzzzzzz: unknown key; the keys here are workers, code, exchange, reduce, skip_zeros, spin_us',
  },
  {
    yaml: 'train: {extends: b.yaml}',
    problem: '3:9 [E_CONFIG_UNKNOWN_KEY] train.extends: unknown key; extends stands at the top of a file',
  },
];

for (const { yaml, problem } of cases) {
  test(`C1 ${yaml} is an unknown key with a suggestion`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(`${VALID}${yaml}\n`)),
      [`a.yaml:${problem}`],
    );
    t.is(errorOf(() => parse(`${VALID}${yaml}\n`)).exitCode, 78);
  });
}

test('C1 an unknown key is marked in the lines around it', (t) => {
  t.is(
    errorOf(() => parse(`${VALID}train:\n  learning_rate: 0.1\n  steps: 3\n`)).frame,
    [
      '  2 | model: {layers: [{type: dense, units: 10}]}',
      '  3 | train:',
      '> 4 |   learning_rate: 0.1',
      '    |   ^^^^^^^^^^^^^',
      '  5 |   steps: 3',
      '  6 |',
    ].join('\n'),
  );
});

test('a key of another variant is sent to that variant', (t) => {
  t.deepEqual(
    problemsOf(() => parse('data: {source: mnist}\nmodel: {layers: [{type: dense, units: 3, activation: {type: relu, slope: 0.1}}]}\n')),
    ['a.yaml:2:67 [E_CONFIG_UNKNOWN_KEY] model.layers.0.activation.slope: unknown key; only type: leaky_relu has it'],
  );
});

test('every synonym leads to a key of the schema', (t) => {
  const text = JSON.stringify(experimentJsonSchema());
  t.deepEqual(
    Object.values(SYNONYMS).filter((key) => !text.includes(`"${key}":{`)),
    [],
  );
});
