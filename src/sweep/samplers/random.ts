import { openUniform } from '../../random/distributions.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Point, SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { type History, historyOf } from './history.ts';
import type { Observation, Sampler } from './sampler.ts';

/** Redraws of a suggestion that is already known, where there are few values. */
const MAX_REPEATS = 100;

/**
 * Draws each parameter from its distribution, independently.
 *
 * source: Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012)
 *
 * @example
 * const sampler = new RandomSampler(space, 7);
 * sampler.suggest(0, []); // {'optimizer.lr': 0.003162278}
 */
export class RandomSampler implements Sampler {
  readonly total = undefined;
  readonly #space: SearchSpace;
  readonly #seed: number;

  constructor(space: SearchSpace, seed: number) {
    this.#space = space;
    this.#seed = seed;
  }

  suggest(number: number, history: readonly Observation[]): Assignment {
    return suggestNew(this.#space, historyOf(history), randomPoints(this.#space, this.#seed, number));
  }
}

/** The points of a trial: attempt after attempt, each number of them its own. */
export function randomPoints({ dimensions }: SearchSpace, seed: number, number: number): (attempt: number) => Point {
  const stream = new RandomStream(seed, 'search', number);
  return (attempt) => Float64Array.from(dimensions, (_, i) => openUniform(stream, attempt * dimensions.length + i));
}

/**
 * The first satisfying assignment that the history does not have, where the values are few; after many repeats a repeated one.
 *
 * @throws GradloomError E_SWEEP_CONSTRAINTS
 */
export function suggestNew(space: SearchSpace, history: History, draw: (attempt: number) => Point, given: Assignment = {}): Assignment {
  let next = 0;
  const suggestion = (): Assignment => space.firstSatisfying(() => draw(next++), given);
  let assignment = suggestion();
  if (space.dimensions.some(({ distribution }) => distribution.count === undefined)) return assignment;
  for (let repeat = 0; repeat < MAX_REPEATS && history.has(assignment); repeat++) assignment = suggestion();
  return assignment;
}
