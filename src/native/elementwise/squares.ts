import type { Assembler } from '../assembler/assembler.ts';
import { mem, r11, rax, rdi, rdx, rsi, type Vec } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';
import { BLOCK } from './block.ts';
import { TAIL_MASK } from './pass.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
/** Partial sums of sum_squares, on any machine. */
const SUMS = 8;

/**
 * The routine of sum_squares. Arguments: g, n, block; the f64 sum is the block's result.
 *
 * order: element i in partial sum i mod 8, then as kernels/updates/regularize.ts adds those
 */
export function squaresRoutine(isa: Isa, convention: Convention): Assembler {
  return routine(convention, 0, isa.lanes === 16 ? inOne : inTwo);
}

/** One vector of eight sums. */
function inOne(a: Assembler): void {
  const [sum, v, other] = [0, 1, 2];
  const add = (isTail: boolean): void => {
    a.vector('vcvtps2pd', 64, { r: v, rm: mem(rdi) }, isTail ? { mask: TAIL_MASK, zero: true } : {});
    addSquare(a, 64, sum, v);
  };
  a.zero(64, sum);
  eachEight(
    a,
    () => add(false),
    () => {
      a.mov32(rax, mem(rdx, BLOCK.bits, r11, 4));
      a.kmov(TAIL_MASK, rax);
      add(true);
    },
  );
  for (const immediate of [0x4e, 0xb1]) {
    a.vector('vshuff32x4', 64, { r: other, v: sum, rm: sum, immediate });
    a.op('vaddpd', 64, sum, sum, other);
  }
  a.op('vunpckhpd', 64, other, sum, sum);
  a.op('vaddpd', 64, sum, sum, other);
  a.store(16, mem(rdx, BLOCK.result), sum);
}

/** Two vectors of four sums. */
function inTwo(a: Assembler): void {
  const [low, high, v, w, mask] = [0, 1, 2, 3, 4];
  a.zero(32, low);
  a.zero(32, high);
  eachEight(
    a,
    () => {
      a.vector('vcvtps2pd', 32, { r: v, rm: mem(rdi) });
      a.vector('vcvtps2pd', 32, { r: w, rm: mem(rdi, 16) });
      addSquare(a, 32, low, v);
      addSquare(a, 32, high, w);
    },
    () => {
      a.set(rax, SUMS);
      a.arithmetic('sub', rax, r11);
      a.load(32, mask, mem(rdx, BLOCK.window, rax, 4));
      a.op('vmaskmovps', 32, v, mask, mem(rdi));
      a.vector('vperm2f128', 32, { r: w, v, rm: v, immediate: 1 });
      a.vector('vcvtps2pd', 32, { r: v, rm: v });
      a.vector('vcvtps2pd', 32, { r: w, rm: w });
      addSquare(a, 32, low, v);
      addSquare(a, 32, high, w);
    },
  );
  a.op('vaddpd', 32, low, low, high);
  a.vector('vperm2f128', 32, { r: high, v: low, rm: low, immediate: 1 });
  a.op('vaddpd', 32, low, low, high);
  a.op('vunpckhpd', 32, high, low, low);
  a.op('vaddpd', 32, low, low, high);
  a.store(16, mem(rdx, BLOCK.result), low);
}

function addSquare(a: Assembler, width: 32 | 64, sum: Vec, v: Vec): void {
  a.op('vmulpd', width, v, v, v);
  a.op('vaddpd', width, sum, sum, v);
}

/** Eight floats at rdi at a time; the tail finds how many are left in r11. */
function eachEight(a: Assembler, whole: () => void, tail: () => void): void {
  const done = a.label();
  a.mov(r11, rsi);
  a.shiftRight(r11, 3);
  a.countDown(r11, () => {
    whole();
    a.add(rdi, SUMS * F32);
  });
  a.mov(r11, rsi);
  a.emit({ kind: 'andImmediate', dst: r11, value: SUMS - 1 });
  a.jumpIf('e', done);
  tail();
  a.bind(done);
}
