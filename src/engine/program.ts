import { layerType } from '../model/layers/index.ts';
import type { BackwardSite, ForwardSite, KernelCall, KernelName, LeafSite, SliceSite, SubtreeSite } from '../model/layers/layer.ts';
import { lossType } from '../model/losses.ts';
import { counterCalls, type MetricSite, sumCalls } from '../model/metrics.ts';
import type { PlacedLayer } from '../model/network.ts';
import { f32Bytes, type PlacedTensor } from '../model/parameters.ts';
import type { Chunk } from './chunks.ts';
import { isByFactors } from './exchange.ts';
import { leafStart, type Range, rankLeaves } from './leaves.ts';
import { ACTIVITY_VALUES, boundsWords, type LayerRegions, STREAM_BYTES, SUM_BYTES } from './memory.ts';
import type { EnginePlan } from './plan.ts';
import { gradientAt, piecesOfSlice, rankChunks } from './slices.ts';

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
}

/** What a program is compiled for. */
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
 * Compiles the kernel calls of one rank.
 *
 * The addresses of activations follow from the row alone: rank boundaries move, the rows' places do not.
 */
export function compileProgram(plan: EnginePlan, rank: number, key: ProgramKey): RankProgram {
  return new Compiler(plan, rank, key).compile();
}

class Compiler {
  readonly #plan: EnginePlan;
  readonly #rank: number;
  readonly #key: ProgramKey;
  readonly #program: RankProgram;
  readonly #slice: readonly Chunk[];

  constructor(plan: EnginePlan, rank: number, key: ProgramKey) {
    const leaves = rankLeaves(rank, plan.workers, plan.experiment.numerics.leaves);
    this.#plan = plan;
    this.#rank = rank;
    this.#key = key;
    this.#slice = key.kind === 'evaluate' ? [] : rankChunks(plan, rank);
    this.#program = { rows: { from: 0, to: 0 }, leaves, phases: [[]], slice: [], afterwards: [], activity: [], tables: [] };
    this.#program.rows = { from: this.#start(leaves.from), to: this.#start(leaves.to) };
  }

  compile(): RankProgram {
    const { layers } = this.#plan.network;
    const sites = layers.map((layer) => this.#forwardSite(layer));
    for (const [i, site] of sites.entries()) {
      const { config } = at(layers, i);
      layerType(config).forward(config, site);
    }
    this.#emitLoss();
    if (this.#key.kind === 'evaluate') {
      this.#emitMetrics();
      return this.#program;
    }
    for (const layer of layers) this.#emitActivity(layer);
    const bounds = this.#placeBounds(this.#key.kind);
    for (const layer of layers.toReversed()) {
      layerType(layer.config).backward(layer.config, this.#backwardSite(layer, at(sites, layer.index), bounds));
    }
    return this.#program;
  }

  #start(leaf: number): number {
    return leafStart(leaf, this.#plan.experiment.numerics.leaves, this.#key.batchRows);
  }

  #emit(kernel: KernelName, args: readonly number[]): void {
    this.#program.phases.at(-1)?.push({ kernel, args });
  }

  #forwardSite(layer: PlacedLayer): ForwardSite {
    const { memory, experiment } = this.#plan;
    const { rows } = this.#program;
    const regions = this.#regions(layer.index);
    const base = this.#key.averaged ? (memory.averages[0] ?? memory.parameters) : memory.parameters;
    const widths = layerType(layer.config).buffers(layer.config, layer.inputs);
    return {
      rows: rows.to - rows.from,
      inputs: layer.inputs,
      batchRows: this.#key.batchRows,
      firstRow: this.#key.stepRow + rows.from,
      training: this.#key.kind !== 'evaluate',
      leaves: this.#leafSites(),
      products: experiment.numerics.engine === 'blas' ? this.#leafSites() : [{ row: 0, rows: rows.to - rows.from }],
      leafTotal: experiment.numerics.leaves,
      x: this.#inputAt(layer) + f32Bytes(rows.from * layer.inputs),
      buffer: (name) => named(regions.buffers, name).at + f32Bytes(rows.from * named(widths, name)),
      parameter: (role) => base.at + offsetOf(layer.parameters, role),
      statistic: (role) => memory.statistics.at + offsetOf(layer.statistics, role),
      perLeaf: (name) => named(regions.perLeaf, name).at,
      own: (name) => at(named(regions.own, name), this.#rank).at,
      scratch: at(memory.scratch, this.#rank).at,
      stream: at(memory.streams, this.#rank).at + layer.index * STREAM_BYTES,
      emit: (kernel, ...args) => this.#emit(kernel, args),
      barrier: () => this.#program.phases.push([]),
      afterwards: (kernel, ...args) => {
        if (this.#rank === 0) this.#program.afterwards.push({ kernel, args });
      },
    };
  }

  /** Address of the batch's first row on its way into the layer. */
  #inputAt({ index }: PlacedLayer): number {
    return (index === 0 ? this.#plan.memory.x : named(this.#regions(index - 1).buffers, 'y')).at;
  }

  #backwardSite(layer: PlacedLayer, site: ForwardSite, { subtrees, batch }: PlacedBounds): BackwardSite {
    const { from } = this.#program.rows;
    const { memory } = this.#plan;
    return {
      ...site,
      dy: this.#regions(layer.index).d.at + f32Bytes(from * layer.outputs),
      dx: layer.index === 0 ? 0 : this.#regions(layer.index - 1).d.at + f32Bytes(from * layer.inputs),
      subtrees: subtrees.map(({ slab, ...subtree }) => {
        return { ...subtree, gradient: (role) => gradientAt(memory, slab, tensorOf(layer.parameters, role)) };
      }),
      slice: this.#sliceSite(layer, batch),
    };
  }

  #sliceSite(layer: PlacedLayer, bounds: number): SliceSite | undefined {
    const { memory, exchange, experiment } = this.#plan;
    const tensor = layer.parameters.find((candidate) => isByFactors(candidate, exchange));
    if (tensor === undefined) return undefined;
    const gradient = gradientAt(memory, 0, tensor);
    return {
      pieces: piecesOfSlice(this.#plan, this.#slice, tensor).map(({ from, to }) => {
        return { from, to, gradient: gradient + f32Bytes(from * layer.outputs) };
      }),
      x: this.#inputAt(layer),
      d: this.#regions(layer.index).d.at,
      bounds,
      leaves: experiment.numerics.leaves,
      emit: (kernel, ...args) => void this.#program.slice.push({ kernel, args }),
    };
  }

  #leafSites(): LeafSite[] {
    const { leaves, rows } = this.#program;
    return Array.from({ length: leaves.to - leaves.from }, (_, i) => {
      const index = leaves.from + i;
      const first = this.#start(index);
      return { index, row: first - rows.from, rows: this.#start(index + 1) - first };
    });
  }

  /** Loss leaf by leaf: each leaf has its own sum, so the total does not depend on who computed it. */
  #emitLoss(): void {
    const { memory, network, experiment } = this.#plan;
    const loss = lossType(experiment.loss);
    const last = this.#regions(network.layers.length - 1);
    const { from } = this.#program.rows;
    for (const { index, row, rows } of this.#leafSites()) {
      const first = from + row;
      const offset = f32Bytes(first * network.outputs);
      const dz = this.#key.kind === 'evaluate' ? 0 : last.d.at + offset;
      const call = loss.call(experiment.loss, {
        z: named(last.buffers, 'y').at + offset,
        target: loss.target === 'labels' ? this.#labelAt(first) : memory.targets.at + offset,
        sampleWeights: memory.weights.bytes === 0 ? 0 : memory.weights.at + f32Bytes(first),
        lossWeights: memory.lossWeights.bytes === 0 ? 0 : memory.lossWeights.at,
        dz,
        rows,
        outputs: network.outputs,
        out: memory.leafSums.at + index * SUM_BYTES,
      });
      this.#emit(call.kernel, call.args);
    }
  }

