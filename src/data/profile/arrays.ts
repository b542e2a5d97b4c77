import { elementsOf, rowMajor } from '../arrays/elements.ts';
import { openIdx } from '../arrays/idx.ts';
import { openNpy } from '../arrays/npy.ts';
import { npzNames, openNpz } from '../arrays/npz.ts';
import { isInteger } from '../arrays/read.ts';
import { type ElementType, rowWidth, type StoredArray } from '../arrays/stored.ts';
import type { FileType } from '../files/formats.ts';

/** What a file of arrays holds. */
export interface ArraysProfile {
  path: string;
  arrays: ArrayProfile[];
}

export interface ArrayProfile {
  /** In an archive; that of `path` has none. */
  name?: string;
  type: ElementType;
  shape: readonly number[];
  rows: number;
  /** Of the numbers that a data set can hold; undefined if there is none. */
  min?: number;
  max?: number;
  mean?: number;
  constant: boolean;
  /** NaN, infinities, and what is beyond f32: a data set with them is refused. */
  not_finite: number;
  /** Of whole numbers, one a row: what classes they would be, by value; undefined of all else, and of more than MOST_CLASSES. */
  classes?: { name: string; count: number }[];
  /** As a data set holds it: a byte a number of u8, else four. */
  memory_bytes: number;
  /** The first rows. */
  head: number[][];
}

const MOST_CLASSES = 1000;

export function isArrayFile(type: FileType | undefined): type is 'npy' | 'npz' | 'idx' {
  return type === 'npy' || type === 'npz' || type === 'idx';
}

/**
 * Looks through all arrays of a file, in bounded memory.
 *
 * @param headRows  how many of the first rows are kept
 * @throws GradloomError of the format, with the place
 */
export async function profileArrays(path: string, type: 'npy' | 'npz' | 'idx', headRows: number): Promise<ArraysProfile> {
  if (type === 'npy') return { path, arrays: [await profileOf(await openNpy(path), headRows)] };
  if (type === 'idx') return { path, arrays: [await profileOf(await openIdx(path, 'images'), headRows)] };
  const arrays: ArrayProfile[] = [];
  for (const name of await npzNames(path)) arrays.push({ name, ...(await profileOf(await openNpz(path, name), headRows)) });
  return { path, arrays };
}

async function profileOf(array: StoredArray, headRows: number): Promise<ArrayProfile> {
  const { type, shape, elements } = array;
  const [rows = 0] = shape;
  const width = rowWidth(array);
  const position = rowMajor(array);
  const head = Array.from({ length: Math.min(headRows, rows) }, () => Array.from({ length: width }, () => 0));
  const counts = width === 1 && isInteger(array) ? new Map<number | bigint, number>() : undefined;
  let [min, max, sum, finite, index] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for await (const piece of elementsOf(array)) {
    for (let i = 0; i < piece.length; i++) {
      const exact = piece[i] as number | bigint;
      const value = Number(exact);
      if (Number.isFinite(Math.fround(value))) {
        if (value < min) min = value;
        if (value > max) max = value;
        sum += value;
        finite++;
      }
      if (counts !== undefined && counts.size <= MOST_CLASSES) counts.set(exact, (counts.get(exact) ?? 0) + 1);
      const at = position === undefined ? index + i : position(index + i);
      const row = head[Math.floor(at / width)];
      if (row !== undefined) row[at % width] = value;
    }
    index += piece.length;
  }
  return {
    type,
    shape,
    rows,
    ...(finite > 0 && { min, max, mean: sum / finite }),
    constant: finite === elements && min === max,
    not_finite: elements - finite,
    ...(counts !== undefined && counts.size <= MOST_CLASSES && { classes: classesOf(counts) }),
    memory_bytes: elements * (type === 'u8' ? 1 : Float32Array.BYTES_PER_ELEMENT),
    head,
  };
}

function classesOf(counts: ReadonlyMap<number | bigint, number>): { name: string; count: number }[] {
  const byValue = [...counts].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return byValue.map(([value, count]) => ({ name: `${value}`, count }));
}
