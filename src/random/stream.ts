import { philox4x32 } from './philox.ts';

/** What random numbers are for. Two purposes never share a number; the codes are part of every result and must not change. */
export const PURPOSES = {
  shuffle: 1,
  init: 2,
  split: 3,
  data: 4,
  dropout: 5,
  augment: 6,
  search: 7,
  noise: 8,
  bootstrap: 9,
  replicate: 10,
} as const;
export type Purpose = keyof typeof PURPOSES;

const TWO_32 = 0x1_0000_0000;
/** Words that `next` works out at a time. */
const AHEAD_WORDS = 64;

/**
 * The random words of (root seed, purpose, number): word i for any i below 2^53, in any order.
 * `number` tells streams of one purpose apart: the epoch of a shuffle, the position of a layer.
 *
 * Key: the seed's 53 bits, then the purpose in the 11 bits left. Counter: the block (four words) in its low half, `number` in its
 * high half. So no two streams share a block.
 *
 * @throws RangeError if seed, number or an index is not an integer in [0, 2^53)
 */
export class RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #number0: number;
  readonly #number1: number;
  readonly #block = new Uint32Array(4);
  /** The block that `#block` holds. */
  #held = 0;
  /** The word that `next` gives, and those that it gives after it. */
  #position = 0;
  #ahead: Uint32Array | undefined;

  constructor(seed: number, purpose: Purpose, number = 0) {
    [this.#key0, this.#key1, this.#number0, this.#number1] = streamWords(seed, purpose, number);
    this.#fill(0);
  }

  /** Word `index` of the stream: an integer in [0, 2^32). */
  word(index: number): number {
    const block = Math.floor(index / 4);
    if (block !== this.#held) {
      requireIndex(index, 'index');
      this.#fill(block);
    }
    return this.#block[index & 3] as number;
  }

  /** The words one after the other, from word 0. */
  next(): number {
    this.#ahead ??= new Uint32Array(AHEAD_WORDS);
    const place = this.#position % AHEAD_WORDS;
    if (place === 0) this.words(this.#position, this.#ahead);
    this.#position++;
    return this.#ahead[place] as number;
  }

  /**
   * Words `first`, `first + 1` and so on, as many as `out` takes: in one loop, which is compiled long before a thousand calls of `word` are.
   *
   * @throws RangeError if `first` or the length of `out` is no multiple of 4
   */
  words(first: number, out: Uint32Array): void {
    requireIndex(first + out.length, 'index');
    if (first % 4 !== 0 || out.length % 4 !== 0)
      throw new RangeError(`words ${first} to ${first + out.length}: expected whole blocks of 4`);
    const [key0, key1, number0, number1] = [this.#key0, this.#key1, this.#number0, this.#number1];
    for (let at = 0, block = first / 4; at < out.length; at += 4, block++) {
      philox4x32(block | 0, Math.floor(block / TWO_32), number0, number1, key0, key1, out, at);
    }
  }

  #fill(block: number): void {
    philox4x32(block | 0, Math.floor(block / TWO_32), this.#number0, this.#number1, this.#key0, this.#key1, this.#block);
    this.#held = block;
  }
}

/** What tells a stream from all others, as kernels that draw from it read it: the two words of its key, the two of its number. */
export function streamWords(seed: number, purpose: Purpose, number: number): [number, number, number, number] {
  requireIndex(seed, 'seed');
  requireIndex(number, 'stream number');
  return [seed | 0, Math.floor(seed / TWO_32) | (PURPOSES[purpose] << 21), number | 0, Math.floor(number / TWO_32)];
}

function requireIndex(value: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} ${value}: expected an integer in [0, 2^53)`);
}
