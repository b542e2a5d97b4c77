import type { Experiment } from '../config/schema.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { GradloomError } from '../errors.ts';
import { buildNetwork, type Network } from '../model/network.ts';
import { type BatchPlan, planBatches } from './batches.ts';
import { type MemoryPlan, planMemory } from './memory.ts';

/** All that a run fixes before its first step; structured-cloneable, the same object in every thread. */
export interface EnginePlan {
  experiment: Experiment;
  network: Network;
  batches: BatchPlan;
  workers: number;
  /** How long a rank spins at a barrier before it sleeps. */
  spinUs: number;
  memory: MemoryPlan;
}

/**
 * Plans a run of `experiment` on `dataset` with `workers` workers.
 *
 * @throws GradloomError E_CONFIG_RANGE for more workers than leaves, E_DATA_SPLIT without a batch, E_MEMORY beyond 4 GiB
 */
export function planEngine(experiment: Experiment, dataset: Dataset, workers: number, spinUs = experiment.parallel.spin_us): EnginePlan {
  const { leaves } = experiment.numerics;
  if (workers > leaves) {
    const message = `${workers} workers, but numerics.leaves is ${leaves}; a worker needs at least one leaf`;
    throw new GradloomError({
      code: 'E_CONFIG_RANGE',
      where: 'parallel.workers',
      message,
      next: 'lower parallel.workers or raise numerics.leaves',
    });
  }
  const network = buildNetwork(experiment.model, dataset.featureCount);
  const batches = planBatches(experiment, dataset.splits.train.length);
  const memory = planMemory({
    experiment,
    network,
    batches,
    evalSetRows: Math.max(...(['train', 'val', 'test'] satisfies SplitName[]).map((split) => dataset.splits[split].length)),
    workers,
    featureBytes: dataset.features instanceof Uint8Array ? 1 : 4,
    normalization: dataset.normalization.kind,
  });
  return { experiment, network, batches, workers, spinUs, memory };
}
