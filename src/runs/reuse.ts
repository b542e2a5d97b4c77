import type { LoadedExperiment } from '../config/load.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadDataset } from '../data/load.ts';
import { environmentOf } from './describe.ts';
import { type RunIdentity, runIdentity } from './identity.ts';
import { objectOf } from './record.ts';
import { listRuns, type StoredRun } from './store.ts';

/** What is there already of a run that is asked for. */
export type Reusable =
  /** A finished run of the same identity: its result is the result. */
  | { kind: 'finished'; run: StoredRun }
  /** A run of the same identity that was interrupted or killed: resumed, it ends with the same result. */
  | { kind: 'unfinished'; run: StoredRun };

/**
 * Looks among the runs in `track.dir` for one with the identity of an experiment, so that the work need not be done again.
 *
 * @returns what was found, undefined if there is nothing; and the data set, which had to be loaded for it
 * @throws GradloomError as `loadDataset` and `listRuns`
 */
export async function findReusable({
  experiment,
}: Pick<LoadedExperiment, 'experiment'>): Promise<{ found: Reusable | undefined; dataset: Dataset }> {
  const dataset = await loadDataset(experiment.data, experiment.seed);
  const { identity } = runIdentity(experiment, dataset);
  const runs = (await listRuns(experiment.track.dir)).filter(({ directory }) => identityOf(directory)?.identity === identity);
  const finished = runs.find(({ record }) => record.status === 'finished');
  if (finished !== undefined) return { found: { kind: 'finished', run: finished }, dataset };
  const unfinished = runs.find(({ record: { status } }) => status === 'interrupted' || status === 'killed' || status === 'paused');
  return { found: unfinished && { kind: 'unfinished', run: unfinished }, dataset };
}

/** As a run's env.json has it; undefined if it does not. */
export function identityOf(directory: string): RunIdentity | undefined {
  const basis = objectOf(environmentOf(directory)?.['basis']);
  const { identity, lineage } = basis ?? {};
  return typeof identity === 'string' && typeof lineage === 'string' ? { identity, lineage } : undefined;
}
