import test from 'ava';
import type { PredictedLimit } from '../../../src/speedup/events.ts';
import { barrierSeconds, computeSeconds, growthOf, stepParts } from '../../../src/speedup/prediction/model.ts';
import { predict } from '../../../src/speedup/prediction/predict.ts';
import { BATCH, costOf, measureMachine, type TrueMachine, type TrueRun, trueSeconds } from '../support/predicted.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 5);
const RESAMPLING = { confidence: 0.95, seed: 1 };
const US = 1e-6;

/** Rows rule, and everything else is small. */
const QUICK: TrueMachine = {
  step: 2 * US,
  row: 10 * US,
  update: 20 * US,
  barrier: (workers) => (0.2 + 0.3 * Math.log2(workers)) * US,
  addFloat: 2e-11,
  readFloat: 1e-11,
  serial: 1 * US,
};
const RUN: TrueRun = { machine: QUICK, leaves: 64, asked: [2, 8, 64], measured: [1, 2, 4], repeats: 8, noise: 0.01, seed: SEED };

const points = (of: (workers: number) => number, ...counts: number[]) => counts.map((workers) => ({ workers, seconds: of(workers) }));
const logarithmic = (p: number): number => (0.5 + 2 * Math.log2(p)) * US;
const linear = (p: number): number => (0.5 + 0.8 * (p - 1)) * US;
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

test('the growth of barriers is recovered from three counts, and so is their cost at 64', (t) => {
  for (const counts of [
    [1, 2, 4],
    [1, 2, 3],
    [1, 2, 4, 8, 16],
  ]) {
    t.is(growthOf(points(logarithmic, ...counts)), 'logarithmic');
    t.true(near(barrierSeconds(points(logarithmic, ...counts), 'logarithmic', 64), logarithmic(64)));
    t.is(growthOf(points(linear, ...counts)), 'linear');
    t.true(near(barrierSeconds(points(linear, ...counts), 'linear', 64), linear(64)));
  }
});

test('two counts cannot tell the growth: the logarithm is taken, and no barrier gets cheaper by more workers', (t) => {
  t.is(growthOf(points(linear, 1, 2)), 'logarithmic');
  const falling = points((p) => (p === 1 ? 3 * US : US), 1, 2);
  t.true(near(barrierSeconds(falling, 'linear', 64), 2 * US));
  t.true(near(barrierSeconds(points(linear, 2), 'linear', 64), linear(2)));
});

test('the time of a share of the batch lies on lines between the measured sizes, and goes on beyond them', (t) => {
  const seconds = (rows: number): number => (3 + 2 * rows) * US;
  const measured = [4, 16, 64].map((rows) => ({ rows, seconds: seconds(rows) }));
  for (const rows of [1, 4, 5, 16, 40, 64, 100]) t.true(near(computeSeconds(measured, rows), seconds(rows)), `${rows} rows`);
  t.true(near(computeSeconds([{ rows: 64, seconds: 64 * US }], 16), 16 * US), 'one size alone: in proportion');
  const noisy = [
    { rows: 32, seconds: 10 * US },
    { rows: 64, seconds: 100 * US },
  ];
  t.true(computeSeconds(noisy, 1) > 0, 'never less than nothing');
});

test('products shared out by slices follow the slice, the others the rows', (t) => {
  const costs = {
    compute: [
      { rows: 32, seconds: 32 },
      { rows: 64, seconds: 64 },
    ],
    update: 0,
    barriers: points(() => 0, 1, 2),
    addFloat: 0,
    readFloat: 1,
    serial: 0,
  };
  const cost = { ...costOf(2, 64), slicedShare: 0.25, largestSlice: 0.5, factorFloats: 7 };
  const { compute, exchange } = stepParts(cost, 2, costs, 'linear');
  t.is(compute, 0.75 * 32 + 0.25 * 0.5 * 64);
  t.is(exchange, 7);
});

const machines: [title: string, run: Partial<TrueRun>][] = [
  ['quick barriers', {}],
  ['dear barriers', { machine: { ...QUICK, barrier: (p) => (5 + 5 * Math.log2(p)) * US } }],
  ['barriers that grow with every worker', { machine: { ...QUICK, barrier: (p) => (1 + 2 * (p - 1)) * US } }],
  ['steps with a fixed cost', { machine: { ...QUICK, step: 80 * US } }],
  ['a serial part', { machine: { ...QUICK, serial: 60 * US } }],
  ['slow memory', { machine: { ...QUICK, addFloat: 1e-9 } }],
  ['few leaves', { leaves: 16 }],
  ['as many leaves as do not divide', { leaves: 24 }],
];
for (const [title, change] of machines) {
  test(`a machine with ${title} is predicted within its interval and 5 % (seed ${SEED})`, (t) => {
    const run = { ...RUN, ...change };
    const { rows, checks } = predict(measureMachine(run), RESAMPLING);
    t.deepEqual(
      rows.map(({ workers }) => workers),
      [2, 8, 64],
    );
    for (const { workers, ranks, speedup, samples_per_second: rate, efficiency } of rows) {
      const truth = trueSeconds(run.machine, 1, run.leaves) / trueSeconds(run.machine, workers, run.leaves);
      t.is(ranks, Math.min(workers, run.leaves));
      t.true(Math.abs(speedup.value / truth - 1) < 0.05, `${workers}: ${speedup.value} for ${truth}`);
      t.true(speedup.low <= truth && truth <= speedup.high, `${workers}: ${speedup.low} to ${speedup.high} for ${truth}`);
      t.true(Math.abs(rate.value / (BATCH / trueSeconds(run.machine, workers, run.leaves)) - 1) < 0.07);
      t.true(near(efficiency.value, speedup.value / workers));
    }
    t.deepEqual(
      checks.map(({ workers }) => workers),
      [2, 4],
    );
    for (const { error } of checks) t.true(Math.abs(error) < 0.05);
  });
}

