import * as z from 'zod';
import { AUTO_FRACTION } from '../../shares.ts';
import { object, path } from '../parts/parts.ts';
import { augment } from './augment.ts';
import { source } from './sources/index.ts';

const MAX_FOLDS = 1000;

const split = object({
  train: z
    .union([z.number().positive(), z.literal('rest')])
    .default('rest')
    .describe('count (an integer of 1 or more), fraction (below 1; 1.0 is every row), or rest')
    .meta({ whole: 'rest' }),
  val: z
    .union([z.number().min(0), z.literal('auto')])
    .default('auto')
    .describe(`count or fraction; 0 for none; auto: the source's own validation set if it has one, else ${AUTO_FRACTION}`)
    .meta({ whole: 'auto' }),
  test: z
    .union([z.number().min(0), z.literal('auto')])
    .default('auto')
    .describe(`count or fraction; auto: the source's own test set if it has one, else ${AUTO_FRACTION}`)
    .meta({ whole: 'auto' }),
  by: z
    .union([
      z.enum(['order', 'shuffle', 'stratify', 'files']),
      object({ group: z.string().min(1).describe('name of a column: rows that are alike in it stay in one part') }),
      object({ column: z.string().min(1).describe('name of a column that says train, val or test for each row') }),
    ])
    .default('shuffle')
    .describe(
      'order: first train, then val, then test; shuffle: by the root seed; stratify: shuffle with equal class shares; {group: column}: rows of a group stay together; {column: name}: as a column says; files: a part is a file of the source, and nothing is shared out',
    ),
  folds: z
    .int()
    .min(2)
    .max(MAX_FOLDS)
    .optional()
    .describe('k: cross-validation. What would be train and val together is cut into k folds, and each of k runs has another one as val'),
  fold: z
    .int()
    .min(0)
    .max(MAX_FOLDS - 1)
    .optional()
    .describe('of folds, the one that is val in this run, from 0; without it a training trains all'),
});

export const data = object({
  source: source.describe('where the rows come from').meta({ isData: true }),
  split: split.prefault({}).describe('which rows train, validate and test').meta({ isData: true }),
  sample_weights: path
    .optional()
    .describe(
      "safetensors file with a tensor weights [N] of f32, one for each sample of the source, its own test set included or not; relative to this file. They multiply a sample's loss and its share of the mean",
    )
    .meta({ isData: true }),
  normalize: z
    .enum(['auto', 'none', 'unit', 'unit256', 'zscore', 'minmax', 'robust'])
    .default('auto')
    .describe(
      'auto: unit for bytes, zscore for tables and arrays of numbers, none for synthetic data; unit: x/255; unit256: x/256; zscore: (x - mean)/std; minmax: (x - min)/(max - min); robust: (x - median)/(q3 - q1). Fitted on the training set only, per feature, for images per channel; one-hot features stay 0 and 1',
    ),
  augment: augment.optional(),
  shuffle: z.enum(['none', 'epoch']).default('epoch').describe('epoch: a new order each epoch, a function of (seed, epoch)'),
  drop_last: z.boolean().default(false).describe('drop the last, smaller batch of an epoch instead of averaging it over its true size'),
});
