import type { Kernels } from '../../kernels/kernels.ts';

export type KernelName = {
  [K in keyof Kernels]: Kernels[K] extends (...args: number[]) => void ? K : never;
}[keyof Kernels];

/** One kernel call of a step's program: fixed pointers and sizes, so a program can be printed and tested. */
export interface KernelCall {
  kernel: KernelName;
  args: readonly number[];
}

/** A tensor that a layer owns, before it has a place in the parameter vector. */
export interface ParameterSpec {
  /** `weight`, `bias`, ...: the last part of the tensor's name. */
  role: string;
  /** PyTorch's shape: [out, in] for a weight. */
  shape: readonly number[];
  /** Stored as [in, out], the transpose of `shape`, which the kernels read without packing. */
  transposed: boolean;
  fanIn: number;
  fanOut: number;
  /** Which initialiser applies. */
  init: 'weight' | 'bias';
}

/** Rows of one rank on their way through one layer; all pointers are byte addresses of the rank's first row. */
export interface ForwardSite {
  rows: number;
  inputs: number;
  /** [rows, inputs] */
  x: number;
  /** Pointer to a per-row buffer that the layer asked for in `buffers`. */
  buffer(name: string): number;
  parameter(role: string): number;
  scratch: number;
  emit(kernel: KernelName, ...args: number[]): void;
}

/** One complete node of the reduction tree among the rank's leaves. */
export interface SubtreeSite {
  /** First row of the subtree, relative to the rank's first row. */
  row: number;
  leaves: number;
  /** i32[leaves + 1]: row bounds of its leaves, relative to `row`. */
  bounds: number;
  /** Where the gradient of a parameter goes. */
  gradient(role: string): number;
}

export interface BackwardSite extends ForwardSite {
  /** [rows, outputs]: gradient of the layer's output; the layer may overwrite it. */
  dy: number;
  /** [rows, inputs]: receives the gradient of the input; 0 where nobody needs it. */
  dx: number;
  subtrees: readonly SubtreeSite[];
}

/** What a layer type provides. A new one is a file with this object and a row in the table of `index.ts`. */
export interface LayerType<C> {
  outputs(config: C, inputs: number): number;
  parameters(config: C, inputs: number): ParameterSpec[];
  /** Per-row f32 buffers, kept from forward to backward; `y`, the output, is always among them. */
  buffers(config: C, inputs: number): Record<string, number>;
  /** Multiplications and additions per row. */
  flops(config: C, inputs: number): { forward: number; backward: number };
  forward(config: C, site: ForwardSite): void;
  backward(config: C, site: BackwardSite): void;
}
