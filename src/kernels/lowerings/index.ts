import type { Graph } from '../../graph/graph.ts';
import { rowShape } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import { elements } from '../../graph/shape.ts';
import type { Backend, Lowerings } from '../backend.ts';
import { nativeScratch } from '../native/scratch.ts';
import { scratchFloats } from '../sizes.ts';
import { activation, epilogueOf } from './activation.ts';
import { add } from './add.ts';
import { dense, lowerLists } from './dense.ts';
import { dropout } from './dropout.ts';
import { lowerLoss } from './loss.ts';
import { lowerActivity, lowerMetric } from './metrics.ts';
import { batchNorm, layerNorm } from './norm.ts';

const ops: Lowerings = { dense, batch_norm: batchNorm, layer_norm: layerNorm, activation, dropout, add };

/** How each op, the loss and what is looked at beside them become calls of the kernels. */
export const lowerings = {
  lowerings: ops,
  lowerLoss,
  lowerMetric,
  lowerActivity,
  lowerLists,
  fuses: fusesEpilogue,
  scratchFloats: productScratch,
} satisfies Partial<Backend>;

/** A product applies relu and leaky_relu in its epilogue. */
function fusesEpilogue(op: LayerOp, next: LayerOp): boolean {
  return op.type === 'dense' && next.type === 'activation' && epilogueOf(next) !== undefined;
}

/** Scratch of the kernels' products, for the widest of a graph. */
function productScratch(graph: Graph, rows: number, leaves: number): number {
  const products = graph.ops.filter((op) => op.type === 'dense');
  const widest = (tensor: 'x' | 'y'): number => Math.max(0, ...products.map((op) => elements(rowShape(graph, op[tensor]))));
  const [inputs, outputs] = [widest('x'), widest('y')];
  return Math.max(scratchFloats(rows, inputs, outputs, leaves), nativeScratch(rows, inputs, outputs, leaves));
}
