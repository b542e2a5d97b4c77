import { BLOCK, writeConstants } from '../../native/elementwise/block.ts';
import { addressOf, addressOfWords } from '../../native/system/foreign.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;

/** Where a thread calls routines that are for any shape: the memory that they may touch, and a block of its own for all that is no integer. */
export class NativeSite {
  /** Addresses of the memory and of the block. */
  readonly base: number;
  readonly block: number;
  readonly scalars: Float32Array;
  readonly result: Float32Array;
  readonly sums: Float64Array;
  readonly #bytes: number;

  constructor(memory: WebAssembly.Memory) {
    // Shared: the place of a small array of one thread may change.
    const words = new Int32Array(new SharedArrayBuffer(BLOCK.bytes));
    writeConstants(words);
    this.base = addressOf(memory);
    this.block = addressOfWords(words);
    this.scalars = new Float32Array(words.buffer, BLOCK.scalars, 8);
    this.result = new Float32Array(words.buffer, BLOCK.result, 1);
    this.sums = new Float64Array(words.buffer, BLOCK.result, 2);
    this.#bytes = memory.buffer.byteLength;
  }

  /** Whether n f32 or i32 values are in the memory; n is positive, and all are whole numbers. */
  has(at: number, n: number): boolean {
    return Number.isInteger(n) && this.hasBytes(at, n * F32);
  }

  /** The same for rows of n values. */
  hasRows(at: number, rows: number, n: number): boolean {
    return Number.isInteger(rows) && rows > 0 && this.has(at, rows * n) && Number.isInteger(n);
  }

  hasBytes(at: number, bytes: number): boolean {
    return Number.isInteger(at) && Number.isInteger(bytes) && at >= 0 && bytes > 0 && at + bytes <= this.#bytes;
  }
}
