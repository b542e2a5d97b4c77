import { type LayerOp, opType } from '../../../graph/op.ts';
import { lowerings } from '../../../kernels/lowerings/index.ts';
import type { BackwardSite, ForwardSite, SliceSite } from '../../../kernels/site.ts';
import { f32Bytes } from '../../../model/parameters.ts';
import { type Chunk, rowFloats } from '../chunks.ts';
import { isByFactors } from '../exchange.ts';
import { addedTo } from '../place.ts';
import { gradientAt, rankChunks, rowsOfSlice } from '../slices.ts';
import type { PlacedBounds } from './bounds.ts';
import { emitTo, type ProgramWriter } from './program.ts';
import type { Share } from './share.ts';

/** What the lowering of an op's backward is told: makes a site of each op of the graph, with all its addresses. */
export class Sites {
  readonly #share: Share;
  readonly #writer: ProgramWriter;
  readonly #slice: readonly Chunk[];

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
      gradient: (tensor) => (addedTo(share.index, op).includes(tensor) ? this.#partAt(op, tensor) : this.#gradientOf(tensor)),
      subtrees: subtrees.map(({ slab, ...subtree }) => {
        return { ...subtree, gradient: (name) => gradientAt(share.plan.memory, slab, share.parameter(name)) };
      }),
      slice: (weight) => this.#sliceOf(op, weight, forward, batch),
    };
  }

  /** Adds what an op's backward has left of gradients that others have begun. */
  settle(op: LayerOp): void {
    const { index, rows } = this.#share;
    for (const tensor of addedTo(index, op)) {
      const count = (rows.to - rows.from) * index.widthOf(tensor);
      lowerings.gradientPart({
        gradient: this.#gradientOf(tensor),
        part: this.#partAt(op, tensor),
        count,
        emit: this.#writer.emit,
      });
    }
  }

  #gradientOf(tensor: string): number {
    return this.#share.gradientAt(tensor, this.#share.rows.from);
  }

  /** Where an op leaves its part of such a gradient: in place of that of its output where it works in place. */
  #partAt(op: LayerOp, tensor: string): number {
    const type = opType(op);
    return type.inPlace && type.inputs(op)[0] === tensor ? this.#gradientOf(op.y) : this.#share.spareAt(this.#share.rows.from);
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
