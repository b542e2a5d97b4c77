import test from 'ava';
import { normal } from '../../src/random/distributions.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { tabulate } from '../../src/speedup/measurement/rows.ts';
import { bestWorkers, fitScalability, karpFlatt, predictSpeedup } from '../../src/speedup/model.ts';
import { bootstrap, median, medianOf, overlaps, quantile } from '../../src/speedup/statistics.ts';
import { lawSeconds, makeRow, makeTable } from './support/synthetic.ts';

test('medians and quantiles of few values', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.is(median([7]), 7);
  t.is(median([]), Number.NaN);
  t.is(quantile([1, 2, 3, 4, 5], 0.25), 2);
  t.is(quantile([10, 20], 0.1), 11);
  t.is(quantile([1, Infinity, Infinity], 0.75), Infinity);
});

test('a bootstrap interval is the same for the same seed, and holds its value', (t) => {
  const values = [1, 2, 3, 4, 10, 3, 2, 5];
  const make = (seed: number) => bootstrap(values.length, (drawn) => medianOf(values, drawn), { confidence: 0.95, seed });
  t.deepEqual(make(1), make(1));
  const { value, low, high } = make(1);
  t.is(value, 3);
  t.true(low <= value && value <= high && low < high);
  t.deepEqual(
    bootstrap(1, () => 5, { confidence: 0.95, seed: 1 }),
    { value: 5, low: 5, high: 5 },
  );
});

/** Of a statistic whose resamples are uniform in [0, 1): the value of the first pass drawn. */
const MANY = Array.from({ length: 100 }, (_, pass) => pass);
for (const confidence of [0.8, 0.9, 0.95, 0.99]) {
  test(`the ends of a ${100 * confidence} % interval of many passes leave half of the rest of the resamples beyond each`, (t) => {
    let [low, high] = [0, 0];
    const seeds = 4;
    for (let seed = 0; seed < seeds; seed++) {
      const ends = bootstrap(MANY.length, ([first = Number.NaN]) => (first + 0.5) / MANY.length, { confidence, seed });
      low += ends.low / seeds;
      high += ends.high / seeds;
    }
    // Five standard errors of a quantile of 4 x 2,000 resamples.
    const tail = (1 - confidence) / 2;
    const error = 5 * Math.sqrt((tail * (1 - tail)) / (2000 * seeds));
    t.true(Math.abs(low - tail) < error && Math.abs(1 - high - tail) < error, `${low} to ${high}`);
  });
}

/** The share of 95 % intervals of a statistic of normal values around 100 that hold it. */
function heldOf(experiments: number, passes: number, statistic: (values: readonly number[], drawn: readonly number[]) => number): number {
  let held = 0;
  for (let experiment = 0; experiment < experiments; experiment++) {
    const stream = new RandomStream(3, 'noise', experiment);
    const values = Array.from({ length: passes }, (_, i) => 100 + 5 * normal(stream, i));
    const { low, high } = bootstrap(passes, (drawn) => statistic(values, drawn), { confidence: 0.95, seed: experiment });
    if (low <= 100 && 100 <= high) held++;
  }
  return held / experiments;
}

const meanOf = (values: readonly number[], drawn: readonly number[]): number =>
  drawn.reduce((sum, pass) => sum + (values[pass] as number), 0) / drawn.length;
for (const [what, passes, statistic] of [
  ['the median', 4, medianOf],
  ['the median', 8, medianOf],
  ['the mean', 12, meanOf],
] as const) {
  test(`95 % intervals of ${what} of ${passes} repetitions hold the true value in 92.5 to 99 % of 300 experiments`, (t) => {
    const held = heldOf(300, passes, statistic);
    t.true(held >= 0.925 && held <= 0.99, String(held));
  });
}

test('a disturbance that hits whole rounds cancels in ratios', (t) => {
  const slow = [1, 1, 3, 1, 1, 3, 1, 1];
  const rows = [makeRow({ workers: 1, seconds: slow }), makeRow({ workers: 2, seconds: slow.map((seconds) => seconds / 1.8) })];
  const [, two] = tabulate(makeTable(rows), 2, { confidence: 0.95, seed: 1 }).rows;
  t.true(Math.abs(two!.speedup.low - 1.8) < 1e-9 && Math.abs(two!.speedup.high - 1.8) < 1e-9, JSON.stringify(two!.speedup));
});

test("Karp and Flatt's share of an Amdahl machine is its serial share, 0 for a perfect one, below 0 beyond it", (t) => {
  for (const p of [2, 3, 8]) t.true(Math.abs(karpFlatt({ workers: p, speedup: 1 / (0.1 + 0.9 / p) }) - 0.1) < 1e-12);
  t.is(karpFlatt({ workers: 4, speedup: 4 }), 0);
  t.true(karpFlatt({ workers: 4, speedup: 4.4 }) < 0);
});

