import * as z from 'zod';
import { every, goal, object, positiveInteger, withGoal } from '../parts/parts.ts';

export const train = object({
  batch_size: z
    .union([positiveInteger.max(16_777_216), z.literal('full')])
    .default(64)
    .describe('global batch, of all workers together; full = the whole training set. With accumulate, each of the batches of an update'),
  epochs: positiveInteger
    .max(1_000_000_000)
    .optional()
    .describe('length of the training; or steps. Without both: 10 epochs')
    .meta({ isLength: true }),
  steps: positiveInteger.max(1_000_000_000_000).optional().describe('length of the training in parameter updates').meta({ isLength: true }),
  accumulate: positiveInteger
    .max(65_536)
    .default(1)
    .describe('batches per update: gradients of so many batches are averaged as if they were one; batch_norm sees each batch by itself'),
  eval: object({
    every: every.prefault({ epochs: 1 }),
    on: z.enum(['val', 'test', 'train', 'none']).default('val').describe('the part of the data that is evaluated during training'),
    batch_size: positiveInteger
      .max(16_777_216)
      .default(2048)
      .describe('rows evaluated at once; of pictures fewer, where their tensors would take more than 64 MiB'),
  })
    .prefault({})
    .describe('evaluation during training'),
  early_stop: object({
    metric: z.string().default('val.loss').describe('evaluated metric, for example val.loss or val.accuracy'),
    goal,
    patience: positiveInteger.default(5).describe('evaluations without improvement before training stops'),
    min_delta: z.number().min(0).default(0).describe('smallest change that counts as an improvement'),
    restore_best: z.boolean().default(true).describe('end with the parameters of the best evaluation'),
  })
    .transform(withGoal)
    .optional()
    .describe('stops when a metric no longer improves'),
  checkpoint: object({
    every: z
      .union([
        ...every.options,
        object({ seconds: z.number().positive().max(1e6).describe('seconds of training; never changes the result') }),
      ])
      .prefault({ seconds: 30 })
      .describe('{epochs: n}, {steps: n} or {seconds: n}; beside these one at the end and one at an interruption'),
    keep: positiveInteger.default(3).describe('how many of the newest stay'),
    best: object({
      metric: z.string().default('val.loss').describe('evaluated metric, for example val.loss or val.accuracy'),
      goal,
    })
      .transform(withGoal)
      .optional()
      .describe('also write and keep the one of the best evaluation'),
  })
    .prefault({})
    .describe('files in checkpoints/ that gradloom resume goes on from; never changes the result')
    .meta({ kind: 'execution' }),
  on_nonfinite: z
    .discriminatedUnion('type', [
      object({ type: z.literal('stop') }).describe('end the run, parameters as they were before the step'),
      object({
        type: z.literal('skip'),
        limit: positiveInteger.default(3).describe('steps in a row that may be skipped'),
      }).describe('leave out the update of such a step'),
      object({
        type: z.literal('rollback'),
        lr_factor: z.number().positive().max(1).default(0.5).describe('factor of the learning rate after each rollback'),
        limit: positiveInteger.default(3).describe('rollbacks in a run'),
      }).describe('back to the last evaluation, with a lower learning rate'),
    ])
    .prefault({ type: 'stop' })
    .describe('when a loss or gradient is NaN or infinite; seen before it reaches the parameters'),
  max_loss_ratio: z
    .number()
    .min(0)
    .default(1e4)
    .describe('a loss above so many times 1 + the first one counts as diverged, like one that is not finite; 0: never'),
  average: z
    .discriminatedUnion('type', [
      object({ type: z.literal('none') }),
      object({
        type: z.literal('ema'),
        decay: z.number().min(0).max(1).default(0.999).describe('share of the old average that each step keeps'),
      }).describe('exponential moving average of the parameters'),
      object({
        type: z.literal('swa'),
        start: z.number().min(0).max(1).default(0.75).describe('share of the training before averaging starts'),
        every: every.prefault({ epochs: 1 }),
      }).describe('stochastic weight averaging (Izmailov et al. 2018): the mean of the parameters at regular points'),
    ])
    .prefault({ type: 'none' })
    .describe('averaged parameters, evaluated and saved beside the raw ones'),
}).meta({ exclusive: ['epochs', 'steps'] });
