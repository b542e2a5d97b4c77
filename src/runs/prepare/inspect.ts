import { firstFold, foldsToTrain } from '../../config/folds.ts';
import { type Locatable, located } from '../../config/locate.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset, SplitName } from '../../data/dataset.ts';
import type { BatchPlan } from '../../engine/plan/batches.ts';
import { stepAt } from '../../engine/plan/batches.ts';
import type { MemoryPlan } from '../../engine/plan/memory.ts';
import { distinctRegions, type Region } from '../../engine/plan/place.ts';
import { type Graph, rowShape } from '../../graph/graph.ts';
import type { CodeName } from '../../kernels/native/support.ts';
import type { Cores } from '../../machine/cores.ts';
import { type MemoryLimit, memoryLimit } from '../../machine/limits.ts';
import { flopsPerRow, parameterCount } from '../../model/network.ts';
import { inputRangeNotice } from '../record/causes.ts';
import { rowWarnings } from '../record/row-warnings.ts';
import { batchNormNotices, checkBatchNorms } from './batch-norms.ts';
import { prepare } from './prepare.ts';

/** What a run of an experiment on this machine would be. */
export interface Inspection {
  dataset: {
    description: string;
    fingerprint: string;
    rows: Record<SplitName, number>;
    features: number;
    /** Of a sample, channels first. */
    shape: readonly number[];
  };
  layers: {
    index: number;
    type: string;
    inputs: number;
    outputs: number;
    /** Of a row that comes out, channels first. */
    shape: readonly number[];
    parameters: number;
    tensors: { name: string; shape: readonly number[]; count: number }[];
  }[];
  /** Of a step. */
  graph: Graph;
  parameters: number;
  /** Floating-point operations of the layers' products, forward and backward, for one full batch. */
  flopsPerStep: { forward: number; backward: number };
  batches: BatchPlan;
  /** What is used otherwise than the experiment's numbers seem to say. */
  notices: readonly string[];
  workers: { count: number; reason: string; cores: Cores };
  /** What would compute. */
  code: CodeName;
  /** Why it would not be machine code. */
  codeReason?: string;
  memory: MemoryUse;
}

/** Bytes by part; `shared` is their sum, the data set apart. */
export interface MemoryUse {
  parts: {
    parameters: number;
    optimizer: number;
    /** Gradient sums of the leaves' subtrees. */
    gradients: number;
    activations: number;
    /** Features and targets of the batch at hand. */
    inputs: number;
    /** What each worker's kernels need for themselves. */
    scratch: number;
    /** Control words, losses, statistics, and gaps for alignment. */
    other: number;
  };
  shared: number;
  dataset: number;
  /** What this process may use: of the machine, or of its cgroups where that is less. */
  limit: MemoryLimit;
}

/**
 * Loads the data of an experiment and plans a run of it, without training or writing anything.
 *
 * @throws GradloomError as `train` would: E_DATA_..., E_LABEL_RANGE, E_MEMORY, E_CONFIG_RANGE
 */
export async function inspectExperiment(loaded: Locatable): Promise<Inspection> {
  try {
    return await inspect(loaded);
  } catch (error) {
    throw located(error, loaded);
  }
}

async function inspect({ experiment: given, data }: Locatable): Promise<Inspection> {
  const folds = foldsToTrain(given);
  const experiment = firstFold(given);
  const { dataset, cores, plan, code } = await prepare(experiment, undefined, undefined, data);
  if (experiment.parent === undefined) checkBatchNorms(plan);
  const { network, batches, memory, workers } = plan;
  const { train, val, test } = dataset.splits;
  const flops = flopsPerRow(network);
  const stepRows = stepAt(batches, 0).rows;
  return {
    dataset: {
      description: dataset.description,
      fingerprint: dataset.fingerprint,
      rows: { train: train.length, val: val.length, test: test.length },
      features: dataset.featureCount,
      shape: rowShape(network.graph, network.graph.input),
    },
    layers: network.layers.map(({ index, inputs, outputs, shape, parameters }) => ({
      index,
      type: network.graph.layers[index]?.type ?? '',
      inputs,
      outputs,
      shape,
      parameters: parameters.reduce((sum, { size }) => sum + size, 0),
      tensors: parameters.map(({ name, shape, size }) => ({ name, shape, count: size })),
    })),
    graph: network.graph,
    parameters: parameterCount(network),
    flopsPerStep: { forward: flops.forward * stepRows, backward: flops.backward * stepRows },
    batches,
    notices: [
      ...(folds === undefined ? [] : [`data.split.folds: ${folds} runs, one a fold; what follows is the run of fold 0`]),
      ...rowWarnings(experiment, dataset, batches).map(({ message }) => message),
      ...batchNormNotices(plan),
      ...rangeNotices(dataset),
    ],
    workers: { count: workers, reason: workersReason(experiment, cores), cores },
    code: code.name,
    ...(code.reason !== undefined && { codeReason: code.reason }),
    memory: memoryUse(memory, dataset),
  };
}

/** What would most likely keep the network from learning. */
function rangeNotices(dataset: Dataset): string[] {
  const notice = inputRangeNotice(dataset);
  return notice === undefined ? [] : [notice];
}

function workersReason({ parallel, numerics }: Experiment, { available, quota, usable }: Cores): string {
  const cores = `${usable} usable ${usable === 1 ? 'core' : 'cores'}`;
  if (parallel.workers !== 'auto')
    return `parallel.workers says so; ${cores}${parallel.workers > usable ? ', so slower than with fewer' : ''}`;
  if (numerics.leaves < usable) return `auto: one for each of the ${numerics.leaves} numerics.leaves; ${cores}`;
  if (quota !== undefined && usable < available) return `auto: the cgroup quota is ${Number(quota.toFixed(2))} of ${available} cores`;
  return `auto: one for each of the ${cores}`;
}

function memoryUse(plan: MemoryPlan, { features, target, splits, weights }: Dataset): MemoryUse {
  const parts = {
    parameters: plan.parameters.bytes,
    optimizer: bytesOf([...plan.optimizerState, ...plan.averages]),
    gradients: bytesOf([...plan.slabs, ...plan.accumulators]),
    activations: bytesOf(distinctRegions(plan.graph)),
    inputs: bytesOf([plan.x, plan.labels, plan.targets, plan.weights]),
    scratch: bytesOf([...plan.scratch, ...plan.stages]),
  };
  const other = plan.bytes - Object.values(parts).reduce((bytes, part) => bytes + part, 0);
  const targets = target.kind === 'class' ? target.labels : target.values;
  const arrays = [features, targets, splits.train, splits.val, splits.test, ...(weights === undefined ? [] : [weights])];
  return {
    parts: { ...parts, other },
    shared: plan.bytes,
    dataset: arrays.reduce((bytes, array) => bytes + array.byteLength, 0),
    limit: memoryLimit(),
  };
}

function bytesOf(regions: readonly Region[]): number {
  return regions.reduce((bytes, region) => bytes + region.bytes, 0);
}
