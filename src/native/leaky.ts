import type { Assembler } from './assembler/assembler.ts';
import { mem, rax, rsp, type Vec } from './assembler/instruction.ts';
import type { Isa } from './isa.ts';

/** Greater, NaN is not. */
const GREATER = 0x1e;
const FOUND_MASK = 2;
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
  a.set(rax, bits.getInt32(0));
  a.store32(mem(rsp, frameAt), rax);
  a.broadcast(width, factor, mem(rsp, frameAt));
  a.zero(width, zero);
  for (const sum of sums) {
    if (isa.broadcasts) {
      a.op('vmulps', width, scaled, sum, factor);
      a.vector('vcmpps', width, { r: FOUND_MASK, v: sum, rm: zero, immediate: GREATER });
      a.load(width, scaled, sum, { mask: FOUND_MASK });
      a.load(width, sum, scaled);
    } else {
      a.op('vmulps', width, scaled, sum, factor);
      a.vector('vcmpps', width, { r: positive, v: sum, rm: zero, immediate: GREATER });
      // scaled ^ ((sum ^ scaled) & positive)
      a.op('vxorps', width, sum, sum, scaled);
      a.op('vandps', width, sum, sum, positive);
      a.op('vxorps', width, sum, sum, scaled);
    }
  }
}
