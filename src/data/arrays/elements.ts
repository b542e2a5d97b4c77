import type { NumberArray } from '../../config/caller-data.ts';
import { ELEMENT_BYTES, type ElementType, rowWidth, type StoredArray } from './stored.ts';

/** Elements as the file has them, in the order of this machine's bytes; f16 as f32, bool as u8. */
export type Elements = Exclude<NumberArray, Uint8ClampedArray>;

/** Bytes that stand ready to be looked at as any type. */
const PIECE_BYTES = 2 ** 20;

/**
 * The elements of an array in the order of the file, piece by piece; each piece is valid until the next one.
 *
 * @throws GradloomError as the array's chunks
 */
export async function* elementsOf(array: StoredArray): AsyncGenerator<Elements, void, undefined> {
  const size = ELEMENT_BYTES[array.type];
  // Chunks begin anywhere in memory and end anywhere in an element; what typed arrays look at must be aligned and whole.
  const piece = Buffer.from(new ArrayBuffer(PIECE_BYTES));
  let filled = 0;
  for await (const chunk of array.chunks()) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + PIECE_BYTES - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      const whole = filled - (filled % size);
      if (whole === 0 || (filled < PIECE_BYTES && at < chunk.length)) continue;
      const rest = Uint8Array.from(piece.subarray(whole, filled));
      yield viewOf(piece.subarray(0, whole), array);
      piece.set(rest, 0);
      filled = rest.length;
    }
  }
}

function viewOf(bytes: Buffer<ArrayBuffer>, { type, isBigEndian }: StoredArray): Elements {
  const size = ELEMENT_BYTES[type];
  if (isBigEndian && size === 2) bytes.swap16();
  else if (isBigEndian && size === 4) bytes.swap32();
  else if (isBigEndian && size === 8) bytes.swap64();
  return VIEWS[type](bytes.buffer, bytes.length / size);
}

const VIEWS: Readonly<Record<ElementType, (buffer: ArrayBuffer, count: number) => Elements>> = {
  bool: (buffer, count) => new Uint8Array(buffer, 0, count),
  u8: (buffer, count) => new Uint8Array(buffer, 0, count),
  i8: (buffer, count) => new Int8Array(buffer, 0, count),
  u16: (buffer, count) => new Uint16Array(buffer, 0, count),
  i16: (buffer, count) => new Int16Array(buffer, 0, count),
  u32: (buffer, count) => new Uint32Array(buffer, 0, count),
  i32: (buffer, count) => new Int32Array(buffer, 0, count),
  u64: (buffer, count) => new BigUint64Array(buffer, 0, count),
  i64: (buffer, count) => new BigInt64Array(buffer, 0, count),
  f16: (buffer, count) => Float32Array.from(new Uint16Array(buffer, 0, count), halfToNumber),
  f32: (buffer, count) => new Float32Array(buffer, 0, count),
  f64: (buffer, count) => new Float64Array(buffer, 0, count),
};

/** The number that 16 bits of IEEE 754 binary16 stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Where the elements of an array stand, row by row with the last dimension fastest, by their number in the file.
 *
 * @returns undefined where both orders are the same
 */
export function rowMajor(array: StoredArray): ((index: number) => number) | undefined {
  const { shape, isFortran } = array;
  if (!isFortran || shape.length === 1) return undefined;
  const rows = shape[0] as number;
  const width = rowWidth(array);
  const sizes = shape.slice(1);
  // Of the j-th element of a row as the file counts them: which one it is.
  const inRow = new Uint32Array(width);
  for (let j = 0; j < width; j++) {
    let left = j;
    let stride = width;
    let at = 0;
    for (const size of sizes) {
      stride /= size;
      at += (left % size) * stride;
      left = Math.floor(left / size);
    }
    inRow[j] = at;
  }
  return (index) => (index % rows) * width + (inRow[Math.floor(index / rows)] as number);
}