test('the fit finds the costs of a machine that follows the law, and its peak', (t) => {
  const law = { sigma: 0.05, kappa: 0.01 };
  const fit = fitScalability([1, 2, 3, 4, 6, 8].map((workers) => ({ workers, speedup: predictSpeedup(law, workers) })))!;
  t.true(Math.abs(fit.sigma - 0.05) < 1e-12 && Math.abs(fit.kappa - 0.01) < 1e-12, JSON.stringify(fit));
  const best = bestWorkers(fit)!;
  t.true(Math.abs(best - Math.sqrt(95)) < 1e-6);
  t.true(predictSpeedup(law, best) > predictSpeedup(law, best - 1) && predictSpeedup(law, best) > predictSpeedup(law, best + 1));
});

test('a fit needs two worker counts above one, and a peak a cost that grows', (t) => {
  t.is(fitScalability([{ workers: 1, speedup: 1 }]), undefined);
  t.is(
    fitScalability([
      { workers: 1, speedup: 1 },
      { workers: 2, speedup: 1.9 },
      { workers: 2, speedup: 1.8 },
    ]),
    undefined,
  );
  t.is(bestWorkers({ sigma: 0.1, kappa: 0 }), undefined);
  t.is(bestWorkers({ sigma: 0.1, kappa: -0.01 }), undefined);
  t.is(bestWorkers({ sigma: 0, kappa: 4 }), 1);
});

test('with 1 % of noise, 20 repetitions find sigma within 0.02, kappa within 0.003 and the peak within 1.5 workers', (t) => {
  const law = { sigma: 0.05, kappa: 0.02 };
  const rows = [1, 2, 3, 4, 6, 8].map((workers) => makeRow({ workers, seconds: lawSeconds(workers, law, 20, 0.01, 5) }));
  const { model } = tabulate(makeTable(rows), 8, { confidence: 0.95, seed: 1 });
  t.true(Math.abs(model!.sigma - 0.05) < 0.02, JSON.stringify(model));
  t.true(Math.abs(model!.kappa - 0.02) < 0.003, JSON.stringify(model));
  t.true(Math.abs(model!.best_workers! - Math.sqrt(0.95 / 0.02)) < 1.5, JSON.stringify(model));
  t.true(model!.kappa_interval[0] <= model!.kappa && model!.kappa <= model!.kappa_interval[1]);
});

test('a slope that noise explains predicts no peak', (t) => {
  const rows = [1, 2, 4].map((workers) => makeRow({ workers, seconds: lawSeconds(workers, { sigma: 0.1, kappa: 0 }, 10, 0.05, 2) }));
  t.is(tabulate(makeTable(rows), 4, { confidence: 0.95, seed: 1 }).model!.best_workers, null);
});

test('rows beyond the usable cores do not enter the law', (t) => {
  const rows = [1, 2, 3, 4].map((workers) => makeRow({ workers, seconds: [1, 1, 1] }));
  t.is(tabulate(makeTable(rows), 2, { confidence: 0.95, seed: 1 }).model, null);
});

test('intervals overlap at their ends', (t) => {
  t.true(overlaps({ value: 1, low: 0, high: 2 }, { value: 3, low: 2, high: 4 }));
  t.false(overlaps({ value: 1, low: 0, high: 2 }, { value: 3, low: 2.1, high: 4 }));
});

test('the time to a target is its rows at each rate and its evaluations; other bits have none', (t) => {
  const reached = { metric: 'val.accuracy', value: 0.9, reached: 0.91, step: 250, epochs: 2, evaluations: 5 };
  // A repetition is 64,000 rows, an evaluation 10 ms; one worker takes one second.
  const rows = [
    makeRow({ kind: 'sequential', workers: 1, seconds: [0.8, 0.8, 0.8] }),
    makeRow({ kind: 'unsliced', workers: 1, seconds: [0.7, 0.7, 0.7], digest: 'other' }),
    makeRow({ workers: 1, seconds: [1, 1, 1] }),
    makeRow({ workers: 2, seconds: [0.5, 0.5, 0.5] }),
  ];
  const resampling = { confidence: 0.95, seed: 1 };
  const table = tabulate(makeTable(rows, 'strong', { reached, trainedRows: 16_000 }), 2, resampling);
  t.deepEqual(table.time_to, reached);
  const [sequential, unsliced, one, two] = table.rows.map(({ time_to_seconds: seconds }) => seconds);
  const near = (value: number | undefined, expected: number) => t.true(Math.abs((value ?? Number.NaN) - expected) < 1e-9, String(value));
  near(sequential?.value, 0.8 / 4 + 0.05);
  t.is(unsliced, undefined);
  near(one?.value, 1 / 4 + 0.05);
  near(two?.value, 0.5 / 4 + 0.05);
  near(two?.low, 0.5 / 4 + 0.05);
  near(two?.high, 0.5 / 4 + 0.05);
  t.is(tabulate(makeTable(rows), 2, resampling).rows[2]!.time_to_seconds, undefined);
});
