import { GraphIndex, type GraphLayer } from '../../graph/graph.ts';
import { type LayerOp, opType } from '../../graph/op.ts';
import { targetOf } from '../../graph/ops/loss.ts';
import type { Backend, Lowering } from '../../kernels/backend.ts';
import { backendOf } from '../../kernels/backends/index.ts';
import { type KernelCall, kernelCall } from '../../kernels/call.ts';
import type { BackwardSite, Emit, ForwardSite, LeafSite, SkippablePair, SliceSite, SubtreeSite } from '../../kernels/site.ts';
import { listWords } from '../../kernels/sizes.ts';
import { counterCalls, type MetricSite, sumCalls } from '../../model/metrics.ts';
import { f32Bytes, type PlacedTensor } from '../../model/parameters.ts';
import type { Chunk } from './chunks.ts';
import { isByFactors } from './exchange.ts';
import { leafStart, type Range, rankLeaves } from './leaves.ts';
import { ACTIVITY_VALUES, boundsWords, STREAM_BYTES, SUM_BYTES } from './memory.ts';
import type { OpRegions } from './place.ts';
import type { EnginePlan } from './plan.ts';
import { gradientAt, piecesOfSlice, rankChunks } from './slices.ts';

/** A place in a program whose call may skip the zeros of the network's inputs. */
export interface SkippableSlot extends SkippablePair {
  calls: KernelCall[];
  index: number;
}

/** What one rank does with its leaves of one batch. */
export interface RankProgram {
  /** Rows of the batch that are this rank's. */
  rows: Range;
  leaves: Range;
  /** Forward, loss and backward: phases with a barrier between them, the same number on every rank. */
  phases: KernelCall[][];
  /** Gradients of this rank's slice that need all ranks' rows, when all ranks are through. */
  slice: KernelCall[];
  /** Calls of rank 0 alone, when all ranks are through. */
  afterwards: KernelCall[];
  /** Sums over the outputs of every layer, leaf by leaf, for whoever wants to know. */
  activity: KernelCall[];
  /** i32 tables that the calls read; written once before the first step. */
  tables: { at: number; words: number[] }[];
  /** Calls in phases and slice that have a twin which skips zeros, and what makes its lists. */
  skippable: SkippableSlot[];
  listing: KernelCall<'list_nonzeros'> | undefined;
}

/** What a program is lowered for. */
export interface ProgramKey {
  /** Batch sizes of training have tables of leaf bounds of their own. */
  kind: 'full' | 'last' | 'evaluate';
  batchRows: number;
  /** Number of the batch's first row in its step. */
  stepRow: number;
  /** Evaluate the averaged parameters in place of the raw ones. */
  averaged: boolean;
}

/**
 * Lowers a run's graph to the kernel calls of one rank.
 *
 * The addresses of activations follow from the row alone: rank boundaries move, the rows' places do not.
 */
export function lowerProgram(plan: EnginePlan, rank: number, key: ProgramKey): RankProgram {
  return new Lowerer(plan, rank, key).lower();
}

