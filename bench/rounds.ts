import { bootstrap, type Estimate, medianOf } from '../src/speedup/statistics.ts';

/** Rounds A B C, C B A, A B C: a machine that slowly gets slower or faster hits all alike. Result i, j: variant i in round j. */
export async function inRounds<T>(variants: readonly (() => T | Promise<T>)[], rounds: number): Promise<T[][]> {
  const results = variants.map((): T[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = variants.map((_, i) => (round % 2 === 0 ? i : variants.length - 1 - i));
    for (const i of order) {
      const variant = variants[i];
      if (variant !== undefined) results[i]?.push(await variant());
    }
  }
  return results;
}

const RESAMPLING = { confidence: 0.95, seed: 1 };

/** The median of one value a round, with its 95 % interval. */
export function estimate(values: readonly number[]): Estimate {
  return bootstrap(values.length, (drawn) => medianOf(values, drawn), RESAMPLING);
}

/** The ratio of two medians whose values were measured side by side, round by round. */
export function estimateRatio(values: readonly number[], base: readonly number[]): Estimate {
  return bootstrap(values.length, (drawn) => medianOf(values, drawn) / medianOf(base, drawn), RESAMPLING);
}
