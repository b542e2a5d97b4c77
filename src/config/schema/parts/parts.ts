import * as z from 'zod';
import { type Goal, goalOf } from '../../names/metrics.ts';

export const positiveInteger = z.int().min(1);

/** Strict object: an unknown key is an error, never ignored. */
export const object = z.strictObject;

/** A file name; a relative one counts from the file that says it, and `~/` is the user's home directory. */
export const path = z.string().min(1).meta({ isPath: true });

/** One file name or several; each may be a glob, which `filesOf` in src/data/files expands. */
export const paths = z.union([path, z.array(path).min(1)]).meta({ isPath: true });

/** A length of training, in either unit. */
export const every = z
  .union([
    object({ epochs: positiveInteger.describe('number of epochs') }),
    object({ steps: positiveInteger.describe('number of parameter updates') }),
  ])
  .describe('{epochs: n} or {steps: n}');

export type Every = z.output<typeof every>;

/** Of what watches a metric; `withGoal` fills it in. */
export const goal = z
  .enum(['minimize', 'maximize'])
  .optional()
  .describe('what is better. Without it: minimize losses and errors, maximize the rest');

/** Fills in which way the metric improves, so that a resolved experiment says it. */
export function withGoal<T extends { metric: string; goal?: Goal | undefined }>(
  watched: T,
): Omit<T, 'metric' | 'goal'> & { metric: string; goal: Goal } {
  const { metric, goal: given, ...rest } = watched;
  // In the schema's order of keys, so that saving what was loaded from a saved file gives the same text.
  return { metric, goal: given ?? goalOf(metric) ?? 'minimize', ...rest };
}
