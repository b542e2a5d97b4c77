import type { GraphIndex } from '../../../graph/graph.ts';
import { type LayerOp, opType } from '../../../graph/op.ts';
import { kernelCall } from '../../../kernels/call.ts';
import { lowerings } from '../../../kernels/lowerings/index.ts';
import type { ForwardSite } from '../../../kernels/site.ts';
import { f32Bytes } from '../../../model/parameters.ts';
import { STREAM_BYTES } from '../memory.ts';
import type { Region } from '../place.ts';
import { emitTo, type ProgramWriter, type RankProgram } from './program.ts';
import { type ForwardPlan, named, nth, type Share } from './share.ts';

/**
 * Lowers the way of a rank's rows from the network's inputs to its outputs.
 *
 * @returns the site of each op of the graph
 */
export function lowerForward(share: Share<ForwardPlan>, writer: ProgramWriter): ForwardSite[] {
  const { ops } = share.plan.network.graph;
  const fused = fusedPairs(ops, share.index);
  const sites = ops.map((op, i) => siteOf(op, i, { share, writer, fused }));
  lowerLists(share, writer.program);
  const done = new Set(fused.values());
  for (const [i, op] of ops.entries()) {
    if (!done.has(op)) lowerings.of(op).forward(op, nth(sites, i));
  }
  return sites;
}

interface Lowered {
  share: Share<ForwardPlan>;
  writer: ProgramWriter;
  /** Ops whose call applies the next op as well. */
  fused: ReadonlyMap<LayerOp, LayerOp>;
}

/** @param number  of the op in the graph */
function siteOf(op: LayerOp, number: number, { share, writer, fused }: Lowered): ForwardSite {
  const { memory, experiment, network } = share.plan;
  const { from, to } = share.rows;
  const regions = nth(memory.graph.ops, number);
  const keptWidth = (region: Region): number => region.bytes / memory.batchRows / Float32Array.BYTES_PER_ELEMENT;
  const skips = memory.lists.bytes > 0 && opType(op).inputs(op)[0] === network.graph.input;
  return {
    rows: to - from,
    batchRows: share.key.batchRows,
    firstRow: share.key.stepRow + from,
    training: share.isTraining,
    leaves: share.leafSites,
    leafTotal: experiment.numerics.leaves,
    fused: fused.get(op),
    shapeOf: share.index.shapeOf,
    at: (tensor) => share.valueAt(tensor, from),
    parameter: (tensor) => share.parameterAt(tensor),
    statistic: (tensor) => share.statisticAt(tensor),
    kept: (name) => named(regions.kept, name).at + f32Bytes(from * keptWidth(named(regions.kept, name))),
    perLeaf: (name) => named(regions.perLeaf, name).at,
    shareLeaves: (name) => writer.share(named(regions.perLeaf, name)),
    own: (name) => share.own(named(regions.own, name)),
    scratch: share.own(memory.scratch),
    stream: (stream) => share.own(memory.streams) + stream * STREAM_BYTES,
    emit: writer.emit,
    skippable: skips ? writer.pushPair : undefined,
    lists: skips ? share.listsAt(from) : 0,
    barrier: writer.barrier,
    afterwards: (kernel, ...args) => {
      if (share.rank === 0) writer.program.afterwards.push(kernelCall(kernel, ...args));
    },
  };
}

/** Pairs of ops of which the first one's call does both. */
function fusedPairs(ops: readonly LayerOp[], index: GraphIndex): Map<LayerOp, LayerOp> {
  const pairs = new Map<LayerOp, LayerOp>();
  for (const op of ops) {
    const [next, ...others] = index.readersOf(op.y);
    if (next !== undefined && next.type !== 'loss' && others.length === 0 && lowerings.fuses(op, next)) pairs.set(op, next);
  }
  return pairs;
}

/** Lists of the non-zero columns of the rank's rows, where something may skip zeros. */
function lowerLists(share: Share<ForwardPlan>, { listing }: RankProgram): void {
  const { memory, network } = share.plan;
  if (memory.lists.bytes === 0) return;
  const { from, to } = share.rows;
  lowerings.lists({
    x: share.valueAt(network.graph.input, from),
    rows: to - from,
    columns: network.inputs,
    lists: share.listsAt(from),
    scratch: share.own(memory.scratch),
    emit: emitTo(listing),
  });
}
