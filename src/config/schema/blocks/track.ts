import * as z from 'zod';
import { every, object, positiveInteger } from '../parts/parts.ts';

export const track = object({
  dir: z
    .string()
    .min(1)
    .default('./runs')
    .describe('parent of the run directory; relative to the working directory')
    .meta({ isDirectory: true, kind: 'label' }),
  log_every: object({ steps: positiveInteger.describe('parameter updates from one line to the next') })
    .prefault({ steps: 50 })
    .describe('how often the training loss is logged')
    .meta({ isRecorded: true }),
  statistics: object({ every: every.prefault({ epochs: 1 }) })
    .optional()
    .describe('update/weight ratios and activation statistics per layer, written to metrics.jsonl')
    .meta({ isRecorded: true }),
  tensorboard: z
    .boolean()
    .default(false)
    .describe(
      "write TensorBoard's event files into the run's directory: every line of metrics.jsonl, histograms of the parameters, confusion matrices",
    )
    .meta({ kind: 'execution' }),
  notes: z.string().default('').describe('free text, kept with the run').meta({ kind: 'label' }),
});
