import type { RowKind, SpeedupRow, SpeedupTable } from '../events.ts';
import { bestWorkers, fitScalability, karpFlatt, type SpeedupPoint } from '../model.ts';
import { bootstrap, type Estimate, median, medianOf, type Resampling } from '../statistics.ts';
import { leastSeconds, reasonsOf, takenOf } from './contamination.ts';
import type { MeasuredRow, MeasuredTable, Repetition } from './measured.ts';

/** Relative, for losses above it, between programs that round differently. */
const LOSS_TOLERANCE = 5e-3;

/** Makes numbers of measurements. Only whole rounds count, so that all rows have met the same disturbances. */
export function tabulate(measured: MeasuredTable, usableCores: number, resampling: Resampling): SpeedupTable {
  const rounds = Math.min(...measured.rows.map(({ repetitions }) => repetitions.length));
  const whole = measured.rows.map((row) => ({ ...row, repetitions: row.repetitions.slice(0, rounds) }));
  const { mode, batchSize, steps } = measured;
  const { target } = measured;
  const table = { mode, batch_size: batchSize, steps, repeats: rounds, ...(target && { time_to: target.reached }) };
  if (rounds === 0) return { ...table, rows: [], model: null };
  const one = whole.find(({ kind, workers }) => kind === 'workers' && workers === 1);
  const sequential = whole.find(({ kind }) => kind === 'sequential');
  const rows = whole.map((row) => {
    const comparable = whole.filter((other) => haveSameWork(row, other));
    const ratio = (base: MeasuredRow): Estimate => ratioOf(row, base, rounds, resampling);
    const speedup = ratio(one ?? row);
    const { kind, workers } = row;
    const drift = driftOf(row, resampling);
    const made: SpeedupRow = {
      kind,
      workers,
      batch_size: row.batchSize,
      seconds: row.repetitions.map(({ seconds }) => seconds),
      samples_per_second: bootstrap(rounds, rateOf(row), resampling),
      speedup,
      ...(sequential !== undefined && { over_sequential: ratio(sequential) }),
      efficiency: scaled(speedup, (value) => value / workers),
      ...(workers > 1 && { karp_flatt: scaled(speedup, (value) => karpFlatt({ workers, speedup: value })) }),
      cpu_seconds: median(row.repetitions.map(({ cpuSeconds }) => cpuSeconds)),
      ...shares(row),
      ...(target &&
        (row.kind === 'workers' || row.kind === 'sequential') && { time_to_seconds: timeTo(target, row, one ?? row, rounds, resampling) }),
      evaluation_seconds: evaluationOf(row),
      drift: drift.value,
      digest: row.repetitions[0]?.digest ?? '',
      same_work:
        new Set(comparable.flatMap(({ repetitions }) => repetitions.map(({ digest }) => digest))).size === 1 &&
        (kind !== 'javascript' || haveSameLoss(row, one ?? row)),
      oversubscribed: workers > usableCores,
      taken: takenOf(row, usableCores),
      taken_share: 1 - sumOf(row, leastSeconds) / sumOf(row, ({ seconds }) => seconds),
      contaminated: [],
    };
    return { ...made, contaminated: reasonsOf(row, usableCores, drift) };
  });
  return { ...table, rows, model: modelOf(whole, one, usableCores, rounds, resampling) };
}

/** Whether two rows must end with the same bits: as many rows a batch, and the same order of sums. */
function haveSameWork(a: MeasuredRow, b: MeasuredRow): boolean {
  const sums = ({ kind }: MeasuredRow): RowKind => (kind === 'sequential' ? 'workers' : kind);
  return a.batchSize === b.batchSize && sums(a) === sums(b);
}

/** Whether the last step's losses differ by no more than rounding on the way there. */
function haveSameLoss(a: MeasuredRow, b: MeasuredRow): boolean {
  const [left, right] = [a.repetitions[0]?.loss ?? Number.NaN, b.repetitions[0]?.loss ?? Number.NaN];
  return Math.abs(left - right) <= LOSS_TOLERANCE * (LOSS_TOLERANCE + Math.max(left, right));
}

/** The median rate of drawn repetitions. */
type Rate = (drawn: readonly number[]) => number;

/** By the clock, or as fast as they can have been on a machine that takes nothing. */
function rateOf({ repetitions }: MeasuredRow, secondsOf: (repetition: Repetition) => number = ({ seconds }) => seconds): Rate {
  const rates = repetitions.map((repetition) => repetition.rows / secondsOf(repetition));
  return (drawn) => medianOf(rates, drawn);
}

/** Rate over rate, with an interval for chance and for what the machine took from either of them. */
function ratioOf(row: MeasuredRow, base: MeasuredRow, rounds: number, resampling: Resampling): Estimate {
  if (row === base) return { value: 1, low: 1, high: 1 };
  const over = (a: Rate, b: Rate): Estimate => bootstrap(rounds, (drawn) => a(drawn) / b(drawn), resampling);
  const measured = over(rateOf(row), rateOf(base));
  if (!hasLost(row) && !hasLost(base)) return measured;
  const { low } = over(rateOf(row), rateOf(base, leastSeconds));
  const { high } = over(rateOf(row, leastSeconds), rateOf(base));
  return { value: measured.value, low, high };
}

