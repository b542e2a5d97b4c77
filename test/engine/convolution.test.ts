import test from 'ava';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { elements } from '../../src/graph/shape.ts';
import { initialState } from '../../src/model/initializers.ts';
import { readTensor } from '../../src/model/parameters.ts';
import { anyPictures } from './support/any-pictures.ts';
import { experimentOf, hex, stateBits, trained, trained64, withEngine } from './support/live.ts';
import { evaluatedLoss, modelOf, relativeError, rowsOf } from './support/reference-layers.ts';
import { makeSamples } from './support/samples.ts';

const CLASSES = 4;
const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 500);
const NETWORKS = Number(process.env['GRADLOOM_TEST_CASES'] ?? 30);
const WORKERS = [2, 3, 7] as const;
/** bound: relative to the largest value of a tensor after three steps: 2^-24 for each of some hundred roundings. */
const PARAMETERS = 1e-5;
const LOSS = 3e-6;

interface Case {
  title: string;
  shape: readonly number[];
  layers: Record<string, unknown>[];
  rest?: Record<string, unknown>;
  train?: Record<string, unknown>;
}

const conv = (filters: number, kernel: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'conv2d',
  filters,
  kernel,
  activation: 'tanh',
  ...more,
});
const residual = (layers: Record<string, unknown>[], more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'residual',
  residual: { layers, ...more },
});

const CASES: readonly Case[] = [
  {
    title: 'convolutions and max pools of one channel',
    shape: [9, 8],
    layers: [
      conv(6, 5, { padding: 2, activation: 'relu' }),
      { type: 'max_pool2d', kernel: 2, drop_rest: true },
      conv(13, 3, { padding: 'same', activation: { type: 'leaky_relu', slope: 0.1 } }),
      { type: 'max_pool2d', kernel: 2, stride: 1 },
      { type: 'flatten' },
    ],
  },
  {
    title: 'three channels, strides, norms over the batch, mean pools, dropout of channels',
    shape: [3, 9, 7],
    layers: [
      conv(8, 3, { stride: 2, padding: 1, batch_norm: true, activation: 'gelu', dropout2d: 0.2 }),
      { type: 'avg_pool2d', kernel: 3, stride: 1, padding: 1 },
      conv(5, [2, 3], { layer_norm: true, dropout: 0.2 }),
      { type: 'global_avg_pool' },
    ],
  },
  {
    title: 'norms of channels over each leaf, groups, dilation, leaves of one row and empty ones',
    shape: [2, 7, 6],
    layers: [
      conv(6, 3, { padding: 'same', dilation: 2, groups: 2, batch_norm: { scope: 'leaf' } }),
      conv(6, 3, { groups: 6, bias: false, activation: 'gelu' }),
    ],
    rest: { numerics: { leaves: 17 } },
  },
  {
    title: 'residual blocks: as it is, projected, nested',
    shape: [3, 8, 8],
    layers: [
      conv(6, 3, { padding: 1 }),
      residual([conv(6, 3, { padding: 1, batch_norm: true, activation: 'gelu' }), conv(6, 3, { padding: 1, activation: 'identity' })], {
        activation: 'tanh',
      }),
      residual([conv(9, 3, { padding: 1, stride: 2 }), conv(9, 1)], { batch_norm: true, activation: 'gelu' }),
      residual([residual([conv(9, 3, { padding: 1 })]), conv(9, 3, { padding: 'same' })], { projection: true, batch_norm: false }),
      { type: 'avg_pool2d', kernel: 2 },
    ],
  },
  {
    title: 'blocks that begin with a pool, penalties, clipping, several batches an update',
    shape: [2, 6, 6],
    layers: [
      conv(4, 3, { padding: 1, residual: false }),
      residual([{ type: 'avg_pool2d', kernel: 3, stride: 1, padding: 1 }, conv(4, 1, { dropout2d: 0.3 })]),
      conv(4, 3, { padding: 'same', residual: true }),
    ],
    rest: { regularization: { l2: 0.01, clip_global_norm: 0.5, max_norm: 1.1 } },
    train: { accumulate: 2 },
  },
  {
    title: 'sequences',
    shape: [2, 19],
    layers: [
      { type: 'conv1d', filters: 7, kernel: 5, padding: 2, activation: 'gelu', batch_norm: true, dropout1d: 0.2 },
      { type: 'max_pool1d', kernel: 3, stride: 2 },
      { type: 'conv1d', filters: 5, kernel: 3, dilation: 2, activation: 'tanh' },
    ],
  },
];

function setup({ shape, layers, rest, train }: Case, parallel: Record<string, unknown> = {}) {
  const dataset = makeSamples({
    rows: { train: 54, val: 29 },
    features: elements(shape),
    shape,
    target: { classes: CLASSES },
    weighted: true,
  });
  const experiment = experimentOf({
    model: { layers: [...layers, { units: CLASSES }] },
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1 },
    optimizer: { type: 'sgd', lr: 0.5 },
    numerics: { leaves: 8 },
    ...rest,
    // Batches of 20, 20 and 14 rows.
    train: { batch_size: 20, steps: 3, eval: { on: 'none', batch_size: 12 }, ...train },
    parallel,
    track: { log_every: { steps: 1 } },
  });
  return { dataset, experiment };
}

