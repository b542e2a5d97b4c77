import type { Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { GradloomError } from '../errors.ts';
import { scratchFloats } from '../kernels/kernels.ts';
import { layerType } from '../model/layers/index.ts';
import { lossType } from '../model/losses.ts';
import type { Network } from '../model/network.ts';
import { f32Bytes } from '../model/parameters.ts';
import { optimizerType } from '../optim/index.ts';
import type { BatchPlan } from './batches.ts';
import { controlBytes } from './control.ts';
import { rankLeaves, type Subtree, subtrees } from './leaves.ts';

/** Steps whose losses fit in shared memory: the longest segment. */
export const SEGMENT_STEPS = 4096;
/** Rows that a rank converts at once from their stored form. */
export const STAGE_ROWS = 64;
/** A leaf's f64 pair: sum of losses, correct rows. */
export const SUM_BYTES = 16;

const PAGE_BYTES = 65_536;
const MAX_BYTES = 65_536 * PAGE_BYTES;
const REGION_ALIGNMENT = 64;

/** Byte address and length of one part of the shared memory. */
export interface Region {
  at: number;
  bytes: number;
}

/** Buffers of one layer, one row per batch row. */
export interface LayerRegions {
  buffers: Record<string, Region>;
  /** Gradient of the layer's output, [rows, outputs]. */
  d: Region;
}

/** Every address of a run's shared memory. */
export interface MemoryPlan {
  control: Region;
  parameters: Region;
  optimizerState: Region[];
  /** Complete nodes of the leaf tree, rank by rank; slab i holds the gradient sum of node i, [P]. */
  nodes: Subtree[];
  slabs: Region[];
  /** Network inputs of the batch, [rows, inputs]. */
  x: Region;
  labels: Region;
  targets: Region;
  layers: LayerRegions[];
  /** f64 pairs, one per leaf, of the batch at hand. */
  leafSums: Region;
  /** f64 pairs, one per step of the segment. */
  stepSums: Region;
  /** f64 pairs, one per evaluated batch and leaf. */
  evalSums: Region;
  /** mean[inputs], std[inputs] of zscore. */
  statistics: Region;
  /** Per rank: i32 row bounds of leaves, for full batches and for the last one; stored rows on their way in; kernel scratch. */
  bounds: Region[];
  stages: Region[];
  scratch: Region[];
  bytes: number;
  pages: number;
}

export interface MemoryNeeds {
  experiment: Experiment;
  network: Network;
  batches: BatchPlan;
  /** Rows of the largest evaluated set. */
  evalSetRows: number;
  workers: number;
  /** Bytes of one stored feature: 1 (uint8) or 4 (f32). */
  featureBytes: 1 | 4;
  normalization: Dataset['normalization']['kind'];
}

/** Rows evaluated at once. */
export function evalBatchRows(experiment: Experiment, evalSetRows: number): number {
  return Math.min(experiment.train.eval.batch_size, evalSetRows);
}

/** i32 words of a rank's table of leaf bounds for one batch size. */
export function boundsWords(leaves: number): number {
  return 2 * leaves;
}

/**
 * Places everything that a run keeps in shared memory: a pure function, so workers work out the same addresses by themselves.
 *
 * @throws GradloomError E_MEMORY if it needs more than WebAssembly can address (4 GiB)
 */
export function planMemory(needs: MemoryNeeds): MemoryPlan {
  const { experiment, network, batches, workers } = needs;
  const leaves = experiment.numerics.leaves;
  const rows = Math.max(batches.batchRows, evalBatchRows(experiment, needs.evalSetRows));
  let at = 0;
  const place = (bytes: number): Region => {
    const region = { at, bytes };
    at = Math.ceil((at + bytes) / REGION_ALIGNMENT) * REGION_ALIGNMENT;
    return region;
  };
  const perRow = (width: number): Region => place(f32Bytes(rows * width));
  const ranks = Array.from({ length: workers }, (_, rank) => rank);
  const vector = (): Region => place(f32Bytes(network.vectorFloats));
  const leafCount = (rank: number): number => {
    const { from, to } = rankLeaves(rank, workers, leaves);
    return to - from;
  };
  const target = lossType(experiment.loss).target;
  const evalBatches = Math.ceil(needs.evalSetRows / Math.max(1, evalBatchRows(experiment, needs.evalSetRows)));
  const nodes = ranks.flatMap((rank) => subtrees(rankLeaves(rank, workers, leaves), leaves));
  const rankRows = (rank: number): number => Math.ceil((rows * leafCount(rank)) / leaves) + 1;
  const widest = widths(network);

  const plan = {
    control: place(controlBytes(workers)),
    parameters: vector(),
    optimizerState: optimizerType(experiment.optimizer).state(experiment.optimizer).map(vector),
    nodes,
    slabs: nodes.map(vector),
    x: perRow(network.inputs),
    labels: place(target === 'labels' ? rows * Int32Array.BYTES_PER_ELEMENT : 0),
    targets: perRow(target === 'values' ? network.outputs : 0),
    layers: network.layers.map(({ config, inputs, outputs }) => ({
      buffers: Object.fromEntries(Object.entries(layerType(config).buffers(config, inputs)).map(([name, width]) => [name, perRow(width)])),
      d: perRow(outputs),
    })),
    leafSums: place(leaves * SUM_BYTES),
    stepSums: place(SEGMENT_STEPS * SUM_BYTES),
    evalSums: place(evalBatches * leaves * SUM_BYTES),
    statistics: place(needs.normalization === 'zscore' ? f32Bytes(2 * network.inputs) : 0),
    bounds: ranks.map((rank) => place(2 * boundsWords(leafCount(rank)) * Int32Array.BYTES_PER_ELEMENT)),
    stages: ranks.map(() => place(needs.featureBytes === 1 ? STAGE_ROWS * network.inputs : 0)),
    scratch: ranks.map((rank) => place(f32Bytes(scratchFloats(rankRows(rank), widest.inputs, widest.outputs, leaves)))),
  };
  if (at > MAX_BYTES) {
    const message = `the run needs ${gibibytes(at)} of shared memory, the limit is ${gibibytes(MAX_BYTES)}`;
    const next =
      'use smaller layers, a smaller train.batch_size or train.eval.batch_size, or fewer numerics.leaves; gradloom check shows the parts';
    throw new GradloomError({ code: 'E_MEMORY', where: 'model.layers', message, next });
  }
  return { ...plan, bytes: at, pages: Math.ceil(at / PAGE_BYTES) };
}

function widths(network: Network): { inputs: number; outputs: number } {
  return {
    inputs: Math.max(...network.layers.map((layer) => layer.inputs)),
    outputs: Math.max(...network.layers.map((layer) => layer.outputs)),
  };
}

function gibibytes(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1024 ? `${(gib / 1024).toFixed(1)} TiB` : `${gib.toFixed(1)} GiB`;
}

/**
 * Reserves the memory up front, so that nothing can run out of it in the middle of a step.
 *
 * @throws GradloomError E_MEMORY if the system refuses
 */
export function reserveMemory(plan: MemoryPlan): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages, shared: true });
  } catch (cause) {
    const message = `the run needs ${gibibytes(plan.bytes)} of shared memory and the system refused to reserve it`;
    throw new GradloomError({
      code: 'E_MEMORY',
      message,
      next: 'check ulimit -v and container limits, or use a smaller batch or network',
      cause,
    });
  }
}
