import { addressOfWords } from '../../native/system/foreign.ts';
import type { NativeSite } from './site.ts';

/** A routine, called with whole numbers only. */
export type Run = (...values: number[]) => unknown;

/** Bytes of a row, at least: as many as any vector has lanes. */
export const LEAST_ROW_BYTES = 16;
/** Rows of one call, unless the constructor is told. */
const MOST_ROWS = 256;
const OFFSET_LIMIT = 2 ** 32;

/** Whether dividing by a number is multiplying by its reciprocal, bit for bit: both scale by a power of two. */
export function isPowerOf2(divisor: number): boolean {
  return divisor >= 1 && divisor <= 2 ** 64 && Number.isInteger(Math.log2(divisor));
}

/** Brings rows of bytes from where they are stored into a memory, as f32 divided by a number: u8_to_f32 without a copy before. */
export class NativeGather {
  readonly #site: NativeSite;
  readonly #divided: Run;
  readonly #scaled: Run;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #bytesAt: number;
  readonly #offsets: Uint32Array<SharedArrayBuffer>;
  readonly #offsetsAt: number;

  /** @param offsets  for as many rows at a time */
  constructor(
    site: NativeSite,
    divided: Run,
    scaled: Run,
    bytes: Uint8Array<SharedArrayBuffer>,
    offsets = new Uint32Array(new SharedArrayBuffer(MOST_ROWS * Uint32Array.BYTES_PER_ELEMENT)),
  ) {
    this.#site = site;
    this.#divided = divided;
    this.#scaled = scaled;
    this.#bytes = bytes;
    this.#bytesAt = addressOfWords(bytes);
    this.#offsets = offsets;
    this.#offsetsAt = addressOfWords(offsets);
  }

  /**
   * Rows `samples[offset]` to `samples[offset + count - 1]` of `width` bytes to the memory at `to`. What is not in the bytes or in the
   * memory is not touched.
   *
   * @returns false where nothing was done, because rows are short or something is not where it should be
   */
  gather(samples: Uint32Array, offset: number, count: number, width: number, to: number, divisor: number): boolean {
    const { base, block, scalars } = this.#site;
    const offsets = this.#offsets;
    if (!this.#site.hasRows(to, count, width) || width < LEAST_ROW_BYTES) return false;
    const last = Math.min(this.#bytes.length, OFFSET_LIMIT) - width;
    const isScaled = isPowerOf2(divisor);
    const run = isScaled ? this.#scaled : this.#divided;
    scalars[0] = isScaled ? 1 / divisor : divisor;
    for (let first = 0; first < count; first += offsets.length) {
      const rows = Math.min(offsets.length, count - first);
      for (let row = 0; row < rows; row++) {
        const at = (samples[offset + first + row] ?? Number.NaN) * width;
        if (!(at <= last)) return false;
        offsets[row] = at;
      }
      run(this.#offsetsAt, this.#bytesAt, base + to + first * width * Float32Array.BYTES_PER_ELEMENT, rows, width, block);
    }
    return true;
  }
}
