import { PictureError } from '../picture/picture.ts';
import type { BitReader } from './bits.ts';

/** Codes of up to so many bits are looked up; nearly all are. */
const LOOK_BITS = 8;
const MAX_BITS = 16;

/** A table of codes of 1 to 16 bits for byte values. */
export class HuffmanTable {
  /** By the next 8 bits: length of the code they begin with times 256, and its value; 0 where it is longer. */
  readonly #look = new Uint16Array(1 << LOOK_BITS);
  /** By length: the largest code, -1 for none, and what to add to a code to get its place among the values. */
  readonly #largest = new Int32Array(MAX_BITS + 1).fill(-1);
  readonly #offset = new Int32Array(MAX_BITS + 1);
  readonly #values: Uint8Array;

  /**
   * @param counts  codes of each length from 1 to 16
   * @param at      byte of the file, for errors
   */
  constructor(counts: Uint8Array, values: Uint8Array, at: number) {
    this.#values = values;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      const count = counts[length - 1] as number;
      this.#offset[length] = place - code;
      for (let i = 0; i < count; i++, code++, place++) {
        if (length > LOOK_BITS) continue;
        const from = code << (LOOK_BITS - length);
        this.#look.fill(length * 256 + (values[place] as number), from, from + (1 << (LOOK_BITS - length)));
      }
      if (code > 1 << length) throw new PictureError(at, 'a Huffman table has more codes than there are');
      if (count > 0) this.#largest[length] = code - 1;
      code <<= 1;
    }
  }

  read(bits: BitReader): number {
    const found = this.#look[bits.peek(LOOK_BITS)] as number;
    if (found > 0) {
      bits.skip(found >> 8);
      return found & 255;
    }
    const ahead = bits.peek(MAX_BITS);
    for (let length = LOOK_BITS + 1; length <= MAX_BITS; length++) {
      const code = ahead >> (MAX_BITS - length);
      if (code > (this.#largest[length] as number)) continue;
      bits.skip(length);
      return this.#values[code + (this.#offset[length] as number)] as number;
    }
    // What is missing of a file reads as zeros: that it is missing is told first.
    bits.skip(MAX_BITS);
    throw new PictureError(bits.at, 'bits that are no code of its Huffman table: the file is damaged');
  }
}
