import * as z from 'zod';
import { forEditors } from '../config/schema/json-schema.ts';
import { outlineOf } from '../config/schema/outline.ts';
import { object, positiveInteger } from '../config/schema/parts/parts.ts';
import type { ParameterValue } from './value.ts';

/** Trials under way at most. */
export const MAX_LANES = 4096;

export const METHODS = ['grid', 'random', 'sobol', 'tpe', 'cmaes'] as const;
/** How a search chooses values. */
export type Method = (typeof METHODS)[number];

/** W&B's distributions; their meaning is in distributions.ts. */
export const DISTRIBUTIONS = [
  'constant',
  'categorical',
  'int_uniform',
  'uniform',
  'q_uniform',
  'log_uniform',
  'log_uniform_values',
  'inv_log_uniform',
  'inv_log_uniform_values',
  'q_log_uniform',
  'q_log_uniform_values',
  'normal',
  'q_normal',
  'log_normal',
  'q_log_normal',
  'beta',
  'q_beta',
] as const;
export type DistributionName = (typeof DISTRIBUTIONS)[number];

const MAX_VALUES = 100_000;

const scalar = z.union([z.number(), z.string(), z.boolean(), z.literal(null)]);
/** A value that a trial may set: whatever a key of an experiment can be. */
export const parameterValue: z.ZodType<ParameterValue, ParameterValue> = z.lazy(() =>
  z.union([scalar, z.array(parameterValue).max(MAX_VALUES), z.record(z.string(), parameterValue)]).meta({ name: 'value' }),
);
const valueList = z.array(parameterValue).min(1).max(MAX_VALUES);

/** How one key of the experiment varies. Which of these keys go together is checked where the search space is made. */
const parameter = object({
  distribution: z
    .enum(DISTRIBUTIONS)
    .optional()
    .describe('how values are drawn. Without it: categorical for values, int_uniform for integer min and max, uniform for others'),
  value: parameterValue.optional().describe('the one value of a constant'),
  values: valueList.optional().describe('the choices of a categorical, each as likely unless probabilities says otherwise'),
  probabilities: z.array(z.number().min(0).max(1)).min(1).max(MAX_VALUES).optional().describe('one for each of values; their sum is 1'),
  min: z.number().optional().describe('smallest value; of log_uniform, inv_log_uniform and q_log_uniform the exponent of e'),
  max: z.number().optional().describe('largest value, included; of log_uniform, inv_log_uniform and q_log_uniform the exponent of e'),
  mu: z.number().optional().describe('mean of a normal, or of the logarithm of a log_normal; default 0'),
  sigma: z.number().positive().optional().describe('standard deviation of a normal, or of the logarithm of a log_normal; default 1'),
  a: z.number().positive().optional().describe('first shape of a beta; default 1'),
  b: z.number().positive().optional().describe('second shape of a beta; default 1'),
  q: z.number().positive().optional().describe('step of a q_ distribution: values are multiples of it; default 1'),
  when: z
    .record(z.string(), z.union([scalar, z.array(scalar).min(1).max(MAX_VALUES)]))
    .optional()
    .describe('the parameter exists only where these keys have these values (one, or a list of which any will do): {optimizer.type: sgd}'),
});

const MEAN_LAST = /^mean_last_([1-9]\d{0,5})$/;

/** The k of `mean_last_<k>`; undefined for `best` and `last`. */
export function meanLastCount(summary: string): number | undefined {
  const k = MEAN_LAST.exec(summary)?.[1];
  return k === undefined ? undefined : Number(k);
}

