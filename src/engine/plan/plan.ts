import type { Experiment } from '../../config/schema/schema.ts';
import { type Dataset, SPLITS } from '../../data/dataset.ts';
import { classCounts } from '../../data/targets.ts';
import { GradloomError } from '../../errors.ts';
import { GraphIndex } from '../../graph/graph.ts';
import { countCores } from '../../machine/cores.ts';
import { lossWeights } from '../../model/losses.ts';
import { type MetricsPlan, planMetrics } from '../../model/metrics.ts';
import { buildNetwork, type Network } from '../../model/network.ts';
import { checkGroups } from '../../optim/groups.ts';
import { checkWarmup, scheduleTime } from '../../optim/schedule.ts';
import { ALONE, type TeamPlan } from '../team/team.ts';
import { checkAverage } from './average.ts';
import { type BatchPlan, planBatches } from './batches.ts';
import { type Chunk, planChunks } from './chunks.ts';
import { type Exchanges, planExchange } from './exchange.ts';
import { type MemoryPlan, planMemory } from './memory.ts';
import { skippingWeights } from './skipping.ts';

/** All that a run fixes before its first step; structured-cloneable, the same object in every thread. */
export interface EnginePlan {
  experiment: Experiment;
  network: Network;
  batches: BatchPlan;
  workers: number;
  /** The processes that train together. */
  team: TeamPlan;
  /** How the gradient of each weight comes together. */
  exchange: Exchanges;
  /** Pieces of the parameters, in their order. */
  chunks: readonly Chunk[];
  /** Processors that this process may use; its share of them in a team, 0 where there are fewer than processes. */
  cores: number;
  /** How long a rank spins at a barrier before it sleeps, if its core is not needed by another. */
  spinUs: number;
  /** What evaluations accumulate beside the loss. */
  metrics: MetricsPlan;
  /** [outputs]: class weights or positive weights of the loss; undefined where all are 1. */
  lossWeights?: Float32Array;
  memory: MemoryPlan;
  /** Names of the weights that have to be finite because their products may skip zeros; none where nothing is skipped. */
  watched: readonly string[];
}

/**
 * Plans a run of `experiment` on `dataset` with `workers` workers, in a team for each of its members.
 *
 * @throws GradloomError E_CONFIG_RANGE for more workers than leaves, a team that cannot share them or a warmup without an end, E_CONFIG_VALUE for a group without tensors,
 *   E_DATA_SPLIT without a batch, E_MEMORY beyond 4 GiB, E_DATA_MISMATCH if balanced weights or a metric cannot be had from the data
 */
export function planEngine(
  experiment: Experiment,
  dataset: Dataset,
  workers: number,
  spinUs = experiment.parallel.spin_us,
  team = ALONE,
): EnginePlan {
  const { leaves } = experiment.numerics;
  checkTeam(team, leaves);
  const own = leaves / team.members;
  if (workers > own) {
    const share = team.members === 1 ? '' : `, ${own} for each of ${team.members} ranks`;
    const message = `${workers} workers, but numerics.leaves is ${leaves}${share}; a worker needs at least one leaf`;
    throw new GradloomError({
      code: 'E_CONFIG_RANGE',
      where: 'parallel.workers',
      message,
      next: 'lower parallel.workers or raise numerics.leaves',
    });
  }
  const network = buildNetwork(experiment, dataset.sampleShape);
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
  const exchange = planExchange(experiment, network, batches, workers, team);
  const memory = planMemory({
    experiment,
    network,
    batches,
    exchange,
    team,
    evalSetRows: Math.max(...SPLITS.map((split) => dataset.splits[split].length)),
    workers,
    featureBytes: dataset.features instanceof Uint8Array ? 1 : 4,
    normalization: dataset.normalization.kind,
    metrics,
    hasSampleWeights: dataset.weights !== undefined,
    lossWeights: weights?.length ?? 0,
  });
  const chunks = planChunks(network);
  return {
    experiment,
    network,
    batches,
    workers,
    team,
    exchange,
    chunks,
    cores: Math.floor(countCores().usable / team.sharers),

    spinUs,
    metrics,
    memory,
    watched: memory.lists.bytes === 0 ? [] : skippingWeights(network.graph),
    ...(weights && { lossWeights: weights }),
  };
}

/** Each member's block of leaves must be one node of the tree over them. */
function checkTeam({ members }: TeamPlan, leaves: number): void {
  const own = leaves / members;
  if (members === 1 || (own >= 1 && Number.isInteger(Math.log2(own)))) return;
  const counts = Array.from({ length: leaves }, (_, i) => i + 1).filter(
    (count) => count === 1 || Number.isInteger(Math.log2(leaves / count)),
  );
  const message =
    `${members} ranks cannot share ${leaves} leaves: each has to have the same number of them, a power of two; ` +
    `expected ${counts.join(', ')} ranks, or ${members}, ${2 * members}, ${4 * members}, ... leaves (other bits)`;
  const next = `start another number of ranks, or set numerics.leaves=${members * 2 ** Math.max(0, Math.round(Math.log2(own)))}`;
  throw new GradloomError({ code: 'E_CONFIG_RANGE', where: 'numerics.leaves', message, next });
}

/** Dropout numbers the values of a step, row by row, with 32-bit words. */
function checkMasks({ graph }: Network, { batchRows, batchesPerStep }: BatchPlan): void {
  const { widthOf } = new GraphIndex(graph);
  for (const op of graph.ops) {
    if (op.type !== 'dropout') continue;
    const units = op.channels ?? widthOf(op.y);
    if (batchRows * batchesPerStep * units <= 2 ** 32) continue;
    const message = `dropout over ${batchRows * batchesPerStep} rows a step and ${units} units; expected at most 2^32 outputs a step`;
    const next = 'lower train.batch_size or train.accumulate';
    throw new GradloomError({ code: 'E_CONFIG_RANGE', where: `${graph.layers[op.layer]?.path}.dropout`, message, next });
  }
}
