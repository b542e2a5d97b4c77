import { lowerings } from '../../../kernels/lowerings/index.ts';
import type { EnginePlan } from '../plan.ts';
import { placeBounds } from './bounds.ts';
import { lowerForward } from './forward.ts';
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
  const forward = lowerForward(share, writer);
  lowerLoss(share, writer.emit);
  if (!share.isTraining) {
    lowerMetrics(share, writer.emit);
    return program;
  }
  for (const layer of layers) lowerActivity(share, layer, emitTo(program.activity));
  const bounds = placeBounds(share, program.tables);
  const sites = new Sites(share, writer);
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = nth(ops, i);
    if (!share.index.hasGradient(op.y)) continue;
    lowerings.of(op).backward(op, sites.backward(op, nth(forward, i), bounds));
    sites.settle(op);
  }
  return program;
}
