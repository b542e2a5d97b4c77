import test from 'ava';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { SharedState } from '../../../src/engine/coordinator/shared-state.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { Rank } from '../../../src/engine/rank/rank.ts';
import { bindKernels } from '../../../src/kernels/bind.ts';
import type { Kernels } from '../../../src/kernels/kernels.ts';
import { compileKernels } from '../../../src/kernels/module.ts';
import { reserveMemory } from '../../../src/machine/refusal.ts';
import { bitsOf, type ExperimentTree, makeExperiment, outcomeOf, startingFrom } from '../support/outcome.ts';
import { makeSamples, randomVector } from '../support/samples.ts';
import { threads } from '../support/warm-threads.ts';

const MODES = ['never', 'always', 'auto'] as const;
const samples = makeSamples({
  rows: { train: 150, val: 37 },
  features: 33,
  stored: 'uint8',
  normalize: 'unit256',
  target: { classes: 5 },
});

/** Past the second time that kernels are tried. */
const STEPS = 80;

const TREES: readonly { title: string; tree: ExperimentTree; workers: readonly number[] }[] = [
  { title: 'batches', workers: [1, 2, 3], tree: { layers: [{ units: 23, activation: 'relu' }, { units: 5 }], train: { batch_size: 40 } } },
  {
    title: 'the full batch, gathered once',
    workers: [1, 3],
    tree: { layers: [{ units: 17, activation: 'relu' }, { units: 5 }], data: { shuffle: 'none' }, train: { batch_size: 'full' } },
  },
  { title: 'batches smaller than the number of leaves', workers: [2], tree: { layers: [{ units: 5 }], train: { batch_size: 3 } } },
  { title: 'several batches an update', workers: [2], tree: { layers: [{ units: 5 }], train: { batch_size: 30, accumulate: 2 } } },
  {
    title: 'gradients by factors',
    workers: [1, 3],
    tree: { layers: [{ units: 17, activation: 'relu' }, { units: 5 }], train: { batch_size: 40 }, parallel: { exchange: 'factors' } },
  },
  { title: 'averaged parameters', workers: [2], tree: { layers: [{ units: 5 }], train: { batch_size: 30, average: 'ema' } } },
];

for (const { title, tree, workers } of TREES) {
  test.serial(`N6 skipping zeros never, always or where it is faster changes no bit: ${title}`, async (t) => {
    const bits = [];
    for (const skip_zeros of MODES) {
      for (const count of workers) {
        const experiment = makeExperiment({ ...tree, train: { ...tree.train, steps: STEPS }, parallel: { ...tree.parallel, skip_zeros } });
        const parameters = randomVector(planEngine(experiment, samples, 1).network.vectorFloats, 0.3, 3);
        const outcome = await outcomeOf({ experiment, dataset: samples, workers: count, parameters, cuts: [7, 30], splits: ['val'] });
        bits.push({ skip_zeros, count, bits: bitsOf(outcome) });
      }
    }
    for (const other of bits) t.deepEqual(other.bits, bits[0]?.bits, `${other.skip_zeros}, ${other.count} workers`);
  });
}

/** Kernels of the first layer that one worker calls in some steps and an evaluation, with their numbers. */
function callsOf(skip_zeros: (typeof MODES)[number], steps: number): Map<string, number> {
  const experiment = makeExperiment({ layers: [{ units: 7 }], train: { batch_size: 50, steps }, parallel: { skip_zeros } });
  const plan = planEngine(experiment, samples, 1);
  const memory = reserveMemory(plan.memory);
  const module = compileKernels();
  new SharedState(plan, memory).begin(startingFrom(plan, randomVector(plan.network.vectorFloats, 0.3, 3)), samples.normalization);
  const calls = new Map<string, number>();
  const counting = Object.fromEntries(
    Object.entries(bindKernels(module, memory)).map(([name, run]: [string, (...args: number[]) => unknown]) => [
      name,
      (...args: number[]) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return run(...args);
      },
    ]),
  ) as unknown as Kernels;
  const rank = new Rank(0, { plan, dataset: samples, module, memory }, counting);
  const limits = { plateauFactor: 1, lrFactor: 1, lossLimit: Number.POSITIVE_INFINITY };
  rank.run({ kind: 'train', rank: 0, fromStep: 0, toStep: steps, ...limits });
  rank.run({ kind: 'evaluate', rank: 0, split: 'val', averaged: false });
  return calls;
}

