import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { ScheduleConfig } from '../../src/config/schema/schema.ts';
import { GradloomError } from '../../src/errors.ts';
import { checkWarmup, horizonSteps, lrAt } from '../../src/optim/schedule.ts';

/** A schedule with the defaults of the schema. */
function scheduleConfig(tree: { type: ScheduleConfig['type'] } & Record<string, unknown>): ScheduleConfig {
  const data = { source: { type: 'synthetic', kind: 'blobs' } };
  return experimentFromObject({ data, model: { layers: [{ type: 'dense', units: 2 }] }, schedule: tree }).experiment.schedule;
}

type Tree = Parameters<typeof scheduleConfig>[0];

const LR = 0.1;

/** Learning rates of steps 0..count-1, with 2 steps an epoch. */
function rates(tree: Tree, count: number, totalSteps = count, plateauFactor = 1): number[] {
  const schedule = scheduleConfig(tree);
  const time = { horizon: horizonSteps(schedule, totalSteps, 2), stepsPerEpoch: 2 };
  return Array.from({ length: count }, (_, step) => lrAt(schedule, LR, step, time, plateauFactor));
}

const BOUND = 1e-13;

/** What torch.optim.lr_scheduler of PyTorch 2.13 sets before each step, stepped once an update; lr 0.1. */
const PUBLISHED: readonly { title: string; tree: Tree; rates: readonly number[]; totalSteps?: number }[] = [
  {
    title: 'StepLR(3, 0.5)',
    tree: { type: 'step', every: { steps: 3 }, gamma: 0.5 },
    rates: [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025],
  },
  {
    title: 'MultiStepLR([2, 5])',
    tree: { type: 'multistep', milestones: [2, 5], unit: 'steps' },
    rates: [0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001],
  },
  {
    title: 'ExponentialLR(0.9)',
    tree: { type: 'exponential', gamma: 0.9, every: { steps: 1 } },
    rates: [0.1, 0.09, 0.081, 0.0729, 0.06561, 0.059049],
  },
  {
    title: 'PolynomialLR(5, 2)',
    tree: { type: 'polynomial', power: 2, horizon: { steps: 5 } },
    rates: [0.1, 0.064, 0.036, 0.016, 0.004, 0, 0],
  },
  { title: 'PolynomialLR(4)', tree: { type: 'polynomial', horizon: { epochs: 2 } }, rates: [0.1, 0.075, 0.05, 0.025, 0, 0] },
  {
    title: 'PolynomialLR(4, 0.5)',
    tree: { type: 'polynomial', power: 0.5 },
    totalSteps: 4,
    rates: [0.1, 0.08660254037844387, 0.07071067811865475, 0.05, 0, 0],
  },
  {
    title: 'CosineAnnealingLR(6, 0.01)',
    tree: { type: 'cosine', min_lr: 0.01, horizon: { steps: 6 } },
    rates: [0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026, 0.01],
  },
  {
    title: 'CosineAnnealingWarmRestarts(3, 2, 0.01)',
    tree: { type: 'cosine_restarts', period: { steps: 3 }, multiply: 2, min_lr: 0.01 },
    rates: [
      0.1, 0.0775, 0.0325, 0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026, 0.1, 0.09846666218300808,
      0.09397114317029975,
    ],
  },
  {
    title: 'CosineAnnealingWarmRestarts(3)',
    tree: { type: 'cosine_restarts', period: { steps: 3 }, min_lr: 0.01 },
    rates: [0.1, 0.0775, 0.0325, 0.1, 0.0775, 0.0325, 0.1, 0.0775],
  },
  {
    title: 'OneCycleLR(0.1, 10)',
    tree: { type: 'one_cycle' },
    rates: [
      0.004, 0.052, 0.1, 0.09504846320134738, 0.0811745653949763, 0.06112620219362893, 0.03887419780637107, 0.0188258346050237,
      0.004951936798652629, 4e-7,
    ],
  },
  {
    title: 'OneCycleLR(0.1, 7, pct_start 0.5, div_factor 10, final_div_factor 100)',
    tree: { type: 'one_cycle', pct_start: 0.5, div_factor: 10, final_div_factor: 100 },
    rates: [0.01, 0.041094235253127366, 0.09140576474687263, 0.09505339495172584, 0.06116492065111791, 0.018906684397156263, 1e-4],
  },
  {
    title: 'SequentialLR of LinearLR(0.25, 4 steps) and CosineAnnealingLR(6)',
    tree: { type: 'cosine', warmup: { steps: 4, start_factor: 0.25 } },
    rates: [0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.09330127018922195, 0.075, 0.05, 0.025, 0.006698729810778065],
  },
  {
    title: 'SequentialLR of LinearLR(3 steps) and ConstantLR(1)',
    tree: { type: 'constant', warmup: { steps: 3 } },
    rates: [0.1 / 3, 0.5 / 9, 0.7 / 9, 0.1, 0.1, 0.1],
  },
];

