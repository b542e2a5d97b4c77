import type { Locatable } from '../../config/locate.ts';
import { findReusable, type Reusable } from '../prepare/reuse.ts';
import type { RunOptions } from './options.ts';
import { resume } from './resume.ts';
import type { TrainRun } from './run.ts';
import { train } from './train.ts';

/**
 * Does what is not done yet of an experiment: a finished run of the same identity is taken as it is, one that was broken off is resumed, and
 * a run of other length that has the first steps is continued in a new run. The result is the same, to the bit, as that of `train`.
 *
 * @returns the run, and what of it was there already
 * @throws GradloomError as `findReusable`; what goes wrong afterwards is told by the run's result
 */
export async function trainNeeded(
  loaded: Locatable,
  options: Omit<RunOptions, 'dataset'> = {},
): Promise<{ run: TrainRun; found: Reusable | undefined }> {
  const { found, dataset } = await findReusable(loaded);
  if (found === undefined || found.kind === 'prefix') return { run: train(loaded, { ...options, dataset, prefix: found?.prefix }), found };
  return { run: resume(found.run.directory, { ...options, dataset }), found };
}
