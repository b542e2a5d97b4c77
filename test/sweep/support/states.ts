import { normal, uniform } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { type SweepInput, type SweepSettings, sweepSchema } from '../../../src/sweep/schema.ts';
import type { Assignment, SweepState, Trial } from '../../../src/sweep/trial.ts';

/** Sweeps as a directory would tell them, with results from a formula in place of training. */

export function settings(input: Partial<SweepInput>): SweepSettings {
  const parsed = sweepSchema.parse({ base: './mnist.yaml', run_cap: 10, ...input });
  return { ...parsed, metric: { ...parsed.metric, goal: parsed.metric.goal ?? 'maximize' } };
}

export function trial(number: number, assignment: Assignment, given: Partial<Trial> = {}): Trial {
  return {
    number,
    assignment,
    origin: 'random',
    status: 'finished',
    value: null,
    values: [],
    digests: [],
    curve: [],
    reasons: [],
    runs: [`trials/${number}`],
    retries: 0,
    seconds: 1,
    ...given,
  };
}

export function stateOf(input: Partial<SweepInput>, trials: readonly Trial[], given: Partial<SweepState> = {}): SweepState {
  const parsed = settings(input);
  const sign = parsed.metric.goal === 'minimize' ? 1 : -1;
  const [first] = trials.filter(({ value }) => value !== null).toSorted((a, b) => sign * (Number(a.value) - Number(b.value)));
  return {
    id: '7f3c1a',
    name: parsed.name,
    directory: `/sweeps/${parsed.name}-7f3c1a`,
    status: 'finished',
    settings: parsed,
    trials,
    ...(first && { best: first.number }),
    ...given,
  };
}

/** Six trials: two learning rates by three batch sizes. */
export function gridState(): SweepState {
  const pairs = [0.01, 0.1].flatMap((lr) => [16, 64, 256].map((batch) => [lr, batch] as const));
  const trials = pairs.map(([lr, batch], i) =>
    trial(
      i,
      { 'optimizer.lr': lr, 'train.batch_size': batch },
      { origin: 'grid', value: 0.9 + lr / 2 - batch / 1e4, curve: curve(0.95, 0.3, 5) },
    ),
  );
  return stateOf(
    {
      name: 'grid',
      method: 'grid',
      metric: { name: 'val.accuracy' },
      parameters: { 'optimizer.lr': { values: [0.01, 0.1] }, 'train.batch_size': { values: [16, 64, 256] } },
    },
    trials,
  );
}

function curve(end: number, rate: number, epochs: number, noise = 0): Trial['curve'] {
  return Array.from({ length: epochs }, (_, i) => ({
    step: (i + 1) * 125,
    epoch: i + 1,
    value: end - (end - 0.1) * Math.exp(-rate * (i + 1)) + noise * Math.sin(7 * i + 100 * end),
  }));
}

/** Space with all kinds of parameter. */
const MIXED: Partial<SweepInput> = {
  metric: { name: 'val.accuracy', target: 0.98 },
  parameters: {
    'optimizer.type': { values: ['adam', 'adamw', 'sgd'] },
    'optimizer.lr': { distribution: 'log_uniform_values', min: 1e-4, max: 1e-1 },
    'optimizer.momentum': { min: 0.5, max: 0.99, when: { 'optimizer.type': 'sgd' } },
    'train.batch_size': { values: [64, 128, 256, 512] },
    'model.layers.0.units': { distribution: 'q_log_uniform_values', min: 32, max: 512, q: 32 },
    'model.layers.0.dropout': { min: 0, max: 0.5 },
  },
  zip: { shape: { 'model.layers.1.units': [64, 128, 256], 'optimizer.weight_decay': [0, 0.01, 0.05] } },
};

function draw(number: number): { assignment: Assignment; quality: number; noise: number } {
  const stream = new RandomStream(1, 'search', number);
  const u = (i: number): number => uniform(stream, i);
  const kind = ['adam', 'adamw', 'sgd'][Math.floor(3 * u(0))] as string;
  // The search settles on what is good.
  const lr = 10 ** (-4 + 3 * (number < 20 ? u(1) : 0.45 + 0.25 * (u(1) + u(7) - 0.5)));
  const shape = Math.floor(3 * u(2));
  const dropout = 0.5 * u(3);
  const assignment = {
    'optimizer.type': kind,
    'optimizer.lr': lr,
    ...(kind === 'sgd' && { 'optimizer.momentum': 0.5 + 0.49 * u(4) }),
    'train.batch_size': [64, 128, 256, 512][Math.floor(4 * u(5))] as number,
    'model.layers.0.units': 32 * Math.round(2 ** (4 * u(6))),
    'model.layers.0.dropout': dropout,
    'model.layers.1.units': [64, 128, 256][shape] as number,
    'optimizer.weight_decay': [0, 0.01, 0.05][shape] as number,
  };
  const off = Math.log10(lr) - (kind === 'sgd' ? -1.2 : -2.6);
  return {
    assignment,
    quality: 0.975 - 0.03 * off * off - 0.05 * (dropout - 0.2) ** 2 - (kind === 'adam' ? 0.004 : 0),
    noise: normal(stream, 40),
  };
}

