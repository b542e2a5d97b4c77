import type { Dataset } from '../../data/dataset.ts';
import { type Preprocess, sampleShape } from '../../data/preprocess/preprocess.ts';
import { allocateShared } from '../../data/shared.ts';
import { GradloomError } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import { rowEncoder } from '../rows/encode.ts';
import { inRow, isList, listed, RowFault, shownValue } from '../rows/values.ts';

/** Rows as `predict` takes them, and what they should be: class names or class numbers, or a number (a list of them) a row. */
export interface LabelledRows {
  x: ArrayLike<unknown>;
  y: ArrayLike<unknown>;
}

/**
 * A data set of rows that are all in one split, encoded and normalised as the model was trained.
 *
 * @throws GradloomError E_ROW naming row and column, E_DATA_EMPTY, E_DATA_MISMATCH, E_LIMIT
 */
export function datasetOf({ x, y }: LabelledRows, preprocess: Preprocess, width: number): Dataset {
  const rows = x.length;
  if (rows === 0)
    throw new GradloomError({
      code: 'E_DATA_EMPTY',
      where: 'x',
      message: 'no rows; expected at least one',
      next: 'pass a row and its label or targets',
    });
  if (y.length !== rows) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'y',
      message: `${y.length} targets for ${rows} rows`,
      next: 'give one target a row',
    });
  }
  const encoder = rowEncoder(preprocess, width);
  const place = 'the rows to evaluate';
  const features =
    encoder.stored === 'u8'
      ? new Uint8Array(allocateShared(rows * width, place))
      : new Float32Array(allocateShared(rows * width * Float32Array.BYTES_PER_ELEMENT, place));
  for (let r = 0; r < rows; r++)
    inRow(
      () => `row ${r}`,
      () => encoder.encode(x[r], features, r * width),
    );
  const target = preprocess.target.kind === 'class' ? labelsOf(y, preprocess.target.classes) : valuesOf(y, preprocess.target.names.length);
  return datasetWith({ features, target, rows }, preprocess, `${rows} rows`);
}

/** Samples of a data set before they are split. */
interface Encoded {
  features: Dataset['features'];
  target: Dataset['target'];
  rows: number;
}

/** A data set whose samples are all to be evaluated, as its split `test`; with what the model makes of its features. */
export function datasetWith({ features, target, rows }: Encoded, preprocess: Preprocess, description: string): Dataset {
  const shape = sampleShape(preprocess.input);
  const all = new Uint32Array(allocateShared(rows * Uint32Array.BYTES_PER_ELEMENT, description));
  for (let r = 0; r < rows; r++) all[r] = r;
  const none = new Uint32Array(allocateShared(0, description));
  return {
    features,
    featureCount: elements(shape),
    sampleCount: rows,
    sampleShape: shape,
    target,
    // A plan of a training is made of it too, though nothing is trained: it asks for training rows.
    splits: { train: all, val: none, test: all },
    normalization: normalizationOf(preprocess),
    preprocess,
    fingerprint: '',
    description,
  };
}

/** What the engine applies to stored features. */
export function normalizationOf({ normalization }: Pick<Preprocess, 'normalization'>): Dataset['normalization'] {
  if (normalization.kind === 'divide') return normalization;
  const shared = (values: readonly number[]): Float32Array<SharedArrayBuffer> => {
    const copy = new Float32Array(allocateShared(values.length * Float32Array.BYTES_PER_ELEMENT, 'the normalisation'));
    copy.set(values);
    return copy;
  };
  return { kind: 'affine', center: shared(normalization.center), scale: shared(normalization.scale) };
}

function labelsOf(y: ArrayLike<unknown>, classes: readonly string[]): Dataset['target'] {
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const labels = new Int32Array(allocateShared(y.length * Int32Array.BYTES_PER_ELEMENT, 'the labels'));
  for (let r = 0; r < y.length; r++)
    labels[r] = inRow(
      () => `row ${r}`,
      () => labelOf(y[r], numbers, classes),
    );
  return { kind: 'class', labels, classes: classes.length };
}

/** @throws RowFault */
function labelOf(value: unknown, numbers: ReadonlyMap<string, number>, classes: readonly string[]): number {
  const label = typeof value === 'string' ? numbers.get(value) : value;
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < classes.length) return label;
  throw new RowFault(
    `${shownValue(value)} is no class of the model; expected ${listed(classes)}, or a number from 0 to ${classes.length - 1}`,
    { column: 'y' },
  );
}

function valuesOf(y: ArrayLike<unknown>, width: number): Dataset['target'] {
  const values = new Float32Array(allocateShared(y.length * width * Float32Array.BYTES_PER_ELEMENT, 'the targets'));
  for (let r = 0; r < y.length; r++)
    inRow(
      () => `row ${r}`,
      () => writeTargets(y[r], width, values, r * width),
    );
  return { kind: 'value', values, width };
}

/** @throws RowFault */
function writeTargets(given: unknown, width: number, into: Float32Array, at: number): void {
  const numbers: unknown = width === 1 && typeof given === 'number' ? [given] : given;
  if (!isList(numbers) || numbers.length !== width)
    throw new RowFault(`${shownValue(given)}; expected ${width === 1 ? 'a number' : `${width} numbers`}`, { column: 'y' });
  for (let j = 0; j < width; j++) {
    const value = numbers[j];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value)))
      throw new RowFault(`${shownValue(value)}; expected a finite number`, { column: 'y' });
    into[at + j] = value;
  }
}
