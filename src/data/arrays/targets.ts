import { GradloomError, printable } from '../../errors.ts';
import type { Reading, Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { isInteger, readArray, readIntegers } from './read.ts';
import { rowWidth, type StoredArray } from './stored.ts';

/**
 * What number the class of a label has: `rank`, its place among the labels that there are, by value; `label`, the label itself where labels
 * are u8, so that one which no sample has is a class too, as in IDX files.
 */
export type ClassNumbers = 'rank' | 'label';

/** More are no classes but numbers that were meant to be predicted as such. */
const MAX_CLASSES = 65_536;

/**
 * The targets of arrays that stand one after the other: classes where the problem is one of classification and they are whole numbers,
 * one a row; else rows of f32.
 *
 * @throws GradloomError of the arrays; E_DATA_MISMATCH if their widths differ, or there are too many classes
 */
export async function readTargets(
  arrays: readonly StoredArray[],
  problem: Reading['problem'],
  numbers: ClassNumbers,
): Promise<Pick<Samples, 'target' | 'targetNames'>> {
  const [first] = arrays as [StoredArray];
  const width = rowWidth(first);
  const other = arrays.find((array) => rowWidth(array) !== width);
  if (other !== undefined) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(other.path),
      message: `${rowWidth(other)} targets a row, but ${printable(first.path)} has ${width}`,
      next: 'name files of one set',
    });
  }
  if (problem === 'classification' && width === 1 && arrays.every(isInteger)) return readClasses(arrays, numbers);
  const count = arrays.reduce((sum, { elements }) => sum + elements, 0);
  const values = new Float32Array(allocateShared(count * 4, printable(first.path)));
  let at = 0;
  for (const array of arrays) {
    await readArray(array, values.subarray(at, at + array.elements));
    at += array.elements;
  }
  return { target: { kind: 'value', values, width }, targetNames: Array.from({ length: width }, (_, i) => `y${i}`) };
}

async function readClasses(arrays: readonly StoredArray[], numbers: ClassNumbers): Promise<Pick<Samples, 'target' | 'targetNames'>> {
  const [first] = arrays as [StoredArray];
  const count = arrays.reduce((sum, { elements }) => sum + elements, 0);
  const labels = new Int32Array(allocateShared(count * 4, printable(first.path)));
  const parts: ArrayLike<number | bigint>[] = [];
  const distinct = new Set<number | bigint>();
  for (const array of arrays) {
    const part = await readIntegers(array);
    parts.push(part);
    for (let i = 0; i < part.length; i++) distinct.add(keyOf(part[i] as number | bigint));
    if (distinct.size > MAX_CLASSES) {
      throw new GradloomError({
        code: 'E_DATA_MISMATCH',
        where: printable(array.path),
        message: `more than ${MAX_CLASSES} different labels: these are numbers, not classes`,
        next: 'set loss: mse, or name the file of the labels',
      });
    }
  }
  const known = [...distinct].toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  const isLabel = numbers === 'label' && arrays.every(({ type }) => type === 'u8');
  const classes = isLabel ? Number(known.at(-1) ?? 0) + 1 : known.length;
  const numberOf = new Map(known.map((label, rank) => [label, isLabel ? Number(label) : rank]));
  let at = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) labels[at++] = numberOf.get(keyOf(part[i] as number | bigint)) as number;
  const isBool = arrays.every(({ type }) => type === 'bool');
  const names = isLabel ? Array.from({ length: classes }, (_, label) => label) : known;
  const targetNames = names.map((label) => (isBool ? String(label !== 0) : String(label)));
  return { target: { kind: 'class', labels, classes }, targetNames };
}

/** The same for a number and a bigint of the same value. */
function keyOf(label: number | bigint): number | bigint {
  return typeof label === 'bigint' && Number.isSafeInteger(Number(label)) ? Number(label) : label;
}
