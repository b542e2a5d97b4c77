import type { Graph } from '../../graph/graph.ts';
import { GraphIndex } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import type { Lowering, Lowerings } from '../lowering.ts';
import { nativeConvScratch, nativeScratch } from '../native/scratch.ts';
import { convScratchFloats, scratchFloats } from '../sizes.ts';
import { activation, epilogueOf } from './activation.ts';
import { add, lowerGradientPart } from './add.ts';
import { conv } from './conv.ts';
import { dense, lowerLists } from './dense.ts';
import { dropout } from './dropout.ts';
import { lowerLoss } from './loss.ts';
import { lowerActivity, lowerMetric } from './metrics.ts';
import { batchNorm, layerNorm } from './norm.ts';
import { pool } from './pool.ts';
import { swapAxes } from './swap-axes.ts';

const ops: Lowerings = { dense, conv, pool, swap_axes: swapAxes, batch_norm: batchNorm, layer_norm: layerNorm, activation, dropout, add };

/** The seam between a graph and what computes it: how each op, the loss and what is looked at beside them become calls of the kernels. */
export const lowerings = {
  of: loweringOf,
  loss: lowerLoss,
  /** Adds what an op contributes to a gradient that another has begun. */
  gradientPart: lowerGradientPart,
  /** What an evaluation counts or sums up beside the loss. */
  metric: lowerMetric,
  /** Sums over the outputs of a layer. */
  activity: lowerActivity,
  /** Lists the columns of the network's inputs that are not zero. */
  lists: lowerLists,
  fuses: fusesEpilogue,
  scratchFloats: productScratch,
};

function loweringOf<O extends LayerOp>({ type }: O): Lowering<O> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its op
  return ops[type] as unknown as Lowering<O>;
}

/** Whether an op's call applies the next one as well: a product applies relu and leaky_relu in its epilogue. */
function fusesEpilogue(op: LayerOp, next: LayerOp): boolean {
  return (op.type === 'dense' || op.type === 'conv') && next.type === 'activation' && epilogueOf(next) !== undefined;
}

/** Floats of scratch that a rank needs for at most `rows` rows, for the widest products and all convolutions of a graph. */
function productScratch(graph: Graph, rows: number, leaves: number): number {
  const { widthOf } = new GraphIndex(graph);
  const products = graph.ops.filter((op) => op.type === 'dense');
  const widest = (tensor: 'x' | 'y'): number => Math.max(0, ...products.map((op) => widthOf(op[tensor])));
  const [inputs, outputs] = [widest('x'), widest('y')];
  const convolutions = graph.ops
    .filter((op) => op.type === 'conv')
    .map((op) => Math.max(convScratchFloats(op, rows, leaves), nativeConvScratch(op, leaves)));
  return Math.max(scratchFloats(rows, inputs, outputs, leaves), nativeScratch(rows, inputs, outputs, leaves), ...convolutions);
}
