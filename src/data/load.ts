import { createHash } from 'node:crypto';
import type { DataConfig } from '../config/schema/schema.ts';
import { checkFinite } from './check.ts';
import type { Dataset } from './dataset.ts';
import { normalizationFor } from './normalize.ts';
import type { Samples } from './samples.ts';
import { dataSource } from './sources/index.ts';
import { splitSamples } from './split.ts';
import { checkWeights, loadWeights } from './weights.ts';

/**
 * The data set that an experiment names: its source's samples in shared memory, stored once as the source has them (uint8 or f32), with
 * splits and the normalisation that training applies. A function of (config, seed, the files' content).
 *
 * @param config  `data` of the experiment, with the paths of files as the process can open them
 * @param seed    root seed of the experiment
 * @throws GradloomError E_DATA_*, E_MEMORY or E_CONFIG_* with the place in the file or the key
 */
export async function loadDataset(config: DataConfig, seed: number): Promise<Dataset> {
  const samples = await dataSource(config.source).load(config.source, seed);
  const { features, featureCount, sampleCount, sampleShape, target } = samples;
  if (features instanceof Float32Array) checkFinite(features, featureCount, 'feature');
  if (target.kind === 'value') checkFinite(target.values, target.width, 'target');

  const splits = splitSamples(samples, config.split, seed);
  const stored: Stored = { features, featureCount, sampleCount, sampleShape, target, splits };
  if (config.sample_weights !== undefined) {
    stored.weights = loadWeights(config.sample_weights, samples);
    checkWeights(config.sample_weights, stored.weights, splits);
  }
  return {
    ...stored,
    normalization: normalizationFor(config.normalize, stored),
    fingerprint: fingerprintOf(stored),
    description: describe(samples, splits),
  };
}

type Stored = Omit<Dataset, 'normalization' | 'fingerprint' | 'description'>;

/** sha256 over the sizes and kinds, then the bytes of features, targets, splits and, if there are any, weights (little-endian, as every platform of Node is). */
function fingerprintOf({ features, featureCount, sampleCount, sampleShape, target, splits, weights }: Stored): string {
  const targets = target.kind === 'class' ? target.labels : target.values;
  const arrays = [features, targets, splits.train, splits.val, splits.test, ...(weights === undefined ? [] : [weights])];
  const kinds = arrays.map((array) => [array.constructor.name, array.length]);
  const hash = createHash('sha256').update(JSON.stringify({ featureCount, sampleCount, sampleShape, target: target.kind, kinds }));
  for (const array of arrays) hash.update(array);
  return hash.digest('hex');
}

/** `MNIST ...: 10000 samples of 28 x 28, 10 classes; train 8000, val 1000, test 1000` */
function describe({ origin, sampleCount, sampleShape, target }: Samples, splits: Dataset['splits']): string {
  const targets = target.kind === 'class' ? `${target.classes} classes` : `${target.width} targets`;
  const sizes = `train ${splits.train.length}, val ${splits.val.length}, test ${splits.test.length}`;
  return `${origin}: ${sampleCount} samples of ${sampleShape.join(' x ')}, ${targets}; ${sizes}`;
}
