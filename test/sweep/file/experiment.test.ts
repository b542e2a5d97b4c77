import test from 'ava';
import { flatLayers } from '../../../src/config/layers/flat-layers.ts';
import { GradloomError } from '../../../src/errors.ts';
import { replicateSeed, trialExperiment, trialKey } from '../../../src/sweep/file/experiment.ts';
import { load } from '../support/loaded-sweep.ts';

const SWEEP = `base: ./base.yaml
run_cap: 5
parameters:
  optimizer.lr: {min: 0.1, max: 1}
  optimizer.type: {values: [sgd, adam, adamw]}
  optimizer.momentum: {min: 0.5, max: 0.99, when: {optimizer.type: sgd}}
  model.layers.0.activation: {values: [relu, tanh]}
  regularization.clip_global_norm: {values: [null, 1.0]}
  train.epochs: {value: 4}
zip:
  pair: {train.batch_size: [16, 32], optimizer.weight_decay: [0, 0.01]}
`;

test("a trial's experiment is the base with one leaf changed for each key", (t) => {
  const loaded = load(t, SWEEP);
  const { experiment, origins, notices } = trialExperiment(loaded, {
    'optimizer.lr': 0.5,
    'optimizer.momentum': 0.9,
    'optimizer.type': 'sgd',
    'model.layers.0.activation': 'tanh',
    'regularization.clip_global_norm': 1,
    'train.epochs': 4,
    'train.batch_size': 16,
    'optimizer.weight_decay': 0.01,
  });
  t.like(experiment.optimizer, { type: 'sgd', lr: 0.5, momentum: 0.9, weight_decay: 0.01 });
  t.like(experiment.model.layers[0], { activation: { type: 'tanh' }, units: 8 });
  t.is(experiment.regularization.clip_global_norm, 1);
  t.like(experiment.train, { epochs: 4, batch_size: 16 });
  t.like(origins.get('optimizer.lr'), { kind: 'file', line: 4 });
  t.like(origins.get('model.layers.0.units'), { kind: 'file', line: 4 });
  t.deepEqual(notices, []);
});

test('a new type keeps the keys that it has; the order of an assignment does not matter', (t) => {
  const text = SWEEP.replace('base: ./base.yaml', 'base: ./base.yaml\nearly_terminate: asha');
  const loaded = load(t, text, ['optimizer.momentum=0.9', '~train.epochs', '++train.epochs=4']);
  const one = trialExperiment(loaded, { 'optimizer.lr': 0.5, 'optimizer.type': 'adam' });
  t.like(one.experiment.optimizer, { type: 'adam', lr: 0.5, betas: [0.9, 0.999] });
  t.false('momentum' in one.experiment.optimizer);
  t.deepEqual(one.notices, ['optimizer.type changes from sgd to adam, which drops momentum']);
  t.deepEqual(trialExperiment(loaded, { 'optimizer.type': 'adam', 'optimizer.lr': 0.5 }).experiment, one.experiment);
});

test('null leaves a key out, so that its default holds', (t) => {
  const loaded = load(t, SWEEP, ['regularization.clip_global_norm=choice(null,2)', '++regularization.clip_value=3']);
  t.is(trialExperiment(loaded, { 'regularization.clip_global_norm': null }).experiment.regularization.clip_global_norm, undefined);
  t.is(trialExperiment(loaded, { 'regularization.clip_global_norm': 2 }).experiment.regularization.clip_global_norm, 2);
});

test('two trials have one key exactly when nothing that can change a result differs', (t) => {
  const loaded = load(t, SWEEP);
  const base = { 'optimizer.lr': 0.1, 'optimizer.type': 'sgd', 'optimizer.momentum': 0.5 };
  const key = trialKey(loaded, base);
  t.regex(key, /^[0-9a-f]{64}$/);
  t.is(trialKey(loaded, { ...base }), key);
  // The base says so already.
  t.is(trialKey(loaded, { ...base, 'model.layers.0.activation': 'relu' }), key);
  t.not(trialKey(loaded, { ...base, 'optimizer.lr': 0.2 }), key);
  const renamed = load(t, SWEEP, ['+tags=[a]', 'parallel.workers=2', 'track.log_every.steps=7']);
  t.is(trialKey(renamed, base), key);
});

