import type { BackendName, Traits } from '../config/names/backends.ts';
import type { Graph } from '../graph/graph.ts';
import type { LayerOp, Op } from '../graph/op.ts';
import type { Shape } from '../graph/shape.ts';
import type { Kernels } from './kernels.ts';
import type { NativeCode } from './native/bind.ts';
import type { ActivitySite, BackwardSite, ForwardSite, ListSite, LossSite, MetricSite, MetricSum } from './site.ts';

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
   * The weight, stored as [in, out], whose gradient it can also compute in pieces of whole rows, when all ranks are through, from the op's
   * inputs and the gradients of its outputs alone. @default none
   */
  sliced?(op: O): string;
  /** The weights that must be finite where its products skip zeros of the network's inputs, if the op reads these. @default it has none that skip */
  skips?(op: O): readonly string[];
}

export type Lowerings = { [T in LayerOp['type']]: Lowering<Extract<LayerOp, { type: T }>> };

/** How a backend lowers one op. */
export function loweringOf<O extends LayerOp>({ lowerings }: Pick<Backend, 'lowerings'>, { type }: O): Lowering<O> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its op
  return lowerings[type] as unknown as Lowering<O>;
}

/** What every thread needs of a backend; found once and handed to all threads of a run. */
export interface BackendCode {
  module: WebAssembly.Module;
  /** What a backend loads beside the module, for its own `bind`. */
  library?: { path: string; name: string };
  /** Machine code for the calls of a run, with the module's bits. */
  native?: NativeCode;
}

/** One way to compute the ops of a graph. A new one is a file with this object and a row in the table of `index.ts`. */
export interface Backend {
  name: BackendName;
  traits: Traits;
  lowerings: Lowerings;
  lowerLoss(op: Extract<Op, { type: 'loss' }>, site: LossSite): void;
  /** What an evaluation counts or sums up beside the loss. */
  lowerMetric(sum: MetricSum, site: MetricSite): void;
  /** Sums over the outputs of a layer. */
  lowerActivity(site: ActivitySite): void;
  /** Lists the columns of the network's inputs that are not zero. */
  lowerLists(site: ListSite): void;
  /** The next op, if this one's call applies it as well. */
  fuses(op: LayerOp, next: LayerOp): boolean;
  /** Floats of scratch that a rank needs for at most `rows` rows. */
  scratchFloats(graph: Graph, rows: number, leaves: number): number;
  /** @throws GradloomError E_ENGINE where the machine lacks what the backend needs; never another backend instead */
  load(): BackendCode;
  /** Binds the kernels to the shared memory of a run, for the calling thread. */
  bind(code: BackendCode, memory: WebAssembly.Memory): Kernels;
}
