import type { Experiment } from '../../config/schema/schema.ts';
import { loadDataset } from '../../data/load.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { readEnvironment } from '../../runs/files/file-shapes.ts';
import { RUN_FILES, runFile } from '../../runs/files/names.ts';
import { damaged, readOwnText } from '../../storage/read.ts';
import { parsePreprocess } from './preprocess-text.ts';

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
