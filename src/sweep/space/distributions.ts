import { betaCdf, betaQuantile } from '../../random/beta.ts';
import { normalCdf, normalQuantile } from '../../random/distributions.ts';
import { exp, log } from '../../random/elementary.ts';
import type { DistributionName } from '../schema.ts';
import type { ParameterValue } from '../value.ts';

/** A stretch of (0, 1): all u that give one value; from = to where each u gives its own. */
export type Cell = readonly [from: number, to: number];

/**
 * A value's distribution, as a function of a uniform number u in (0, 1): every sampler chooses u, and equal u give equal bits
 * everywhere. Distributions and their parameters mean what they mean in W&B.
 *
 * source: W&B, "Sweep configuration structure"; wandb/sweeps, params.py
 */
export interface Distribution {
  /** Whether values near each other have u near each other; false for a choice among words. */
  readonly ordered: boolean;
  /** Whether each u gives a value of its own. */
  readonly smooth: boolean;
  /** Whether there are a smallest and a largest value. */
  readonly bounded: boolean;
  /** Number of values; undefined where there is no end of them. */
  readonly count: number | undefined;
  /** The value at u, which is above 0 and below 1. */
  quantile(u: number): ParameterValue;
  /** The u's of a value; undefined for one that the distribution cannot give. */
  cell(value: ParameterValue): Cell | undefined;
  /** The values in order; only with a `count`. */
  valueAt(index: number): ParameterValue;
}

/** Decimals of a value beyond the size of its distribution: noise for training, and unreadable for people. */
const DIGITS = 6;

/** x to `DIGITS` digits more than the size of `spread`; decimal, so that the shortest text that means x is short. */
function rounded(x: number, spread: number): number {
  if (Math.abs(x) >= 1e21 || !(spread > 0)) return x;
  const size = Number(spread.toExponential().split('e')[1]);
  return Number(x.toFixed(Math.min(100, Math.max(0, DIGITS - size)))) + 0;
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** A distribution of real numbers before it is rounded: two functions that undo each other, and the ends. */
interface Shape {
  readonly low: number;
  readonly high: number;
  quantile(u: number): number;
  cdf(x: number): number;
  /** How far apart values near x are. */
  spread(x: number): number;
}

function uniformShape(low: number, high: number): Shape {
  // Halves, so that -1e308..1e308 does not overflow.
  const quantile = (u: number): number => clamp(low * (1 - u) + high * u, low, high);
  return {
    low,
    high,
    quantile,
    cdf: (x) => (high > low ? clamp((x / 2 - low / 2) / (high / 2 - low / 2), 0, 1) : x < low ? 0 : 1),
    spread: () => high - low,
  };
}

/** log x uniform between two exponents. */
function logShape(low: number, high: number, ends: readonly [number, number] = [exp(low), exp(high)]): Shape {
  const inner = uniformShape(low, high);
  return {
    low: ends[0],
    high: ends[1],
    quantile: (u) => clamp(exp(inner.quantile(u)), ends[0], ends[1]),
    cdf: (x) => (x <= 0 ? 0 : inner.cdf(log(Math.max(x, Number.MIN_VALUE * 2 ** 53)))),
    spread: (x) => x * Math.min(1, high - low),
  };
}

function normalShape(mu: number, sigma: number): Shape {
  return {
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    quantile: (u) => mu + sigma * normalQuantile(u),
    cdf: (x) => normalCdf((x - mu) / sigma),
    spread: () => sigma,
  };
}

function logNormalShape(mu: number, sigma: number): Shape {
  const inner = normalShape(mu, sigma);
  return {
    low: 0,
    high: Number.POSITIVE_INFINITY,
    quantile: (u) => exp(inner.quantile(u)),
    cdf: (x) => (x <= 0 ? 0 : inner.cdf(log(Math.max(x, Number.MIN_VALUE * 2 ** 53)))),
    spread: (x) => x * Math.min(1, sigma),
  };
}

function betaShape(a: number, b: number): Shape {
  return { low: 0, high: 1, quantile: (u) => betaQuantile(u, a, b), cdf: (x) => betaCdf(x, a, b), spread: () => 1 };
}

function continuous(shape: Shape): Distribution {
  const quantile = (u: number): number => {
    const x = shape.quantile(u);
    return clamp(rounded(x, shape.spread(x)), shape.low, shape.high);
  };
  return {
    ordered: true,
    smooth: shape.low < shape.high,
    bounded: Number.isFinite(shape.high),
    count: shape.low === shape.high ? 1 : undefined,
    quantile,
    valueAt: () => quantile(0.5),
    cell(value) {
      if (!Number.isFinite(value) || typeof value !== 'number' || value < shape.low || value > shape.high) return undefined;
      const u = shape.cdf(value);
      return [u, u];
    },
  };
}

/** round(x / q) * q: the values are multiples of q, those at the ends as likely as what is rounded to them. */
function quantized(shape: Shape, q: number): Distribution {
  // Decimal: 3 * 0.1 is 0.3.
  const multiple = (k: number): number => Number((k * q).toPrecision(15)) + 0;
  const first = Math.round(shape.low / q);
  // Half a step below the end rounds down: only the end itself would give the next multiple.
  const last = Math.max(first, Math.ceil(shape.high / q - 0.5));
  return {
    ordered: true,
    smooth: false,
    bounded: Number.isFinite(shape.high),
    count: Number.isFinite(last - first) ? last - first + 1 : undefined,
    quantile: (u) => multiple(clamp(Math.round(shape.quantile(u) / q), first, last)),
    valueAt: (index) => multiple(first + index),
    cell(value) {
      if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
      const k = Math.round(value / q);
      if (k < first || k > last) return undefined;
      return [k === first ? 0 : shape.cdf((k - 0.5) * q), k === last ? 1 : shape.cdf((k + 0.5) * q)];
    },
  };
}

/** Each integer from min to max, both included, as likely. */
export function intUniform(min: number, max: number): Distribution {
  const count = max - min + 1;
  return {
    ordered: true,
    smooth: false,
    bounded: true,
    count,
    quantile: (u) => min + Math.min(count - 1, Math.floor(u * count)),
    valueAt: (index) => min + index,
    cell(value) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) return undefined;
      return [(value - min) / count, (value - min + 1) / count];
    },
  };
}

