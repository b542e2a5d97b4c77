import { GradloomError, printable } from '../../errors.ts';
import type { Dataset } from '../dataset.ts';
import { type InputSpec, sampleShape } from '../preprocess/preprocess.ts';
import { allocateShared } from '../shared.ts';
import { elementsOf } from './elements.ts';
import { checkNumbers, readArray } from './read.ts';
import { rowShape, rowWidth, type StoredArray } from './stored.ts';

/** Consecutive rows of an array, not normalised; valid until the next batch is asked for. */
export interface ArrayBatch {
  rows: number;
  /** [rows, D]: u8 of a u8 array, else f32. */
  features: Uint8Array | Float32Array;
}

/**
 * The rows of an array in order, in batches of a size, for a model that was trained on such rows. Memory for one batch is held at a time;
 * an array in the order of Fortran, whose rows lie strewn over the file, is read as a whole.
 *
 * @param input  what the model takes
 * @throws GradloomError E_DATA_MISMATCH if the rows have another shape; those of the array
 */
export async function* arrayBatches(array: StoredArray, input: InputSpec, batchRows: number): AsyncGenerator<ArrayBatch, void, undefined> {
  checkRowShape(array, input);
  const width = rowWidth(array);
  if (array.isFortran && array.shape.length > 1) {
    const all = whole(array);
    await readArray(array, all);
    for (let at = 0; at < all.length; at += batchRows * width) {
      const features = all.subarray(at, at + batchRows * width);
      yield { rows: features.length / width, features };
    }
    return;
  }
  const batch = array.type === 'u8' ? new Uint8Array(batchRows * width) : new Float32Array(batchRows * width);
  let filled = 0;
  let index = 0;
  for await (const piece of elementsOf(array)) {
    checkNumbers(array, piece, index);
    index += piece.length;
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + batch.length - filled);
      if (part instanceof BigInt64Array || part instanceof BigUint64Array)
        for (const [i, value] of part.entries()) batch[filled + i] = Number(value);
      else batch.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < batch.length) continue;
      yield { rows: batchRows, features: batch };
      filled = 0;
    }
  }
  if (filled > 0) yield { rows: filled / width, features: batch.subarray(0, filled) };
}

function whole(array: StoredArray): Dataset['features'] {
  const bytes = array.elements * (array.type === 'u8' ? 1 : 4);
  const buffer = allocateShared(bytes, printable(array.path));
  return array.type === 'u8' ? new Uint8Array(buffer) : new Float32Array(buffer);
}

function checkRowShape(array: StoredArray, input: InputSpec): void {
  const [found, expected] = [rowShape(array), sampleShape(input)];
  if (found.join() === expected.join()) return;
  throw new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: printable(array.path),
    message: `rows of ${found.join(' x ')}; the model was trained on rows of ${expected.join(' x ')}`,
    next: `give an array of shape [N, ${expected.join(', ')}]: the first dimension is that of the rows`,
  });
}
