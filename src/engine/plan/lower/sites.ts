import { type LayerOp, opType } from '../../../graph/op.ts';
import type { BackwardSite, ForwardSite, SliceSite } from '../../../kernels/site.ts';
import { f32Bytes } from '../../../model/parameters.ts';
import { type Chunk, rowFloats } from '../chunks.ts';
import { isByFactors } from '../exchange.ts';
import { gradientAt, rankChunks, rowsOfSlice } from '../slices.ts';
import type { PlacedBounds } from './bounds.ts';
import { emitTo, type ProgramWriter } from './program.ts';
import type { Share } from './share.ts';

/** What the lowering of an op's backward is told: makes a site of each op of the graph, with all its addresses. */
export class Sites {
  readonly #share: Share;
  readonly #writer: ProgramWriter;
  readonly #slice: readonly Chunk[];
  /** What waits for the gradient of a tensor to begin. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(share: Share, writer: ProgramWriter) {
    this.#share = share;
    this.#writer = writer;
    this.#slice = rankChunks(share.plan, share.rank);
  }

  /** @param forward  the op's own site of forward */
  backward(op: LayerOp, forward: ForwardSite, { subtrees, batch }: PlacedBounds): BackwardSite {
    const share = this.#share;
    return {
      ...forward,
      gradient: (tensor) => share.gradientAt(tensor, share.rows.from),
      onceBegun: (tensor, emit) => void this.#waiting.set(tensor, [...(this.#waiting.get(tensor) ?? []), emit]),
      subtrees: subtrees.map(({ slab, ...subtree }) => {
        return { ...subtree, gradient: (name) => gradientAt(share.plan.memory, slab, share.parameter(name)) };
      }),
      slice: (weight) => this.#sliceOf(op, weight, forward, batch),
    };
  }

  /** What waits for an op: the first op of forward to read a tensor is the last of backward to add to its gradient. */
  release(op: LayerOp): void {
    for (const tensor of opType(op).inputs(op)) {
      if (this.#share.index.readersOf(tensor)[0] !== op) continue;
      for (const emit of this.#waiting.get(tensor) ?? []) emit();
      this.#waiting.delete(tensor);
    }
  }

  #sliceOf(op: LayerOp, name: string, forward: ForwardSite, bounds: number): SliceSite | undefined {
    const share = this.#share;
    const { memory, exchange, experiment } = share.plan;
    const weight = share.parameter(name);
    if (!isByFactors(weight, exchange)) return undefined;
    const { from, to } = rowsOfSlice(this.#slice, weight);
    const [x = ''] = opType(op).inputs(op);
    return {
      from,
      to,
      gradient: gradientAt(memory, 0, weight) + f32Bytes(from * rowFloats(weight)),
      x: share.valueAt(x, 0),
      d: share.gradientAt(op.y, 0),
      bounds,
      leaves: experiment.numerics.leaves,
      emit: emitTo(this.#writer.program.slice),
      skippable: forward.skippable && this.#writer.pushSlicePair,
    };
  }
}