for (const { title, tree, rates: expected, totalSteps } of PUBLISHED) {
  test(`${tree.type} is ${title}`, (t) => {
    for (const [step, lr] of rates(tree, expected.length, totalSteps).entries()) {
      t.true(Math.abs(lr - expected[step]!) <= BOUND, `step ${step}: ${lr}, published ${expected[step]}`);
    }
  });
}

const BY_HAND: readonly { title: string; tree: Tree; rates: readonly number[]; totalSteps?: number }[] = [
  { title: 'constant', tree: { type: 'constant' }, rates: [0.1, 0.1, 0.1] },
  { title: 'step by epochs of two steps', tree: { type: 'step', every: { epochs: 1 } }, rates: [0.1, 0.1, 0.01, 0.01, 0.001] },
  { title: 'multistep by epochs', tree: { type: 'multistep', milestones: [1, 2] }, rates: [0.1, 0.1, 0.01, 0.01, 0.001] },
  {
    title: 'exponential by epochs: gamma over two steps, its root over one',
    tree: { type: 'exponential', gamma: 0.25 },
    rates: [0.1, 0.05, 0.025, 0.0125],
  },
  { title: 'polynomial to min_lr', tree: { type: 'polynomial', min_lr: 0.02 }, rates: [0.1, 0.08, 0.06, 0.04, 0.02], totalSteps: 4 },
  { title: 'wsd linear', tree: { type: 'wsd', decay: 0.5, shape: 'linear' }, rates: [0.1, 0.1, 0.1, 0.05, 0, 0], totalSteps: 4 },
  {
    title: 'wsd cosine to min_lr',
    tree: { type: 'wsd', decay: 0.5, shape: 'cosine', min_lr: 0.02 },
    rates: [0.1, 0.1, 0.1, 0.06, 0.02],
    totalSteps: 4,
  },
  { title: 'wsd sqrt', tree: { type: 'wsd', decay: 1 }, rates: [0.1, 0.05, 0.1 * (1 - Math.SQRT1_2)], totalSteps: 4 },
  {
    title: 'inverse_sqrt',
    tree: { type: 'inverse_sqrt', timescale: { steps: 1 } },
    rates: [0.1, 0.1 / Math.SQRT2, 0.1 / Math.sqrt(3), 0.05],
  },
  {
    title: 'inverse_sqrt after warmup: lr sqrt(warmup / step)',
    tree: { type: 'inverse_sqrt', warmup: { epochs: 1, start_factor: 0 } },
    rates: [0, 0.05, 0.1, 0.1 * Math.sqrt(2 / 3), 0.1 * Math.SQRT1_2],
  },
  {
    title: 'one_cycle after warmup starts where one_cycle starts',
    tree: { type: 'one_cycle', warmup: { steps: 2, start_factor: 0.5 }, pct_start: 0.5, div_factor: 10 },
    rates: [0.005, 0.0075, 0.01, 0.1],
    totalSteps: 6,
  },
  {
    title: 'one_cycle with nothing but a rise',
    tree: { type: 'one_cycle', pct_start: 1, div_factor: 2 },
    rates: [0.05, 0.075, 0.1, 0.1],
    totalSteps: 3,
  },
  { title: 'one_cycle of one step', tree: { type: 'one_cycle' }, rates: [4e-7], totalSteps: 1 },
];

for (const { title, tree, rates: expected, totalSteps } of BY_HAND) {
  test(`by hand: ${title}`, (t) => {
    for (const [step, lr] of rates(tree, expected.length, totalSteps).entries()) {
      t.true(Math.abs(lr - expected[step]!) <= BOUND, `step ${step}: ${lr}, expected ${expected[step]}`);
    }
  });
}

test('inverse_sqrt without warmup has a timescale of 10,000 steps', (t) => {
  const schedule = scheduleConfig({ type: 'inverse_sqrt' });
  t.is(lrAt(schedule, LR, 30_000, { horizon: 1, stepsPerEpoch: 2 }, 1), LR / 2);
});

