import type { Assembler } from './assembler/assembler.ts';
import { type Mem, mem, rax, rsp, type Vec } from './assembler/instruction.ts';
import type { Isa } from './isa.ts';

/** Mask register that holds the last vector's lanes, where the instruction set has masks. */
const TAIL_MASK = 1;

/** Splits a total into the fewest nearly equal parts of at most `most`: sizes with their counts, larger ones first. */
export function split(total: number, most: number): { size: number; count: number }[] {
  if (total === 0) return [];
  const parts = Math.ceil(total / most);
  const small = Math.floor(total / parts);
  const large = total - small * parts;
  return [
    { size: small + 1, count: large },
    { size: small, count: parts - large },
  ].filter(({ count }) => count > 0);
}

/** Neighbouring panels of equal width. */
export interface PanelRun {
  /** Vectors of a panel. */
  vectors: number;
  count: number;
  /** The last vector of the (only) panel ends before its last lane. */
  hasTail: boolean;
}

/** Whether a vector of a panel ends before its last lane. */
export function isTail({ vectors, hasTail }: Pick<PanelRun, 'vectors' | 'hasTail'>, vector: number): boolean {
  return hasTail && vector === vectors - 1;
}

/**
 * The columns of a matrix in vectors, the last of which may be partial. Memory beyond the last column is neither read nor written.
 */
export class Columns {
  readonly vectors: number;
  /** Lanes of the last vector if it is partial, else 0. */
  readonly tail: number;
  readonly #isa: Isa;
  readonly #maskAt: number;

  /** @param maskAt  where in the frame 32 bytes hold the mask of an instruction set without mask registers */
  constructor(isa: Isa, columns: number, maskAt: number) {
    this.#isa = isa;
    this.#maskAt = maskAt;
    this.vectors = Math.ceil(columns / isa.lanes);
    this.tail = columns % isa.lanes;
  }

  /** Once, before the first load or store of a tail. Changes rax. */
  prepare(a: Assembler): void {
    if (this.tail === 0) return;
    if (this.#isa.broadcasts) {
      a.set(rax, (1 << this.tail) - 1);
      a.kmov(TAIL_MASK, rax);
      return;
    }
    for (let lane = 0; lane < this.#isa.lanes; lane++) {
      a.set(rax, lane < this.tail ? -1 : 0);
      a.store32(mem(rsp, this.#maskAt + lane * 4), rax);
    }
  }

  /** The panels of at most `most` vectors, in groups of at most `perGroup` panels. */
  groups(most: number, perGroup: number): { first: number; runs: PanelRun[] }[] {
    const panels = split(this.vectors, most).flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    const groups: { first: number; runs: PanelRun[] }[] = [];
    let first = 0;
    for (let p = 0; p < panels.length; p += perGroup) {
      const runs: PanelRun[] = [];
      const start = first;
      for (const [q, vectors] of panels.slice(p, p + perGroup).entries()) {
        const hasTail = this.tail > 0 && p + q === panels.length - 1;
        const last = runs.at(-1);
        if (last !== undefined && last.vectors === vectors && !last.hasTail && !hasTail) last.count++;
        else runs.push({ vectors, count: 1, hasTail });
        first += vectors;
      }
      groups.push({ first: start, runs });
    }
    return groups;
  }

  /**
   * A vector of a row; of a tail only its lanes, the others become 0.
   *
   * @param spare  a vector register for the mask, where there are no mask registers; not `dst`
   */
  load(a: Assembler, dst: Vec, from: Mem, isTail: boolean, spare: Vec): void {
    const { width, broadcasts } = this.#isa;
    if (!isTail) a.load(width, dst, from);
    else if (broadcasts) a.load(width, dst, from, { mask: TAIL_MASK, zero: true });
    else {
      a.load(width, spare, mem(rsp, this.#maskAt));
      a.op('vmaskmovps', width, dst, spare, from);
    }
  }

  store(a: Assembler, to: Mem, src: Vec, isTail: boolean, spare: Vec): void {
    const { width, broadcasts } = this.#isa;
    if (!isTail) a.store(width, to, src);
    else if (broadcasts) a.store(width, to, src, { mask: TAIL_MASK });
    else {
      a.load(width, spare, mem(rsp, this.#maskAt));
      a.vector('vmaskmovps_store', width, { r: src, v: spare, rm: to });
    }
  }
}