function sumOf({ repetitions }: MeasuredRow, of: (repetition: Repetition) => number): number {
  return repetitions.reduce((sum, repetition) => sum + of(repetition), 0);
}

/** Whether the machine took anything from it. */
function hasLost({ repetitions }: MeasuredRow): boolean {
  return repetitions.some((repetition) => leastSeconds(repetition) < repetition.seconds);
}

/** Applies a monotonic function to an estimate; the ends change places where it falls. */
function scaled({ value, low, high }: Estimate, by: (value: number) => number): Estimate {
  const ends = [by(low), by(high)];
  return { value: by(value), low: Math.min(...ends), high: Math.max(...ends) };
}

function shares({ repetitions, workers }: MeasuredRow): Pick<SpeedupRow, 'phases' | 'imbalance'> {
  const of = (part: (repetition: Repetition) => number): number =>
    median(repetitions.map((repetition) => part(repetition) / (workers * repetition.seconds)));
  const total = (phase: 'compute' | 'wait' | 'reduce') => of(({ phases }) => phases.reduce((sum, rank) => sum + rank[phase], 0));
  const [compute, wait, reduce] = [total('compute'), total('wait'), total('reduce')];
  const imbalance = of(({ phases }) => {
    const busiest = Math.max(...phases.map((rank) => rank.compute));
    return phases.reduce((sum, rank) => sum + busiest - rank.compute, 0);
  });
  return { phases: { compute, wait, reduce, other: Math.max(0, 1 - compute - wait - reduce) }, imbalance };
}

function evaluationOf({ repetitions }: MeasuredRow): number | null {
  const seconds = repetitions.flatMap(({ evaluationSeconds }) => evaluationSeconds ?? []);
  return seconds.length === 0 ? null : median(seconds);
}

/** Steps at the row's rate, and evaluations; the sequential program does not evaluate, and takes the time of one worker. */
function timeTo(
  { reached, trainedRows }: NonNullable<MeasuredTable['target']>,
  row: MeasuredRow,
  one: MeasuredRow,
  rounds: number,
  resampling: Resampling,
): Estimate {
  const { repetitions } = row.kind === 'sequential' ? one : row;
  const evaluations = repetitions.map(({ evaluationSeconds }) => evaluationSeconds ?? 0);
  const rate = rateOf(row);
  const seconds = (drawn: readonly number[]): number => trainedRows / rate(drawn) + reached.evaluations * medianOf(evaluations, drawn);
  return bootstrap(rounds, seconds, resampling);
}

/** Rate of the last half of the repetitions over that of the first, minus 1; each half is resampled by itself. */
function driftOf(row: MeasuredRow, resampling: Resampling): Estimate {
  const half = Math.floor(row.repetitions.length / 2);
  if (half === 0) return { value: 0, low: 0, high: 0 };
  const later = row.repetitions.length - half;
  const rate = rateOf(row);
  return bootstrap(
    2 * half,
    (drawn) => {
      const first = drawn.slice(0, half).map((number) => number % half);
      const last = drawn.slice(half).map((number) => later + (number % half));
      return rate(last) / rate(first) - 1;
    },
    resampling,
  );
}

/** Rows beyond the usable cores are left out: what they lack is a core, which no property of the program explains. */
function modelOf(
  rows: readonly MeasuredRow[],
  one: MeasuredRow | undefined,
  usableCores: number,
  rounds: number,
  resampling: Resampling,
): SpeedupTable['model'] {
  if (one === undefined) return null;
  const fitted = rows.filter(({ kind, workers }) => kind === 'workers' && workers > 1 && workers <= usableCores);
  const points = (secondsOf?: typeof leastSeconds, secondsOfOne?: typeof leastSeconds): ((drawn: readonly number[]) => SpeedupPoint[]) => {
    const rates = fitted.map((row) => ({ workers: row.workers, rate: rateOf(row, secondsOf) }));
    const rate = rateOf(one, secondsOfOne);
    return (drawn) => rates.map((row) => ({ workers: row.workers, speedup: row.rate(drawn) / rate(drawn) }));
  };
  const fit = fitScalability(points()(Array.from({ length: rounds }, (_, round) => round)));
  if (fit === undefined) return null;
  const slope = (at: ReturnType<typeof points>): Estimate =>
    bootstrap(rounds, (drawn) => fitScalability(at(drawn))?.kappa ?? Number.NaN, resampling);
  const measured = slope(points());
  const kappas =
    fitted.some(hasLost) || hasLost(one) ? [measured, slope(points(leastSeconds)), slope(points(undefined, leastSeconds))] : [measured];
  const [low, high] = [Math.min(...kappas.map((kappa) => kappa.low)), Math.max(...kappas.map((kappa) => kappa.high))];
  // A peak that rests on noise is no prediction.
  return { ...fit, best_workers: low > 0 ? (bestWorkers(fit) ?? null) : null, kappa_interval: [low, high] };
}
