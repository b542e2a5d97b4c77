import { PictureError } from '../picture/picture.ts';
import { BitReader } from './bits.ts';
import type { Component, Frame } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';

/** Place in a block of the coefficient that comes as number k. */
export const ZIGZAG = Uint8Array.from(
  (
    '0 1 8 16 9 2 3 10 17 24 32 25 18 11 4 5 12 19 26 33 40 48 41 34 27 20 13 6 7 14 21 28 ' +
    '35 42 49 56 57 50 43 36 29 22 15 23 30 37 44 51 58 59 52 45 38 31 39 46 53 60 61 54 47 55 62 63'
  ).split(' '),
  Number,
);

/** Part of a scan that is one component's. */
export interface ScanPart {
  component: Component;
  dc: HuffmanTable | undefined;
  ac: HuffmanTable | undefined;
}

export interface Scan {
  parts: readonly ScanPart[];
  /** Coefficients first..last, without their lowest `low` bits; `high` is `low` of the scan that they had before, 0 for none. */
  first: number;
  last: number;
  high: number;
  low: number;
  /** Units between two restarts; 0 for none. */
  restart: number;
}

const LAST = 63;
const MOST_BLOCKS = 10;
const MOST_BITS = 15;

/**
 * Reads the coefficients of a scan into their components.
 *
 * @param at  first byte behind the scan's header
 * @returns where the next marker stands
 * @throws PictureError
 * @see ITU-T T.81, F.2 and G.2
 */
export function readScan(frame: Frame, scan: Scan, bytes: Uint8Array, at: number): number {
  checkScan(frame, scan, at);
  const bits = new BitReader(bytes, at);
  const reader = new BlockReader(bits, scan);
  const read = frame.progressive ? reader.progressive() : reader.sequential;
  const [only] = scan.parts as [ScanPart];
  const isAlone = scan.parts.length === 1;
  const across = isAlone ? only.component.ownAcross : frame.unitsAcross;
  const units = across * (isAlone ? only.component.ownDown : frame.unitsDown);
  for (let unit = 0; unit < units; unit++) {
    if (scan.restart > 0 && unit > 0 && unit % scan.restart === 0) {
      bits.restart(unit / scan.restart - 1);
      reader.reset();
    }
    const row = Math.floor(unit / across);
    const column = unit % across;
    if (isAlone) {
      read(0, only, (row * only.component.across + column) * 64);
      continue;
    }
    for (let p = 0; p < scan.parts.length; p++) {
      const part = scan.parts[p] as ScanPart;
      const { h, v, across: width } = part.component;
      for (let y = 0; y < v; y++) for (let x = 0; x < h; x++) read(p, part, ((row * v + y) * width + column * h + x) * 64);
    }
  }
  return bits.at;
}

/** Every bit of a coefficient comes once, in order: so a file cannot make work that its length does not pay for. */
function checkScan({ progressive }: Frame, { parts, first, last, high, low }: Scan, at: number): void {
  const blocks = parts.reduce((sum, { component }) => sum + component.h * component.v, 0);
  if (parts.length > 1 && blocks > MOST_BLOCKS) throw new PictureError(at, `${blocks} blocks a unit; the limit is ${MOST_BLOCKS}`);
  const isDc = first === 0;
  const isRange = progressive ? (isDc ? last === 0 : parts.length === 1 && first <= last && last <= LAST) : isDc && last === LAST;
  const isBits = progressive ? low <= 13 && (high === 0 || high === low + 1) : high === 0 && low === 0;
  if (!(isRange && isBits)) throw new PictureError(at, `a scan of coefficients ${first} to ${last}, bits ${high} to ${low}`);
  for (const { component, dc, ac } of parts) {
    for (let k = first; k <= last; k++) {
      if ((component.missing[k] as number) !== (high === 0 ? -1 : high)) throw new PictureError(at, `coefficient ${k} comes out of turn`);
      component.missing[k] = low;
    }
    if ((isDc && high === 0 && dc === undefined) || (last > 0 && ac === undefined)) {
      throw new PictureError(at, 'a scan names a Huffman table that there is not');
    }
  }
}

type ReadBlock = (place: number, part: ScanPart, to: number) => void;

