import { createHash } from 'node:crypto';
import type { CallerData } from '../config/caller-data.ts';
import { problemOf } from '../config/names/metrics.ts';
import type { DataConfig, Experiment } from '../config/schema/schema.ts';
import { elements } from '../graph/shape.ts';
import { pictureShape } from './augment/draw.ts';
import { checkFinite } from './check.ts';
import type { Dataset } from './dataset.ts';
import { normalizationFor } from './normalize/fit.ts';
import { isFlag, type Preprocess } from './preprocess/preprocess.ts';
import type { Features, Samples } from './samples.ts';
import { dataSource } from './sources/index.ts';
import { splitSamples } from './split/split.ts';
import { checkWeights, loadWeights } from './weights.ts';

/** The parts of an experiment that decide what its data set is. */
export type DataExperiment = Pick<Experiment, 'version' | 'seed' | 'data' | 'loss'>;

/**
 * The data set that an experiment names: its source's samples in shared memory, stored once as the source has them (uint8 or f32), with
 * splits and the normalisation that training applies. A function of the experiment and the files' content.
 *
 * @param experiment  with the paths of files as the process can open them
 * @param passed      what the program passed, for the source `arrays`
 * @throws GradloomError E_DATA_*, E_MEMORY or E_CONFIG_* with the place in the file or the key
 */
export async function loadDataset(experiment: DataExperiment, passed?: CallerData): Promise<Dataset> {
  return datasetOf(await loadSamples(experiment, passed), experiment);
}

/** The samples of an experiment's source: the same for all of its folds. */
export async function loadSamples({ seed, data, loss }: DataExperiment, passed?: CallerData): Promise<Samples> {
  const problem = problemOf(loss.type) === 'regression' ? 'regression' : 'classification';
  return dataSource(data.source).load(data.source, { seed, problem, split: data.split, passed });
}

/** `loadDataset` of samples that are in memory already. */
export function datasetOf(samples: Samples, { version, seed, data }: DataExperiment): Dataset {
  const { sampleCount, target } = samples;
  if (target.kind === 'value') checkFinite(target.values, target.width, 'target');
  const splits = splitSamples(samples, data.split, seed);
  const read = samples.featuresFor(splits.train);
  const { features, featureCount, sampleShape, input } = read;
  if (data.augment !== undefined) pictureShape(sampleShape);
  if (features instanceof Float32Array) checkFinite(features, featureCount, 'feature');

  const stored: Stored = { features, featureCount, sampleCount, sampleShape, target, splits };
  const weights = data.sample_weights === undefined ? samples.weights : loadWeights(data.sample_weights, samples);
  if (weights !== undefined) {
    stored.weights = weights;
    checkWeights(data.sample_weights ?? 'data.source.weights', weights, splits);
  }
  const normalization = normalizationFor(kindOf(data.normalize, read), {
    features,
    featureCount,
    train: splits.train,
    // Version 1 has a statistic for each pixel.
    perStatistic: version === 1 || sampleShape.length < 2 ? 1 : channelSize(sampleShape),
    kept: isFlag(input),
  });
  return {
    ...stored,
    normalization,
    preprocess: { version: 1, input, normalization: plain(normalization), target: namesOf(samples) },
    fingerprint: fingerprintOf(stored),
    description: describe(samples, read, splits),
  };
}

/** The samples of each fold of a cross-validation: val of its run. @throws GradloomError E_DATA_SPLIT */
export function foldsIn(samples: Samples, { seed, data }: Pick<DataExperiment, 'seed' | 'data'>, folds: number): Uint32Array[] {
  return Array.from({ length: folds }, (_, fold) => splitSamples(samples, { ...data.split, fold }, seed).val);
}

/** What a fingerprint is of. */
export type Stored = Omit<Dataset, 'normalization' | 'preprocess' | 'fingerprint' | 'description'>;

function kindOf(normalize: DataConfig['normalize'], { scaling }: Features): Exclude<DataConfig['normalize'], 'auto'> {
  return normalize === 'auto' ? scaling : normalize;
}

/** Values of a channel: of [channels, height, width] those behind the first, of [height, width] all. */
function channelSize(shape: readonly number[]): number {
  return elements(shape.slice(shape.length === 2 ? 0 : 1));
}

function plain(normalization: Dataset['normalization']): Preprocess['normalization'] {
  if (normalization.kind === 'divide') return normalization;
  return { kind: 'affine', center: [...normalization.center], scale: [...normalization.scale] };
}

function namesOf({ target, targetNames, targetColumn }: Samples): Preprocess['target'] {
  const names = [...targetNames];
  if (target.kind === 'value') return { kind: 'value', names };
  return { kind: 'class', classes: names, ...(targetColumn !== undefined && { column: targetColumn }) };
}

/** sha256 over the sizes and kinds, then the bytes of features, targets, splits and, if there are any, weights (little-endian, as every platform of Node is). */
export function fingerprintOf({ features, featureCount, sampleCount, sampleShape, target, splits, weights }: Stored): string {
  const targets = target.kind === 'class' ? target.labels : target.values;
  const arrays = [features, targets, splits.train, splits.val, splits.test, ...(weights === undefined ? [] : [weights])];
  const kinds = arrays.map((array) => [array.constructor.name, array.length]);
  const hash = createHash('sha256').update(JSON.stringify({ featureCount, sampleCount, sampleShape, target: target.kind, kinds }));
  for (const array of arrays) hash.update(array);
  return hash.digest('hex');
}

/** `MNIST ...: 10000 samples of 28 x 28, 10 classes; train 8000, val 1000, test 1000` */
function describe({ origin, sampleCount, target }: Samples, { sampleShape }: Features, splits: Dataset['splits']): string {
  const targets = target.kind === 'class' ? `${target.classes} classes` : `${target.width} targets`;
  const sizes = `train ${splits.train.length}, val ${splits.val.length}, test ${splits.test.length}`;
  return `${origin}: ${sampleCount} samples of ${sampleShape.join(' x ')}, ${targets}; ${sizes}`;
}