/** A choice among values; the first one's u start at 0. */
export function categorical(values: readonly ParameterValue[], probabilities?: readonly number[]): Distribution {
  const sums = [0];
  for (const i of values.keys()) sums.push((sums[i] as number) + (probabilities?.[i] ?? 1));
  const total = sums.at(-1) ?? 1;
  const ends = sums.map((sum) => sum / total);
  const indices = new Map(values.map((value, i) => [JSON.stringify(value), i]));
  const indexOf = (u: number): number => {
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (u < (ends[middle + 1] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return {
    ordered: false,
    smooth: false,
    bounded: true,
    count: values.length,
    quantile: (u) => values[indexOf(u)] as ParameterValue,
    valueAt: (index) => values[index] as ParameterValue,
    cell(value) {
      const index = indices.get(JSON.stringify(value));
      return index === undefined ? undefined : [ends[index] as number, ends[index + 1] as number];
    },
  };
}

/** What a distribution needs, with W&B's defaults filled in. */
export interface Numbers {
  min: number;
  max: number;
  mu: number;
  sigma: number;
  a: number;
  b: number;
  q: number;
}

type Numeric = Exclude<DistributionName, 'constant' | 'categorical'>;

const NUMERIC: { readonly [name in Numeric]: (numbers: Numbers) => Distribution } = {
  int_uniform: ({ min, max }) => intUniform(min, max),
  uniform: ({ min, max }) => continuous(uniformShape(min, max)),
  q_uniform: ({ min, max, q }) => quantized(uniformShape(min, max), q),
  log_uniform: ({ min, max }) => continuous(logShape(min, max)),
  log_uniform_values: ({ min, max }) => continuous(logShape(log(min), log(max), [min, max])),
  // log(1/x) is uniform between min and max, so log x is between -max and -min.
  inv_log_uniform: ({ min, max }) => continuous(logShape(-max, -min)),
  // log(1/x) is uniform between log(1/max) and log(1/min): the same as log_uniform_values.
  inv_log_uniform_values: ({ min, max }) => continuous(logShape(log(min), log(max), [min, max])),
  q_log_uniform: ({ min, max, q }) => quantized(logShape(min, max), q),
  q_log_uniform_values: ({ min, max, q }) => quantized(logShape(log(min), log(max), [min, max]), q),
  normal: ({ mu, sigma }) => continuous(normalShape(mu, sigma)),
  q_normal: ({ mu, sigma, q }) => quantized(normalShape(mu, sigma), q),
  log_normal: ({ mu, sigma }) => continuous(logNormalShape(mu, sigma)),
  q_log_normal: ({ mu, sigma, q }) => quantized(logNormalShape(mu, sigma), q),
  beta: ({ a, b }) => continuous(betaShape(a, b)),
  q_beta: ({ a, b, q }) => quantized(betaShape(a, b), q),
};

/** A distribution of numbers by W&B's name. The numbers must have been checked: min <= max, values of a log above 0. */
export function numeric(name: Numeric, numbers: Numbers): Distribution {
  return NUMERIC[name](numbers);
}