/** Reads block after block of a scan. */
class BlockReader {
  readonly #bits: BitReader;
  readonly #scan: Scan;
  /** DC of the block before, by component. */
  readonly #before = new Int32Array(4);
  /** Blocks to come that bring nothing new. */
  #run = 0;

  constructor(bits: BitReader, scan: Scan) {
    this.#bits = bits;
    this.#scan = scan;
  }

  reset(): void {
    this.#before.fill(0);
    this.#run = 0;
  }

  progressive(): ReadBlock {
    const { first, high } = this.#scan;
    if (first === 0) return high === 0 ? this.#dcFirst : this.#dcMore;
    return high === 0 ? this.#acFirst : this.#acMore;
  }

  readonly sequential: ReadBlock = (place, part, to) => {
    const { coefficients } = part.component;
    coefficients[to] = this.#dc(place, part.dc as HuffmanTable);
    const ac = part.ac as HuffmanTable;
    for (let k = 1; k <= LAST; k++) {
      const code = ac.read(this.#bits);
      const size = code & 15;
      if (size === 0 && code !== 0xf0) break;
      k += code >> 4;
      if (size > 0) coefficients[to + this.#place(k)] = this.#bits.signed(size);
    }
  };

  readonly #dcFirst: ReadBlock = (place, part, to) => {
    part.component.coefficients[to] = this.#dc(place, part.dc as HuffmanTable) << this.#scan.low;
  };

  readonly #dcMore: ReadBlock = (_, { component }, to) => {
    if (this.#bits.read(1) === 1) component.coefficients[to] = (component.coefficients[to] as number) | (1 << this.#scan.low);
  };

  readonly #acFirst: ReadBlock = (_, part, to) => {
    if (this.#run > 0) {
      this.#run--;
      return;
    }
    const { last, low } = this.#scan;
    const ac = part.ac as HuffmanTable;
    for (let k = this.#scan.first; k <= last; k++) {
      const code = ac.read(this.#bits);
      const zeros = code >> 4;
      if ((code & 15) === 0 && zeros < 15) {
        this.#run = (1 << zeros) - 1 + this.#bits.read(zeros);
        break;
      }
      k += zeros;
      if ((code & 15) > 0) part.component.coefficients[to + this.#place(k)] = this.#bits.signed(code & 15) << low;
    }
  };

  readonly #acMore: ReadBlock = (_, part, to) => {
    const { last, low } = this.#scan;
    const { coefficients } = part.component;
    const bit = 1 << low;
    let k = this.#scan.first;
    for (; k <= last && this.#run === 0; k++) {
      const code = (part.ac as HuffmanTable).read(this.#bits);
      let zeros = code >> 4;
      let fresh = 0;
      if ((code & 15) > 0) fresh = this.#bits.read(1) === 1 ? bit : -bit;
      else if (zeros < 15) {
        this.#run = (1 << zeros) + this.#bits.read(zeros);
        break;
      }
      // Over the zeros that the code counts, and over what is no zero any more, which takes its next bit.
      for (; k <= last; k++) {
        const at = to + (ZIGZAG[k] as number);
        if (coefficients[at] !== 0) this.#refine(coefficients, at, bit);
        else if (--zeros < 0) break;
      }
      if (fresh !== 0) coefficients[to + this.#place(k)] = fresh;
    }
    if (this.#run === 0) return;
    for (; k <= last; k++) {
      const at = to + (ZIGZAG[k] as number);
      if (coefficients[at] !== 0) this.#refine(coefficients, at, bit);
    }
    this.#run--;
  };

  #refine(coefficients: Int16Array, at: number, bit: number): void {
    const value = coefficients[at] as number;
    if (this.#bits.read(1) === 1 && (value & bit) === 0) coefficients[at] = value + (value > 0 ? bit : -bit);
  }

  #dc(place: number, table: HuffmanTable): number {
    const size = table.read(this.#bits);
    if (size > MOST_BITS) throw new PictureError(this.#bits.at, `a difference of ${size} bits: the file is damaged`);
    const value = (this.#before[place] as number) + this.#bits.signed(size);
    this.#before[place] = value;
    return value;
  }

  #place(k: number): number {
    if (k > this.#scan.last) throw new PictureError(this.#bits.at, 'a block goes on behind its last coefficient: the file is damaged');
    return ZIGZAG[k] as number;
  }
}