test('replicate 0 has the seed of the base, the others have seeds of their own', (t) => {
  const loaded = load(t, `seeds: 3\n${SWEEP}`);
  const seeds = [0, 1, 2].map((i) => trialExperiment(loaded, { 'optimizer.lr': 0.5 }, i).experiment.seed);
  t.is(seeds[0], 0);
  t.deepEqual(seeds, [0, replicateSeed(0, 1), replicateSeed(0, 2)]);
  t.is(new Set([...seeds, replicateSeed(1, 1), replicateSeed(1, 2)]).size, 5);
  t.true(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0));
});

test('with early termination a trial is as long as its last rung', (t) => {
  const text = SWEEP.replace(/ {2}train\.epochs.*\n/, '');
  const loaded = load(t, `${text}early_terminate: {type: hyperband, max: 9}\n`);
  t.is(trialExperiment(loaded, { 'optimizer.lr': 0.5 }).experiment.train.epochs, 9);
  t.is(loaded.experiment.experiment.train.epochs, 3);
});

test('a value that the experiment refuses is told at its place in the sweep file', (t) => {
  const loaded = load(t, SWEEP);
  const error = t.throws(() => trialExperiment(loaded, { 'optimizer.lr': -1 }), { instanceOf: GradloomError });
  t.regex(error.where ?? '', /sweep\.yaml:4:3$/);
  t.is(error.message, 'optimizer.lr: out of range; got -1; expected a number above 0, at most 1e+30');
  t.regex(error.frame ?? '', /> 4 \| {3}optimizer\.lr/);
});

const LAYERS = `base: ./base.yaml
method: grid
parameters:
  model.layers:
    values:
      - [{type: dense, units: 2}]
      - [{type: dense, units: 8, activation: relu}, {type: dense, units: 2}]
      - [{repeat: 3, layers: [{type: dense, units: 8, activation: relu}]}, {type: dense, units: 2}]
`;

test('whole lists of layers can be the values that are tried', (t) => {
  const loaded = load(t, LAYERS);
  const { values = [] } = loaded.settings.parameters['model.layers'] ?? {};
  t.deepEqual(
    values.map((value) => flatLayers(trialExperiment(loaded, { 'model.layers': value }).experiment.model).length),
    [1, 2, 4],
  );
  t.is(new Set(values.map((value) => trialKey(loaded, { 'model.layers': value }))).size, 3);
});

test('a fault in a list of layers is shown where the sweep file says it', (t) => {
  const faulty = LAYERS.replace('{type: dense, units: 8, activation: relu}, {', '{type: dense, unit: 8, activation: relu}, {');
  const error = t.throws(() => load(t, faulty), { instanceOf: GradloomError });
  t.deepEqual(
    error?.problems.map(({ where, message }) => [where?.replace(/^.*\//, ''), message]),
    [
      ['sweep.yaml:7:10', 'model.layers.0.units: missing; expected an integer from 1 to 1000000'],
      ['sweep.yaml:7:24', 'model.layers.0.unit: unknown key; did you mean model.layers.0.units?'],
    ],
  );
});

test('how often layers are repeated can be searched, in either form, and what stands in a block too', (t) => {
  const base = `data: {source: {type: synthetic, kind: blobs}}
model:
  layers:
    - {repeat: 1, layers: [{type: dense, units: 8}]}
    - {repeat: {times: 1, layers: [{block: body}]}}
    - {type: dense, units: 2}
  blocks: {body: [{type: dense, units: 8}]}
`;
  const sweep = `base: ./base.yaml
run_cap: 5
parameters:
  model.layers.0.repeat: {values: [0, 2, 4]}
  model.layers.0.layers.0.units: {min: 4, max: 64}
  model.layers.1.repeat.times: {min: 1, max: 3}
  model.blocks.body.0.units: {min: 4, max: 64}
`;
  const loaded = load(t, sweep, [], base);
  const { experiment } = trialExperiment(loaded, {
    'model.layers.0.repeat': 2,
    'model.layers.0.layers.0.units': 16,
    'model.layers.1.repeat.times': 3,
    'model.blocks.body.0.units': 32,
  });
  t.deepEqual(
    flatLayers(experiment.model).map(({ config }) => (config.type === 'dense' ? config.units : undefined)),
    [16, 16, 32, 32, 32, 2],
  );
});
