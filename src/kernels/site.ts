import type { LayerOp } from '../graph/op.ts';
import type { Shape } from '../graph/shape.ts';
import type { KernelCall, KernelName } from './call.ts';
import type { Kernels } from './kernels.ts';

/** Appends a call of a kernel, with exactly its arguments. */
export type Emit = <K extends KernelName>(kernel: K, ...args: Parameters<Kernels[K]>) => void;

/** One leaf of the rank. */
export interface LeafSite {
  /** Its number in the batch. */
  index: number;
  /** Its first row, relative to the rank's. */
  row: number;
  rows: number;
}

/** The two calls of a product of the network's inputs, of which each batch runs one. */
export interface SkippablePair {
  product: 'forward' | 'gradient';
  dense: KernelCall;
  skipping: KernelCall;
}

/** Rows of one rank on their way through one op; all pointers are byte addresses of the rank's first row. */
export interface ForwardSite {
  rows: number;
  /** Rows of the whole batch, and the number of the rank's first row in the step: they tell nothing about the workers. */
  batchRows: number;
  firstRow: number;
  training: boolean;
  leaves: readonly LeafSite[];
  leafTotal: number;
  /** The op behind this one, if its call applies that as well. */
  fused: LayerOp | undefined;
  shapeOf(tensor: string): Shape;
  /** A tensor of rows. */
  at(tensor: string): number;
  parameter(tensor: string): number;
  statistic(tensor: string): number;
  /** What forward leaves for backward. */
  kept(name: string): number;
  /** Leaf 0's values of a `perLeaf` workspace. */
  perLeaf(name: string): number;
  /** All leaves' values of a `perLeaf` workspace are read behind the next barrier, or afterwards; each rank has those of its own. */
  shareLeaves(name: string): void;
  own(name: string): number;
  scratch: number;
  /** u32[4]: key and number of a random stream of this step. */
  stream(number: number): number;
  emit: Emit;
  /** Appends a call that may skip the zeros of the network's inputs; undefined where nothing may skip. */
  skippable: ((pair: SkippablePair) => void) | undefined;
  /** i32[rows, listWords]: the non-zero columns of the rank's inputs. */
  lists: number;
  /** What follows runs when all ranks have come so far. Every rank must call it equally often. */
  barrier(): void;
  /** A call for rank 0 alone, when all ranks are through with the batch and its loss is finite. */
  afterwards: Emit;
}

/** One complete node of the reduction tree among the rank's leaves. */
export interface SubtreeSite {
  /** First row of the subtree, relative to the rank's first row. */
  row: number;
  /** Number of its first leaf in the batch. */
  first: number;
  leaves: number;
  /** i32[leaves + 1]: row bounds of its leaves, relative to `row`. */
  bounds: number;
  /** Where the gradient of a parameter goes. */
  gradient(tensor: string): number;
}

/** The rank's part of a weight whose gradient it computes over the whole batch; pointers are of the batch's first row. */
export interface SliceSite {
  /** Rows [from, to) of the weight as stored, [in, out]; none where the slice has nothing of it. */
  from: number;
  to: number;
  /** Where the gradient of row `from` goes. */
  gradient: number;
  /** [batchRows, inputs]: the op's inputs. */
  x: number;
  /** [batchRows, outputs]: what backward left in place of the gradient of the op's output. */
  d: number;
  /** i32[leaves + 1]: row bounds of all leaves of the batch. */
  bounds: number;
  leaves: number;
  /** What follows runs when all ranks are through with the batch. */
  emit: Emit;
  skippable: ForwardSite['skippable'];
}

export interface BackwardSite extends ForwardSite {
  /**
   * The gradient of a tensor of rows; backward may overwrite that of its output, and writes that of each input: where others read that too,
   * it is added to theirs. 0 where nobody needs it.
   */
  gradient(tensor: string): number;
  subtrees: readonly SubtreeSite[];
  /** Where the gradient of a weight is computed from all ranks' rows, in place of the subtrees' sums. */
  slice(weight: string): SliceSite | undefined;
}

/** A part of a gradient that is added to the others'. */
export interface GradientPartSite {
  /** f32[count] each, byte addresses. */
  gradient: number;
  part: number;
  count: number;
  emit: Emit;
}

/** A leaf's rows on their way through the loss; pointers are byte addresses, 0 where there is nothing. */
export interface LossSite {
  /** [rows, outputs] */
  x: number;
  /** i32[rows] or [rows, outputs], as the loss wants it. */
  target: number;
  /** f32[rows], or 0: all 1. */
  sampleWeights: number;
  /** f32[outputs], or 0: all 1. */
  lossWeights: number;
  /** [rows, outputs], or 0 without gradient. */
  dx: number;
  rows: number;
  outputs: number;
  /** f64[3]: receives the sum of the rows' weighted losses, the number of correct rows, and the sum of the rows' weights. */
  out: number;
  emit: Emit;
}

/**
 * What an evaluation adds up beside the loss.
 *
 * confusion: f64 [classes, classes] counts at [true, predicted]. class_counts: f64 [classes, 3], rows predicted rightly, predicted as the
 * class, of the class. top_k: f64 [1], rows whose label is among the k largest outputs. errors: f64 [outputs, 2], |error| and its square.
 */
export type MetricSum = { type: 'confusion' } | { type: 'class_counts' } | { type: 'top_k'; k: number } | { type: 'errors' };

/** Rows to count or to sum over; pointers are byte addresses. */
export interface MetricSite {
  /** [rows, outputs] */
  x: number;
  rows: number;
  outputs: number;
  /** i32[rows]; for counts. */
  labels: number;
  /** [rows, outputs]; for sums of errors. */
  targets: number;
  /** f64: what is added to. */
  out: number;
  emit: Emit;
}

/** Values of a layer's output, of which somebody wants to know what they are like. */
export interface ActivitySite {
  y: number;
  count: number;
  /** f64[4]: receives their sum, the sum of their squares, how many are zero, and the largest magnitude. */
  out: number;
  emit: Emit;
}

/** Rows of the network's inputs whose zeros may be skipped. */
export interface ListSite {
  /** [rows, columns] */
  x: number;
  rows: number;
  columns: number;
  /** i32[rows, listWords]: receives the non-zero columns of each row. */
  lists: number;
  scratch: number;
  emit: Emit;
}
