import type { Assembler } from '../assembler/assembler.ts';
import { mem, r11, r12, r14, rax, rbx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import { AVX512, type Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
const I32 = Int32Array.BYTES_PER_ELEMENT;
/** Not equal, NaN included. */
const NOT_EQUAL = 4;
const TAIL_MASK = 2;
const FOUND_MASK = 1;
const { width, lanes } = AVX512;

/** Lists of the columns of x[m,k] that are not zero, as list_nonzeros writes them. */
export interface ListShape {
  m: number;
  k: number;
  listWords: number;
}

/** i32 by which the stores of a row may reach beyond its list. */
export const LIST_OVERHANG = lanes;

/**
 * The routine of list_nonzeros, with AVX-512 alone. Arguments: x, lists, i32[16] of 0..15. Each row's stores reach up to LIST_OVERHANG
 * words beyond its columns, into the next row's list, which is written later: the last row is not for this routine.
 */
export function listRoutine(_isa: Isa, convention: Convention, { m, k, listWords }: ListShape): Assembler {
  const [found, columns, step, start, zero] = [0, 28, 31, 30, 29];
  const tail = k % lanes;
  return routine(convention, 0, (a) => {
    if (tail > 0) {
      a.set(rax, (1 << tail) - 1);
      a.kmov(TAIL_MASK, rax);
    }
    a.set(rax, lanes);
    a.emit({ kind: 'vpbroadcastd', dst: step, src: rax });
    a.load(width, start, mem(rdx));
    a.zero(width, zero);
    a.repeat(r12, m, () => {
      a.lea(rbx, mem(rsi, I32));
      a.mov(r14, rdi);
      a.load(width, columns, start);
      const some = (mask: number): void => {
        a.vector('vcmpps', width, { r: FOUND_MASK, v: zero, rm: mem(r14), immediate: NOT_EQUAL }, mask === 0 ? {} : { mask });
        a.vector('vpcompressd', width, { r: columns, rm: found }, { mask: FOUND_MASK, zero: true });
        a.op('vpaddd', width, columns, columns, step);
        a.emit({ kind: 'kmovwToGpr', dst: rax, mask: FOUND_MASK });
        a.emit({ kind: 'popcnt', dst: rax, src: rax });
        a.store(width, mem(rbx), found);
        a.lea(rbx, mem(rbx, 0, rax, 4));
        a.add(r14, width);
      };
      a.repeat(r11, Math.floor(k / lanes), () => some(0));
      if (tail > 0) some(TAIL_MASK);
      a.arithmetic('sub', rbx, rsi);
      a.sub(rbx, I32);
      a.shiftRight(rbx, 2);
      a.store32(mem(rsi), rbx);
      a.add(rdi, k * F32);
      a.add(rsi, listWords * I32);
    });
  });
}
