import { GradloomError } from '../../errors.ts';
import { place } from '../files/content.ts';
import { type Elements, elementsOf, rowMajor } from './elements.ts';
import { ELEMENT_BYTES, rowWidth, type StoredArray } from './stored.ts';

/** Types whose every value is a whole number. */
export function isInteger({ type }: Pick<StoredArray, 'type'>): boolean {
  return !type.startsWith('f');
}

/**
 * Reads an array, row by row with the last dimension fastest.
 *
 * @param out  receives all elements: bytes only of a u8 array; f32 of any, rounded where f32 cannot hold them exactly (integers past 2^24,
 *   f64)
 * @throws GradloomError as the array's chunks; E_DATA_NONFINITE at `path:byte` for NaN, infinities and what is beyond the range of f32
 */
export async function readArray(array: StoredArray, out: Uint8Array | Float32Array): Promise<void> {
  const position = rowMajor(array);
  let index = 0;
  for await (const piece of elementsOf(array)) {
    if (position === undefined && !(piece instanceof BigInt64Array || piece instanceof BigUint64Array)) out.set(piece, index);
    else for (let i = 0; i < piece.length; i++) out[position === undefined ? index + i : position(index + i)] = Number(piece[i]);
    checkNumbers(array, piece, index);
    index += piece.length;
  }
}

/** The whole numbers of an array of integers: as numbers where all are exact so, else as bigints. */
export async function readIntegers(array: StoredArray): Promise<ArrayLike<number | bigint>> {
  const is64 = array.type === 'i64' || array.type === 'u64';
  const numbers = new Float64Array(array.elements);
  let exact: bigint[] | undefined;
  const position = rowMajor(array);
  let index = 0;
  for await (const piece of elementsOf(array)) {
    for (let i = 0; i < piece.length; i++) {
      const at = position === undefined ? index + i : position(index + i);
      const value = piece[i] as number | bigint;
      numbers[at] = Number(value);
      if (is64 && exact === undefined && !Number.isSafeInteger(numbers[at])) exact = Array.from(numbers, BigInt);
      if (exact !== undefined) exact[at] = BigInt(value);
    }
    index += piece.length;
  }
  return exact ?? numbers;
}

/**
 * Refuses what f32 cannot be trained with.
 *
 * @param index  of the first element of the piece in the file
 * @throws GradloomError E_DATA_NONFINITE at `path:byte`
 */
export function checkNumbers(array: StoredArray, piece: Elements, index: number): void {
  if (isInteger(array)) return;
  for (let i = 0; i < piece.length; i++)
    if (!Number.isFinite(Math.fround(piece[i] as number))) throw nonFinite(array, index + i, piece[i] as number);
}

function nonFinite(array: StoredArray, index: number, value: number): GradloomError {
  const at = rowMajor(array)?.(index) ?? index;
  const width = rowWidth(array);
  const what = Number.isFinite(value) ? `${value}, beyond the range of f32 (3.4e38)` : `${value}`;
  return new GradloomError({
    code: 'E_DATA_NONFINITE',
    where: place(array.path, array.headerBytes + index * ELEMENT_BYTES[array.type]),
    message: `row ${Math.floor(at / width)}, column ${at % width}: ${what}; expected a finite number`,
    next: 'remove or fill such values: training would turn every weight into NaN',
  });
}
