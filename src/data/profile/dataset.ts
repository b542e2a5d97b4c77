import { createHash } from 'node:crypto';
import { type Dataset, SPLITS, type SplitName } from '../dataset.ts';
import { featureNames } from '../preprocess/preprocess.ts';

/** What an experiment's data is, once it is read, split and encoded. */
export interface DatasetProfile {
  description: string;
  rows: number;
  sample_shape: readonly number[];
  splits: Record<SplitName, number>;
  /** Of a cross-validation: what each fold trains and validates with, and how its val rows share out to the classes; `splits` is the first one. */
  folds?: { fold: number; train: number; val: number; classes?: number[] }[];
  /** Features, before they are normalised, over all rows. */
  columns: { name: string; min: number; max: number; mean: number; constant: boolean }[];
  /** Features that are alike in all rows. */
  duplicated: string[][];
  target:
    | { kind: 'class'; classes: ({ name: string; count: number } & Record<SplitName, number>)[] }
    | { kind: 'value'; names: string[]; min: number; max: number };
  /** Samples whose features also stand in another split, or fold: what is learnt from one is known in the other. */
  leakage: { rows: number; examples: [row: number, row: number][] };
  memory_bytes: number;
}

const EXAMPLES = 5;

/** Looks through a data set as training would take it. @param folds  the val rows of each fold */
export function profileDataset(dataset: Dataset, folds?: readonly Uint32Array[]): DatasetProfile {
  const { features, target, splits, weights, sampleCount } = dataset;
  const arrays = [
    features,
    target.kind === 'class' ? target.labels : target.values,
    ...Object.values(splits),
    ...(weights === undefined ? [] : [weights]),
  ];
  const { columns, duplicated } = columnsOf(dataset);
  return {
    description: dataset.description,
    rows: sampleCount,
    sample_shape: dataset.sampleShape,
    splits: { train: splits.train.length, val: splits.val.length, test: splits.test.length },
    ...(folds !== undefined && { folds: folds.map((rows, fold) => foldOf(dataset, rows, fold)) }),
    columns,
    duplicated,
    target: targetOf(dataset),
    leakage: leakageOf(dataset, folds === undefined ? SPLITS.map((split) => splits[split]) : [...folds, splits.test]),
    memory_bytes: arrays.reduce((sum, array) => sum + array.byteLength, 0),
  };
}

function columnsOf({ features, featureCount, sampleCount, preprocess }: Dataset): Pick<DatasetProfile, 'columns' | 'duplicated'> {
  const names = featureNames(preprocess.input);
  const alike = new Map<string, string[]>();
  const columns = Array.from({ length: featureCount }, (_, j) => {
    const values = Float32Array.from({ length: sampleCount }, (_row, row) => features[row * featureCount + j] as number);
    let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const value of values) {
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
    const name = names[j] ?? `x${j}`;
    const isConstant = !(min < max);
    if (!isConstant) {
      const digest = createHash('sha256').update(values).digest('hex');
      alike.set(digest, [...(alike.get(digest) ?? []), name]);
    }
    return { name, min, max, mean: sum / sampleCount, constant: isConstant };
  });
  return { columns, duplicated: [...alike.values()].filter((group) => group.length > 1) };
}

function targetOf({ target, splits, preprocess }: Dataset): DatasetProfile['target'] {
  if (target.kind === 'value') {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of target.values) [min, max] = [Math.min(min, value), Math.max(max, value)];
    return { kind: 'value', names: preprocess.target.kind === 'value' ? preprocess.target.names : [], min, max };
  }
  const names = preprocess.target.kind === 'class' ? preprocess.target.classes : [];
  const classes = Array.from({ length: target.classes }, (_, label) => ({
    name: names[label] ?? `${label}`,
    count: 0,
    train: 0,
    val: 0,
    test: 0,
  }));
  for (const label of target.labels) (classes[label] as { count: number }).count++;
  for (const split of SPLITS)
    for (const row of splits[split]) (classes[target.labels[row] as number] as Record<SplitName, number>)[split]++;
  return { kind: 'class', classes };
}

function foldOf({ target, splits }: Dataset, rows: Uint32Array, fold: number): NonNullable<DatasetProfile['folds']>[number] {
  const sizes = { fold, train: splits.train.length + splits.val.length - rows.length, val: rows.length };
  if (target.kind === 'value') return sizes;
  const classes = Array.from({ length: target.classes }, () => 0);
  for (const row of rows) classes[target.labels[row] as number] = (classes[target.labels[row] as number] as number) + 1;
  return { ...sizes, classes };
}

/** @param parts  rows of the splits, or of the folds and test */
function leakageOf({ features, featureCount }: Dataset, parts: readonly Uint32Array[]): DatasetProfile['leakage'] {
  const bytes = featureCount * features.BYTES_PER_ELEMENT;
  const seen = new Map<string, { part: number; row: number }>();
  const leakage: DatasetProfile['leakage'] = { rows: 0, examples: [] };
  for (const [part, rows] of parts.entries()) {
    for (const row of rows) {
      const digest = createHash('sha1')
        .update(new Uint8Array(features.buffer, features.byteOffset + row * bytes, bytes))
        .digest('base64');
      const other = seen.get(digest);
      if (other === undefined) seen.set(digest, { part, row });
      else if (other.part !== part) {
        leakage.rows++;
        if (leakage.examples.length < EXAMPLES) leakage.examples.push([other.row, row]);
      }
    }
  }
  return leakage;
}
