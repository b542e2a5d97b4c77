import type { Assembler } from './assembler/assembler.ts';
import { PREDICATE, type Vec } from './assembler/instruction.ts';
import type { Isa } from './isa.ts';
import { takeWhere } from './select.ts';

const bits = new DataView(new ArrayBuffer(4));

/** Vector registers beside the sums that a leaky activation needs. */
export interface LeakyRegisters {
  slope: Vec;
  zero: Vec;
  scaled: Vec;
  /** Only where the instruction set has no masks. */
  positive: Vec;
}

/**
 * sum = sum where it is above 0, else slope * sum: for every sum, in place.
 *
 * @param frameAt  where in the frame four bytes are free. Changes rax.
 */
export function leakySums(a: Assembler, isa: Isa, sums: readonly Vec[], slope: number, registers: LeakyRegisters, frameAt: number): void {
  const { width } = isa;
  const { slope: factor, zero, scaled, positive } = registers;
  bits.setFloat32(0, slope);
  a.constant(width, factor, bits.getInt32(0), frameAt);
  a.zero(width, zero);
  for (const sum of sums) {
    a.op('vmulps', width, scaled, sum, factor);
    takeWhere(a, isa, PREDICATE.greater, { left: sum, right: zero, found: positive, src: sum, dst: scaled });
    a.load(width, sum, scaled);
  }
}
