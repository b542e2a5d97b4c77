import type { StepCost } from '../../engine/plan/lower/cost.ts';
import type { PredictedLimit, PredictedRow, Prediction } from '../events.ts';
import { fitScalability, karpFlatt, predictSpeedup, type ScalabilityFit } from '../model.ts';
import { bootstrap, type Estimate, medianOf, type Resampling } from '../statistics.ts';
import { type Costs, computeSeconds, type Growth, growthOf, type StepParts, stepParts, stepSeconds } from './model.ts';
import { predictionText } from './text.ts';

/** A worker count with what its plan costs. */
export interface PlannedCount {
  workers: number;
  /** Workers that can start. */
  ranks: number;
  cost: StepCost;
}

/** What a prediction rests on: costs of every round, and the steps measured beside them. */
export interface PredictionInput {
  /** To be shown. */
  asked: readonly number[];
  /** All that are looked at for the best, the asked ones and 1 among them; ascending. */
  counts: readonly PlannedCount[];
  /** Of the experiment. */
  leaves: number;
  /** Rows of a step, on average: an epoch's last batch may be smaller. */
  rowsPerStep: number;
  /** One for each round. */
  rounds: readonly Costs[];
  /** Seconds of a step in each round, of workers that had a core each; 1 among them, and another. */
  measured: readonly { workers: number; seconds: readonly number[] }[];
}

/** From this efficiency on nothing is worth a word. */
const GOOD = 0.9;
/** Workers that are within this of the best rate are as good. */
const NEARLY = 0.98;
const MICRO = 1e6;

const ASSUMPTIONS: readonly string[] = [
  'each worker has a core of its own, like those measured; beyond what was measured, the cores share no cache, memory or clock that slows them',
  'a worker computes its rows as fast as one worker a batch of as many',
  "sums and rows of other workers are read at the rate of this machine's memory",
  'the interval holds chance, both ways that barriers may grow, and the error of the model on the counts measured here',
];

/** Predicts the asked worker counts, each with an interval; the same input gives the same numbers. */
export function predict(input: PredictionInput, resampling: Resampling): Prediction {
  const { rounds, counts, asked, measured } = input;
  const all = Array.from({ length: rounds.length }, (_, round) => round);
  const costs = costsOf(rounds, all);
  const growth = growthOf(costs.barriers);
  const one = secondsOf(measured, 1);
  const speedupOf = (count: PlannedCount, by: Growth, drawn: readonly number[]): number =>
    one(drawn) / stepSeconds(stepParts(count.cost, count.ranks, costsOf(rounds, drawn), by));
  const checks = measured.flatMap(({ workers }) => {
    const count = counts.find((of) => of.workers === workers);
    if (workers === 1 || count === undefined) return [];
    const seconds = secondsOf(measured, workers);
    const predicted = speedupOf(count, growth, all);
    const real = bootstrap(rounds.length, (drawn) => one(drawn) / seconds(drawn), resampling);
    return [{ workers, predicted, measured: real, error: predicted / real.value - 1 }];
  });
  const missed = Math.max(0, ...checks.map(({ error }) => Math.max(1 + error, 1 / (1 + error)) - 1));
  const law = lawOf(measured, all);
  const rows = asked.map((workers): PredictedRow => {
    const count = counts.find((of) => of.workers === workers);
    if (count === undefined) throw new RangeError(`${workers} workers are not planned`);
    const speedup = intervalOf(
      (['logarithmic', 'linear'] as const).map((by) => bootstrap(rounds.length, (drawn) => speedupOf(count, by, drawn), resampling)),
      speedupOf(count, growth, all),
      missed,
    );
    const parts = stepParts(count.cost, count.ranks, costs, growth);
    const rate = input.rowsPerStep / one(all);
    return {
      workers,
      ranks: count.ranks,
      samples_per_second: times(speedup, rate),
      speedup,
      efficiency: times(speedup, 1 / workers),
      microseconds: {
        compute: MICRO * parts.compute,
        update: MICRO * parts.update,
        barriers: MICRO * parts.barriers,
        exchange: MICRO * parts.exchange,
        serial: MICRO * parts.serial,
      },
      barriers_per_step: count.cost.barriers,
      limit: speedup.value / workers >= GOOD ? 'none' : limitOf(count, parts, costs),
      law_speedup: atMost(
        bootstrap(rounds.length, (drawn) => predictSpeedup(lawOf(measured, drawn), workers), resampling),
        workers,
      ),
    };
  });
  const most = Math.max(...asked);
  const speedups = counts.filter(({ workers }) => workers <= most).map((count) => ({ count, speedup: speedupOf(count, growth, all) }));
  const best = Math.max(...speedups.map(({ speedup }) => speedup));
  const paysTo = speedups.find(({ speedup }) => speedup >= NEARLY * best)?.count.workers ?? 1;
  const prediction = {
    rows,
    barrier: {
      growth,
      reason: reasonOf(growth, costs.barriers.length),
      measured: costs.barriers.map(({ workers, seconds }) => ({ workers, microseconds: MICRO * seconds })),
    },
    law: { name: lawName(measured), ...law },
    checks,
    pays_to: paysTo,
    assumptions: [...ASSUMPTIONS],
  };
  return { ...prediction, text: predictionText(prediction, input.leaves) };
}

