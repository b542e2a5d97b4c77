import type { BackendName } from '../config/names/backends.ts';
import type { Graph } from '../graph/graph.ts';
import type { LayerOp, Op } from '../graph/op.ts';
import type { Shape } from '../graph/shape.ts';
import type { Kernels } from './kernels.ts';
import type { BackwardSite, ForwardSite, LossSite } from './site.ts';

/** What the engine has to know of a backend, and nothing else. */
export interface Traits {
  /** A row's bits do not depend on the rows computed beside it; else products go leaf by leaf. */
  rowsIndependent: boolean;
  /** A weight's gradient has to be computed in the same blocks of rows for any number of workers. */
  fixedBlocks: boolean;
  /** It has products that leave out the zeros of the network's inputs, with the same bits. */
  skipsZeros: boolean;
  /** Its bits are the same on every machine. */
  portable: boolean;
}

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
}

export type Lowerings = { [T in LayerOp['type']]: Lowering<Extract<LayerOp, { type: T }>> };

/** What every thread needs of a backend; found once and handed to all threads of a run. */
export interface BackendCode {
  module: WebAssembly.Module;
  /** What a backend loads beside the module, for its own `bind`. */
  library?: { path: string; name: string };
}

/** One way to compute the ops of a graph. A new one is a file with this object and a row in the table of `index.ts`. */
export interface Backend {
  name: BackendName;
  traits: Traits;
  lowerings: Lowerings;
  lowerLoss(op: Extract<Op, { type: 'loss' }>, site: LossSite): void;
  /** The next op, if this one's call applies it as well. */
  fuses(op: LayerOp, next: LayerOp): boolean;
  /** Floats of scratch that a rank needs for at most `rows` rows. */
  scratchFloats(graph: Graph, rows: number, leaves: number): number;
  /** @throws GradloomError E_ENGINE where the machine lacks what the backend needs; never another backend instead */
  load(): BackendCode;
  /** Binds the kernels to the shared memory of a run, for the calling thread. */
  bind(code: BackendCode, memory: WebAssembly.Memory): Kernels;
}
