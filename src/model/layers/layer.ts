import type { Kernels } from '../../kernels/kernels.ts';

export type KernelName = {
  [K in keyof Kernels]: Kernels[K] extends (...args: number[]) => void ? K : never;
}[keyof Kernels];

/** One kernel call of a step's program: fixed pointers and sizes, so a program can be printed and tested. */
export interface KernelCall {
  kernel: KernelName;
  args: readonly number[];
}

/** A tensor that a layer owns, before it has a place in its vector. */
export interface TensorSpec {
  /** `weight`, `bias`, `norm.weight` ...: the last part of the tensor's name. */
  role: string;
  /** PyTorch's shape: [out, in] for a weight. */
  shape: readonly number[];
  /** Stored as [in, out], the transpose of `shape`, which the kernels read without packing. */
  transposed: boolean;
  fanIn: number;
  fanOut: number;
  /** How it starts: `weight` and `bias` by the initialiser. Penalties and max_norm concern `weight` only. */
  init: 'weight' | 'bias' | 'zeros' | 'ones';
}

/** Memory that a layer needs beside its per-row buffers, by name. */
export interface Workspace {
  /** f64 values per leaf, which all ranks see: [leaves, n]. */
  perLeaf: Record<string, number>;
  /** f64 values of each rank's own. */
  own: Record<string, number>;
}

/** One leaf of the rank. */
export interface LeafSite {
  /** Its number in the batch. */
  index: number;
  /** Its first row, relative to the rank's. */
  row: number;
  rows: number;
}

/** Rows of one rank on their way through one layer; all pointers are byte addresses of the rank's first row. */
export interface ForwardSite {
  rows: number;
  inputs: number;
  /** Rows of the whole batch, and the number of the rank's first row in the step: they tell nothing about the workers. */
  batchRows: number;
  firstRow: number;
  training: boolean;
  leaves: readonly LeafSite[];
  leafTotal: number;
  /**
   * Rows that go into one product with the weights: all of the rank's; leaf by leaf where a row's bits may depend on the rows beside it
   * (engine blas).
   */
  products: readonly Pick<LeafSite, 'row' | 'rows'>[];
  /** [rows, inputs] */
  x: number;
  /** Pointer to a per-row buffer that the layer asked for in `buffers`. */
  buffer(name: string): number;
  parameter(role: string): number;
  statistic(role: string): number;
  /** Pointer to leaf 0's values of a `perLeaf` workspace. */
  perLeaf(name: string): number;
  own(name: string): number;
  scratch: number;
  /** u32[4]: key and number of the layer's random stream of this step. */
  stream: number;
  emit(kernel: KernelName, ...args: number[]): void;
  /** What follows runs when all ranks have come so far. Every rank must call it equally often. */
  barrier(): void;
  /** A call for rank 0 alone, when all ranks are through with the batch and its loss is finite. */
  afterwards(kernel: KernelName, ...args: number[]): void;
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
  gradient(role: string): number;
}

/** Whole rows of a layer's weight as stored, [in, out]. */
export interface WeightPiece {
  /** Rows [from, to). */
  from: number;
  to: number;
  /** Where the gradient of row `from` goes. */
  gradient: number;
}

/** The rank's part of a weight whose gradient it computes over the whole batch; pointers are of the batch's first row. */
export interface SliceSite {
  pieces: readonly WeightPiece[];
  /** [batchRows, inputs]: the layer's inputs. */
  x: number;
  /** [batchRows, outputs]: what backward left in place of the gradient of the layer's output. */
  d: number;
  /** i32[leaves + 1]: row bounds of all leaves of the batch. */
  bounds: number;
  leaves: number;
  /** What follows runs when all ranks are through with the batch. */
  emit(kernel: KernelName, ...args: number[]): void;
}

export interface BackwardSite extends ForwardSite {
  /** [rows, outputs]: gradient of the layer's output; the layer may overwrite it. */
  dy: number;
  /** [rows, inputs]: receives the gradient of the input; 0 where nobody needs it. */
  dx: number;
  subtrees: readonly SubtreeSite[];
  /** Where the weight's gradient is computed from all ranks' rows, in place of the subtrees' sums. */
  slice: SliceSite | undefined;
}

/** What a layer type provides. A new one is a file with this object and a row in the table of `index.ts`. */
export interface LayerType<C> {
  outputs(config: C, inputs: number): number;
  /** What the optimizer updates. */
  parameters(config: C, inputs: number): TensorSpec[];
  /** What training collects and evaluation uses: saved with the parameters, without a gradient. */
  statistics(config: C, inputs: number): TensorSpec[];
  /** Per-row f32 buffers, kept from forward to backward; `y`, the output, is always among them. */
  buffers(config: C, inputs: number): Record<string, number>;
  workspace(config: C, inputs: number): Workspace;
  /** Multiplications and additions per row. */
  flops(config: C, inputs: number): { forward: number; backward: number };
  forward(config: C, site: ForwardSite): void;
  backward(config: C, site: BackwardSite): void;
}
