import { damaged, readOwnText } from './read.ts';
import { isShallow, MAX_DEPTH } from './shallow.ts';

const MAX_SHOWN = 60;

/** Where a value is not what it should be. */
interface Misfit {
  /** Keys and indices from the inside out. */
  path: (string | number)[];
  expected: string;
  value: unknown;
}

/**
 * What a JSON value must be, to be checked where files are read.
 *
 * measured: the config's validator takes 100 ms to load, a fifth of a `runs ls`, and a long run has a million lines.
 */
export interface Shape<T> {
  misfit(value: unknown): Misfit | undefined;
  /** A key that may be missing. */
  readonly isOptional?: boolean;
  /** Never there: carries the type. */
  readonly type?: T;
}

/** The type of the values that a shape takes. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** @param expected  in words: `a number above 0` */
export function simple<T>(expected: string, isFit: (value: unknown) => boolean): Shape<T> {
  return { misfit: (value) => (isFit(value) ? undefined : { path: [], expected, value }) };
}

/** A whole number from 0 to 2^53 - 1. */
export const count: Shape<number> = simple('a whole number from 0', (value) => isCount(value));
export const finite: Shape<number> = simple('a number', (value) => Number.isFinite(value));
/** NaN and the infinities included, where the file has a way to write them. */
export const anyNumber: Shape<number> = simple('a number', (value) => typeof value === 'number');
export const text: Shape<string> = simple('text', (value) => typeof value === 'string');
export const flag: Shape<boolean> = simple('true or false', (value) => typeof value === 'boolean');
/** Anything that JSON can hold, nested no deeper than a stack can follow. */
export const anything: Shape<unknown> = simple(`values nested at most ${MAX_DEPTH} deep`, (value) => isShallow(value));

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text that a pattern takes. */
export function textLike(expected: string, pattern: RegExp): Shape<string> {
  return simple(expected, (value) => typeof value === 'string' && pattern.test(value));
}

export function textUpTo(letters: number): Shape<string> {
  return simple(`text of at most ${letters} letters`, (value) => typeof value === 'string' && value.length <= letters);
}

export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  return simple(`one of ${words.join(', ')}`, (value) => words.some((word) => word === value));
}

export function anyOf<A, B, C>(...shapes: [Shape<A>, Shape<B>, Shape<C>]): Shape<A | B | C> {
  return {
    misfit: (value) => {
      const misfits = shapes.map((shape) => shape.misfit(value));
      const expected = misfits.map((misfit) => misfit?.expected).join(' or ');
      return misfits.includes(undefined) ? undefined : { path: [], expected, value };
    },
  };
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return { misfit: (value) => (value === null ? undefined : shape.misfit(value)) };
}

/** A key that may be missing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> & { isOptional: true } {
  return { isOptional: true, misfit: (value) => (value === undefined ? undefined : shape.misfit(value)) };
}

export function listOf<T>(shape: Shape<T>, most = Number.POSITIVE_INFINITY): Shape<T[]> {
  return {
    misfit: (value) => {
      if (!Array.isArray(value)) return { path: [], expected: 'a list', value };
      if (value.length > most) return { path: [], expected: `at most ${most} items`, value };
      return firstMisfit(value.entries(), () => shape);
    },
  };
}

/** A list of so many items, each of a shape of its own. */
export function pairOf<A, B>(first: Shape<A>, second: Shape<B>): Shape<[A, B]> {
  return {
    misfit: (value) => {
      if (!Array.isArray(value) || value.length !== 2) return { path: [], expected: 'a list of two', value };
      return firstMisfit(value.entries(), (i) => (i === 0 ? first : second));
    },
  };
}

/** An object whose keys are free. */
export function mapOf<T>(shape: Shape<T>): Shape<Record<string, T>> {
  return {
    misfit: (value) => (isObject(value) ? firstMisfit(Object.entries(value), () => shape) : { path: [], expected: 'an object', value }),
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { isOptional: true } ? K : never }[keyof F];
type FieldTypes<F extends Fields> = { [K in Exclude<keyof F, OptionalKeys<F>>]: Shaped<F[K]> } & {
  [K in OptionalKeys<F>]?: Shaped<F[K]>;
};

/** An object with these keys, and any others. */
export function fields<F extends Fields>(shapes: F): Shape<FieldTypes<F>> {
  const entries = Object.entries(shapes);
  return {
    misfit: (value) => {
      if (!isObject(value)) return { path: [], expected: 'an object', value };
      for (const [key, shape] of entries) {
        const found = shape.misfit(Object.hasOwn(value, key) ? value[key] : undefined);
        if (found !== undefined) return within(key, found);
      }
      return undefined;
    },
  };
}

function firstMisfit<K extends string | number>(entries: Iterable<[K, unknown]>, shapeOf: (key: K) => Shape<unknown>): Misfit | undefined {
  for (const [key, item] of entries) {
    const found = shapeOf(key).misfit(item);
    if (found !== undefined) return within(key, found);
  }
  return undefined;
}

function within(key: string | number, found: Misfit): Misfit {
  found.path.push(key);
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isShaped<T>(value: unknown, shape: Shape<T>): value is T {
  return shape.misfit(value) === undefined;
}

/** What is wrong with a value: `steps: "x", expected a whole number from 0`; undefined if nothing is. */
export function problemOf(value: unknown, shape: Shape<unknown>): string | undefined {
  const found = shape.misfit(value);
  if (found === undefined) return undefined;
  const at = found.path.toReversed().join('.');
  return `${at === '' ? '' : `${at}: `}${shown(found.value)}, expected ${found.expected}`;
}

/** What is nested is only named. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'string') return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value);
  // JSON.stringify would call NaN null.
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : 'an object';
}

/**
 * A JSON file that gradloom has written.
 *
 * @returns undefined if there is none
 * @throws GradloomError E_RUN_FILE with what is wrong with it; E_STORAGE
 */
export function readJson<T>(path: string, limitBytes: number, shape: Shape<T>): T | undefined {
  const content = readOwnText(path, limitBytes);
  if (content === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw damaged(path, `not JSON: ${(cause as Error).message}`, cause);
  }
  const problem = problemOf(value, shape);
  if (problem !== undefined) throw damaged(path, problem);
  return value as T;
}
