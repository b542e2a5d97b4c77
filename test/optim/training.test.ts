import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { Experiment } from '../../src/config/schema/schema.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { GradloomError } from '../../src/errors.ts';
import { initialState } from '../../src/model/initializers.ts';
import { bitsOf, type Outcome, outcomeOf } from '../engine/support/outcome.ts';
import { ChunkedTensor, optimizerConfig } from './support/chunked.ts';

const FEATURES = 40;

interface Changes {
  optimizer?: unknown;
  schedule?: unknown;
  train?: Record<string, unknown>;
}

/** Three blobs and a network whose first tensor has more than one chunk. */
function blobs({ optimizer = 'sgd', schedule = 'constant', train }: Changes): Experiment {
  return experimentFromObject({
    seed: 5,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 240, features: FEATURES, noise: 0.5 }, split: { val: 0, test: 0 } },
    model: {
      layers: [
        { type: 'dense', units: 64, activation: 'tanh' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer,
    schedule,
    train: { batch_size: 60, steps: 24, eval: { on: 'none' }, ...train },
    numerics: { leaves: 6 },
  }).experiment;
}

async function run(experiment: Experiment, workers: number): Promise<Outcome> {
  const dataset: Dataset = await loadDataset(experiment);
  const { network } = planEngine(experiment, dataset, workers);
  const { parameters } = initialState(network, experiment.model, experiment.seed);
  return outcomeOf({ experiment, dataset, workers, parameters });
}

const mean = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

const OPTIMIZERS = [
  { type: 'sgd', lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-3 },
  { type: 'adam', lr: 0.01, amsgrad: true },
  { type: 'adamw', lr: 0.01, weight_decay_on: 'weights' },
  { type: 'nadam', lr: 0.01 },
  { type: 'radam', lr: 0.05 },
  { type: 'rmsprop', lr: 0.003, centered: true, momentum: 0.5 },
  { type: 'adagrad', lr: 0.05, initial_accumulator_value: 0.01 },
  { type: 'adadelta', lr: 5 },
  { type: 'lion', lr: 0.003 },
] as const;

for (const optimizer of OPTIMIZERS) {
  test.serial(`N6 ${optimizer.type} learns the blobs, with the same bits for 1, 2 and 3 workers`, async (t) => {
    const experiment = blobs({ optimizer });
    const one = await run(experiment, 1);
    const losses = one.steps.map(({ loss }) => loss);
    t.true(mean(losses.slice(-4)) < 0.5 * mean(losses.slice(0, 4)), `${losses}`);
    for (const workers of [2, 3]) t.deepEqual(bitsOf(await run(experiment, workers)), bitsOf(one), `${workers} workers`);
  });
}

const SCHEDULES = [
  { type: 'cosine', warmup: { steps: 5 } },
  { type: 'exponential', gamma: 0.7, warmup: { epochs: 1 } },
  { type: 'one_cycle' },
] as const;

for (const schedule of SCHEDULES) {
  test.serial(`N6 ${schedule.type} with groups gives the same bits for 1, 2 and 3 workers, and changes the result`, async (t) => {
    const groups = [
      { match: '*.bias', lr: 0.3, weight_decay: 0 },
      { match: 'layers.1.*', lr: 0.02 },
    ];
    const optimizer = { type: 'adamw', lr: 0.01, groups };
    const one = bitsOf(await run(blobs({ optimizer, schedule }), 1));
    for (const workers of [2, 3]) t.deepEqual(bitsOf(await run(blobs({ optimizer, schedule }), workers)), one, `${workers} workers`);
    t.notDeepEqual(bitsOf(await run(blobs({ optimizer }), 1)), one, 'against a constant learning rate');
    t.notDeepEqual(bitsOf(await run(blobs({ optimizer: { ...optimizer, groups: [] }, schedule }), 1)), one, 'against no groups');
  });
}

test.serial('with a horizon a shorter training is a prefix of the longer one, bit by bit', async (t) => {
  const schedule = { type: 'cosine', warmup: { steps: 3 }, horizon: { steps: 20 } };
  const optimizer = { type: 'adam', lr: 0.01 };
  const long = await run(blobs({ optimizer, schedule, train: { steps: 20 } }), 2);
  const short = await run(blobs({ optimizer, schedule, train: { steps: 11 } }), 3);
  t.deepEqual(short.steps, long.steps.slice(0, 11));
});

test.serial('initial_accumulator_value reaches the state before the first step', async (t) => {
  const losses = async (value: number) =>
    (await run(blobs({ optimizer: { type: 'adagrad', initial_accumulator_value: value }, train: { steps: 2 } }), 2)).steps.map(
      ({ loss }) => loss,
    );
  const [without, large] = [await losses(0), await losses(1e12)];
  t.is(without[0], large[0]);
  t.true(without[1]! < without[0]!);
  // Steps of 0.01 g / 1e6: another batch, the same parameters in all but the last digits.
  t.true(large[1]! > without[1]!);
});

test('a group without a tensor and a warmup without an end are refused before any thread starts', async (t) => {
  const planOf = async (changes: Changes): Promise<GradloomError | undefined> => {
    const experiment = blobs(changes);
    const dataset = await loadDataset(experiment);
    return t.throws(() => planEngine(experiment, dataset, 1), { instanceOf: GradloomError });
  };
  const group = await planOf({ optimizer: { type: 'sgd', groups: [{ match: 'layers.2.*', lr: 1 }] } });
  t.is(group?.message, 'matches no tensor; got layers.2.*; the model has layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias');
  const warmup = await planOf({ schedule: { type: 'cosine', warmup: { epochs: 6 } } });
  t.is(warmup?.message, 'the warmup of 24 steps leaves nothing of the schedule, which has 24 with it');
});

test('lamb learns the blobs by a plain loop over the chunks of each tensor, in any order with the same bits', async (t) => {
  const experiment = blobs({});
  const { features, splits, target } = await loadDataset(experiment);
  const labels = target.kind === 'class' ? target.labels : new Int32Array();
  /** Softmax regression over inputs and a constant, the weights one tensor [3, 41]. */
  const width = FEATURES + 1;
  const gradientAt = (w: Float32Array): { loss: number; gradient: Float64Array } => {
    const gradient = new Float64Array(w.length);
    let loss = 0;
    for (const sample of splits.train) {
      const x = [...features.subarray(sample * FEATURES, (sample + 1) * FEATURES), 1];
      const z = [0, 1, 2].map((c) => x.reduce((sum, value, j) => sum + value * w[c * width + j]!, 0));
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      loss += (Math.log(total) - z[labels[sample]!]!) / splits.train.length;
      for (const [c, value] of z.entries()) {
        const d = (Math.exp(value) / total - (labels[sample] === c ? 1 : 0)) / splits.train.length;
        for (const [j, input] of x.entries()) gradient[c * width + j] = gradient[c * width + j]! + d * input;
      }
    }
    return { loss, gradient };
  };
  const train = (order: readonly number[]): { losses: number[]; parameters: number[] } => {
    const start = Float32Array.from({ length: 3 * width }, (_, i) => 0.1 * Math.sin(i));
    const tensor = new ChunkedTensor(optimizerConfig({ type: 'lamb', lr: 0.1, weight_decay: 0.01 }), start, 16);
    const losses = Array.from({ length: 20 }, () => {
      const { loss, gradient } = gradientAt(tensor.parameters);
      tensor.step(gradient, order);
      return loss;
    });
    return { losses, parameters: [...tensor.parameters] };
  };
  const order = [0, 1, 2, 3, 4, 5, 6, 7];
  const forward = train(order);
  t.true(mean(forward.losses.slice(-1)) < 0.5 * mean(forward.losses.slice(0, 1)), `${forward.losses}`);
  t.deepEqual(train(order.toReversed()), forward);
});