test('plateau multiplies by its factor, not below min_lr, and never raises the learning rate', (t) => {
  t.is(rates({ type: 'plateau' }, 1, 1, 1)[0], 0.1);
  t.true(Math.abs(rates({ type: 'plateau' }, 1, 1, 0.01)[0]! - 0.001) < BOUND);
  t.is(rates({ type: 'plateau', min_lr: 0.004 }, 1, 1, 0.01)[0], 0.004);
  t.is(rates({ type: 'plateau', min_lr: 5 }, 1, 1, 1)[0], 0.1);
  t.true(Math.abs(rates({ type: 'plateau', warmup: { steps: 4, start_factor: 0 } }, 2, 9, 0.5)[1]! - 0.0125) < BOUND);
});

/** One of each type, with ends far beyond the steps looked at. */
const ALL: readonly Tree[] = [
  { type: 'constant' },
  { type: 'step', every: { epochs: 30 } },
  { type: 'multistep', milestones: [10, 70, 300] },
  { type: 'exponential', gamma: 0.97 },
  { type: 'polynomial', power: 1.7 },
  { type: 'cosine', min_lr: 1e-4 },
  { type: 'cosine_restarts', period: { steps: 400 }, multiply: 2 },
  { type: 'one_cycle' },
  { type: 'wsd', shape: 'linear' },
  { type: 'wsd', shape: 'cosine' },
  { type: 'wsd', shape: 'sqrt' },
  { type: 'inverse_sqrt' },
  { type: 'plateau' },
];

for (const tree of ALL) {
  const title = JSON.stringify(tree);
  const fallsThroughout = !['cosine_restarts', 'one_cycle'].includes(tree.type);

  test(`${title}: warmup rises at every step, then nothing rises, and all values are in [0, lr]`, (t) => {
    const values = rates({ ...tree, warmup: { steps: 50 } }, 1200, 1000);
    for (const [step, lr] of values.entries()) {
      t.true(lr >= 0 && lr <= LR * (1 + 1e-15), `step ${step}: ${lr}`);
      const before = values[step - 1] ?? 0;
      if (step < 50) t.true(lr > before, `step ${step}: ${lr} after ${before}`);
      else if (fallsThroughout && step > 50) t.true(lr <= before, `step ${step}: ${lr} after ${before}`);
    }
  });

  test(`${title}: with a horizon a shorter training is a prefix of the longer one`, (t) => {
    const bounded = ['polynomial', 'cosine', 'one_cycle', 'wsd'].includes(tree.type) ? { ...tree, horizon: { steps: 500 } } : tree;
    t.deepEqual(rates(bounded, 200, 200), rates(bounded, 500, 500).slice(0, 200));
  });
}

test('a schedule of ten million steps ends at 0 or above, and does not wait for it', (t) => {
  const total = 10_000_000;
  for (const tree of ALL) {
    const schedule = scheduleConfig(tree);
    const last = lrAt(schedule, LR, total - 1, { horizon: total, stepsPerEpoch: 1000 }, 1);
    t.true(last >= 0 && last <= LR, `${tree.type}: ${last}`);
    const beyond = lrAt(schedule, LR, 10 * total, { horizon: total, stepsPerEpoch: 1000 }, 1);
    t.true(beyond >= 0 && beyond <= LR, `${tree.type}: ${beyond}`);
  }
});

test('the horizon is that of the schedule, or the training', (t) => {
  t.is(horizonSteps(scheduleConfig({ type: 'cosine' }), 70, 2), 70);
  t.is(horizonSteps(scheduleConfig({ type: 'cosine', horizon: { steps: 30 } }), 70, 2), 30);
  t.is(horizonSteps(scheduleConfig({ type: 'wsd', horizon: { epochs: 30 } }), 70, 2), 60);
});

test('a warmup as long as a schedule that ends is refused; the others have no end', (t) => {
  const warmup = { epochs: 5 };
  const time = { horizon: 10, stepsPerEpoch: 2 };
  const error = t.throws(() => checkWarmup(scheduleConfig({ type: 'cosine', warmup }), time), { instanceOf: GradloomError });
  t.is(error.code, 'E_CONFIG_RANGE');
  t.is(error.message, 'the warmup of 10 steps leaves nothing of the schedule, which has 10 with it');
  t.notThrows(() => checkWarmup(scheduleConfig({ type: 'cosine', warmup }), { ...time, horizon: 11 }));
  t.notThrows(() => checkWarmup(scheduleConfig({ type: 'constant', warmup }), time));
});
