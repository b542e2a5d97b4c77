import type { LoadedExperiment } from '../../config/validate.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { GradloomError } from '../../errors.ts';
import { type Environment, readEnvironment } from '../files/file-shapes.ts';
import { listRuns, type StoredRun } from '../store/store.ts';
import { type RunIdentity, runIdentity } from './identity.ts';
import { findPrefix, type Prefix } from './prefix.ts';
import { prepare } from './prepare.ts';

/** What is there already of a run that is asked for. */
export type Reusable =
  /** A finished run of the same identity: its result is the result. */
  | { kind: 'finished'; run: StoredRun }
  /** A run of the same identity that was interrupted or killed: resumed, it ends with the same result. */
  | { kind: 'unfinished'; run: StoredRun }
  /** A run of another length whose steps are the first ones of this run too: `train` can begin after them. */
  | { kind: 'prefix'; run: StoredRun; prefix: Prefix };

/**
 * Looks among the runs in `track.dir` for one with the identity of an experiment, or one that has its first steps, so that work need not be
 * done again.
 *
 * @returns what was found, undefined if there is nothing; and the data set, which had to be loaded for it
 * @throws GradloomError as `prepare` and `listRuns`
 */
export async function findReusable({
  experiment,
  data,
}: Pick<LoadedExperiment, 'experiment' | 'data'>): Promise<{ found: Reusable | undefined; dataset: Dataset }> {
  const dataset = await loadDataset(experiment, data);
  const { identity, lineage } = runIdentity(experiment, dataset);
  const related = (await listRuns(experiment.track.dir))
    .map((run) => ({ run, known: identityOf(run.directory) }))
    .filter(({ known }) => known?.lineage === lineage);
  const runs = related.flatMap(({ run, known }) => (known?.identity === identity ? [run] : []));
  const finished = runs.find(({ record }) => record.status === 'finished');
  if (finished !== undefined) return { found: { kind: 'finished', run: finished }, dataset };
  const unfinished = runs.find(isBrokenOff);
  if (unfinished !== undefined) return { found: { kind: 'unfinished', run: unfinished }, dataset };
  const others = related.flatMap(({ run }) => (run.record.status === 'finished' || isBrokenOff(run) ? [run] : []));
  if (others.length === 0) return { found: undefined, dataset };
  const prefix = findPrefix(
    others.map(({ directory }) => directory),
    await prepare(experiment, dataset),
  );
  const run = others.find(({ directory }) => directory === prefix?.run);
  return { found: prefix && run && { kind: 'prefix', run, prefix }, dataset };
}

function isBrokenOff({ record: { status } }: StoredRun): boolean {
  return status === 'interrupted' || status === 'killed' || status === 'paused';
}

/** As a run's env.json has it; undefined if it does not. */
export function identityOf(directory: string): RunIdentity | undefined {
  const { identity, lineage } = basisIn(directory) ?? {};
  return identity === undefined || lineage === undefined ? undefined : { identity, lineage };
}

function basisIn(directory: string): Environment['basis'] {
  try {
    return readEnvironment(directory)?.basis;
  } catch (error) {
    // A damaged run is none to use again.
    if (!(error instanceof GradloomError)) throw error;
    return undefined;
  }
}