/** All that a run determines, as text. */
async function bitsOf(c: Case, workers: number, parallel?: Record<string, unknown>) {
  const { dataset, experiment } = setup(c, parallel);
  return withEngine(experiment, dataset, workers, async ({ engine, plan }) => {
    await engine.train(0, plan.batches.totalSteps);
    const { loss, accuracy } = (await engine.evaluate('val'))!;
    const steps = engine.takeSteps().flatMap((step) => [step.loss, step.gradientNorm ?? 0, step.penalty]);
    return { evaluation: hex([loss, accuracy ?? 0]), steps: hex(steps), state: stateBits(engine.shared.snapshot()) };
  });
}

for (const c of CASES) {
  test.serial(`N6 1, 2, 3 and 7 workers, WebAssembly and machine code give the same bits: ${c.title}`, async (t) => {
    const one = await bitsOf(c, 1, { code: 'wasm' });
    for (const workers of WORKERS) t.deepEqual(await bitsOf(c, workers), one, `${workers} workers`);
  });

  test.serial(`three steps of the engine are the f64 twin's: parameters, running statistics, loss: ${c.title}`, async (t) => {
    const { dataset, experiment } = setup(c);
    const { network, lossWeights } = planEngine(experiment, dataset, 2);
    const { steps: expected, training } = trained64(experiment, dataset);
    const { steps, state } = await trained(experiment, dataset, 2);
    const worst = relativeError(network, state, training.model.parameters);
    t.true(worst.error < PARAMETERS, `${worst.tensor}: ${worst.error}`);
    for (const [i, { loss, penalty, gradientNorm }] of steps.entries()) {
      const wanted = expected[i]!;
      t.true(wanted.kinkDistance > 1e-6, `no activation within reach of its kink: ${wanted.kinkDistance}`);
      t.true(Math.abs(loss - wanted.loss) <= LOSS * Math.max(1, wanted.loss), `step ${i}: loss ${loss}, twin ${wanted.loss}`);
      t.true(Math.abs(penalty - wanted.penalty) <= LOSS * Math.max(1, wanted.penalty));
      t.true(Math.abs(gradientNorm! - wanted.gradientNorm) <= LOSS * Math.max(1, wanted.gradientNorm));
    }
    for (const placed of network.statistics) {
      const actual = readTensor(state.statistics, placed);
      for (const [u, wanted] of training.model.statistics.get(placed.name)!.entries()) {
        t.true(Math.abs(actual[u]! - wanted) <= LOSS * Math.max(1, Math.abs(wanted)), `${placed.name}[${u}]: ${actual[u]}, twin ${wanted}`);
      }
    }
    const start = modelOf(network, initialState(network, experiment.model, experiment.seed)).parameters;
    const unmoved = [...start].filter(([name, values]) =>
      training.model.parameters.get(name)!.every((v, i) => Math.abs(v - values[i]!) < 1e-4),
    );
    // A bias in front of a norm over the same channels has no gradient.
    t.deepEqual(
      unmoved.map(([name]) => name).filter((name) => !training.model.statistics.has(name.replace(/bias$/, 'norm.running_mean'))),
      [],
    );
    await withEngine(experiment, dataset, 3, async ({ engine, plan }) => {
      await engine.train(0, plan.batches.totalSteps);
      const evaluation = await engine.evaluate('val');
      const model = modelOf(network, engine.shared.snapshot());
      const reference = evaluatedLoss(model, rowsOf(dataset, dataset.splits.val), lossWeights);
      t.true(Math.abs(evaluation!.loss - reference) <= LOSS * reference, `${evaluation!.loss}, twin ${reference}`);
    });
  });
}

test.serial(`N6 ${NETWORKS} random networks of pictures: any workers and either code give the same bits (seed ${SEED})`, async (t) => {
  for (let seed = SEED; seed < SEED + NETWORKS; seed++) {
    const { title, dataset, parts } = anyPictures(seed);
    const run = async (workers: number, parallel: object) => {
      const train = { batch_size: 16, steps: 3, max_loss_ratio: 0, eval: { on: 'none' } };
      const experiment = experimentOf({
        ...parts,
        optimizer: { type: 'adam', lr: 0.02 },
        train,
        parallel,
        track: { log_every: { steps: 1 } },
      });
      const { steps, state } = await trained(experiment, dataset, workers);
      return { steps: hex(steps.map(({ loss }) => loss)), state: stateBits(state) };
    };
    const workers = 2 + (seed % (parts.numerics.leaves - 1));
    t.deepEqual(await run(workers, {}), await run(1, { code: 'wasm' }), `${title}, ${workers} workers`);
  }
});
