import type { Experiment } from '../../config/schema/schema.ts';
import { elasticReach } from '../../data/augment/draw.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import { targetOf } from '../../graph/ops/loss.ts';
import { augmentLayout } from '../../kernels/augment.ts';
import { lowerings } from '../../kernels/lowerings/index.ts';
import { showBytes } from '../../machine/show-bytes.ts';
import type { MetricsPlan } from '../../model/metrics.ts';
import type { Network } from '../../model/network.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { optimizerType } from '../../optim/index.ts';
import type { TeamPlan } from '../team/team.ts';
import { type BatchPlan, evalBatchRows } from './batches.ts';
import { CHUNK_FLOATS, chunkCount } from './chunks.ts';
import { controlBytes } from './control.ts';
import { type Exchanges, slabLayout } from './exchange.ts';
import { mostLeaves, rankLeaves, type Subtree, subtrees } from './leaves.ts';
import { type GraphRegions, placeGraph, type Region } from './place.ts';
import { recordValues } from './records.ts';
import { listBytes } from './skipping.ts';

/** Steps whose losses fit in shared memory: the longest segment. */
export const SEGMENT_STEPS = 4096;
/** Rows that a rank converts at once from their stored form. */
export const STAGE_ROWS = 64;
/** Address of a random stream: key and number, two u32 each. */
export const STREAM_BYTES = 16;
/** f64 values of a leaf: sum of weighted losses, correct rows, sum of weights. */
export const SUM_VALUES = 3;
export const SUM_BYTES = SUM_VALUES * Float64Array.BYTES_PER_ELEMENT;
/** f64 values that a step leaves for the coordinator. */
export const STEP = { loss: 0, correct: 1, weight: 2, gradientSquares: 3, penalty: 4, size: 5 } as const;
/** f64 values of a layer's output per leaf: sum, sum of squares, zeros, largest magnitude. */
export const ACTIVITY_VALUES = 4;

const PAGE_BYTES = 65_536;
const MAX_BYTES = 65_536 * PAGE_BYTES;
const REGION_ALIGNMENT = 64;

/** Every address of a run's shared memory. */
export interface MemoryPlan {
  control: Region;
  parameters: Region;
  optimizerState: Region[];
  /** Running statistics of the layers. */
  statistics: Region;
  /** Averaged parameters, [P]; none without averaging. */
  averages: Region[];
  /** Sums of several batches on their way to one update: level l of the tree over them, [P] each. */
  accumulators: Region[];
  /** Complete nodes of the leaf tree, rank by rank; slab i holds the gradient sum of node i. */
  nodes: Subtree[];
  /** The first is [P], in a team rounded up to equal segments: all sums end there. The others hold what is exchanged as gradients, at `slabOffsets`, in floats by tensor. */
  slabs: Region[];
  slabOffsets: Record<string, number>;
  /** Of a team: what all members have summed of this one's segment of the gradient, [members, segment]; empty without. */
  partials: Region;
  /** Rows of the largest batch, trained or evaluated. */
  batchRows: number;
  /** Network inputs of the batch, [rows, inputs]. */
  x: Region;
  /** The non-zero columns of every row of x, i32 [rows, listWords(inputs)]; empty where nothing is skipped. */
  lists: Region;
  labels: Region;
  targets: Region;
  /** Sample weights of the batch, f32[rows]; empty without. */
  weights: Region;
  /** Class weights or positive weights of the loss, f32[outputs]; empty without. */
  lossWeights: Region;
  /** Tensors of the graph, a row each batch row, and what its ops have beside them. */
  graph: GraphRegions;
  /** SUM_VALUES f64 per leaf, of the batch at hand. */
  leafSums: Region;
  /** f64 [STEP.size], one per step of the segment. */
  stepValues: Region;
  /** One record per chunk of the parameters. */
  records: Region;
  /** f64 [ACTIVITY_VALUES] per layer and leaf. */
  activity: Region;
  /** SUM_VALUES f64 per evaluated batch and leaf. */
  evalSums: Region;
  /** Per rank: f64 counts of the metrics (MetricsPlan.countLength). */
  metricCounts: Region[];
  /** Per leaf: f64 sums of the metrics (MetricsPlan.sumLength), over all batches of an evaluation. */
  metricSums: Region;
  /** mean[inputs], std[inputs] of zscore. */
  normalization: Region;
  /** i32 row bounds of all leaves, for full batches and for the last one. */
  leafBounds: Region;
  /** Per rank: i32 row bounds of its own leaves, for both; stored rows on their way in; kernel scratch. */
  bounds: Region[];
  stages: Region[];
  scratch: Region[];
  /** Per rank: u32[4] per stream of the graph and one for noise, key and number of the random streams of the step at hand. */
  streams: Region[];
  /** Per rank: what it changes training pictures with (`AugmentLayout`); empty where none are. */
  augment: Region[];
  bytes: number;
  pages: number;
}

