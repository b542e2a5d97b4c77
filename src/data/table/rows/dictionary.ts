import { numberOf } from './number.ts';

/** Code of a missing text, and of one that is not among the names of a closed dictionary. */
export const MISSING_CODE = 0;
export const UNKNOWN_CODE = 0xffffffff;
/** Different texts of a column that are still taken for categories, classes or groups. */
export const MOST_NAMES = 4_000_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The different texts of a column, each with a number from 1. */
export class Dictionary {
  /** Names by code - 1. */
  readonly names: string[] = [];
  /** Closed: other texts get UNKNOWN_CODE; open: they get the next number. */
  readonly isClosed: boolean;
  readonly #bytes: Uint8Array[] = [];
  /** Codes by hash; of texts with the same hash a list. */
  readonly #codes = new Map<number, number | number[]>();

  constructor(names?: readonly string[]) {
    this.isClosed = names !== undefined;
    for (const name of names ?? []) this.#add(new TextEncoder().encode(name), name);
  }

  /**
   * The code of the UTF-8 text [from, to).
   *
   * @throws TypeError if it is a new name and not UTF-8
   */
  codeOf(bytes: Uint8Array, from: number, to: number): number {
    const found = this.#codes.get(hashOf(bytes, from, to));
    if (typeof found === 'number') {
      if (isSame(this.#bytes[found - 1] as Uint8Array, bytes, from, to)) return found;
    } else if (found !== undefined) {
      for (const code of found) if (isSame(this.#bytes[code - 1] as Uint8Array, bytes, from, to)) return code;
    }
    if (this.isClosed) return UNKNOWN_CODE;
    const own = bytes.slice(from, to);
    return this.#add(own, decode(own));
  }

  codeOfText(text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.codeOf(bytes, 0, bytes.length);
  }

  /** By code: the place of its name among some names, -1 for none. */
  placesIn(names: readonly string[]): Int32Array {
    const places = new Map(names.map((name, i) => [name, i]));
    return Int32Array.from([-1, ...this.names.map((name) => places.get(name) ?? -1)]);
  }

  #add(bytes: Uint8Array, name: string): number {
    const code = this.names.push(name);
    this.#bytes.push(bytes);
    const hash = hashOf(bytes, 0, bytes.length);
    const found = this.#codes.get(hash);
    if (found === undefined) this.#codes.set(hash, code);
    else this.#codes.set(hash, typeof found === 'number' ? [found, code] : [...found, code]);
    return code;
  }
}

/** @throws TypeError if the bytes are not UTF-8 */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = FNV_OFFSET;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME);
  return hash;
}

function isSame(name: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
}

/** Names in the order of their numbers as classes or categories: by value if all are numbers, else by code point. */
export function sortedNames(names: readonly string[]): string[] {
  if (names.some((name) => numberOf(name, '.') === undefined)) return names.toSorted(comparePoints);
  return names.toSorted((a, b) => Number(a) - Number(b) || comparePoints(a, b));
}

/** By code point: UTF-16 would put what is beyond U+FFFF before U+E000. */
function comparePoints(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
