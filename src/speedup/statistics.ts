import { nextBelow } from '../random/distributions.ts';
import { RandomStream } from '../random/stream.ts';

/** A value with the ends of its confidence interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** How intervals are made. */
export interface Resampling {
  /** Share of intervals that hold the true value, for example 0.95. */
  confidence: number;
  seed: number;
}

/** The ends of a 99 % interval still have ten resamples beyond them. */
const RESAMPLES = 2000;

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The quantile q of values, with straight lines between neighbours.
 *
 * source: Hyndman and Fan, "Sample quantiles in statistical packages" (1996), type 7.
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [left, right] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  // Equal neighbours first: infinities have no difference.
  if (left === undefined || right === undefined) return Number.NaN;
  return left === right ? left : left + (right - left) * (at - Math.floor(at));
}

/**
 * What a statistic of `passes` repetitions is, and how far it would move if they were measured again: the percentile bootstrap.
 * Whole passes are drawn with replacement, so that numbers measured side by side stay together, and a disturbance that hit all of
 * them cancels in their ratios.
 *
 * source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3.
 *
 * @param statistic  of the passes whose numbers it is given, some of them more than once
 */
export function bootstrap(passes: number, statistic: (drawn: readonly number[]) => number, { confidence, seed }: Resampling): Estimate {
  const value = statistic(Array.from({ length: passes }, (_, pass) => pass));
  if (passes < 2) return { value, low: value, high: value };
  const stream = new RandomStream(seed, 'bootstrap');
  const values = Array.from({ length: RESAMPLES }, () => statistic(Array.from({ length: passes }, () => nextBelow(stream, passes))));
  const finite = values.filter((drawn) => !Number.isNaN(drawn));
  const tail = (1 - confidence) / 2;
  return { value, low: quantile(finite, tail), high: quantile(finite, 1 - tail) };
}

/** The median of the drawn items of a list. */
export function medianOf(values: readonly number[], drawn: readonly number[]): number {
  return median(drawn.flatMap((pass) => values[pass] ?? []));
}

/** Whether two intervals have a value in common. */
export function overlaps(a: Estimate, b: Estimate): boolean {
  return a.low <= b.high && b.low <= a.high;
}
