import { type Graph, rowShape } from '../graph/graph.ts';
import type { ConvOp } from '../graph/ops/conv.ts';
import type { PoolOp } from '../graph/ops/pool.ts';
import { type Extent2d, reach, type Window } from '../graph/window.ts';

/** An op that looks at its input through a window. */
export type WindowOp = ConvOp | PoolOp;

/** Whether it goes along sequences, which have no height. */
export function isSequence(graph: Graph, { x, y }: WindowOp): boolean {
  const made = rowShape(graph, y).length;
  // A mean over all places has none of them left.
  return made === 1 ? x !== graph.input && rowShape(graph, x).length === 2 : made === 2;
}

/** Lines below and columns on the right of a picture: as many as before it, where that gives the same outputs, else as many as are needed. */
export function paddingBehind({ height, width, kernel, stride, dilation, padding, outHeight, outWidth }: Window): Extent2d {
  const along = (axis: 0 | 1, extent: number, out: number): number => {
    const span = reach(kernel[axis], dilation[axis]);
    const before = padding[axis];
    const isSame = Math.floor((extent + 2 * before - span) / stride[axis]) + 1 === out;
    return isSame ? before : (out - 1) * stride[axis] + span - extent - before;
  };
  return [along(0, height, outHeight), along(1, width, outWidth)];
}
