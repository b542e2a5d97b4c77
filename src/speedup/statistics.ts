import { nextBelow, normalCdf } from '../random/distributions.ts';
import { RandomStream } from '../random/stream.ts';
import { studentQuantile } from '../sweep/space/values.ts';

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

/** The ends of a 99 % interval of many passes still have ten resamples beyond them. */
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
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const [left, right] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  // Equal neighbours first: infinities have no difference.
  if (left === undefined || right === undefined) return Number.NaN;
  return left === right ? left : left + (right - left) * (at - Math.floor(at));
}

/**
 * What a statistic of `passes` repetitions is, and how far it would move if they were measured again: the percentile bootstrap.
 * Whole passes are drawn with replacement, so that numbers measured side by side stay together, and a disturbance that hit all of
 * them cancels in their ratios. Few passes vary less among themselves than they would if measured again, so the ends lie as much
 * further out as Student's t does.
 *
 * source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3; Hesterberg, "What teachers should know about the
 * bootstrap" (2015), section 4.2: the expanded percentile interval.
 *
 * @param statistic  of the passes whose numbers it is given, some of them more than once
 */
export function bootstrap(passes: number, statistic: (drawn: readonly number[]) => number, { confidence, seed }: Resampling): Estimate {
  const value = statistic(Array.from({ length: passes }, (_, pass) => pass));
  if (passes < 2) return { value, low: value, high: value };
  const stream = new RandomStream(seed, 'bootstrap');
  const values = Array.from({ length: RESAMPLES }, () => statistic(Array.from({ length: passes }, () => nextBelow(stream, passes))));
  const finite = Float64Array.from(values.filter((drawn) => !Number.isNaN(drawn))).sort();
  const tail = normalCdf(-Math.sqrt(passes / (passes - 1)) * studentQuantile(confidence, passes - 1));
  const reach = reachOf(passes, confidence);
  return {
    value,
    low: further(value, quantileOfSorted(finite, tail), reach),
    high: further(value, quantileOfSorted(finite, 1 - tail), reach),
  };
}

/** Standard deviation over range of so few normal values that even their extremes make no interval, by their number. */
const DEVIATION_OVER_RANGE: Record<number, number> = { 2: Math.SQRT1_2, 3: 0.524, 4: 0.447, 5: 0.404 };
/** Of the error of a median over that of a mean, for many normal values. */
const MEDIAN_ERROR = Math.sqrt(Math.PI / 2);

/** How many times as far as the extremes an interval of a median must reach. */
function reachOf(passes: number, confidence: number): number {
  const deviation = DEVIATION_OVER_RANGE[passes];
  if (deviation === undefined) return 1;
  return Math.max(1, (2 * MEDIAN_ERROR * deviation * studentQuantile(confidence, passes - 1)) / Math.sqrt(passes));
}

/** An end `times` as far from the value; in proportion where both are above 0, so that it stays there. */
function further(value: number, end: number, times: number): number {
  if (times === 1 || end === value) return end;
  return value > 0 && end > 0 ? value * (end / value) ** times : value + times * (end - value);
}

/** The median of the drawn items of a list. */
export function medianOf(values: readonly number[], drawn: readonly number[]): number {
  const sorted = new Float64Array(drawn.length);
  for (const [i, pass] of drawn.entries()) sorted[i] = values[pass] ?? Number.NaN;
  return quantileOfSorted(sorted.sort(), 0.5);
}

/** Whether two intervals have a value in common. */
export function overlaps(a: Estimate, b: Estimate): boolean {
  return a.low <= b.high && b.low <= a.high;
}
