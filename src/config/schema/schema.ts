import * as z from 'zod';
import { data } from './blocks/data.ts';
import { loss, metric } from './blocks/loss.ts';
import { model } from './blocks/model.ts';
import { numerics } from './blocks/numerics.ts';
import { optimizer } from './blocks/optimizer.ts';
import { parallel } from './blocks/parallel.ts';
import { parent } from './blocks/parent.ts';
import { regularization } from './blocks/regularization.ts';
import { schedule } from './blocks/schedule.ts';
import { track } from './blocks/track.ts';
import { train } from './blocks/train.ts';
import { object } from './parts/parts.ts';

/** One schema gives the TypeScript type, the validation and the JSON Schema for editors. */
export const experimentSchema = object({
  version: z.literal([1, 2]).default(2).describe('of the file format; 1 has the defaults of gradloom 0.2'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .default('experiment')
    .describe("part of the run directory's name: letters, digits, '.', '_' and '-'")
    .meta({ kind: 'label' }),
  tags: z.array(z.string().min(1).max(100)).max(100).default([]).describe('words to find runs by').meta({ kind: 'label' }),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('root of every counter-based random stream'),
  data: data.describe('rows, their split and their order'),
  model: model.describe('layers and initial weights'),
  loss: loss.prefault({ type: 'softmax_cross_entropy' }).describe('what training minimizes'),
  metrics: z
    .array(metric)
    .max(100)
    .optional()
    .describe(
      'what evaluations report beside the loss; unweighted. Without it: accuracy with a classification loss, nothing with a regression loss',
    ),
  optimizer: optimizer.prefault({ type: 'adam', lr: 0.01 }).describe('how gradients change parameters'),
  regularization: regularization.prefault({}).describe('penalties and limits'),
  schedule: schedule.prefault({ type: 'constant' }).describe('how the learning rate changes; it is set before each step'),
  train: train.prefault({}).describe('length, batches and evaluation of the training'),
  parent: parent.optional().describe('what gradloom extend writes: a finished run whose training this one continues'),
  numerics: numerics.prefault({}).describe('how sums are ordered; can change bits of the result'),
  parallel: parallel.prefault({}).describe('how the work is shared out; never changes a bit of the result').meta({ kind: 'execution' }),
  track: track.prefault({}).describe('what a run records; never changes a bit of the result').meta({ kind: 'execution' }),
});

/** An experiment with every default filled in: what trains. */
export type Experiment = z.output<typeof experimentSchema>;
export type DataConfig = Experiment['data'];
export type AugmentConfig = NonNullable<DataConfig['augment']>;
export type SourceConfig = DataConfig['source'];
export type SplitConfig = DataConfig['split'];
export type InitializerConfig = Experiment['model']['init'];
export type LossConfig = Experiment['loss'];
export type OptimizerConfig = Experiment['optimizer'];
export type ScheduleConfig = Experiment['schedule'];
