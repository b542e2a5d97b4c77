import { GradloomError, printable } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import type { Dataset } from '../dataset.ts';
import type { Reading, Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { readArray } from './read.ts';
import { rowShape, type StoredArray } from './stored.ts';
import { type ClassNumbers, readTargets } from './targets.ts';

/** Inputs and targets of a set; several arrays stand one after the other. */
export interface ArraySet {
  x: readonly StoredArray[];
  y: readonly StoredArray[];
}

export interface ArraySets {
  main: ArraySet;
  val?: ArraySet | undefined;
  test?: ArraySet | undefined;
}

/** What the source calls things, in errors. */
export interface Words {
  /** `images`, `rows`: of x. */
  x: string;
  /** `labels`, `targets`: of y. */
  y: string;
}

/**
 * The samples of arrays: rows of x with the rows of y, of all sets one after the other. Sizes and shapes are checked against each other
 * before anything is allocated, and each element is stored once: as u8 where all of x is u8, else as f32.
 *
 * @param numbers  what number a class has
 * @throws GradloomError of the arrays; E_DATA_MISMATCH if counts or shapes disagree
 */
export async function arraySamples(
  sets: ArraySets,
  { problem, numbers, words, origin }: { problem: Reading['problem']; numbers: ClassNumbers; words: Words; origin: string },
): Promise<Samples> {
  const all = [sets.main, sets.val, sets.test].filter((set) => set !== undefined);
  const counts = all.map((set) => checkCounts(set, words));
  const inputs = all.flatMap(({ x }) => x);
  const [first] = inputs as [StoredArray];
  const sampleShape = rowShape(first);
  const test = new Set(sets.test?.x);
  for (const array of inputs) {
    if (rowShape(array).join() === sampleShape.join()) continue;
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(array.path),
      message: `${test.has(array) ? 'test ' : ''}${words.x} are ${rowShape(array).join(' x ')}, ${words.x} ${sampleShape.join(' x ')}`,
      next: 'name files of one set, each sample of the same shape',
    });
  }
  const width = elements(sampleShape);
  const sampleCount = counts.reduce((sum, count) => sum + count, 0);
  const isBytes = inputs.every(({ type }) => type === 'u8');
  const buffer = allocateShared(sampleCount * width * (isBytes ? 1 : 4), printable(first.path));
  const targets = await readTargets(
    all.flatMap(({ y }) => y),
    problem,
    numbers,
  );
  const features: Dataset['features'] = isBytes ? new Uint8Array(buffer) : new Float32Array(buffer);
  let at = 0;
  for (const array of inputs) {
    await readArray(array, features.subarray(at, at + array.elements));
    at += array.elements;
  }
  return {
    sampleCount,
    ...targets,
    ownValCount: sets.val === undefined ? 0 : (counts[1] ?? 0),
    ownTestCount: sets.test === undefined ? 0 : (counts.at(-1) ?? 0),
    origin,
    featuresFor: () => ({
      features,
      featureCount: width,
      sampleShape,
      input: { kind: 'array', shape: [...sampleShape], stored: isBytes ? 'u8' : 'f32' },
      scaling: isBytes ? 'unit' : 'zscore',
    }),
  };
}

/** @returns the rows of the set */
function checkCounts({ x, y }: ArraySet, words: Words): number {
  // Files that go together are compared one by one, so that the error names the right two.
  const pairs: [x: readonly StoredArray[], y: readonly StoredArray[]][] =
    x.length === y.length ? x.map((array, i) => [[array], [y[i] as StoredArray]]) : [[x, y]];
  for (const [inputs, targets] of pairs) {
    const [rows, found] = [rowsOf(inputs), rowsOf(targets)];
    if (rows === found) continue;
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: namesOf(targets),
      message: `${found} ${words.y}, but ${namesOf(inputs)} ${inputs.length === 1 ? 'holds' : 'hold'} ${rows} ${words.x}`,
      next: `name the ${words.x} and ${words.y} of the same set`,
    });
  }
  return rowsOf(x);
}

function rowsOf(arrays: readonly StoredArray[]): number {
  return arrays.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
}

function namesOf(arrays: readonly StoredArray[]): string {
  const [first, second] = arrays;
  const more = arrays.length > 2 ? ` and ${arrays.length - 1} more` : second === undefined ? '' : ` and ${printable(second.path)}`;
  return `${printable(first?.path ?? '')}${more}`;
}
