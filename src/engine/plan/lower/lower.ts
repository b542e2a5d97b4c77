import type { GraphIndex } from '../../../graph/graph.ts';
import type { LayerOp } from '../../../graph/op.ts';
import { lowerings } from '../../../kernels/lowerings/index.ts';
import type { EnginePlan } from '../plan.ts';
import { placeBounds } from './bounds.ts';
import { lowerActivity, lowerLoss, lowerMetrics } from './outputs.ts';
import { emitTo, type ProgramKey, ProgramWriter, type RankProgram } from './program.ts';
import { nth, Share } from './share.ts';
import { Sites } from './sites.ts';

/**
 * Lowers a run's graph to the kernel calls of one rank.
 *
 * The addresses of activations follow from the row alone: rank boundaries move, the rows' places do not.
 */
export function lowerProgram(plan: EnginePlan, rank: number, key: ProgramKey): RankProgram {
  const { ops, layers } = plan.network.graph;
  const share = new Share(plan, rank, key);
  const writer = new ProgramWriter(share.rows, share.leaves);
  const { program } = writer;
  const fused = fusedPairs(ops, share.index);
  const sites = new Sites(share, writer, fused);
  const forward = ops.map((op, i) => sites.forward(op, i));
  lowerLists(share, program);
  const done = new Set(fused.values());
  for (const [i, op] of ops.entries()) {
    if (!done.has(op)) lowerings.of(op).forward(op, nth(forward, i));
  }
  lowerLoss(share, writer.emit);
  if (!share.isTraining) {
    lowerMetrics(share, writer.emit);
    return program;
  }
  for (const layer of layers) lowerActivity(share, layer, emitTo(program.activity));
  const bounds = placeBounds(share, program.tables);
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = nth(ops, i);
    lowerings.of(op).backward(op, sites.backward(op, nth(forward, i), bounds));
    sites.release(op);
  }
  return program;
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
function lowerLists(share: Share, { listing }: RankProgram): void {
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