export interface MemoryNeeds {
  experiment: Experiment;
  network: Network;
  batches: BatchPlan;
  exchange: Exchanges;
  team: TeamPlan;
  /** Rows of the largest evaluated set. */
  evalSetRows: number;
  workers: number;
  /** Bytes of one stored feature: 1 (uint8) or 4 (f32). */
  featureBytes: 1 | 4;
  normalization: Dataset['normalization']['kind'];
  metrics: MetricsPlan;
  hasSampleWeights: boolean;
  /** Outputs with a weight in the loss: all or 0. */
  lossWeights: number;
}

/** i32 words of a rank's tables of the bounds of its own leaves for one batch size, node by node. */
export function boundsWords(own: number): number {
  return 2 * own;
}

/** i32 words of the table of the bounds of all leaves for one batch size. */
export function leafBoundsWords(leaves: number): number {
  return leaves + 1;
}

/**
 * Places everything that a run keeps in shared memory: a pure function, whose result goes to every thread.
 *
 * @throws GradloomError E_MEMORY if it needs more than WebAssembly can address (4 GiB)
 */
export function planMemory(needs: MemoryNeeds): MemoryPlan {
  const { experiment, network, batches, exchange, workers, team } = needs;
  const leaves = experiment.numerics.leaves;
  const { augment } = experiment.data;
  const rows = Math.max(batches.batchRows, evalBatchRows(experiment, network, needs.evalSetRows));
  const placer = new Placer();
  const { place } = placer;
  const f64 = (values: number): Region => place(values * Float64Array.BYTES_PER_ELEMENT);
  const perRow = (width: number): Region => place(f32Bytes(rows * width));
  const ranks = Array.from({ length: workers }, (_, rank) => rank);
  const vector = (): Region => place(f32Bytes(network.vectorFloats));
  const leafCount = (rank: number): number => {
    const { from, to } = rankLeaves(rank, workers, leaves, team);
    return to - from;
  };
  const target = targetOf(experiment.loss);
  const evalBatches = Math.ceil(needs.evalSetRows / Math.max(1, evalBatchRows(experiment, network, needs.evalSetRows)));
  const rankRows = (rank: number): number => Math.ceil((rows * leafCount(rank)) / leaves) + 1;
  const slabs = slabLayout(network, exchange);
  const most = mostLeaves(batches.batchRows, leaves, slabs.floats);
  const nodes = ranks.flatMap((rank) => subtrees(rankLeaves(rank, workers, leaves, team), leaves, most));
  // Products with factors go over the rows of all ranks.
  const hasFactors = Object.values(exchange).includes('factors');
  const scratchFloats = (rank: number): number =>
    lowerings.scratchFloats(network.graph, hasFactors ? rows : rankRows(rank), hasFactors ? leaves : leafCount(rank));

  const plan = {
    control: place(controlBytes(workers)),
    parameters: vector(),
    optimizerState: optimizerType(experiment.optimizer).state(experiment.optimizer).map(vector),
    statistics: place(f32Bytes(network.statisticFloats)),
    averages: experiment.train.average.type === 'none' ? [] : [vector()],
    accumulators: Array.from({ length: accumulatorLevels(experiment.train.accumulate) }, vector),
    nodes,
    slabs: nodes.map((_, i) => place(f32Bytes(i === 0 ? teamFloats(network.vectorFloats, team) : slabs.floats))),
    slabOffsets: slabs.offsets,
    partials: place(team.members === 1 ? 0 : f32Bytes(teamFloats(network.vectorFloats, team))),
    batchRows: rows,
    x: perRow(network.inputs),
    lists: place(listBytes(experiment, network, rows)),
    labels: place(target === 'labels' || needs.metrics.countLength > 0 ? rows * Int32Array.BYTES_PER_ELEMENT : 0),
    targets: perRow(target === 'values' ? network.outputs : 0),
    weights: perRow(needs.hasSampleWeights ? 1 : 0),
    lossWeights: place(f32Bytes(needs.lossWeights)),
    graph: placeGraph(network.graph, { perRow, f64, leaves, workers }),
    leafSums: place(leaves * SUM_BYTES),
    stepValues: f64(SEGMENT_STEPS * STEP.size),
    records: f64(recordValues(chunkCount(network))),
    activity: f64(network.layers.length * leaves * ACTIVITY_VALUES),
    evalSums: place(evalBatches * leaves * SUM_BYTES),
    metricCounts: ranks.map(() => f64(needs.metrics.countLength)),
    metricSums: f64(leaves * needs.metrics.sumLength),
    normalization: place(needs.normalization === 'affine' ? f32Bytes(2 * network.inputs) : 0),
    leafBounds: place(2 * leafBoundsWords(leaves) * Int32Array.BYTES_PER_ELEMENT),
    bounds: ranks.map((rank) => place(2 * boundsWords(leafCount(rank)) * Int32Array.BYTES_PER_ELEMENT)),
    stages: ranks.map(() => place(needs.featureBytes === 1 ? STAGE_ROWS * network.inputs : 0)),
    scratch: ranks.map((rank) => place(f32Bytes(Math.max(CHUNK_FLOATS, scratchFloats(rank))))),
    streams: ranks.map(() => place((network.graph.streams + 1) * STREAM_BYTES)),
    augment: ranks.map(() => place(augment === undefined ? 0 : augmentLayout(network.inputs, elasticReach(augment), 0).bytes)),
  };
  const next =
    'use smaller layers, a smaller train.batch_size or train.eval.batch_size, or fewer numerics.leaves; gradloom check shows the parts';
  return { ...plan, ...placer.size('the run', next) };
}

