import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { EXIT } from '../../../src/errors.ts';
import { EARLY_STOP_START, earlyStopNext } from '../../../src/runs/record/early-stop.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { errorOf } from '../../config/support/experiments.ts';
import { curve, finished, runTree, type Told, temporary } from '../support/run-tree.ts';

/** Overlapping blobs and many weights for few rows: the validation loss falls, then rises. */
function tree(train: object, others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    seed: 4,
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: 120, features: 8, classes: 3, noise: 1.2 },
      split: { val: 0.4, test: 0 },
      normalize: 'zscore',
    },
    model: {
      layers: [
        { type: 'dense', units: 24, batch_norm: true, activation: 'relu' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'adam', lr: 0.01 },
    train: { batch_size: 24, steps: 120, eval: { every: { steps: 4 } }, ...train },
    track: { log_every: { steps: 1 } },
    ...others,
  };
}

interface Stop {
  metric: string;
  goal: 'minimize' | 'maximize';
  patience: number;
  min_delta: number;
}

/** Where the rule stops on a curve: the step at which it ends, and the step of the best value. */
function ruled(
  values: [number, number | null][],
  { goal, patience, min_delta: delta }: Stop,
): { end: number; best: number; early: boolean } {
  const sign = goal === 'maximize' ? 1 : -1;
  let best = { step: 0, value: -Infinity };
  let stale = 0;
  for (const [step, value] of values) {
    if (sign * value! > best.value + delta) {
      best = { step, value: sign * value! };
      stale = 0;
    } else if (++stale === patience) {
      return { end: step, best: best.step, early: true };
    }
  }
  return { end: values.at(-1)[0], best: best.step, early: false };
}

const CASES: { title: string; stop: Stop; early: boolean }[] = [
  { title: 'lowest val.loss, patience 3', stop: { metric: 'val.loss', goal: 'minimize', patience: 3, min_delta: 0 }, early: true },
  { title: 'lowest val.loss, patience 1', stop: { metric: 'val.loss', goal: 'minimize', patience: 1, min_delta: 0 }, early: true },
  {
    title: 'lowest val.loss, a min_delta that small gains do not reach',
    stop: { metric: 'val.loss', goal: 'minimize', patience: 2, min_delta: 0.05 },
    early: true,
  },
  { title: 'highest val.accuracy, patience 4', stop: { metric: 'val.accuracy', goal: 'maximize', patience: 4, min_delta: 0 }, early: true },
  {
    title: 'lowest val.loss, patience never spent: all steps run out',
    stop: { metric: 'val.loss', goal: 'minimize', patience: 1000, min_delta: 0 },
    early: false,
  },
];

let free: Told;
test.before(async () => {
  free = await runTree(tree({}));
});

for (const { title, stop, early } of CASES) {
  test.serial(`early stopping ends where its rule says and the model is that of the best evaluation: ${title}`, async (t) => {
    const expected = ruled(curve(free, stop.metric), stop);
    t.is(expected.early, early, 'the curve has the case');
    t.true(expected.best < expected.end);
    const told = await runTree(tree({ early_stop: stop }), temporary(t));
    const summary = finished(told);
    t.is(summary.steps, expected.end);
    t.deepEqual(curve(told, 'restored.from'), [[expected.end, expected.best]]);
    t.deepEqual(
      told.warnings.map(({ code }) => code),
      early ? ['W_EARLY_STOP'] : [],
    );
    if (early) {
      const count = `${stop.patience} evaluation${stop.patience === 1 ? '' : 's'}`;
      t.true(told.warnings[0]!.message.startsWith(`stopped early: ${stop.metric} has not improved in ${count}`), told.warnings[0]!.message);
      t.true(told.warnings[0]!.message.endsWith(`best at step ${expected.best}`), told.warnings[0]!.message);
    }
    // Exactly so many steps, by a run of its own.
    const straight = await runTree(tree({ steps: expected.best }), temporary(t));
    t.is(summary.digest, finished(straight).digest);
    const models = [told, straight].map(({ directory }) => readSafetensors(path.join(directory!, 'model.safetensors')).tensors);
    t.deepEqual(models[0], models[1]);
    t.true(models[0]!.has('layers.0.norm.running_mean'));
    for (const key of ['val.loss', 'val.accuracy', 'train.eval_loss'])
      t.is(summary.last[key], straight.summary!.last[key], `${key} is the saved model's`);
  });
}

test.serial('without restore_best the model is that of the last step', async (t) => {
  const { stop } = CASES[0]!;
  const told = await runTree(tree({ early_stop: { ...stop, restore_best: false } }));
  const summary = finished(told);
  t.deepEqual(curve(told, 'restored.from'), []);
  t.is(summary.digest, finished(await runTree(tree({ steps: summary.steps }))).digest);
});

test.serial('early stopping can follow the averaged parameters, and restores both', async (t) => {
  const stop = { metric: 'val.ema_loss', patience: 2 };
  const average = { type: 'ema', decay: 0.8 };
  const told = await runTree(tree({ early_stop: stop, average }), temporary(t));
  const [[, best]] = curve(told, 'restored.from') as [[number, number]];
  const straight = await runTree(tree({ steps: best, average }), temporary(t));
  for (const name of ['model.safetensors', 'model-ema.safetensors']) {
    const models = [told, straight].map(({ directory }) => readSafetensors(path.join(directory!, name)).tensors);
    t.deepEqual(models[0], models[1], name);
  }
});