/** A long search with a few trials that diverged, failed or came twice. */
export function largeState(count = 500): SweepState {
  const trials = Array.from({ length: count }, (_, number) => {
    const { assignment, quality, noise } = draw(number);
    if (number % 83 === 40)
      return trial(number, assignment, { status: 'failed', retries: 1, reasons: ['E_WORKER_TRAP: memory access out of bounds'] });
    if (number % 97 === 50) return trial(number, assignment, { status: 'duplicate', duplicateOf: number - 1 });
    if (quality < 0.9)
      return trial(number, assignment, { status: 'diverged', reasons: ['the loss is not finite at step 17'], curve: curve(0.2, 0.1, 2) });
    const value = quality + 0.002 * noise;
    return trial(number, assignment, {
      origin: 'tpe',
      value,
      values: [value],
      curve: curve(value, 0.5 + 0.2 * noise, 20, 0.002),
      seconds: 4 + noise,
    });
  });
  return stateOf({ ...MIXED, name: 'large', method: 'tpe', run_cap: count }, trials);
}

/** Successive halving: 1, 3, 9 and 27 epochs. */
export function ashaState(count = 60): SweepState {
  const drawn = Array.from({ length: count }, (_, number) => draw(number));
  const order = [...drawn.keys()].toSorted((a, b) => (drawn[b]?.quality as number) - (drawn[a]?.quality as number));
  const trials = drawn.map(({ assignment, quality, noise }, number) => {
    const rank = order.indexOf(number);
    const rung = [count / 3, count / 9, count / 27].filter((limit) => rank < Math.floor(limit)).length;
    const resource = 3 ** rung;
    const points = curve(quality, 0.8 + 0.05 * noise, resource, 0.001);
    const value = Math.max(...points.map((point) => point.value));
    const isLast = rung === 3;
    return trial(number, assignment, {
      origin: 'tpe',
      status: isLast ? 'finished' : 'pruned',
      value,
      values: [value],
      curve: points,
      rung,
      resource,
      reasons: isLast ? [] : [`rung ${rung} (${resource} epochs): rank ${rank + 1} of ${count}, the best third goes on`],
    });
  });
  return stateOf(
    { ...MIXED, name: 'asha', method: 'tpe', run_cap: count, early_terminate: { type: 'asha', min: 1, max: 27, eta: 3 } },
    trials,
  );
}

/** The same trials on several seeds. */
export function seedsState(): SweepState {
  const trials = [0.1, 0.2, 0.4].map((lr, number) => {
    const values = [1, 2, 3].map((seed) => 0.94 + lr / 20 + 0.003 * seed);
    const value = values.reduce((sum, one) => sum + one, 0) / 3;
    return trial(number, { 'optimizer.lr': lr }, { value, values, interval: [value - 0.007, value + 0.007], curve: curve(value, 0.6, 8) });
  });
  return stateOf(
    {
      name: 'seeds',
      method: 'grid',
      seeds: 3,
      metric: { name: 'val.accuracy' },
      parameters: { 'optimizer.lr': { values: [0.1, 0.2, 0.4] } },
    },
    trials,
  );
}

/** Names and values that would be markup, a formula or a control sequence elsewhere. */
export function hostileState(): SweepState {
  const evil = ['</script><script>alert(1)</script>', '=cmd|calc', '"><img src=x onerror=alert(1)>'];
  const trials = evil.map((value, number) =>
    trial(number, { 'track.notes': value }, { origin: 'enqueue', value: number, reasons: ['@sum <b>bold</b>', '\u001b[31mred'] }),
  );
  return stateOf(
    { name: 'hostile', metric: { name: 'val.loss', goal: 'minimize' }, parameters: { 'track.notes': { values: evil } } },
    trials,
    { directory: '/sweeps/<b>hostile</b>' },
  );
}

export const ONE = (): SweepState => {
  const all = largeState(1);
  return { ...all, name: 'one' };
};

/** Started, with nothing to show yet. */
export function noResultState(): SweepState {
  const trials = Array.from({ length: 4 }, (_, number) =>
    trial(number, draw(number).assignment, { status: number < 2 ? 'running' : 'queued', seconds: 0, runs: [] }),
  );
  return stateOf({ ...MIXED, name: 'fresh', method: 'random' }, trials, { status: 'running' });
}
