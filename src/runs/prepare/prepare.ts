import type { CallerData } from '../../config/caller-data.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { checkTargets } from '../../data/check.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { type CodeUse, codeUse } from '../../engine/coordinator/native.ts';
import { type EnginePlan, planEngine } from '../../engine/plan/plan.ts';
import { ALONE, type TeamPlan } from '../../engine/team/team.ts';
import { type Cores, countCores } from '../../machine/cores.ts';
import { checkMemory } from '../../machine/refusal.ts';
import { checkWatchedMetrics } from './watched.ts';

/** measured: what a worker thread has in memory with its modules, besides what all share. */
const THREAD_BYTES = 12 * 2 ** 20;

/** What a run of an experiment on this machine would be; nothing is written yet. */
export interface Prepared {
  dataset: Dataset;
  cores: Cores;
  plan: EnginePlan;
  /** What will compute. */
  code: CodeUse;
}

/**
 * Loads the data of an experiment and checks everything that can be wrong with a run of it.
 *
 * @param loaded   its data set, where that is in memory already
 * @param workers  in place of `parallel.workers`
 * @param data     what the program passed, for the source `arrays`
 * @param team     the processes that this one trains with
 * @throws GradloomError E_DATA_..., E_LABEL_RANGE, E_MEMORY, E_LIMIT, E_ENGINE, E_CONFIG_...
 */
export async function prepare(
  experiment: Experiment,
  loaded?: Dataset,
  workers = experiment.parallel.workers,
  data?: CallerData,
  team?: TeamPlan,
): Promise<Prepared> {
  const dataset = loaded ?? (await loadDataset(experiment, data));
  const cores = countCores();
  const code = codeUse(experiment.parallel);
  const plan = planEngine(experiment, dataset, chooseWorkers(workers, experiment, cores, team), experiment.parallel.spin_us, team);
  checkTargets(dataset, plan.network.outputs, experiment.loss.type);
  checkWatchedMetrics(plan, dataset);
  checkMemory(plan.memory.bytes + plan.workers * THREAD_BYTES, 'the run needs');
  return { dataset, cores, plan, code };
}

/** How many workers that means on this machine. */
export function chooseWorkers(
  workers: Experiment['parallel']['workers'],
  { numerics: { leaves } }: Experiment,
  { usable }: Cores,
  { sharers, members }: TeamPlan = ALONE,
): number {
  return workers === 'auto' ? Math.max(1, Math.floor(Math.min(usable / sharers, leaves / members))) : workers;
}