test('with two counts only, the interval holds the truth whether barriers grow with the logarithm or with every worker', (t) => {
  for (const barrier of [(p: number) => (1 + Math.log2(p)) * US, (p: number) => (1 + (p - 1)) * US]) {
    const run = { ...RUN, measured: [1, 2], machine: { ...QUICK, barrier } };
    const { rows, barrier: shown } = predict(measureMachine(run), RESAMPLING);
    const { speedup } = rows.at(-1);
    const truth = trueSeconds(run.machine, 1, 64) / trueSeconds(run.machine, 64, 64);
    t.true(speedup.low <= truth && truth <= speedup.high, `${speedup.low} to ${speedup.high} for ${truth}`);
    t.is(shown.growth, 'logarithmic');
    t.regex(shown.reason, /^two counts fit any line/);
  }
});

test('what the model misses where it can be checked widens every interval', (t) => {
  const input = measureMachine({ ...RUN, noise: 0 });
  const slower = input.measured.map(({ workers, seconds }) => ({ workers, seconds: seconds.map((s) => (workers === 1 ? s : 1.3 * s)) }));
  const { rows, checks } = predict({ ...input, measured: slower }, RESAMPLING);
  for (const { error } of checks) t.true(Math.abs(error - 0.3) < 1e-3);
  for (const { speedup } of rows) {
    t.true(speedup.low <= speedup.value / 1.3 + 1e-9);
    t.true(speedup.high >= speedup.value * 1.3 - 1e-9);
  }
});

const limits: [limit: PredictedLimit, machine: Partial<TrueMachine>, leaves: number, text: RegExp][] = [
  ['none', {}, 64, /Nothing limits it noticeably\. Every worker up to there pays\.$/],
  [
    'barriers',
    { barrier: (p) => 3 * p * US },
    64,
    /Barriers limit it: 3 a step take \d+ % of a step of \d+ us; raise train\.batch_size\. More than \d+ workers do not pay\.$/,
  ],
  ['rows', { step: 90 * US }, 64, /The batch limits it: with so few rows a worker, computing takes \d+ %/],
  ['leaves', {}, 4, /64 workers are .* \(4 of them: numerics\.leaves is 4\)\. Leaves limit it: .* More than 4 workers do not pay\.$/],
  ['exchange', { addFloat: 1e-9 }, 64, /The exchange of gradients limits it/],
  ['serial', { serial: 100 * US }, 64, /What every worker does for all limits it/],
];
for (const [limit, change, leaves, text] of limits) {
  test(`what limits 64 workers is told: ${limit}`, (t) => {
    const asked = limit === 'none' ? [8] : [64];
    const { rows, text: said } = predict(measureMachine({ ...RUN, asked, leaves, machine: { ...QUICK, ...change } }), RESAMPLING);
    t.is(rows[0]!.limit, limit);
    t.regex(said, /^Predicted, not measured: /);
    t.regex(said, text);
  });
}

test('workers pay up to the count that the machine itself has as nearly its best', (t) => {
  const machine = { ...QUICK, barrier: (p: number) => 2 * p * US };
  const { pays_to: paysTo } = predict(measureMachine({ ...RUN, machine, asked: [64], noise: 0 }), RESAMPLING);
  const counts = [1, 2, 3, 4, 6, 8, 16, 32, 64];
  const rates = counts.map((workers) => 1 / trueSeconds(machine, workers, 64));
  t.is(paysTo, counts[rates.findIndex((rate) => rate >= 0.98 * Math.max(...rates))]!);
});

test('beside the model stands a law of the rates alone: of Gunther through three counts, of Amdahl through two', (t) => {
  const three = predict(measureMachine(RUN), RESAMPLING).law;
  t.is(three.name, 'usl');
  const { name, sigma, kappa } = predict(measureMachine({ ...RUN, measured: [1, 2], noise: 0 }), RESAMPLING).law;
  t.is(name, 'amdahl');
  t.is(kappa, 0);
  const speedup = trueSeconds(QUICK, 1, 64) / trueSeconds(QUICK, 2, 64);
  t.true(near(sigma, 2 / speedup - 1));
});

test('the same measurement gives the same prediction', (t) => {
  t.deepEqual(predict(measureMachine(RUN), RESAMPLING), predict(measureMachine(RUN), RESAMPLING));
});
