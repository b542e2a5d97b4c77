import type * as z from 'zod';
import { featureCount, type Preprocess, preprocessSchema } from '../../data/preprocess/preprocess.ts';
import { printableSentence } from '../../errors.ts';

/** @returns what is wrong with it, if something is */
export function parsePreprocess(text: string): Preprocess | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  const result = preprocessSchema.safeParse(value);
  return result.success ? (inconsistency(result.data) ?? result.data) : issueText(result.error.issues);
}

/** `input.columns.0.name: expected text`: the first of what a schema has found. */
export function issueText(issues: readonly z.core.$ZodIssue[]): string {
  const [issue] = issues;
  const place = issue?.path.map(String).join('.') ?? '';
  return `${place === '' ? 'the whole' : place}: ${printableSentence(issue?.message ?? 'not as expected')}`;
}

/** What the schema cannot see. */
function inconsistency({ input, normalization }: Preprocess): string | undefined {
  const features = featureCount(input);
  if (normalization.kind === 'divide') return undefined;
  const { center, scale } = normalization;
  if (center.length === features && scale.length === features) return undefined;
  return `normalization: ${center.length} centers and ${scale.length} scales; its input has ${features} features`;
}

/** What does not fit between preprocessing and the outputs of a network; undefined if all does. */
export function targetProblem({ target }: Preprocess, outputs: number): string | undefined {
  const count = target.kind === 'class' ? target.classes.length : target.names.length;
  const fits = target.kind === 'value' ? count === outputs : outputs === 1 ? count <= 2 : count <= outputs;
  if (fits) return undefined;
  return `target: ${count} ${target.kind === 'class' ? 'classes' : 'targets'}, but the model has ${outputs} ${outputs === 1 ? 'output' : 'outputs'}`;
}
