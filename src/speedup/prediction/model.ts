import type { StepCost } from '../../engine/plan/lower/cost.ts';

/** Seconds of a full step by what they go to. */
export interface StepParts {
  /** Forward, loss, backward and reading the batch, of the busiest rank. */
  compute: number;
  /** Scaling the summed gradient and updating, of the largest slice. */
  update: number;
  barriers: number;
  /** Adding the sums of other ranks, and fetching their rows. */
  exchange: number;
  /** What every rank does for all: the order of an epoch, combining records; and the coordinator between segments. */
  serial: number;
}

/** What was measured, as of one moment. */
export interface Costs {
  /** Of a whole batch, by the batch size given to one worker; ascending, at least one. */
  compute: readonly { rows: number; seconds: number }[];
  /** One worker's update of all parameters. */
  update: number;
  /** Of one barrier, by workers; ascending. */
  barriers: readonly { workers: number; seconds: number }[];
  /** Of adding a float of another array, and of reading one. */
  addFloat: number;
  readFloat: number;
  serial: number;
}

/** How the cost of a barrier grows with the workers p: a + b log2 p, or a + b (p - 1). */
export type Growth = 'logarithmic' | 'linear';

const scaleOf = (growth: Growth, workers: number): number => (growth === 'linear' ? workers - 1 : Math.log2(workers));

/**
 * Seconds of a barrier of p workers: the straight line a + b g(p) through what was measured, by least squares; b is never below 0, for no
 * barrier gets cheaper by more workers.
 */
export function barrierSeconds(measured: Costs['barriers'], growth: Growth, workers: number): number {
  const { a, b } = lineOf(measured, growth);
  return a + b * scaleOf(growth, workers);
}

function lineOf(measured: Costs['barriers'], growth: Growth): { a: number; b: number } {
  const mean = (of: (x: number, y: number) => number): number =>
    measured.reduce((sum, { workers, seconds }) => sum + of(scaleOf(growth, workers), seconds), 0) / measured.length;
  const [x, y] = [mean((at) => at), mean((_, seconds) => seconds)];
  const spread = mean((at) => (at - x) ** 2);
  const b = spread > 0 ? Math.max(0, mean((at, seconds) => (at - x) * (seconds - y)) / spread) : 0;
  return { a: Math.max(0, y - b * x), b };
}

/** The growth that leaves less of what was measured unexplained; two counts fit any, and then ranks that arrive by groups speak for the logarithm. */
export function growthOf(measured: Costs['barriers']): Growth {
  const rest = (growth: Growth): number =>
    measured.reduce((sum, { workers, seconds }) => sum + (barrierSeconds(measured, growth, workers) - seconds) ** 2, 0);
  return measured.length > 2 && rest('linear') < rest('logarithmic') ? 'linear' : 'logarithmic';
}

/** Seconds that one worker computes on a batch of so many rows: straight lines between the measured sizes, the outer two go on. */
export function computeSeconds(measured: Costs['compute'], rows: number): number {
  const above = measured.findIndex((at) => at.rows >= rows);
  const right = Math.max(1, above < 0 ? measured.length - 1 : above);
  const [from, to] = [measured[right - 1], measured[right]];
  if (from === undefined) return Number.NaN;
  if (to === undefined) return (from.seconds * rows) / from.rows;
  const seconds = from.seconds + ((to.seconds - from.seconds) * (rows - from.rows)) / (to.rows - from.rows);
  // A line through noise may fall to nothing; rows never cost less than their share of the smallest size.
  return Math.max(seconds, (Math.min(from.seconds, to.seconds) * Math.min(rows, from.rows)) / to.rows);
}

/**
 * The time of a full step, part by part.
 *
 * The busiest rank's rows cost what one worker takes for a batch of as many, but for gradients made of factors: these are a share of the
 * whole batch's time, shared out by slices.
 */
export function stepParts(cost: StepCost, workers: number, costs: Costs, growth: Growth): StepParts {
  const most = costs.compute.at(-1);
  const own = computeSeconds(costs.compute, cost.rows);
  const whole = most?.seconds ?? 0;
  return {
    compute: own * (1 - cost.slicedShare) + whole * cost.slicedShare * cost.largestSlice,
    update: (costs.update * cost.updatedFloats) / cost.parameterFloats,
    barriers: cost.barriers * barrierSeconds(costs.barriers, growth, workers),
    exchange: cost.addedFloats * costs.addFloat + cost.factorFloats * costs.readFloat,
    serial: costs.serial,
  };
}

export function stepSeconds({ compute, update, barriers, exchange, serial }: StepParts): number {
  return compute + update + barriers + exchange + serial;
}
