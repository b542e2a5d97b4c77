import type { Layout } from './layout.ts';
import type { Shape } from './shape.ts';

/** One row a sample: the network's input and everything that an op computes. */
export interface RowTensor {
  name: string;
  /** Of one row. */
  shape: Shape;
}

/** How a tensor of the model starts: weights and biases by the initialiser. Penalties and max_norm concern `weight` only. */
export type InitRole = 'weight' | 'bias' | 'zeros' | 'ones';

/** A tensor that belongs to the model: trained (a parameter) or collected while training (a statistic). */
export interface ModelTensor {
  /** PyTorch's: `layers.<i>.weight`. */
  name: string;
  layer: number;
  /** The name within its layer: `weight`, `norm.running_mean`. */
  role: string;
  /** PyTorch's: [out, in] for the weight of a dense layer, [filters, in, kh, kw] for that of a convolution. */
  shape: Shape;
  /** How it is stored; undefined: as `shape` has it. */
  layout: Layout | undefined;
  fanIn: number;
  fanOut: number;
  init: InitRole;
}
