import { normal } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import type { Observation } from '../../../src/sweep/samplers/sampler.ts';
import type { Method } from '../../../src/sweep/schema.ts';
import { categorical, numeric } from '../../../src/sweep/space/distributions.ts';
import { type Dimension, SearchSpace } from '../../../src/sweep/space/space.ts';
import type { Assignment } from '../../../src/sweep/trial.ts';

/** A function to be minimized. */
export interface Objective {
  name: string;
  space: SearchSpace;
  least: number;
  /** Standard deviation of the noise that samplers see. */
  noise: number;
  value: (assignment: Assignment) => number;
}

const NUMBERS = { mu: 0, sigma: 1, a: 1, b: 1, q: 1 };

export function uniformDimension(name: string, min: number, max: number): Dimension {
  return { name, keys: [name], distribution: numeric('uniform', { ...NUMBERS, min, max }), conditions: [] };
}

export function spaceOf(dimensions: readonly Dimension[]): SearchSpace {
  return new SearchSpace(dimensions, [], [], () => undefined);
}

const at = (assignment: Assignment, key: string): number => Number(assignment[key]);

/** Three equal minima. source: Branin (1972); Dixon and Szego (1978) */
export const branin: Objective = {
  name: 'branin',
  space: spaceOf([uniformDimension('x', -5, 10), uniformDimension('y', 0, 15)]),
  least: 0.39788735772973816,
  noise: 0,
  value(assignment) {
    const [x, y] = [at(assignment, 'x'), at(assignment, 'y')];
    return (y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
};

const ALPHA = [1, 1.2, 3, 3.2];
const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** Six minima, one of them the least. source: Hartman (1973); Dixon and Szego (1978) */
export const hartmann6: Objective = {
  name: 'hartmann6',
  space: spaceOf(Array.from({ length: 6 }, (_, i) => uniformDimension(`x${i}`, 0, 1))),
  least: -3.32236801141551,
  noise: 0,
  value(assignment) {
    return -ALPHA.reduce((sum, alpha, i) => {
      const inner = (A[i] ?? []).reduce((total, a, k) => total + a * (at(assignment, `x${k}`) - (P[i]?.[k] ?? 0)) ** 2, 0);
      return sum + alpha * Math.exp(-inner);
    }, 0);
  },
};

/**
 * Ten parameters like those of a training: a choice of two kinds with four parameters each that exist only there, and a size.
 * The least is at kind b, every place at 0.7, a size of 64.
 */
export const conditional: Objective = {
  name: 'conditional',
  space: spaceOf([
    { name: 'kind', keys: ['kind'], distribution: categorical(['a', 'b']), conditions: [] },
    ...['a', 'b'].flatMap((kind) =>
      Array.from({ length: 4 }, (_, i) => ({
        ...uniformDimension(`${kind}${i}`, 0, 1),
        conditions: [{ key: 'kind', dimension: 0, values: [kind] }],
      })),
    ),
    { name: 'size', keys: ['size'], distribution: numeric('q_log_uniform_values', { ...NUMBERS, min: 8, max: 512, q: 8 }), conditions: [] },
  ]),
  least: 0,
  noise: 0.05,
  value(assignment) {
    const kind = assignment['kind'] === 'a' ? 'a' : 'b';
    const place = kind === 'a' ? 0.3 : 0.7;
    const far = [0, 1, 2, 3].reduce((sum, i) => sum + (at(assignment, `${kind}${i}`) - place) ** 2, 0);
    return far + 0.05 * Math.log2(at(assignment, 'size') / 64) ** 2 + (kind === 'a' ? 0.3 : 0);
  },
};

/** The regret after each of `trials` trials: how far the best one so far (by what the sampler saw) is from the least. */
export function regrets(objective: Objective, method: Method, seed: number, trials: number): number[] {
  const sampler = makeSampler(method, objective.space, seed);
  const noise = new RandomStream(seed, 'noise');
  const history: Observation[] = [];
  let best = { seen: Number.POSITIVE_INFINITY, true: Number.POSITIVE_INFINITY };
  return Array.from({ length: trials }, (_, number) => {
    const assignment = sampler.suggest(number, history) ?? {};
    const value = objective.value(assignment);
    const seen = value + objective.noise * normal(noise, number);
    history.push({ number, assignment, value: seen });
    if (seen < best.seen) best = { seen, true: value };
    return best.true - objective.least;
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** The median of the last regrets over seeds. */
export function medianRegret(objective: Objective, method: Method, seeds: number, trials: number): number {
  return median(Array.from({ length: seeds }, (_, seed) => regrets(objective, method, seed, trials).at(-1) ?? 0));
}
