import { GradloomError } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import { bytesBetween, type Content, checkLength, place } from '../files/content.ts';
import { ARRAY_LIMIT_BYTES } from '../shared.ts';

/** Bytes of an element of each type. */
export const ELEMENT_BYTES = { bool: 1, u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, f16: 2, f32: 4, f64: 8 } as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** An array in a file or in memory, its header read and checked, its elements not yet. */
export interface StoredArray {
  /** Of the file, not yet printable; `data.x` for one in memory. */
  path: string;
  type: ElementType;
  isBigEndian: boolean;
  /** The first dimension runs fastest, as in Fortran; else the last one. */
  isFortran: boolean;
  /** At least one dimension; all sizes above 0. The first is the number of rows. */
  shape: readonly number[];
  elements: number;
  /** Bytes before the first element. */
  headerBytes: number;
  /** Exactly the bytes of the elements. @throws GradloomError E_DATA_* if the file has others */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** What a header says. */
export type ArrayHeader = Pick<StoredArray, 'type' | 'isBigEndian' | 'isFortran' | 'shape' | 'headerBytes'> & {
  /** Where the sizes of the dimensions stand, each: for errors. */
  sizesAt: readonly number[];
};

/**
 * The array that a header describes.
 *
 * @throws GradloomError E_DATA_EMPTY, E_DATA_DIMS, E_DATA_TOO_LARGE or E_DATA_LENGTH at `path:byte`, before anything is allocated
 */
export function storedArray(content: Content, { sizesAt, ...header }: ArrayHeader): StoredArray {
  const { shape, type, headerBytes } = header;
  const { path } = content;
  const zero = shape.indexOf(0);
  if (zero === 0)
    throw new GradloomError({
      code: 'E_DATA_EMPTY',
      where: place(path, sizesAt[0] ?? 0),
      message: 'holds no samples',
      next: 'name one with a row for each sample',
    });
  if (zero > 0) throw new GradloomError({ code: 'E_DATA_DIMS', where: place(path, sizesAt[zero] ?? 0), message: `dimension ${zero} is 0` });
  const elements = shape.reduce((product, size) => product * BigInt(size), 1n);
  const product = `${shape.join(' x ')} = ${elements} elements`;
  const where = place(path, sizesAt[0] ?? 0);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER))
    throw new GradloomError({ code: 'E_DATA_DIMS', where, message: `${product}: more than any file holds` });
  if (elements > BigInt(ARRAY_LIMIT_BYTES))
    throw new GradloomError({ code: 'E_DATA_TOO_LARGE', where, message: `${product}; the limit is ${ARRAY_LIMIT_BYTES}` });
  const declared = headerBytes + Number(elements) * ELEMENT_BYTES[type];
  checkLength(content, declared);
  return { ...header, path, elements: Number(elements), chunks: () => bytesBetween(content, headerBytes, declared) };
}

/** Numbers of a row; an array of one dimension has one. */
export function rowWidth({ shape }: Pick<StoredArray, 'shape'>): number {
  return elements(shape.slice(1));
}

/** Of one row; [1] where a row is one number. */
export function rowShape({ shape }: Pick<StoredArray, 'shape'>): readonly number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}
