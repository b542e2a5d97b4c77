import type { Assembler } from './assembler/assembler.ts';
import type { Vec } from './assembler/instruction.ts';
import type { Isa } from './isa.ts';

/** Mask register of what compares so, where the instruction set has masks. */
const FOUND_MASK = 2;

export interface Selection {
  /** The operands of the comparison; `found` takes its result where there are no masks, and may be `left`. */
  left: Vec;
  right: Vec;
  found: Vec;
  src: Vec;
  dst: Vec;
}

/** dst = src where `left` compares so with `right`, else +0. */
export function keepWhere(a: Assembler, isa: Isa, predicate: number, { left, right, found, src, dst }: Selection): void {
  compare(a, isa, predicate, { left, right, found });
  if (isa.broadcasts) a.load(isa.width, dst, src, { mask: FOUND_MASK, zero: true });
  else a.op('vandps', isa.width, dst, found, src);
}

/** dst = src where `left` compares so with `right`, else as it is. Changes `src`. */
export function takeWhere(a: Assembler, isa: Isa, predicate: number, { left, right, found, src, dst }: Selection): void {
  compare(a, isa, predicate, { left, right, found });
  if (isa.broadcasts) {
    a.load(isa.width, dst, src, { mask: FOUND_MASK });
    return;
  }
  // dst ^ ((src ^ dst) & found)
  a.op('vxorps', isa.width, src, src, dst);
  a.op('vandps', isa.width, src, src, found);
  a.op('vxorps', isa.width, dst, dst, src);
}

function compare(a: Assembler, isa: Isa, immediate: number, { left, right, found }: Pick<Selection, 'left' | 'right' | 'found'>): void {
  a.vector('vcmpps', isa.width, { r: isa.broadcasts ? FOUND_MASK : found, v: left, rm: right, immediate });
}
