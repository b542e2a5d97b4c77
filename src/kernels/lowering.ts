import type { LayerOp } from '../graph/op.ts';
import type { Shape } from '../graph/shape.ts';
import type { BackwardSite, ForwardSite } from './site.ts';

/** Memory that an op takes beside its tensors, by name. */
export interface Workspace {
  /** Shapes of the f32 values a row that forward leaves for backward. */
  kept: Record<string, Shape>;
  /** f64 values per leaf, which all ranks see: [leaves, n]. */
  perLeaf: Record<string, number>;
  /** f64 values of each rank's own. */
  own: Record<string, number>;
}

/** How an op becomes kernel calls. */
export interface Lowering<O> {
  /** @default nothing */
  workspace?(op: O, shapeOf: (tensor: string) => Shape): Partial<Workspace>;
  forward(op: O, site: ForwardSite): void;
  /** Where the op works in place, the gradient of its input lies where that of its output does. */
  backward(op: O, site: BackwardSite): void;
  /**
   * The weight, stored as [in, out], whose gradient it can also compute for some of its rows, when all ranks are through, from the op's
   * inputs and the gradients of its outputs alone. @default none
   */
  sliced?(op: O): string;
  /** The weights that must be finite where its products skip zeros of the network's inputs, if the op reads these. @default it has none that skip */
  skips?(op: O): readonly string[];
}

export type Lowerings = { [T in LayerOp['type']]: Lowering<Extract<LayerOp, { type: T }>> };
