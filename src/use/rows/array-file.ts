import { type Elements, elementsOf, rowMajor } from '../../data/arrays/elements.ts';
import { openIdx } from '../../data/arrays/idx.ts';
import { openNpy } from '../../data/arrays/npy.ts';
import { npzNames, openNpz } from '../../data/arrays/npz.ts';
import { readArray } from '../../data/arrays/read.ts';
import { rowShape, rowWidth, type StoredArray } from '../../data/arrays/stored.ts';
import { type Preprocess, sampleShape } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { elements, shapeText } from '../../graph/shape.ts';
import { RowBatches } from './batches.ts';
import { type RowBatch, type RowEncoder, rowEncoder } from './encode.ts';

/** The array of an archive that is taken where it has several. */
const NAME = 'x';

export type ArrayFile = 'npy' | 'npz' | 'idx';

/** The rows of an array in a file; of an archive its only array, or `x`. */
export async function* arrayFileRows(
  file: string,
  type: ArrayFile,
  preprocess: Preprocess,
  width: number,
): AsyncGenerator<RowBatch, void, undefined> {
  const array = await openArray(file, type);
  const encoder = rowEncoder(preprocess, width);
  const { input } = preprocess;
  const expected = input.kind === 'table' ? [input.columns.length] : sampleShape(input);
  const values = elements(expected);
  if (rowWidth(array) !== values) {
    const message = `rows of ${shapeText(rowShape(array))}; the model takes ${shapeText(expected)}`;
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(array.path),
      message,
      next: 'name an array with one row for each prediction',
    });
  }
  const rows = new ArrayFileRows(array, encoder, values);
  for await (const piece of inRowOrder(array)) yield* rows.take(piece);
}

async function openArray(file: string, type: ArrayFile): Promise<StoredArray> {
  if (type === 'npy') return openNpy(file);
  if (type === 'idx') return openIdx(file, 'images');
  const names = await npzNames(file);
  return openNpz(file, names.length === 1 ? (names[0] ?? NAME) : NAME);
}

/** An array whose first dimension runs fastest has no row before its last column: it is read as a whole. */
async function* inRowOrder(array: StoredArray): AsyncGenerator<Elements, void, undefined> {
  if (rowMajor(array) === undefined) {
    yield* elementsOf(array);
    return;
  }
  const whole = array.type === 'u8' ? new Uint8Array(array.elements) : new Float32Array(array.elements);
  await readArray(array, whole);
  yield whole;
}

/** Cuts the pieces of an array into rows. */
class ArrayFileRows {
  readonly #path: string;
  readonly #batches: RowBatches;
  readonly #values: number;
  /** A row whose end has not come yet. */
  readonly #row: Float64Array;
  #filled = 0;
  /** Number of the row that was cut last. */
  #newest = -1;

  constructor({ path }: StoredArray, encoder: RowEncoder, values: number) {
    this.#path = path;
    this.#batches = new RowBatches(encoder);
    this.#values = values;
    this.#row = new Float64Array(values);
  }

  take(piece: Elements): Generator<RowBatch, void, undefined> {
    return this.#batches.take(this.#cut(piece), () => `${printable(this.#path)}, row ${this.#newest}`);
  }

  /** The rows that end in a piece, each valid until the next one. */
  *#cut(piece: Elements): Generator<ArrayLike<number>, void, undefined> {
    for (let at = 0; at < piece.length; ) {
      const part = Math.min(this.#values - this.#filled, piece.length - at);
      let row: ArrayLike<number> = this.#row;
      // A row of bytes that is all there is taken as it is.
      if (piece instanceof Uint8Array && part === this.#values) row = piece.subarray(at, at + part);
      else for (let i = 0; i < part; i++) this.#row[this.#filled + i] = Number(piece[at + i]);
      at += part;
      this.#filled += part;
      if (this.#filled < this.#values) return;
      this.#filled = 0;
      this.#newest++;
      yield row;
    }
  }
}
