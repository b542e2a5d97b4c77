import { bindKernels } from '../../../src/kernels/bind.ts';
import { compileKernels } from '../../../src/kernels/module.ts';

/** A quiet NaN with a payload no arithmetic produces: what lies around every array of a test. */
const GUARD = 0x7fc0dead;
const GUARD_WORDS = 16;

/**
 * Arrays for one kernel call, each between guard words, at addresses that are 4-byte aligned and no more. The guards are NaN, so
 * a read outside an array shows in the result; `broken()` names the arrays next to which something was written.
 */
export class Arena {
  readonly #words: Int32Array<ArrayBuffer | SharedArrayBuffer>;
  readonly #arrays: { name: string; start: number; end: number }[] = [];
  #next = 1;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
  }

  #reserve(name: string, words: number): number {
    const start = this.#next + GUARD_WORDS;
    const end = start + words;
    if (end + GUARD_WORDS > this.#words.length) throw new RangeError(`arena too small for ${name}`);
    this.#words.fill(GUARD, start - GUARD_WORDS, end + GUARD_WORDS);
    this.#arrays.push({ name, start, end });
    this.#next = end + GUARD_WORDS;
    if (this.#next % 4 === 0) this.#next++; // never by luck 16-byte aligned
    return start;
  }

  floats(name: string, content: ArrayLike<number> | number): Float32Array<ArrayBuffer | SharedArrayBuffer> {
    const length = typeof content === 'number' ? content : content.length;
    const view = new Float32Array(this.#words.buffer, this.#reserve(name, length) * 4, length);
    if (typeof content !== 'number') view.set(content);
    return view;
  }

  ints(name: string, content: ArrayLike<number>): Int32Array<ArrayBuffer | SharedArrayBuffer> {
    const view = new Int32Array(this.#words.buffer, this.#reserve(name, content.length) * 4, content.length);
    view.set(content);
    return view;
  }

  bytes(name: string, content: ArrayLike<number>): Uint8Array<ArrayBuffer | SharedArrayBuffer> {
    const view = new Uint8Array(this.#words.buffer, this.#reserve(name, Math.ceil(content.length / 4)) * 4, content.length);
    view.set(content);
    return view;
  }

  /** f64[3] for the losses, or what is asked for; 8-byte aligned because a Float64Array must be. */
  doubles(name: string, content: ArrayLike<number> | number = 3): Float64Array<ArrayBuffer | SharedArrayBuffer> {
    const length = typeof content === 'number' ? content : content.length;
    if ((this.#next + GUARD_WORDS) % 2 === 1) this.#next++;
    const view = new Float64Array(this.#words.buffer, this.#reserve(name, 2 * length) * 4, length);
    if (typeof content !== 'number') view.set(content);
    return view;
  }

  /** Arrays whose surroundings changed; empty when all is well. */
  broken(): string[] {
    return this.#arrays
      .filter(({ start, end }) =>
        [...this.#words.subarray(start - GUARD_WORDS, start), ...this.#words.subarray(end, end + GUARD_WORDS)].some(
          (word) => word !== GUARD,
        ),
      )
      .map(({ name }) => name);
  }
}

export const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
export const kernels = bindKernels(compileKernels(), memory);

/** Small deterministic generator (mulberry32): values in [-1, 1) with a full mantissa, about one in eight exactly zero. */
export function randomFloats(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => (next() < 0.125 ? 0 : 2 * next() - 1));
}

/** Index of the first element whose bits differ (any NaN equals any NaN), or -1. */
export function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

/** Leaf i of `leaves` covers rows floor(i*B/S) .. floor((i+1)*B/S)-1, as the engine promises. */
export function evenBounds(rows: number, leaves: number): Int32Array {
  return Int32Array.from({ length: leaves + 1 }, (_, i) => Math.floor((i * rows) / leaves));
}
