import * as z from 'zod';
import { forEditors } from '../config/schema/json-schema.ts';
import type { Outline } from '../config/schema/outline.ts';
import { object, positiveInteger } from '../config/schema/parts/parts.ts';

const MAX_COUNTS = 64;
const FORM = { form: 'numbers such as 1,2,4 or a range such as 1..4' };

/**
 * The numbers that a text lists: `1..4`, `1,2,4`, `1..4,8`.
 *
 * @returns undefined for anything else: letters, 0, a range that runs backwards, more than a table can hold
 */
export function parseCounts(text: string, most: number): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,8})(?:\.\.(\d{1,8}))?\s*$/.exec(part);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (first < 1 || last < first || last > most || last - first >= MAX_COUNTS) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers.size > MAX_COUNTS ? undefined : [...numbers].toSorted((a, b) => a - b);
}

function counts(most: number) {
  const count = positiveInteger.max(most);
  const text = z
    .string()
    .refine((given) => parseCounts(given, most) !== undefined)
    .meta(FORM);
  return z.union([z.array(count).min(1).max(MAX_COUNTS), count, text]).transform((given) => {
    if (typeof given === 'string') return parseCounts(given, most) ?? [];
    return typeof given === 'number' ? [given] : [...new Set(given)].toSorted((a, b) => a - b);
  });
}

const TARGET_FORM = { form: 'METRIC=VALUE, such as val.accuracy=0.95' };

/** A value of a metric to train to. */
export interface TargetSetting {
  metric: string;
  value: number;
}

/** @returns undefined unless the text is a metric's name, =, and a number */
export function parseTarget(text: string): TargetSetting | undefined {
  const [, metric = '', number = ''] = /^\s*([\w.]+)\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$/.exec(text) ?? [];
  const value = Number(number);
  return metric === '' || !Number.isFinite(value) ? undefined : { metric, value };
}

const target = z
  .union([
    object({ metric: z.string().min(1).describe('an evaluated metric: val.accuracy'), value: z.number().describe('to reach') }),
    z
      .string()
      .refine((given) => parseTarget(given) !== undefined)
      .meta(TARGET_FORM),
  ])
  .transform((given): TargetSetting => (typeof given === 'string' ? (parseTarget(given) ?? { metric: given, value: Number.NaN }) : given));

const MAX_WORKERS = 4096;
const MAX_BATCH = 16_777_216;

const settings = {
  workers: counts(MAX_WORKERS)
    .optional()
    .describe('worker counts to compare: [1, 2, 4] or 1..4; 1 is always measured. Without it: 1 to the usable cores'),
  mode: z
    .enum(['strong', 'weak', 'both'])
    .default('strong')
    .describe('strong: the same batch for any worker count; weak: the batch grows with the workers'),
  work: z
    .union([
      object({ steps: positiveInteger.max(1_000_000_000).describe('number of parameter updates') }),
      object({ seconds: z.number().positive().max(86_400).describe('as many updates as one worker does in this time') }),
    ])
    .default({ seconds: 1 })
    .describe('what one repetition does, the same in every row: {steps: n} or {seconds: s}'),
  repeats: positiveInteger.min(3).max(10_000).default(8).describe('repetitions of each row, interleaved'),
  batch_sizes: counts(MAX_BATCH).optional().describe('also a map of batch sizes against worker counts: when does a second core pay?'),
  baselines: z
    .array(z.enum(['sequential', 'unsliced', 'javascript']))
    .max(3)
    .default(['sequential'])
    .describe(
      'sequential: one thread without a pool or barriers, same bits; unsliced: the same with numerics.leaves 1, which is what a program would do that never means to use a second core; javascript: the same training in plain JavaScript as its formulas stand, with sgd or adam',
    ),
  time_to: target
    .optional()
    .describe(
      'also the time until the experiment reaches a value: {metric: val.accuracy, value: 0.95}; the training is run once to find the step',
    ),
  predict: counts(MAX_WORKERS)
    .optional()
    .describe(
      'also a prediction for these worker counts, such as 64 or [16, 64], by a model of costs measured in the same run; needs two counts of workers that have a core each',
    ),
  confidence: z.number().min(0.5).max(0.999).default(0.95).describe('of the intervals'),
};

/** How core counts are compared. */
export const settingsSchema = object(settings);
/** How core counts are compared, with every default filled in. */
export type SpeedupSettings = z.output<typeof settingsSchema>;
/** What a comparison of core counts may say; whatever has a default may be left out. */
export type SpeedupInput = z.input<typeof settingsSchema>;

/** A speedup file: an experiment and how to compare core counts on it. */
export const speedupSchema = object({
  version: z.literal(1).default(1).describe('of the file format'),
  base: z.string().min(1).meta({ isPath: true }).describe('the experiment; relative to this file'),
  ...settings,
});

function outlineOf(schema: z.ZodType): Outline {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a boundary: zod's type for any JSON Schema is wider than what it writes for ours
  return z.toJSONSchema(schema, { io: 'input' }) as Outline;
}

export const speedupOutline = outlineOf(speedupSchema);
export const settingsOutline = outlineOf(settingsSchema);

/** The JSON Schema (draft 2020-12) of a speedup file, for editors and `gradloom schema speedup`. */
export function speedupJsonSchema(): object {
  return { ...forEditors(speedupOutline), title: 'gradloom speedup' };
}