for (const { title, train, others, where, known } of [
  {
    title: 'an unknown name',
    train: { early_stop: { metric: 'val.f1' } },
    others: {},
    where: 'train.early_stop.metric',
    known: 'val.loss, val.accuracy',
  },
  {
    title: 'a name of every object',
    train: { early_stop: { metric: 'constructor' } },
    others: {},
    where: 'train.early_stop.metric',
    known: 'val.loss, val.accuracy',
  },
  {
    title: 'a split that is not evaluated',
    train: { early_stop: { metric: 'test.loss' } },
    others: {},
    where: 'train.early_stop.metric',
    known: 'data.split.test is 0',
  },
  {
    title: 'no evaluation at all',
    train: { early_stop: {}, eval: { on: 'none' } },
    others: {},
    where: 'train.early_stop.metric',
    known: 'train.eval.on is none',
  },
  {
    title: 'of the schedule',
    train: {},
    others: { schedule: { type: 'plateau', metric: 'loss' } },
    where: 'schedule.metric',
    known: 'val.loss, val.accuracy',
  },
] as const) {
  test(`a watched metric that is not evaluated is refused, with the reason: ${title}`, (t) => {
    const error = errorOf(() => experimentFromObject(tree(train, others)));
    t.is(error.code, 'E_CONFIG_VALUE');
    t.is(error.exitCode, EXIT.config);
    t.is(error.where, where);
    t.true(error.message.includes(known), error.message);
  });
}

test('an equal value is no improvement, nor is one within min_delta, nor one that is not a number', (t) => {
  const outcomes = (values: readonly number[], min_delta: number, goal: 'minimize' | 'maximize'): string[] => {
    let state = EARLY_STOP_START;
    return values.map((value) => {
      const next = earlyStopNext({ goal, min_delta, patience: 3 }, state, value);
      ({ state } = next);
      return next.outcome;
    });
  };
  t.deepEqual(outcomes([2, 2, 1, 1], 0, 'minimize'), ['improved', 'stale', 'improved', 'stale']);
  t.deepEqual(outcomes([2, 2, 3, 3], 0, 'maximize'), ['improved', 'stale', 'improved', 'stale']);
  // Small gains add up: they are measured from the best value.
  t.deepEqual(outcomes([8, 7.5, 7, 6.5], 1, 'minimize'), ['improved', 'stale', 'stale', 'improved']);
  t.deepEqual(outcomes([Number.NaN, 1, Number.NaN, 2, 0.5], 0, 'minimize'), ['stale', 'improved', 'stale', 'stale', 'improved']);
  t.deepEqual(outcomes([1, 2, Number.NaN, 3], 0, 'minimize'), ['improved', 'stale', 'stale', 'stop']);
});

// ---- plateau -------------------------------------------------------------------------------------------------------

for (const { title, schedule } of [
  { title: 'val.loss', schedule: { metric: 'val.loss', factor: 0.5, patience: 1 } },
  { title: 'val.loss, threshold and cooldown', schedule: { metric: 'val.loss', factor: 0.1, patience: 0, threshold: 0.02, cooldown: 2 } },
  {
    title: 'val.accuracy, maximize, min_lr',
    schedule: { metric: 'val.accuracy', goal: 'maximize', factor: 0.2, patience: 1, min_lr: 0.001 },
  },
] as const) {
  test.serial(`plateau lowers the learning rate with the step after the evaluation that says so: ${title}`, async (t) => {
    const told = await runTree(tree({}, { schedule: { type: 'plateau', ...schedule } }));
    finished(told);
    const {
      factor,
      patience,
      threshold = 1e-4,
      cooldown = 0,
      goal = 'minimize',
      min_lr: least = 0,
    } = { ...schedule } as Record<string, never> &
      typeof schedule & { threshold?: number; cooldown?: number; goal?: string; min_lr?: number };
    // torch.optim.lr_scheduler.ReduceLROnPlateau.step, threshold_mode rel.
    const lowered = new Map<number, number>();
    let [best, bad, resting, lr] = [goal === 'minimize' ? Infinity : -Infinity, 0, 0, 0.01];
    for (const [step, value] of curve(told, schedule.metric)) {
      const isBetter = goal === 'minimize' ? value! < best * (1 - threshold) : value! > best * (1 + threshold);
      if (isBetter) best = value!;
      bad = isBetter ? 0 : bad + 1;
      if (resting > 0) [resting, bad] = [resting - 1, 0];
      if (bad > patience) {
        [resting, bad] = [cooldown, 0];
        lr = Math.max(least, lr * factor);
      }
      lowered.set(step, lr);
    }
    t.true(new Set(lowered.values()).size >= 3, 'it falls at least twice');
    let current = 0.01;
    for (const [step, value] of curve(told, 'lr')) {
      current = lowered.get(step) ?? current;
      t.true(Math.abs(value! / current - 1) < 1e-12, `step ${step}: ${value}, expected ${current}`);
    }
  });
}
