import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r10, r11, r12, rax, rbx, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';
import { BLOCK } from './block.ts';

/**
 * The routine that gathers rows of bytes as f32, divided by the block's first scalar, or multiplied by it. Arguments: u32 offsets of the
 * rows in bytes, bytes, f32 out, rows, bytes of a row, block. A row has at least as many bytes as a vector has lanes: its last vector
 * overlaps the one before. At least one row.
 */
export function bytesRoutine(isa: Isa, convention: Convention, operation: 'vdivps' | 'vmulps'): Assembler {
  const { width, lanes } = isa;
  const [offset, bytes, out, rows, columns, block] = [rdi, rsi, rdx, rcx, r8, r9];
  const [scalar, v] = [0, 1];
  return routine(convention, 0, (a) => {
    const convert = (): void => {
      a.vector('vpmovzxbd', width, { r: v, rm: mem(rax, 0, r10) });
      a.vector('vcvtdq2ps', width, { r: v, rm: v });
      a.op(operation, width, v, v, scalar);
      a.store(width, mem(out, 0, r10, 4), v);
    };
    a.broadcast(width, scalar, mem(block, BLOCK.scalars));
    a.mov(r12, columns);
    a.shiftRight(r12, Math.log2(lanes));
    a.lea(rbx, mem(columns, -lanes));
    const row = a.here();
    a.mov32(rax, mem(offset));
    a.arithmetic('add', rax, bytes);
    a.set(r10, 0);
    a.mov(r11, r12);
    a.align(32);
    const top = a.here();
    convert();
    a.add(r10, lanes);
    a.sub(r11, 1);
    a.jumpIf('ne', top);
    a.mov(r10, rbx);
    convert();
    a.add(offset, 4);
    a.lea(out, mem(out, 0, columns, 4));
    a.sub(rows, 1);
    a.jumpIf('ne', row);
  });
}