const metric = object({
  name: z.string().min(1).describe('an evaluated metric, for example val.loss or val.accuracy'),
  goal: z.enum(['minimize', 'maximize']).optional().describe('what is better. Without it: minimize losses and errors, maximize the rest'),
  target: z.number().optional().describe('the sweep ends when a trial reaches it'),
  summary: z
    .union([z.enum(['best', 'last']), z.string().regex(MEAN_LAST).meta({ form: 'mean_last_<k> with k from 1' })])
    .default('best')
    .describe('the value of a trial: the best of its evaluations, the last one, or the mean of the last k (mean_last_5)'),
});

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a length of time such as `90s`, `30m`, `1h30m`, `2d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:\.\d{1,3})?[smhd]\s*)+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([smhd])/g)) seconds += Number(amount) * (SECONDS[unit ?? ''] ?? 0);
  return seconds > 0 ? seconds : undefined;
}

const duration = z
  .union([
    z.number().positive().max(1e9),
    z
      .string()
      .refine((given) => parseDuration(given) !== undefined)
      .meta({ form: 'a length of time such as 90s, 30m, 1h30m or 2d' }),
  ])
  .transform((given) => (typeof given === 'string' ? (parseDuration(given) ?? 0) : given));

const resource = z.enum(['epochs', 'steps']).default('epochs').describe('the unit of min and max');
const min = positiveInteger.max(1e12).default(1);
const max = positiveInteger
  .max(1e12)
  .optional()
  .describe("what a trial gets that is never stopped. Without it: the base experiment's length");
const eta = z.number().min(1.5).max(100).default(3);
const promote = z.enum(['resume']).default('resume').describe('a promoted trial goes on from its exact checkpoint');

const earlyTerminate = z.discriminatedUnion('type', [
  object({ type: z.literal('none') }).describe('every trial is trained to its end'),
  object({
    type: z.literal('asha'),
    resource,
    min: min.describe('the first rung: what every trial gets'),
    max,
    eta: eta.describe('one in eta trials is promoted from rung to rung; rungs are min, min*eta, min*eta^2, ..., max'),
    promote,
  }).describe('asynchronous successive halving (Li et al. 2020)'),
  object({
    type: z.literal('hyperband'),
    resource,
    min: min.describe('the first rung of the bracket that stops most'),
    max,
    eta: eta.describe('one in eta trials is promoted from rung to rung'),
    promote,
  }).describe('successive halving in brackets that start ever later (Li et al. 2018)'),
  object({
    type: z.literal('median'),
    resource,
    min: min.describe('no trial is stopped before'),
    max,
    startup: z.int().min(1).max(1_000_000).default(5).describe('trials that must have ended before any is stopped'),
  }).describe('stops a trial whose best value so far is worse than the median of the other trials at the same point (Golovin et al. 2017)'),
]);

const execution = object({
  cores: z
    .union([positiveInteger.max(4096), z.literal('max')])
    .default('max')
    .describe('cores that the sweep uses; max respects affinity and cgroup quotas'),
  trials: z
    .union([positiveInteger.max(4096), z.literal('auto')])
    .default('auto')
    .describe('trials side by side; auto: as many as there are cores for'),
  workers_per_trial: z
    .union([positiveInteger.max(4096), z.literal('auto')])
    .default('auto')
    .describe('worker threads of a trial; auto: 1, and more when cores are idle. Never changes a bit of a result'),
  order: z
    .enum(['logical', 'arrival'])
    .default('logical')
    .describe(
      'what suggestions may know: logical: results by trial number, so that a sweep replays identically; arrival: whatever has ended, fastest',
    ),
  lanes: z
    .union([positiveInteger.max(MAX_LANES), z.literal('auto')])
    .default('auto')
    .describe(
      'trials under way at most in order: logical, on any machine; more use more agents, fewer let suggestions know more. auto: 16; of tpe and cmaes a fifth of run_cap, 4 to 16',
    ),
});

const onTrialError = object({
  retries: z.int().min(0).max(100).default(1).describe('attempts after the first that failed'),
  // biome-ignore lint/suspicious/noThenProperty: a key of the file; a word can not be mistaken for a promise
  then: z.enum(['continue', 'stop']).default('continue').describe('what the sweep does when the retries failed too'), // oxlint-disable-line unicorn/no-thenable
  abort_after: z.int().min(0).max(1_000_000).default(5).describe('the sweep ends when so many first trials all failed; 0: never'),
  impute: z
    .enum(['worst', 'none'])
    .default('worst')
    .describe('what samplers learn of a failed trial: that it is as bad as the worst, or nothing'),
});

/** A sweep file: an experiment and how its hyperparameters are searched. */
export const sweepSchema = object({
  version: z.literal(1).default(1).describe('of the file format'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .default('sweep')
    .describe("part of the sweep directory's name: letters, digits, '.', '_' and '-'"),
  base: z.string().min(1).meta({ isPath: true }).describe('the experiment that trials change; relative to this file'),
  method: z.enum(METHODS).default('random').describe('how values are chosen; bayes is read as tpe'),
  metric: metric.prefault({ name: 'val.loss' }).describe('what makes a trial good'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('root of every random choice of the search'),
  run_cap: positiveInteger.max(1_000_000).optional().describe('number of trials in all, also after a resume'),
  budget: object({ duration: duration.describe('seconds, or text: 90s, 30m, 1h30m, 2d; no trial starts later') })
    .optional()
    .describe('ends the sweep; whichever of this and run_cap comes first'),
  seeds: positiveInteger.max(1000).default(1).describe('k: each trial runs on k seeds and is ranked by the mean'),
  parameters: z
    .record(z.string(), parameter)
    .default({})
    .describe("the experiment's keys that vary, dotted: optimizer.lr, model.layers.0.units"),
  rename: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe(
      "names that the parameters have in this file, for example one of W&B's, and the experiment's keys for them: {learn_rate: optimizer.lr}",
    ),
  zip: z
    .record(z.string(), z.record(z.string(), valueList))
    .default({})
    .describe('values that go together, as one dimension: a name, and for each key a list; all lists are of the same length'),
  constraints: z
    .array(z.string().min(1).max(1000))
    .max(100)
    .default([])
    .describe('what must hold between keys: comparisons, + - * /, parentheses, and, or, not'),
  enqueue: z.array(z.record(z.string(), parameterValue)).max(10_000).default([]).describe('trials to run first; keys left out are drawn'),
  early_terminate: earlyTerminate.prefault({ type: 'none' }).describe('how hopeless trials are stopped'),
  execution: execution.prefault({}).describe('how trials share the cores; never changes a bit of a result'),
  on_trial_error: onTrialError
    .prefault({})
    .describe('what a trial that fails means for the sweep; a diverged trial is a result, not a failure'),
});

/** As the file says it; `settle` adds what the base experiment decides. */
export type ParsedSweep = z.output<typeof sweepSchema>;
/** A sweep's settings; `metric.goal` and a `run_cap` or `budget` are always there, and every name is the experiment's. */
export type SweepSettings = Omit<ParsedSweep, 'metric' | 'rename'> & {
  metric: ParsedSweep['metric'] & { goal: 'minimize' | 'maximize' };
  /** The base experiment's folds: each seed of a trial trains all of them. It is no key of the file. */
  folds?: number;
};
/** Runs of a trial, one a seed and fold: the folds of the first seed come first. */
export function replicatesOf({ seeds, folds = 1 }: Pick<SweepSettings, 'seeds' | 'folds'>): number {
  return seeds * folds;
}

/** What a sweep may say: the keys of a sweep file; whatever has a default may be left out. */
export type SweepInput = z.input<typeof sweepSchema>;
export type ParameterConfig = z.output<typeof parameter>;
export type EarlyTerminateConfig = SweepSettings['early_terminate'];
/** How trials share the cores. */
export type ExecutionConfig = SweepSettings['execution'];

export const sweepOutline = outlineOf(sweepSchema);

/** The JSON Schema (draft 2020-12) of a sweep file, for editors and `gradloom schema sweep`. */
export function sweepJsonSchema(): object {
  return { ...forEditors(sweepOutline), title: 'gradloom sweep' };
}
