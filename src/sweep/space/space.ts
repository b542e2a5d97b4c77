import { GradloomError } from '../../errors.ts';
import type { Assignment } from '../trial.ts';
import type { ParameterValue } from '../value.ts';
import type { Constraint } from './constraints.ts';
import type { Cell, Distribution } from './distributions.ts';

/** One coordinate of the search: a parameter, or a zip's keys that go together. */
export interface Dimension {
  /** The parameter's key, or the zip's name. */
  readonly name: string;
  /** The keys that it sets. */
  readonly keys: readonly string[];
  /** Of the parameter's value; of a zip's row number. */
  readonly distribution: Distribution;
  /** A zip's values by row, in the order of `keys`. */
  readonly rows?: readonly (readonly ParameterValue[])[];
  /** All must hold for the parameter to exist. */
  readonly conditions: readonly Condition[];
}

/** A parameter exists only where another dimension's key has one of some values. */
export interface Condition {
  readonly key: string;
  /** Position of the dimension that sets the key. */
  readonly dimension: number;
  readonly values: readonly ParameterValue[];
}

/** Where a point is: for each dimension the number in (0, 1) that its distribution turns into a value. */
export type Point = ArrayLike<number>;

/** Points that a sampler may try before constraints count as impossible. */
const MAX_DRAWS = 2000;

/** What trials may set. */
export class SearchSpace {
  /** In the file's order, parameters before zips. */
  readonly dimensions: readonly Dimension[];
  readonly constraints: readonly Constraint[];
  /** Trials to run first; what an entry leaves out is drawn. */
  readonly enqueued: readonly Assignment[];
  /** Values of the base experiment, for constraints. */
  readonly #base: (key: string) => ParameterValue | undefined;
  readonly #owners: ReadonlyMap<string, number>;

  constructor(
    dimensions: readonly Dimension[],
    constraints: readonly Constraint[],
    enqueued: readonly Assignment[],
    base: (key: string) => ParameterValue | undefined,
  ) {
    this.dimensions = dimensions;
    this.constraints = constraints;
    this.enqueued = enqueued;
    this.#base = base;
    this.#owners = new Map(dimensions.flatMap(({ keys }, i) => keys.map((key) => [key, i] as const)).toReversed());
  }

  /** Position of the dimension that sets a key. */
  ownerOf(key: string): number | undefined {
    return this.#owners.get(key);
  }

  /**
   * What a trial at a point sets.
   *
   * @param given  values that stand whatever the point says
   */
  assignmentAt(point: Point, given: Assignment = {}): Assignment {
    const values = new Map<string, ParameterValue>();
    for (const [i, { keys, distribution, rows }] of this.dimensions.entries()) {
      const value = distribution.quantile(point[i] as number);
      const row = rows?.[Number(value)] ?? [value];
      for (const [k, key] of keys.entries()) values.set(key, row[k] ?? null);
    }
    for (const [key, value] of Object.entries(given)) values.set(key, value);
    const exists = this.dimensions.map((): boolean | undefined => undefined);
    const isThere = (i: number): boolean => {
      exists[i] ??= (this.dimensions[i]?.conditions ?? []).every(
        ({ key, dimension, values: wanted }) => isThere(dimension) && wanted.some((value) => same(value, values.get(key))),
      );
      return exists[i];
    };
    const assignment: Record<string, ParameterValue> = {};
    for (const [i, { keys }] of this.dimensions.entries()) {
      if (isThere(i)) for (const key of keys) assignment[key] = values.get(key) ?? null;
    }
    return assignment;
  }

  /** Whether all constraints hold. */
  satisfies(assignment: Assignment): boolean {
    const lookup = (key: string): ParameterValue | undefined => (this.#owners.has(key) ? assignment[key] : this.#base(key));
    return this.constraints.every(({ holds }) => holds(lookup));
  }

  /** For each dimension the stretch of (0, 1) that gives the assignment's value; undefined where it sets none. */
  cellsOf(assignment: Assignment): (Cell | undefined)[] {
    return this.dimensions.map(({ keys, distribution, rows }) => {
      const [first = ''] = keys;
      if (!Object.hasOwn(assignment, first)) return undefined;
      if (rows === undefined) return distribution.cell(assignment[first] as ParameterValue);
      const row = rows.findIndex((values) => values.every((value, k) => same(value, assignment[keys[k] ?? ''])));
      return row < 0 ? undefined : distribution.cell(row);
    });
  }

  /**
   * The first of a series of points whose assignment satisfies the constraints.
   *
   * @param draw  gives the point of an attempt, from 0
   * @throws GradloomError E_SWEEP_CONSTRAINTS when none of many does
   */
  firstSatisfying(draw: (attempt: number) => Point, given: Assignment = {}): Assignment {
    for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
      const assignment = this.assignmentAt(draw(attempt), given);
      if (this.satisfies(assignment)) return assignment;
    }
    const [first] = this.constraints;
    const which = this.constraints.length === 1 ? `the constraint ${first?.text}` : `the ${this.constraints.length} constraints`;
    throw new GradloomError({
      code: 'E_SWEEP_CONSTRAINTS',
      where: 'constraints',
      message: `none of ${MAX_DRAWS} points satisfies ${which}`,
      next: 'loosen the constraints, or change ranges so that more of them fits; conditions between keys are better said by when and zip',
    });
  }
}

function same(a: ParameterValue | undefined, b: ParameterValue | undefined): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}
