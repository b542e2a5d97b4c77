import { type InputSpec, sampleShape, storedAs } from '../../data/preprocess/preprocess.ts';
import { elements, shapeText } from '../../graph/shape.ts';
import { numberOf } from './table-row.ts';
import { isList, RowFault, shownValue } from './values.ts';

type ArraySpec = Exclude<InputSpec, { kind: 'table' }>;

/** Turns rows of numbers, flat or nested as their shape is, into features. */
export class ArrayRows {
  readonly #shape: readonly number[];
  readonly #count: number;
  readonly #isBytes: boolean;

  constructor(spec: ArraySpec) {
    this.#shape = sampleShape(spec);
    this.#count = elements(this.#shape);
    this.#isBytes = storedAs(spec) === 'u8';
  }

  /**
   * @param into  receives the features from index `at` on
   * @throws RowFault naming the value by its number
   */
  encode(row: unknown, into: Float32Array | Uint8Array, at: number): void {
    if (!isList(row)) throw new RowFault(`${shownValue(row)}; expected a list of ${this.#expected()}`);
    if (row.length === this.#count && !isList(row[0])) this.#encodeFlat(row, into, at, 0);
    else if (isList(row[0])) this.#encodeNested(row, into, at, 0, 0);
    else throw new RowFault(`${row.length} values; expected ${this.#expected()}`);
  }

  /** @param first  number of the first value in the row */
  #encodeFlat(row: ArrayLike<unknown>, into: Float32Array | Uint8Array, at: number, first: number): void {
    // Bytes are bytes.
    if (row instanceof Uint8Array) {
      into.set(row, at + first);
      return;
    }
    for (let i = 0; i < row.length; i++) into[at + first + i] = this.#valueOf(row[i], first + i);
  }

  #encodeNested(row: unknown, into: Float32Array | Uint8Array, at: number, depth: number, first: number): void {
    const size = this.#shape[depth] as number;
    if (!isList(row) || row.length !== size) {
      const found = isList(row) ? `a list of ${row.length}` : shownValue(row);
      throw new RowFault(`${found} at depth ${depth}; expected ${this.#expected()}`);
    }
    if (depth === this.#shape.length - 1) {
      this.#encodeFlat(row, into, at, first);
      return;
    }
    const each = elements(this.#shape.slice(depth + 1));
    for (let i = 0; i < size; i++) this.#encodeNested(row[i], into, at, depth + 1, first + i * each);
  }

  #valueOf(value: unknown, index: number): number {
    if (this.#isBytes) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) return value;
      const next = 'give the bytes as they are in the training data: the model normalises them itself';
      throw new RowFault(`${shownValue(value)}; expected a whole number from 0 to 255`, { column: `value ${index}`, next });
    }
    try {
      return numberOf(value);
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw new RowFault(error.message, { column: `value ${index}` });
    }
  }

  #expected(): string {
    const numbers = this.#isBytes ? 'bytes' : 'numbers';
    return this.#shape.length === 1 ? `${this.#count} ${numbers}` : `${this.#count} ${numbers}, flat or ${shapeText(this.#shape)}`;
  }
}
