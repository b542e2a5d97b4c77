import { createHash } from 'node:crypto';
import { type Dataset, SPLITS, type SplitName } from '../../data/dataset.ts';
import { fingerprintOf } from '../../data/load.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { allocateShared } from '../../data/shared.ts';
import { GradloomError, printable } from '../../errors.ts';
import { anything, count, fields, finite, listOf, oneOf, optional, type Shape, text } from '../../storage/shape.ts';
import { parsePreprocess } from '../../use/model/preprocess-text.ts';
import { type BundledFile, bundle, unbundle } from './bundle.ts';

/** The part of a data set that is no array. */
interface Described {
  featureCount: number;
  sampleCount: number;
  sampleShape: number[];
  features: 'u8' | 'f32';
  target: 'class' | 'value';
  /** Classes, or targets a sample. */
  width: number;
  preprocess: unknown;
  description: string;
  hasWeights?: boolean | undefined;
}

const describedShape: Shape<Described> = fields({
  featureCount: count,
  sampleCount: count,
  sampleShape: listOf(finite, 8),
  features: oneOf(['u8', 'f32']),
  target: oneOf(['class', 'value']),
  width: count,
  preprocess: anything,
  description: text,
  hasWeights: optional(anything as Shape<boolean>),
});

/** sha256 (hex) of all that a data set is: what is stored, and what lies between a row and the network. */
export function contentKey({ fingerprint, preprocess }: Pick<Dataset, 'fingerprint' | 'preprocess'>): string {
  return createHash('sha256')
    .update(JSON.stringify([fingerprint, preprocess]))
    .digest('hex');
}

/** A data set as bytes, arrays little-endian as every platform of Node is. */
export function packDataset(dataset: Dataset): Uint8Array {
  const { features, featureCount, sampleCount, sampleShape, target, splits, preprocess, weights, description } = dataset;
  const described: Described = {
    featureCount,
    sampleCount,
    sampleShape: [...sampleShape],
    features: features instanceof Uint8Array ? 'u8' : 'f32',
    target: target.kind,
    width: target.kind === 'class' ? target.classes : target.width,
    preprocess,
    description,
    hasWeights: weights !== undefined,
  };
  const file = (name: string, array: ArrayBufferView): BundledFile => ({
    name,
    // A view of shared memory is refused by some that take bytes.
    bytes: Buffer.from(Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)),
  });
  return bundle([
    { name: 'dataset.json', bytes: Buffer.from(JSON.stringify(described)) },
    file('features', features),
    file('target', target.kind === 'class' ? target.labels : target.values),
    ...SPLITS.map((split) => file(split, splits[split])),
    ...(weights === undefined ? [] : [file('weights', weights)]),
  ]);
}

/**
 * The data set in `packDataset`'s bytes, in shared memory.
 *
 * @param key  its content key
 * @throws GradloomError E_RUN_FILE if the bytes are another data set, or none; E_LIMIT for memory
 */
export function unpackDataset(bytes: Uint8Array, key: string): Dataset {
  const files = new Map(unbundle(bytes, key).map((file) => [file.name, file.bytes]));
  const bytesOf = (name: string): Uint8Array => files.get(name) ?? refuse(key, `${name} is missing`);
  const { featureCount, sampleCount, sampleShape, features, target, width, preprocess, description, hasWeights } = describedIn(
    bytesOf('dataset.json'),
    key,
  );
  const shared = (name: string): SharedArrayBuffer => {
    const from = bytesOf(name);
    const buffer = allocateShared(from.length, 'the data set');
    new Uint8Array(buffer).set(from);
    return buffer;
  };
  const splits = Object.fromEntries(SPLITS.map((split) => [split, new Uint32Array(shared(split))])) as Dataset['splits'];
  const stored = {
    features: features === 'u8' ? new Uint8Array(shared('features')) : new Float32Array(shared('features')),
    featureCount,
    sampleCount,
    sampleShape,
    target:
      target === 'class'
        ? { kind: target, labels: new Int32Array(shared('target')), classes: width }
        : { kind: target, values: new Float32Array(shared('target')), width },
    splits,
    ...(hasWeights === true && { weights: new Float32Array(shared('weights')) }),
  };
  const known = preprocessIn(preprocess, key);
  const dataset: Dataset = {
    ...stored,
    normalization: normalizationOf(known),
    preprocess: known,
    description,
    fingerprint: fingerprintOf(stored),
  };
  checkIndices(dataset, key);
  // The fingerprint is worked out anew, so that the key holds for every byte.
  if (contentKey(dataset) !== key) refuse(key, `its content is ${contentKey(dataset).slice(0, 12)}`);
  return dataset;
}

function describedIn(bytes: Uint8Array, key: string): Described {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse(key, 'dataset.json is not JSON');
  }
  const misfit = describedShape.misfit(value);
  return misfit === undefined ? (value as Described) : refuse(key, `dataset.json: expected ${misfit.expected}`);
}

/** As it was written: the order of its keys is part of the key. */
function preprocessIn(value: unknown, key: string): Preprocess {
  const parsed = parsePreprocess(JSON.stringify(value));
  return typeof parsed === 'string' ? refuse(key, parsed) : (value as Preprocess);
}

function normalizationOf({ normalization }: Preprocess): Dataset['normalization'] {
  if (normalization.kind === 'divide') return normalization;
  const shared = (values: readonly number[]): Float32Array<SharedArrayBuffer> => {
    const array = new Float32Array(allocateShared(4 * values.length, 'the data set'));
    array.set(values);
    return array;
  };
  return { kind: 'affine', center: shared(normalization.center), scale: shared(normalization.scale) };
}

/** Kernels trust these. */
function checkIndices({ features, featureCount, sampleCount, target, splits }: Dataset, key: string): void {
  if (features.length !== sampleCount * featureCount) refuse(key, `${features.length} features of ${sampleCount} samples`);
  const [values, width] = target.kind === 'class' ? [target.labels, 1] : [target.values, target.width];
  if (values.length !== sampleCount * width) refuse(key, `${values.length} targets of ${sampleCount} samples`);
  if (target.kind === 'class' && target.labels.some((label) => label < 0 || label >= target.classes))
    refuse(key, 'a label that is no class');
  const isOutside = (split: SplitName): boolean => splits[split].some((sample) => sample >= sampleCount);
  if (SPLITS.some(isOutside)) refuse(key, 'a split with a sample that is not there');
}

function refuse(key: string, message: string): never {
  throw new GradloomError({
    code: 'E_RUN_FILE',
    where: `data ${printable(key.slice(0, 12))}`,
    message: `not the data set that its name says: ${message}`,
    next: 'remove it from the store: the sweep puts it there again',
  });
}
