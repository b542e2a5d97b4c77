import type * as z from 'zod';
import type { Experiment } from '../../config/schema/schema.ts';
import { loadDataset } from '../../data/load.ts';
import { featureCount, type Preprocess, preprocessSchema } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable, printableSentence } from '../../errors.ts';
import { readEnvironment } from '../../runs/files/file-shapes.ts';
import { RUN_FILES, runFile } from '../../runs/files/names.ts';
import { damaged, readOwnText } from '../../storage/read.ts';

/** Categories of a thousand columns, and the centers and scales of a hundred thousand features. */
const LIMIT_BYTES = 2 ** 27;

/**
 * What lies between a raw row and a run's network: its preprocess.json, or of a run that has none, what its data make of it again.
 *
 * @throws GradloomError E_RUN_FILE naming the file and the key, E_STORAGE
 */
export async function readPreprocess(directory: string, experiment: Experiment): Promise<Preprocess> {
  const file = runFile(directory, 'preprocess');
  const text = readOwnText(file, LIMIT_BYTES);
  if (text === undefined) return preprocessAgain(directory, experiment);
  const found = parsePreprocess(text);
  if (typeof found === 'string') throw damaged(file, found);
  return found;
}

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

/** A run that was written before gradloom kept its preprocessing. */
async function preprocessAgain(directory: string, experiment: Experiment): Promise<Preprocess> {
  const fail = (why: string, cause?: unknown): GradloomError =>
    new GradloomError({
      code: 'E_RUN_FILE',
      where: printable(runFile(directory, 'preprocess')),
      message: `missing, as in runs of gradloom 0.2, and it cannot be made again from the run's data: ${why}`,
      next: `restore the data that ${RUN_FILES.config} names, or train again`,
      cause,
    });
  const before = readEnvironment(directory)?.basis?.data;
  try {
    const { preprocess, fingerprint } = await loadDataset(experiment);
    if (before !== undefined && before !== fingerprint) throw fail('the data changed since the run began');
    return preprocess;
  } catch (error) {
    if (!(error instanceof GradloomError) || error.code === 'E_RUN_FILE') throw error;
    throw fail(`${error.where === undefined ? '' : `${error.where}: `}${error.message}`, error);
  }
}

/** What does not fit between preprocessing and the outputs of a network; undefined if all does. */
export function targetProblem({ target }: Preprocess, outputs: number): string | undefined {
  const count = target.kind === 'class' ? target.classes.length : target.names.length;
  const fits = target.kind === 'value' ? count === outputs : outputs === 1 ? count <= 2 : count <= outputs;
  if (fits) return undefined;
  return `target: ${count} ${target.kind === 'class' ? 'classes' : 'targets'}, but the model has ${outputs} ${outputs === 1 ? 'output' : 'outputs'}`;
}