class Lowerer {
  readonly #plan: EnginePlan;
  readonly #rank: number;
  readonly #key: ProgramKey;
  readonly #backend: Backend;
  readonly #index: GraphIndex;
  readonly #program: RankProgram;
  readonly #slice: readonly Chunk[];
  readonly #parameters: ReadonlyMap<string, PlacedTensor>;
  readonly #statistics: ReadonlyMap<string, PlacedTensor>;
  readonly #fused: ReadonlyMap<LayerOp, LayerOp>;
  readonly #leafSites: readonly LeafSite[];
  /** What waits for the gradient of a tensor to begin. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(plan: EnginePlan, rank: number, key: ProgramKey) {
    const { network, experiment, workers } = plan;
    const leaves = rankLeaves(rank, workers, experiment.numerics.leaves);
    this.#plan = plan;
    this.#rank = rank;
    this.#key = key;
    this.#backend = backendOf(experiment.numerics);
    this.#index = new GraphIndex(network.graph);
    this.#slice = key.kind === 'evaluate' ? [] : rankChunks(plan, rank);
    this.#parameters = new Map(network.parameters.map((tensor) => [tensor.name, tensor]));
    this.#statistics = new Map(network.statistics.map((tensor) => [tensor.name, tensor]));
    this.#fused = this.#findFused();
    const rows = { from: this.#start(leaves.from), to: this.#start(leaves.to) };
    this.#leafSites = Array.from({ length: leaves.to - leaves.from }, (_, i) => {
      const first = this.#start(leaves.from + i);
      return { index: leaves.from + i, row: first - rows.from, rows: this.#start(leaves.from + i + 1) - first };
    });
    this.#program = {
      rows,
      leaves,
      phases: [[]],
      slice: [],
      afterwards: [],
      activity: [],
      tables: [],
      skippable: [],
      listing: this.#listing(rows),
    };
  }

  lower(): RankProgram {
    const { ops, layers } = this.#plan.network.graph;
    const sites = ops.map((op, i) => this.#forwardSite(op, i));
    const fused = new Set(this.#fused.values());
    for (const [i, op] of ops.entries()) {
      if (!fused.has(op)) this.#lowering(op).forward(op, at(sites, i));
    }
    this.#lowerLoss();
    if (this.#key.kind === 'evaluate') {
      this.#lowerMetrics();
      return this.#program;
    }
    for (const layer of layers) this.#lowerActivity(layer);
    const bounds = this.#placeBounds(this.#key.kind);
    for (let i = ops.length - 1; i >= 0; i--) {
      const op = at(ops, i);
      this.#lowering(op).backward(op, this.#backwardSite(at(sites, i), bounds));
      this.#releaseWaiting(op);
    }
    return this.#program;
  }

  #lowering<O extends LayerOp>({ type }: O): Lowering<O> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its op
    return this.#backend.lowerings[type] as unknown as Lowering<O>;
  }

  /** Pairs of ops of which the first one's call does both. */
  #findFused(): Map<LayerOp, LayerOp> {
    const pairs = new Map<LayerOp, LayerOp>();
    for (const op of this.#plan.network.graph.ops) {
      const [next, ...others] = this.#index.readersOf(op.y);
      if (next !== undefined && next.type !== 'loss' && others.length === 0 && this.#backend.fuses(op, next)) pairs.set(op, next);
    }
    return pairs;
  }

  #start(leaf: number): number {
    return leafStart(leaf, this.#plan.experiment.numerics.leaves, this.#key.batchRows);
  }

  #emit: Emit = (kernel, ...args) => void this.#phase().push(kernelCall(kernel, ...args));

  #phase(): KernelCall[] {
    return at(this.#program.phases, this.#program.phases.length - 1);
  }

  /** The call that lists the non-zero columns of the rank's rows; undefined where nothing skips zeros. */
  #listing({ from, to }: Range): RankProgram['listing'] {
    const { memory, network } = this.#plan;
    if (memory.lists.bytes === 0) return undefined;
    const x = memory.x.at + f32Bytes(from * network.inputs);
    return kernelCall('list_nonzeros', x, this.#listsAt(from), to - from, network.inputs, at(memory.scratch, this.#rank).at);
  }

