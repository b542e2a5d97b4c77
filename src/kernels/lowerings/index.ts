import type { Graph } from '../../graph/graph.ts';
import { rowShape } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowerings } from '../backend.ts';
import { scratchFloats } from '../sizes.ts';
import { activation, epilogueOf } from './activation.ts';
import { add } from './add.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { batchNorm, layerNorm } from './norm.ts';

/** How each op becomes calls of the kernels. */
export const lowerings: Lowerings = { dense, batch_norm: batchNorm, layer_norm: layerNorm, activation, dropout, add };

/** A product applies relu and leaky_relu in its epilogue. */
export function fusesEpilogue(op: LayerOp, next: LayerOp): boolean {
  return op.type === 'dense' && next.type === 'activation' && epilogueOf(next) !== undefined;
}

/** Scratch of the kernels' products, for the widest of a graph. */
export function productScratch(graph: Graph, rows: number, leaves: number): number {
  const products = graph.ops.filter((op) => op.type === 'dense');
  const widest = (tensor: 'x' | 'y'): number => Math.max(0, ...products.map((op) => elements(rowShape(graph, op[tensor]))));
  return scratchFloats(rows, widest('x'), widest('y'), leaves);
}
