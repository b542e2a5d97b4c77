import { layerType } from '../model/layers/index.ts';
import type { BackwardSite, ForwardSite, KernelCall, KernelName, SubtreeSite } from '../model/layers/layer.ts';
import { lossType } from '../model/losses.ts';
import { f32Bytes } from '../model/parameters.ts';
import { leafStart, type Range, rankLeaves } from './leaves.ts';
import { boundsWords, SUM_BYTES } from './memory.ts';
import type { EnginePlan } from './plan.ts';

/** What one rank does with its leaves of one batch size. */
export interface RankProgram {
  /** Rows of the batch that are this rank's. */
  rows: Range;
  leaves: Range;
  /** Forward, loss and backward, in order. */
  calls: KernelCall[];
  /** i32 tables that the calls read; written once before the first step. */
  tables: { at: number; words: number[] }[];
}

/** Batch sizes of a run: each has its own program and its own tables. */
export type BatchKind = 'full' | 'last' | 'evaluate';

/**
 * Compiles the kernel calls of one rank for batches of `batchRows` rows.
 *
 * The addresses of activations follow from the row alone: rank boundaries move, the rows' places do not.
 */
export function compileProgram(plan: EnginePlan, rank: number, batchRows: number, kind: BatchKind): RankProgram {
  const leafTotal = plan.experiment.numerics.leaves;
  const leaves = rankLeaves(rank, plan.workers, leafTotal);
  const start = (leaf: number): number => leafStart(leaf, leafTotal, batchRows);
  const rows = { from: start(leaves.from), to: start(leaves.to) };
  const program: RankProgram = { rows, leaves, calls: [], tables: [] };
  const emit = (kernel: KernelName, ...args: number[]): void => {
    program.calls.push({ kernel, args });
  };

  const subtrees = kind === 'evaluate' ? [] : placeSubtrees(plan, rank, kind, program, start);
  const sites = plan.network.layers.map((layer): ForwardSite => {
    const regions = plan.memory.layers[layer.index];
    const input = layer.index === 0 ? plan.memory.x : plan.memory.layers[layer.index - 1]?.buffers['y'];
    return {
      rows: rows.to - rows.from,
      inputs: layer.inputs,
      x: address(input?.at, rows.from * layer.inputs),
      buffer: (name) => address(regions?.buffers[name]?.at, rows.from * bufferWidth(plan, layer.index, name)),
      parameter: (role) => plan.memory.parameters.at + parameterOffset(plan, layer.index, role),
      scratch: address(plan.memory.scratch[rank]?.at, 0),
      emit,
    };
  });

  for (const [i, site] of sites.entries()) layer(plan, i).type.forward(layer(plan, i).config, site);
  emitLoss(plan, program, start, kind);
  if (kind === 'evaluate') return program;
  for (const [i, site] of [...sites.entries()].toReversed()) {
    const { type, config, outputs, inputs } = layer(plan, i);
    const backward: BackwardSite = {
      ...site,
      dy: address(plan.memory.layers[i]?.d.at, rows.from * outputs),
      dx: i === 0 ? 0 : address(plan.memory.layers[i - 1]?.d.at, rows.from * inputs),
      subtrees: subtrees.map(({ slab, ...subtree }) => ({ ...subtree, gradient: (role) => slab + parameterOffset(plan, i, role) })),
    };
    type.backward(config, backward);
  }
  return program;
}

/** Loss leaf by leaf: each leaf has its own sum, so the total does not depend on who computed it. */
function emitLoss(plan: EnginePlan, program: RankProgram, start: (leaf: number) => number, kind: BatchKind): void {
  const { memory, network, experiment } = plan;
  const { kernel, target } = lossType(experiment.loss);
  const last = memory.layers[network.layers.length - 1];
  for (let leaf = program.leaves.from; leaf < program.leaves.to; leaf++) {
    const [from, to] = [start(leaf), start(leaf + 1)];
    const z = address(last?.buffers['y']?.at, from * network.outputs);
    const dz = kind === 'evaluate' ? 0 : address(last?.d.at, from * network.outputs);
    const compared =
      target === 'labels' ? memory.labels.at + from * Int32Array.BYTES_PER_ELEMENT : address(memory.targets.at, from * network.outputs);
    program.calls.push({ kernel, args: [z, compared, dz, to - from, network.outputs, memory.leafSums.at + leaf * SUM_BYTES] });
  }
}

/** The rank's nodes of the leaf tree: their slabs, and the tables of their leaves' row bounds. */
function placeSubtrees(plan: EnginePlan, rank: number, kind: 'full' | 'last', program: RankProgram, start: (leaf: number) => number) {
  const { memory } = plan;
  const { leaves, rows } = program;
  const variant = kind === 'full' ? 0 : boundsWords(leaves.to - leaves.from) * Int32Array.BYTES_PER_ELEMENT;
  let table = address(memory.bounds[rank]?.at, 0) + variant;
  const placed: (Omit<SubtreeSite, 'gradient'> & { slab: number })[] = [];
  for (const [slab, node] of memory.nodes.entries()) {
    if (node.first < leaves.from || node.first >= leaves.to) continue;
    const first = start(node.first);
    const words = Array.from({ length: node.count + 1 }, (_, i) => start(node.first + i) - first);
    program.tables.push({ at: table, words });
    placed.push({ row: first - rows.from, leaves: node.count, bounds: table, slab: address(memory.slabs[slab]?.at, 0) });
    table += words.length * Int32Array.BYTES_PER_ELEMENT;
  }
  return placed;
}

function layer(plan: EnginePlan, index: number) {
  const placed = plan.network.layers[index];
  if (placed === undefined) throw new RangeError(`no layer ${index}`);
  return { ...placed, type: layerType(placed.config) };
}

function bufferWidth(plan: EnginePlan, index: number, name: string): number {
  const { type, config, inputs } = layer(plan, index);
  const width = type.buffers(config, inputs)[name];
  if (width === undefined) throw new RangeError(`layer ${index} has no buffer ${name}`);
  return width;
}

function parameterOffset(plan: EnginePlan, index: number, role: string): number {
  const tensor = layer(plan, index).parameters.find((parameter) => parameter.role === role);
  if (tensor === undefined) throw new RangeError(`layer ${index} has no parameter ${role}`);
  return f32Bytes(tensor.offset);
}

function address(base: number | undefined, floats: number): number {
  if (base === undefined) throw new RangeError('no such region in the memory plan');
  return base + f32Bytes(floats);
}