/** Takes regions from a memory, one after the other. */
export class Placer {
  #at = 0;

  readonly place = (bytes: number): Region => {
    const region = { at: this.#at, bytes };
    this.#at = Math.ceil((this.#at + bytes) / REGION_ALIGNMENT) * REGION_ALIGNMENT;
    return region;
  };

  /**
   * What all regions take together.
   *
   * @param what  needs them: `the run`
   * @throws GradloomError E_MEMORY if it is more than WebAssembly can address (4 GiB)
   */
  size(what: string, next: string): { bytes: number; pages: number } {
    const bytes = this.#at;
    if (bytes > MAX_BYTES) {
      const message = `${what} needs ${showBytes(bytes)} of shared memory, the limit is ${showBytes(MAX_BYTES)}`;
      throw new GradloomError({ code: 'E_MEMORY', where: 'model.layers', message, next });
    }
    return { bytes, pages: Math.ceil(bytes / PAGE_BYTES) };
  }
}

/** Floats of a vector that all members of a team have an equal segment of, in whole cache lines. */
function teamFloats(floats: number, { members }: TeamPlan): number {
  if (members === 1) return floats;
  const line = REGION_ALIGNMENT / Float32Array.BYTES_PER_ELEMENT;
  return Math.ceil(floats / members / line) * line * members;
}

/** Levels of the pairwise tree over `batches` batches; a single one needs none. */
function accumulatorLevels(batches: number): number {
  return batches === 1 ? 0 : Math.floor(Math.log2(batches)) + 1;
}
