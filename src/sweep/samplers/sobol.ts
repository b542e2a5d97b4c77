import { openUniform } from '../../random/distributions.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Point, SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import type { Sampler } from './sampler.ts';
import { DIRECTION_NUMBERS } from './sobol-numbers.ts';

const BITS = 32;
const TWO_32 = 0x1_0000_0000;
/** Streams of trials have numbers below. */
const FIRST_STREAM = 2 ** 40;
/** Dimensions that have direction numbers. */
export const SOBOL_DIMENSIONS = DIRECTION_NUMBERS.length + 1;

/**
 * Point `index` of Sobol's sequence, in 32-bit fractions: coordinate d is v[d] / 2^32. Not scrambled.
 *
 * @param dimension  from 0, below SOBOL_DIMENSIONS
 * @see Bratley and Fox, "Algorithm 659", ACM TOMS 14 (1988)
 */
export function sobolWord(index: number, dimension: number): number {
  const directions = DIRECTIONS[dimension] as readonly number[];
  // In the order of Gray codes, as it is published: neighbours differ in one direction number.
  const gray = (index ^ (index >>> 1)) >>> 0;
  let word = 0;
  for (let bit = 0; bit < BITS; bit++) if ((gray >>> bit) & 1) word ^= directions[bit] as number;
  return word >>> 0;
}

const DIRECTIONS: readonly (readonly number[])[] = [
  Array.from({ length: BITS }, (_, bit) => 2 ** (BITS - 1 - bit)),
  ...DIRECTION_NUMBERS.map(([coefficients = 0, ...initial]) => directionsOf(coefficients, initial)),
];

function directionsOf(coefficients: number, initial: readonly number[]): number[] {
  const degree = initial.length;
  const v = initial.map((m, i) => m * 2 ** (BITS - 1 - i));
  for (let i = degree; i < BITS; i++) {
    const oldest = v[i - degree] as number;
    let next = oldest ^ (oldest >>> degree);
    for (let k = 1; k < degree; k++) if ((coefficients >>> (degree - 1 - k)) & 1) next ^= v[i - k] as number;
    v.push(next >>> 0);
  }
  return v;
}

/**
 * Owen's scrambling: each bit is flipped or not by a random choice of its own for each combination of the bits before it. Any 2^k
 * points then are stratified as before, and each is uniform in (0, 1).
 *
 * source: Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995)
 */
function scramble(word: number, stream: RandomStream): number {
  let result = 0;
  let node = 1;
  for (let bit = BITS - 1; bit >= 0; bit--) {
    const digit = (word >>> bit) & 1;
    result = result * 2 + (digit ^ (stream.word(node) & 1));
    node = node * 2 + digit;
  }
  return result;
}

/** Scrambled Sobol points of a space; beyond SOBOL_DIMENSIONS coordinates are independent random numbers. */
export class SobolPoints {
  readonly #streams: readonly (RandomStream | undefined)[];
  readonly #seed: number;

  constructor({ dimensions }: Pick<SearchSpace, 'dimensions'>, seed: number) {
    this.#seed = seed;
    let used = 0;
    this.#streams = dimensions.map(({ distribution }) => {
      if (distribution.count === 1 || used >= SOBOL_DIMENSIONS) return undefined;
      return new RandomStream(seed, 'search', FIRST_STREAM + used++);
    });
  }

  at(index: number): Point {
    const others = new RandomStream(this.#seed, 'search', index);
    let dimension = 0;
    return Float64Array.from(this.#streams, (stream, i) => {
      if (stream === undefined) return openUniform(others, i);
      // In the middle of its 2^-32, so that no coordinate is 0.
      return (scramble(sobolWord(index, dimension++), stream) + 0.5) / TWO_32;
    });
  }
}

/**
 * Scrambled Sobol points: they fill the space evenly, in all its projections, from the first trial on, where random points leave
 * holes and clusters. The best choice for a sweep whose results are to be looked at rather than optimized.
 *
 * source: Sobol (1967); Joe and Kuo (2008); Owen (1995); Bousquet et al., "Critical hyper-parameters: no random, no cry" (2017)
 *
 * @example
 * const sampler = new SobolSampler(space, 7, 0);
 * sampler.suggest(0, []); // {'optimizer.lr': 0.00123}
 */
export class SobolSampler implements Sampler {
  readonly total = undefined;
  readonly #space: SearchSpace;
  readonly #points: SobolPoints;
  readonly #first: number;
  /** Indices of the points that satisfy the constraints, found so far: a function of the seed alone. */
  readonly #satisfying: number[] = [];

  /** @param first  number of the trial that gets point 0 */
  constructor(space: SearchSpace, seed: number, first: number) {
    this.#space = space;
    this.#points = new SobolPoints(space, seed);
    this.#first = first;
  }

  suggest(number: number): Assignment {
    const wanted = number - this.#first;
    while (this.#satisfying.length <= wanted) {
      let index = (this.#satisfying.at(-1) ?? -1) + 1;
      // Throws when none of many does.
      this.#space.firstSatisfying((attempt) => {
        index += attempt === 0 ? 0 : 1;
        return this.#points.at(index);
      });
      this.#satisfying.push(index);
    }
    return this.#space.assignmentAt(this.#points.at(this.#satisfying[wanted] as number));
  }
}