  /** Counts are whole numbers, so a rank counts all its rows at once; real sums are kept leaf by leaf, like the loss. */
  #emitMetrics(): void {
    const { memory, network, metrics } = this.#plan;
    const { from, to } = this.#program.rows;
    const z = named(this.#regions(network.layers.length - 1).buffers, 'y').at;
    const site = (first: number, rows: number, out: number): MetricSite => {
      const offset = f32Bytes(first * network.outputs);
      return { z: z + offset, rows, labels: this.#labelAt(first), targets: memory.targets.at + offset, out };
    };
    const calls = [...counterCalls(metrics, site(from, to - from, at(memory.metricCounts, this.#rank).at))];
    for (const { index, row, rows } of this.#leafSites()) {
      const out = memory.metricSums.at + index * metrics.sumLength * Float64Array.BYTES_PER_ELEMENT;
      calls.push(...sumCalls(metrics, site(from + row, rows, out)));
    }
    for (const { kernel, args } of calls) this.#emit(kernel, args);
  }

  #labelAt(row: number): number {
    return this.#plan.memory.labels.at + row * Int32Array.BYTES_PER_ELEMENT;
  }

  #emitActivity({ index, outputs }: PlacedLayer): void {
    const { memory, experiment } = this.#plan;
    const { buffers } = this.#regions(index);
    // Before dropout and residual, where a layer keeps its activation apart.
    const activation = (buffers['a'] ?? named(buffers, 'y')).at;
    for (const leaf of this.#leafSites()) {
      const values = (index * experiment.numerics.leaves + leaf.index) * ACTIVITY_VALUES;
      const rows = activation + f32Bytes((this.#program.rows.from + leaf.row) * outputs);
      const sums = memory.activity.at + values * Float64Array.BYTES_PER_ELEMENT;
      this.#program.activity.push({ kernel: 'activation_sums', args: [rows, leaf.rows * outputs, sums] });
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

  #regions(layer: number): LayerRegions {
    return at(this.#plan.memory.layers, layer);
  }
}

/** A subtree that does not know yet whose gradients it will hold, but the number of their slab. */
type PlacedSubtree = Omit<SubtreeSite, 'gradient'> & { slab: number };

interface PlacedBounds {
  subtrees: PlacedSubtree[];
  /** Address of the table of all leaves. */
  batch: number;
}

function tensorOf(tensors: readonly PlacedTensor[], role: string): PlacedTensor {
  const tensor = tensors.find((candidate) => candidate.role === role);
  if (tensor === undefined) throw new RangeError(`the layer has no tensor ${role}`);
  return tensor;
}

function offsetOf(tensors: readonly PlacedTensor[], role: string): number {
  return f32Bytes(tensorOf(tensors, role).offset);
}

function named<T>(record: Record<string, T>, name: string): T {
  const value = record[name];
  if (value === undefined) throw new RangeError(`the layer has no ${name}`);
  return value;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index}`);
  return value;
}
