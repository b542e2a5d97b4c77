import { normalCdf, normalQuantile } from '../../random/distributions.ts';
import { exp } from '../../random/elementary.ts';
import type { Cell } from '../space/distributions.ts';

/** Beyond so many standard deviations a kernel adds less than a billionth of its height. */
const REACH = 6.5;
const SQRT_TWO_PI = 2.5066282746310002;

/** A density over (0, 1) made from observed values. */
export interface Density {
  /**
   * A value at random.
   *
   * @param choose  uniform in (0, 1): which of the observations
   * @param within  uniform in (0, 1): where around it
   */
  sample: (choose: number, within: number) => number;
  /** Of a value whose u's are the cell: the probability where the cell is wide, the density where it is a point. */
  at: (cell: Cell) => number;
}

/**
 * A mixture of normals, cut off at 0 and 1, one around each observation, and one as wide as the whole for the prior. Each is as wide
 * as the larger gap to its neighbours, but not narrower than 1/100 (less observations: 1/(1 + n)) of the whole.
 *
 * @param places   of the observations, in (0, 1)
 * @param weights  one for each
 * @see Bergstra et al. (2011), section 4, with the bandwidths of hyperopt and Optuna ("magic clip")
 */
export function parzen(places: Float64Array, weights: Float64Array): Density {
  const n = places.length + 1;
  const mu = new Float64Array(n);
  mu.set(places);
  mu[n - 1] = 0.5;
  const sigma = bandwidths(mu);
  const total = sumOf(weights) + 1;
  const sums = new Float64Array(n);
  const low = new Float64Array(n);
  const mass = new Float64Array(n);
  /** Weight over mass, and over the density's factor too. */
  const scale = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const weight = (weights[i] ?? 1) / total;
    sums[i] = sum += weight;
    low[i] = phi(-(mu[i] as number) / (sigma[i] as number));
    mass[i] = phi((1 - (mu[i] as number)) / (sigma[i] as number)) - (low[i] as number);
    scale[i] = weight / (mass[i] as number);
  }
  return {
    sample(choose, within) {
      let i = 0;
      while (i < n - 1 && (sums[i] as number) <= choose) i++;
      const p = inside((low[i] as number) + within * (mass[i] as number));
      return inside((mu[i] as number) + (sigma[i] as number) * normalQuantile(p));
    },
    at([from, to]) {
      let density = 0;
      for (let i = 0; i < n; i++) {
        const s = sigma[i] as number;
        const a = (from - (mu[i] as number)) / s;
        const b = (to - (mu[i] as number)) / s;
        if (a > REACH || b < -REACH) continue;
        density += (scale[i] as number) * (from < to ? phi(b) - phi(a) : exp((-a * a) / 2) / (s * SQRT_TWO_PI));
      }
      return density;
    },
  };
}

/** The width of each kernel; the last is the prior's. */
function bandwidths(mu: Float64Array): Float64Array {
  const n = mu.length;
  const sorted = mu.slice().sort();
  const narrowest = 1 / Math.min(100, n + 1);
  /** How many of equal places have had theirs. */
  const taken = new Int32Array(n);
  const sigma = mu.map((here) => {
    const first = lowerBound(sorted, here);
    const k = first + (taken[first] as number);
    taken[first] = (taken[first] as number) + 1;
    // The ends of the range are no neighbours: they would make the outermost kernels wide.
    const below = k === 0 ? 0 : here - (sorted[k - 1] as number);
    const above = k === n - 1 ? 0 : (sorted[k + 1] as number) - here;
    return Math.min(1, Math.max(narrowest, below, above));
  });
  sigma[n - 1] = 1;
  return sigma;
}

/** The first position whose value is not below x. */
function lowerBound(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sumOf(numbers: Float64Array): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

function phi(x: number): number {
  if (x > REACH) return 1;
  return x < -REACH ? 0 : normalCdf(x);
}

/** A place in (0, 1), never an end. */
export function inside(x: number): number {
  return Math.min(1 - 2 ** -53, Math.max(2 ** -53, x));
}

/**
 * Probabilities of choices: the prior's, and each observation's weight on its own choice, smoothed so that no choice dies out.
 *
 * @param choices  positions of the observed choices
 * @param prior    probability of each choice
 */
export function smoothed(choices: Float64Array, weights: Float64Array, prior: readonly number[]): number[] {
  const kernels = choices.length + 1;
  const total = sumOf(weights) + 1;
  // Each kernel is one part its observation, and 1/kernels of the number of choices parts prior.
  const share = prior.length / kernels;
  const probabilities = prior.map((p) => ((1 + (total - 1) * (share / (1 + share))) * p) / total);
  for (const [i, choice] of choices.entries()) {
    probabilities[choice] = (probabilities[choice] as number) + (weights[i] as number) / (1 + share) / total;
  }
  return probabilities;
}
