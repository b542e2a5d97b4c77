import { normalCdf, normalQuantile } from '../../random/distributions.ts';
import { exp } from '../../random/elementary.ts';
import type { Cell } from '../distributions.ts';

/** Beyond so many standard deviations a kernel adds less than 1e-16. */
const REACH = 8.5;
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
export function parzen(places: readonly number[], weights: readonly number[]): Density {
  const n = places.length + 1;
  const mu = Float64Array.of(...places, 0.5);
  const sigma = new Float64Array(n);
  const order = Array.from(mu.keys()).toSorted((a, b) => (mu[a] as number) - (mu[b] as number));
  const narrowest = 1 / Math.min(100, n + 1);
  for (const [k, i] of order.entries()) {
    const here = mu[i] as number;
    const below = k === 0 ? undefined : here - (mu[order[k - 1] as number] as number);
    const above = k === n - 1 ? undefined : (mu[order[k + 1] as number] as number) - here;
    // The ends of the range are no neighbours: they would make the outermost kernels wide.
    sigma[i] = Math.min(1, Math.max(narrowest, below ?? 0, above ?? 0));
  }
  sigma[n - 1] = 1;
  const total = weights.reduce((sum, weight) => sum + weight, 1);
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
      const x = (mu[i] as number) + (sigma[i] as number) * normalQuantile((low[i] as number) + within * (mass[i] as number));
      return inside(x);
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
export function smoothed(choices: readonly number[], weights: readonly number[], prior: readonly number[]): number[] {
  const kernels = choices.length + 1;
  const total = weights.reduce((sum, weight) => sum + weight, 1);
  // Each kernel is one part its observation, and 1/kernels of the number of choices parts prior.
  const share = prior.length / kernels;
  const probabilities = prior.map((p) => ((1 + (total - 1) * (share / (1 + share))) * p) / total);
  for (const [i, choice] of choices.entries()) {
    probabilities[choice] = (probabilities[choice] as number) + (weights[i] as number) / (1 + share) / total;
  }
  return probabilities;
}