test('skip_zeros: always uses the skipping kernels alone, never does not even list', (t) => {
  const always = callsOf('always', 6);
  t.is(always.get('dense_forward'), undefined);
  t.is(always.get('dense_weight_gradient'), undefined);
  t.is(always.get('sparse_forward'), 7);
  t.is(always.get('sparse_weight_gradient'), 6);
  const never = callsOf('never', 6);
  for (const kernel of ['list_nonzeros', 'sparse_forward', 'sparse_weight_gradient', 'largest']) t.is(never.get(kernel), undefined);
});

test('skip_zeros: auto tries both kernels in turns', (t) => {
  const calls = callsOf('auto', 8);
  // The evaluation uses the faster one.
  t.is((calls.get('dense_forward') ?? 0) + (calls.get('sparse_forward') ?? 0), 9);
  t.true((calls.get('dense_forward') ?? 0) >= 4);
  t.true((calls.get('sparse_forward') ?? 0) >= 4);
  t.is(calls.get('dense_weight_gradient'), 4);
  t.is(calls.get('sparse_weight_gradient'), 4);
});

/** Samples whose last pixel is always zero. */
function withoutLastPixel(): typeof samples {
  const features = new Uint8Array(new SharedArrayBuffer(samples.features.length));
  features.set(samples.features);
  for (let i = 32; i < features.length; i += 33) features[i] = 0;
  return { ...samples, features };
}

async function divergence(tree: ExperimentTree, lastPixel: number, workers: number): Promise<unknown> {
  const dataset = withoutLastPixel();
  const experiment = makeExperiment(tree);
  const plan = planEngine(experiment, dataset, workers, 20);
  const parameters = randomVector(plan.network.vectorFloats, 0.3, 3);
  const [weight] = plan.network.parameters;
  const units = tree.layers[0]?.units ?? 0;
  parameters.fill(lastPixel, (weight?.offset ?? 0) + 32 * units, (weight?.offset ?? 0) + 33 * units);
  const engine = await Engine.start(plan, dataset, startingFrom(plan, parameters), { threads });
  try {
    const evaluation = await engine.evaluate('val');
    const outcome = await engine.train(0, plan.batches.totalSteps);
    return { evaluation, outcome, steps: engine.takeSteps() };
  } finally {
    await engine.close();
  }
}

test.serial('N4 an infinite weight of a pixel that is always zero shows at once, in training and in evaluations', async (t) => {
  for (const workers of [1, 2]) {
    const tree = { layers: [{ units: 16 }], train: { batch_size: 50, steps: 3 } };
    const [never, always] = [
      await divergence({ ...tree, parallel: { skip_zeros: 'never' } }, Infinity, workers),
      await divergence({ ...tree, parallel: { skip_zeros: 'always' } }, Infinity, workers),
    ];
    t.like(never, { outcome: { diverged: { step: 0, loss: NaN } }, evaluation: { loss: NaN } });
    t.deepEqual(always, never);
  }
});

test.serial('N4 a weight that an update makes infinite shows in the next step, whoever updated it', async (t) => {
  // The noise moves every weight by about 1e32: half of the largest floats leave the range, the others stay finite.
  const tree = {
    layers: [{ units: 16 }],
    lr: 1e30,
    regularization: { noise: { eta: 1e4, gamma: 0 } },
    train: { batch_size: 50, steps: 4, max_loss_ratio: 0 },
  };
  for (const workers of [1, 2, 3]) {
    const never = await divergence({ ...tree, parallel: { skip_zeros: 'never' } }, 3.4028234663852886e38, workers);
    t.like(never, { outcome: { diverged: { step: 1, loss: NaN } } });
    for (const skip_zeros of ['always', 'auto']) {
      t.deepEqual(await divergence({ ...tree, parallel: { skip_zeros } }, 3.4028234663852886e38, workers), never);
    }
    t.like(await divergence({ ...tree, parallel: { skip_zeros: 'always' } }, 1, workers), { outcome: { diverged: undefined } });
  }
});

test('skip_zeros: never takes no memory for lists, auto none beyond 256 MiB', (t) => {
  const lists = (skip_zeros: string, rows: number): number => {
    const train = new Uint32Array(new SharedArrayBuffer(4 * rows));
    const experiment = makeExperiment({ layers: [{ units: 1 }], parallel: { skip_zeros } });
    return planEngine(experiment, { ...samples, splits: { ...samples.splits, train } }, 1).memory.lists.bytes;
  };
  const rowBytes = (33 + 4) * 4;
  t.is(lists('never', 100), 0);
  t.is(lists('auto', 100), 100 * rowBytes);
  const many = Math.ceil((2 ** 28 + 1) / rowBytes);
  t.is(lists('auto', many), 0);
  t.is(lists('always', many), many * rowBytes);
});
