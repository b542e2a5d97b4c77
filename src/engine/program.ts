import { layerType } from '../model/layers/index.ts';
import type { BackwardSite, ForwardSite, KernelCall, KernelName, LeafSite, SubtreeSite } from '../model/layers/layer.ts';
import { lossType } from '../model/losses.ts';
import { counterCalls, type MetricSite, sumCalls } from '../model/metrics.ts';
import type { PlacedLayer } from '../model/network.ts';
import { f32Bytes, type PlacedTensor } from '../model/parameters.ts';
import { leafStart, type Range, rankLeaves } from './leaves.ts';
import { ACTIVITY_VALUES, boundsWords, type LayerRegions, type Region, STREAM_BYTES, SUM_BYTES } from './memory.ts';
import type { EnginePlan } from './plan.ts';

/** What one rank does with its leaves of one batch. */
export interface RankProgram {
  /** Rows of the batch that are this rank's. */
  rows: Range;
  leaves: Range;
  /** Forward, loss and backward: phases with a barrier between them, the same number on every rank. */
  phases: KernelCall[][];
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

  constructor(plan: EnginePlan, rank: number, key: ProgramKey) {
    const leaves = rankLeaves(rank, plan.workers, plan.experiment.numerics.leaves);
    this.#plan = plan;
    this.#rank = rank;
    this.#key = key;
    this.#program = { rows: { from: 0, to: 0 }, leaves, phases: [[]], afterwards: [], activity: [], tables: [] };
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
    const subtrees = this.#placeSubtrees(this.#key.kind);
    for (const layer of layers.toReversed()) {
      layerType(layer.config).backward(layer.config, this.#backwardSite(layer, at(sites, layer.index), subtrees));
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
    const input = layer.index === 0 ? memory.x : named(this.#regions(layer.index - 1).buffers, 'y');
    const widths = layerType(layer.config).buffers(layer.config, layer.inputs);
    return {
      rows: rows.to - rows.from,
      inputs: layer.inputs,
      batchRows: this.#key.batchRows,
      firstRow: this.#key.stepRow + rows.from,
      training: this.#key.kind !== 'evaluate',
      leaves: this.#leafSites(),
      leafTotal: experiment.numerics.leaves,
      x: input.at + f32Bytes(rows.from * layer.inputs),
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

  #backwardSite(layer: PlacedLayer, site: ForwardSite, subtrees: readonly PlacedSubtree[]): BackwardSite {
    const { from } = this.#program.rows;
    return {
      ...site,
      dy: this.#regions(layer.index).d.at + f32Bytes(from * layer.outputs),
      dx: layer.index === 0 ? 0 : this.#regions(layer.index - 1).d.at + f32Bytes(from * layer.inputs),
      subtrees: subtrees.map(({ slab, ...subtree }) => ({ ...subtree, gradient: (role) => slab + offsetOf(layer.parameters, role) })),
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

  /** The rank's nodes of the leaf tree: their slabs, and the tables of their leaves' row bounds. */
  #placeSubtrees(kind: 'full' | 'last'): PlacedSubtree[] {
    const { memory } = this.#plan;
    const { leaves, rows } = this.#program;
    const words = boundsWords(leaves.to - leaves.from);
    let table = at(memory.bounds, this.#rank).at + (kind === 'full' ? 0 : words * Int32Array.BYTES_PER_ELEMENT);
    const placed: PlacedSubtree[] = [];
    for (const [slab, node] of memory.nodes.entries()) {
      if (node.first < leaves.from || node.first >= leaves.to) continue;
      const first = this.#start(node.first);
      const bounds = Array.from({ length: node.count + 1 }, (_, i) => this.#start(node.first + i) - first);
      this.#program.tables.push({ at: table, words: bounds });
      placed.push({ row: first - rows.from, first: node.first, leaves: node.count, bounds: table, slab: at(memory.slabs, slab).at });
      table += bounds.length * Int32Array.BYTES_PER_ELEMENT;
    }
    return placed;
  }

  #regions(layer: number): LayerRegions {
    return at(this.#plan.memory.layers, layer);
  }
}

/** A subtree that does not know yet whose gradients it will hold. */
type PlacedSubtree = Omit<SubtreeSite, 'gradient'> & { slab: Region['at'] };

function offsetOf(tensors: readonly PlacedTensor[], role: string): number {
  const tensor = tensors.find((candidate) => candidate.role === role);
  if (tensor === undefined) throw new RangeError(`the layer has no tensor ${role}`);
  return f32Bytes(tensor.offset);
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