/** Medians of the drawn rounds, cost by cost. */
function costsOf(rounds: readonly Costs[], drawn: readonly number[]): Costs {
  const [first] = rounds;
  if (first === undefined) throw new RangeError('a prediction needs a round');
  const middle = (of: (costs: Costs) => number): number => medianOf(rounds.map(of), drawn);
  return {
    compute: first.compute.map(({ rows }, i) => ({ rows, seconds: middle(({ compute }) => compute[i]?.seconds ?? Number.NaN) })),
    update: middle(({ update }) => update),
    barriers: first.barriers.map(({ workers }, i) => ({ workers, seconds: middle(({ barriers }) => barriers[i]?.seconds ?? Number.NaN) })),
    addFloat: middle(({ addFloat }) => addFloat),
    readFloat: middle(({ readFloat }) => readFloat),
    serial: middle(({ serial }) => serial),
  };
}

function secondsOf(measured: PredictionInput['measured'], workers: number): (drawn: readonly number[]) => number {
  const seconds = measured.find((of) => of.workers === workers)?.seconds ?? [];
  return (drawn) => medianOf(seconds, drawn);
}

/** From the lowest end to the highest, and by what the model misses further out. */
function intervalOf(estimates: readonly Estimate[], value: number, missed: number): Estimate {
  return {
    value,
    low: Math.min(value, ...estimates.map(({ low }) => low)) / (1 + missed),
    high: Math.max(value, ...estimates.map(({ high }) => high)) * (1 + missed),
  };
}

function times({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor };
}

/** Few rounds stretch an interval beyond what the law can give. */
function atMost({ value, low, high }: Estimate, most: number): Estimate {
  return { value, low, high: Math.min(high, most) };
}

function lawName(measured: PredictionInput['measured']): 'usl' | 'amdahl' {
  return measured.length > 2 ? 'usl' : 'amdahl';
}

/** Neither cost is below 0: no law lets a program get ever faster than its workers. */
function lawOf(measured: PredictionInput['measured'], drawn: readonly number[]): ScalabilityFit {
  const one = secondsOf(measured, 1)(drawn);
  const points = measured
    .filter(({ workers }) => workers > 1)
    .map(({ workers }) => ({ workers, speedup: one / secondsOf(measured, workers)(drawn) }));
  const [first] = points;
  const serial = first === undefined ? 0 : karpFlatt(first);
  const { sigma, kappa } = fitScalability(points) ?? { sigma: serial, kappa: 0 };
  return { sigma: Math.max(0, sigma), kappa: Math.max(0, kappa) };
}

/** The largest of what a step takes beyond its share of one worker's. */
function limitOf({ workers, ranks, cost }: PlannedCount, parts: StepParts, costs: Costs): PredictedLimit {
  const most = costs.compute.at(-1) ?? { rows: 0, seconds: 0 };
  const sliced = most.seconds * cost.slicedShare;
  const even = computeSeconds(costs.compute, most.rows / ranks) * (1 - cost.slicedShare) + sliced / ranks;
  const everyWorker = (even * ranks) / workers;
  const excess: [PredictedLimit, number][] = [
    ['leaves', parts.compute - everyWorker],
    ['rows', everyWorker - most.seconds / workers],
    ['update', parts.update - costs.update / workers],
    ['barriers', parts.barriers],
    ['exchange', parts.exchange],
    ['serial', parts.serial * (1 - 1 / workers)],
  ];
  return excess.reduce((largest, of) => (of[1] > largest[1] ? of : largest))[0];
}

function reasonOf(growth: Growth, counts: number): string {
  if (counts < 3)
    return 'two counts fit any line; ranks arrive by groups, so the logarithm is taken, and the linear end is in the interval';
  return growth === 'linear'
    ? `a + b (p - 1) fits the ${counts} counts better than the logarithm`
    : `a + b log2 p fits the ${counts} counts at least as well as a straight line`;
}
