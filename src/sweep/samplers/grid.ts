import { GradloomError } from '../../errors.ts';
import type { SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import type { Sampler } from './sampler.ts';

/** Combinations that are looked through. */
const MAX_COMBINATIONS = 1_000_000;

/**
 * Every combination once, those that constraints and conditions rule out left out. The first parameter of the file varies slowest,
 * the last zip fastest, each in the order of its values.
 *
 * @example
 * // a: [1, 2], b: [x, y]
 * sampler.suggest(2, []); // {a: 2, b: 'x'}
 */
export class GridSampler implements Sampler {
  readonly #space: SearchSpace;
  readonly #first: number;
  /** A point's number is written in digits, one a dimension, that are positions of values. */
  readonly #combinations: Float64Array;
  /** For each dimension and value the middle of its stretch of (0, 1). */
  readonly #middles: readonly (readonly number[])[];

  /**
   * @param queued  what the first trials set; it is not repeated
   * @throws GradloomError E_CONFIG_RANGE for more combinations than can be looked through
   */
  constructor(space: SearchSpace, queued: readonly Assignment[]) {
    this.#space = space;
    this.#first = queued.length;
    const all = space.dimensions.reduce((product, { distribution }) => product * (distribution.count ?? Number.POSITIVE_INFINITY), 1);
    if (all > MAX_COMBINATIONS) {
      throw new GradloomError({
        code: 'E_CONFIG_RANGE',
        where: 'parameters',
        message: `a grid of ${all.toLocaleString('en-US')} combinations; expected at most ${MAX_COMBINATIONS.toLocaleString('en-US')}`,
        next: 'use method: random, sobol or tpe',
      });
    }
    this.#middles = space.dimensions.map(({ distribution }) =>
      Array.from({ length: distribution.count ?? 0 }, (_, k) => {
        const [from, to] = distribution.cell(distribution.valueAt(k)) ?? [0.5, 0.5];
        return (from + to) / 2;
      }),
    );
    const seen = new Set(queued.map((assignment) => JSON.stringify(assignment)));
    const combinations: number[] = [];
    for (let combination = 0; combination < all; combination++) {
      const digits = this.#digits(combination);
      const assignment = this.#assignment(digits);
      if (!this.#isFirstOfItsKind(assignment, digits) || !space.satisfies(assignment)) continue;
      if (seen.size === 0 || !seen.has(JSON.stringify(assignment))) combinations.push(combination);
    }
    this.#combinations = Float64Array.from(combinations);
  }

  get total(): number {
    return this.#first + this.#combinations.length;
  }

  suggest(number: number): Assignment | undefined {
    const combination = this.#combinations[number - this.#first];
    return combination === undefined ? undefined : this.#assignment(this.#digits(combination));
  }

  #digits(combination: number): number[] {
    const digits: number[] = [];
    let rest = combination;
    for (let i = this.#middles.length - 1; i >= 0; i--) {
      const count = this.#middles[i]?.length ?? 1;
      digits[i] = rest % count;
      rest = Math.floor(rest / count);
    }
    return digits;
  }

  #assignment(digits: readonly number[]): Assignment {
    return this.#space.assignmentAt(digits.map((digit, i) => this.#middles[i]?.[digit] ?? 0.5));
  }

  /** Parameters whose condition does not hold stand at their first value. */
  #isFirstOfItsKind(assignment: Assignment, digits: readonly number[]): boolean {
    return this.#space.dimensions.every(({ keys }, i) => digits[i] === 0 || Object.hasOwn(assignment, keys[0] ?? ''));
  }
}
