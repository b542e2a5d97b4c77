import type { Experiment } from '../config/schema.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { classCounts } from '../data/targets.ts';
import { GradloomError } from '../errors.ts';
import { lossWeights } from '../model/losses.ts';
import { type MetricsPlan, planMetrics } from '../model/metrics.ts';
import { buildNetwork, type Network } from '../model/network.ts';
import { checkGroups } from '../optim/groups.ts';
import { checkWarmup, scheduleTime } from '../optim/schedule.ts';
import { checkAverage } from './average.ts';
import { type BatchPlan, planBatches } from './batches.ts';
import { countCores } from './cores.ts';
import { type MemoryPlan, planMemory } from './memory.ts';

/** All that a run fixes before its first step; structured-cloneable, the same object in every thread. */
export interface EnginePlan {
  experiment: Experiment;
  network: Network;
  batches: BatchPlan;
  workers: number;
  /** How long a rank spins at a barrier before it sleeps. */
  spinUs: number;
  /** What evaluations accumulate beside the loss. */
  metrics: MetricsPlan;
  /** [outputs]: class weights or positive weights of the loss; undefined where all are 1. */
  lossWeights?: Float32Array;
  memory: MemoryPlan;
}

/**
 * Plans a run of `experiment` on `dataset` with `workers` workers.
 *
 * @throws GradloomError E_CONFIG_RANGE for more workers than leaves or a warmup without an end, E_CONFIG_VALUE for a group without tensors,
 *   E_DATA_SPLIT without a batch, E_MEMORY beyond 4 GiB, E_DATA_MISMATCH if balanced weights or a metric cannot be had from the data
 */
export function planEngine(experiment: Experiment, dataset: Dataset, workers: number, spinUs = spinTime(experiment, workers)): EnginePlan {
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
  checkGroups(
    experiment.optimizer,
    network.parameters.map(({ name }) => name),
  );
  const batches = planBatches(experiment, dataset.splits.train.length);
  checkAverage(experiment, batches);
  checkMasks(network, batches);
  checkWarmup(experiment.schedule, scheduleTime(experiment.schedule, batches, experiment.parent?.schedule));
  const metrics = planMetrics(experiment.metrics ?? [], network.outputs, dataset.target.kind);
  const weights = lossWeights(experiment.loss, network.outputs, () => classCounts(dataset, dataset.splits.train));
  const memory = planMemory({
    experiment,
    network,
    batches,
    evalSetRows: Math.max(...(['train', 'val', 'test'] satisfies SplitName[]).map((split) => dataset.splits[split].length)),
    workers,
    featureBytes: dataset.features instanceof Uint8Array ? 1 : 4,
    normalization: dataset.normalization.kind,
    metrics,
    hasSampleWeights: dataset.weights !== undefined,
    lossWeights: weights?.length ?? 0,
  });
  return { experiment, network, batches, workers, spinUs, metrics, memory, ...(weights && { lossWeights: weights }) };
}

/** With more workers than cores, a rank that spins takes time from the one it waits for. */
function spinTime({ parallel }: Experiment, workers: number): number {
  return workers > countCores().usable ? 0 : parallel.spin_us;
}

/** Dropout numbers the outputs of a step, row by row, with 32-bit words. */
function checkMasks(network: Network, { batchRows, batchesPerStep }: BatchPlan): void {
  for (const { index, config, outputs } of network.layers) {
    if (config.dropout === 0 || batchRows * batchesPerStep * outputs <= 2 ** 32) continue;
    const message = `dropout over ${batchRows * batchesPerStep} rows a step and ${outputs} units; expected at most 2^32 outputs a step`;
    const next = 'lower train.batch_size or train.accumulate';
    throw new GradloomError({ code: 'E_CONFIG_RANGE', where: `model.layers.${index}.dropout`, message, next });
  }
}