  #listsAt(row: number): number {
    const { memory, network } = this.#plan;
    return memory.lists.at + row * listWords(network.inputs) * Int32Array.BYTES_PER_ELEMENT;
  }

  #forwardSite(op: LayerOp, index: number): ForwardSite {
    const { memory, experiment, network, traits } = this.#plan;
    const { rows } = this.#program;
    const regions = this.#regions(index);
    const base = this.#key.averaged ? (memory.averages[0] ?? memory.parameters) : memory.parameters;
    const keptWidth = (region: { bytes: number }): number => region.bytes / memory.batchRows / Float32Array.BYTES_PER_ELEMENT;
    const skips = memory.lists.bytes > 0 && opType(op).inputs(op)[0] === network.graph.input;
    return {
      rows: rows.to - rows.from,
      batchRows: this.#key.batchRows,
      firstRow: this.#key.stepRow + rows.from,
      training: this.#key.kind !== 'evaluate',
      leaves: this.#leafSites,
      products: traits.rowsIndependent ? [{ row: 0, rows: rows.to - rows.from }] : this.#leafSites,
      leafTotal: experiment.numerics.leaves,
      fused: this.#fused.get(op),
      shapeOf: this.#index.shapeOf,
      at: (tensor) => this.#valueAt(tensor) + f32Bytes(rows.from * this.#index.widthOf(tensor)),
      parameter: (tensor) => base.at + offsetOf(this.#parameters, tensor),
      statistic: (tensor) => memory.statistics.at + offsetOf(this.#statistics, tensor),
      kept: (name) => named(regions.kept, name).at + f32Bytes(rows.from * keptWidth(named(regions.kept, name))),
      perLeaf: (name) => named(regions.perLeaf, name).at,
      own: (name) => at(named(regions.own, name), this.#rank).at,
      scratch: at(memory.scratch, this.#rank).at,
      stream: (number) => at(memory.streams, this.#rank).at + number * STREAM_BYTES,
      emit: this.#emit,
      skippable: skips ? (pair) => this.#pushPair(pair, this.#phase()) : undefined,
      lists: skips ? this.#listsAt(rows.from) : 0,
      barrier: () => this.#program.phases.push([]),
      afterwards: (kernel, ...args) => {
        if (this.#rank === 0) this.#program.afterwards.push(kernelCall(kernel, ...args));
      },
    };
  }

  #pushPair(pair: SkippablePair, calls: KernelCall[]): void {
    this.#program.skippable.push({ ...pair, calls, index: calls.length });
    calls.push(pair.dense);
  }

  /** Address of the batch's first row. */
  #valueAt(tensor: string): number {
    const { memory, network } = this.#plan;
    return (tensor === network.graph.input ? memory.x : named(memory.graph.values, tensor)).at;
  }

  #backwardSite(site: ForwardSite, { subtrees, batch }: PlacedBounds): BackwardSite {
    const { from } = this.#program.rows;
    const { memory, network } = this.#plan;
    return {
      ...site,
      gradient: (tensor) => {
        if (tensor === network.graph.input) return 0;
        return named(memory.graph.gradients, tensor).at + f32Bytes(from * this.#index.widthOf(tensor));
      },
      onceBegun: (tensor, emit) => void this.#waiting.set(tensor, [...(this.#waiting.get(tensor) ?? []), emit]),
      subtrees: subtrees.map(({ slab, ...subtree }) => {
        return { ...subtree, gradient: (name) => gradientAt(memory, slab, tensorOf(this.#parameters, name)) };
      }),
      slice: (weight) => this.#sliceSite(tensorOf(this.#parameters, weight), site, batch),
    };
  }

  /** The first op of forward to read a tensor is the last of backward to add to its gradient. */
  #releaseWaiting(op: LayerOp): void {
    for (const tensor of opType(op).inputs(op)) {
      if (this.#index.readersOf(tensor)[0] !== op) continue;
      for (const emit of this.#waiting.get(tensor) ?? []) emit();
      this.#waiting.delete(tensor);
    }
  }

  #sliceSite(weight: PlacedTensor, site: ForwardSite, bounds: number): SliceSite | undefined {
    const { memory, exchange, experiment, network } = this.#plan;
    if (!isByFactors(weight, exchange)) return undefined;
    const gradient = gradientAt(memory, 0, weight);
    const [width = 1] = weight.shape;
    const reader = network.graph.ops.find((op) => opType(op).parameters(op).includes(weight.name));
    if (reader === undefined) throw new RangeError(`no op reads ${weight.name}`);
    const calls = this.#program.slice;
    return {
      pieces: piecesOfSlice(this.#plan, this.#slice, weight).map(({ from, to }) => {
        return { from, to, gradient: gradient + f32Bytes(from * width) };
      }),
      x: this.#valueAt(opType(reader).inputs(reader)[0] ?? ''),
      d: named(memory.graph.gradients, reader.y).at,
      bounds,
      leaves: experiment.numerics.leaves,
      emit: (kernel, ...args) => void calls.push(kernelCall(kernel, ...args)),
      skippable: site.skippable && ((pair) => this.#pushPair(pair, calls)),
    };
  }

  /** Loss leaf by leaf: each leaf has its own sum, so the total does not depend on who computed it. */
  #lowerLoss(): void {
    const { memory, network } = this.#plan;
    const { loss, output } = network.graph;
    const { from } = this.#program.rows;
    for (const { index, row, rows } of this.#leafSites) {
      const first = from + row;
      const offset = f32Bytes(first * network.outputs);
      this.#backend.lowerLoss(loss, {
        x: this.#valueAt(output) + offset,
        target: targetOf(loss.loss) === 'labels' ? this.#labelAt(first) : memory.targets.at + offset,
        sampleWeights: memory.weights.bytes === 0 ? 0 : memory.weights.at + f32Bytes(first),
        lossWeights: memory.lossWeights.bytes === 0 ? 0 : memory.lossWeights.at,
        dx: this.#key.kind === 'evaluate' ? 0 : named(memory.graph.gradients, output).at + offset,
        rows,
        outputs: network.outputs,
        out: memory.leafSums.at + index * SUM_BYTES,
        emit: this.#emit,
      });
    }
  }

  /** Counts are whole numbers, so a rank counts all its rows at once; real sums are kept leaf by leaf, like the loss. */
  #lowerMetrics(): void {
    const { memory, network, metrics } = this.#plan;
    const { from, to } = this.#program.rows;
    const z = this.#valueAt(network.graph.output);
    const site = (first: number, rows: number, out: number): MetricSite => {
      const offset = f32Bytes(first * network.outputs);
      return { z: z + offset, rows, labels: this.#labelAt(first), targets: memory.targets.at + offset, out };
    };
    const calls = [...counterCalls(metrics, site(from, to - from, at(memory.metricCounts, this.#rank).at))];
    for (const { index, row, rows } of this.#leafSites) {
      const out = memory.metricSums.at + index * metrics.sumLength * Float64Array.BYTES_PER_ELEMENT;
      calls.push(...sumCalls(metrics, site(from + row, rows, out)));
    }
    this.#phase().push(...calls);
  }

  #labelAt(row: number): number {
    return this.#plan.memory.labels.at + row * Int32Array.BYTES_PER_ELEMENT;
  }

  /** Of a layer's activation, before dropout and residual; of its output where it has none. */
  #lowerActivity({ index, y }: GraphLayer): void {
    const { memory, experiment, network } = this.#plan;
    const activation = network.graph.ops.findLast((op) => op.layer === index && op.type === 'activation');
    const tensor = activation?.y ?? y;
    const width = this.#index.widthOf(tensor);
    for (const leaf of this.#leafSites) {
      const values = (index * experiment.numerics.leaves + leaf.index) * ACTIVITY_VALUES;
      const rows = this.#valueAt(tensor) + f32Bytes((this.#program.rows.from + leaf.row) * width);
      const sums = memory.activity.at + values * Float64Array.BYTES_PER_ELEMENT;
      this.#program.activity.push(kernelCall('activation_sums', rows, leaf.rows * width, sums));
    }
  }

  /** The rank's nodes of the leaf tree with the tables of their leaves' row bounds, and the table of all leaves. */
  #placeBounds(kind: 'full' | 'last'): PlacedBounds {
    const { memory, experiment } = this.#plan;
    const { leaves, rows } = this.#program;
    const total = experiment.numerics.leaves;
    let next = at(memory.bounds, this.#rank).at;
    if (kind === 'last') next += boundsWords(leaves.to - leaves.from, total) * Int32Array.BYTES_PER_ELEMENT;
    const place = (first: number, count: number): number => {
      const table = next;
      const words = Array.from({ length: count + 1 }, (_, i) => this.#start(first + i) - this.#start(first));
      this.#program.tables.push({ at: table, words });
      next += words.length * Int32Array.BYTES_PER_ELEMENT;
      return table;
    };
    const subtrees: PlacedSubtree[] = [];
    for (const [slab, { first, count }] of memory.nodes.entries()) {
      if (first < leaves.from || first >= leaves.to) continue;
      subtrees.push({ row: this.#start(first) - rows.from, first, leaves: count, bounds: place(first, count), slab });
    }
    return { subtrees, batch: place(0, total) };
  }

  #regions(op: number): OpRegions {
    return at(this.#plan.memory.graph.ops, op);
  }
}

/** A subtree that does not know yet whose gradients it will hold, but the number of their slab. */
type PlacedSubtree = Omit<SubtreeSite, 'gradient'> & { slab: number };

interface PlacedBounds {
  subtrees: PlacedSubtree[];
  /** Address of the table of all leaves. */
  batch: number;
}

function tensorOf(tensors: ReadonlyMap<string, PlacedTensor>, name: string): PlacedTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the model has no tensor ${name}`);
  return tensor;
}

function offsetOf(tensors: ReadonlyMap<string, PlacedTensor>, name: string): number {
  return f32Bytes(tensorOf(tensors, name).offset);
}

function named<T>(record: Record<string, T>, name: string): T {
  const value = record[name];
  if (value === undefined) throw new RangeError(`nothing is placed as ${name}`);
  return value;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index}`);
  return value;
}
