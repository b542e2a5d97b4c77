import type { Assembler } from '../assembler/assembler.ts';
import { mem, PREDICATE, r8, r9, r10, r11, rax, rbx, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import { BLOCK } from '../elementwise/block.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';

const I32 = Int32Array.BYTES_PER_ELEMENT;
const TAIL_MASK = 1;
const FOUND_MASK = 2;
/** Words of a row's list beside its columns: as list_nonzeros. */
const SPARE_WORDS = 4;

/**
 * The routine of list_nonzeros. Arguments: x, lists, m, k, block. At least one row.
 *
 * A store of a whole vector begins at most as many words behind the count as columns came before, so it ends within the row's k words. What
 * comes after the last whole vector is stored four words at a time, which end within the row's spare words, or with AVX-512 under a mask.
 */
export function listRoutine(isa: Isa, convention: Convention): Assembler {
  return routine(convention, 0, (a) => (isa.broadcasts ? compressed(a) : positioned(a)));
}

const [x, lists, rows, columns, block] = [rdi, rsi, rdx, rcx, r8];
const [next, column] = [rbx, r10];

/** Every row: what `begin` and `some` list goes from `next` on. x moves on with the columns. */
function eachRow(a: Assembler, lanes: number, begin: () => void, some: () => void, tail: () => void): void {
  const row = a.here();
  const done = a.label();
  a.lea(next, mem(lists, I32));
  a.set(column, 0);
  begin();
  a.mov(r11, columns);
  a.shiftRight(r11, Math.log2(lanes));
  a.countDown(r11, some);
  a.mov(r11, columns);
  a.emit({ kind: 'andImmediate', dst: r11, value: lanes - 1 });
  a.jumpIf('e', done);
  tail();
  a.bind(done);
  a.arithmetic('sub', next, lists);
  a.sub(next, I32);
  a.shiftRight(next, 2);
  a.store32(mem(lists), next);
  a.lea(x, mem(x, 0, columns, 4));
  a.lea(lists, mem(lists, SPARE_WORDS * I32, columns, 4));
  a.sub(rows, 1);
  a.jumpIf('ne', row);
}

/** The columns in a vector, those that count moved together. */
function compressed(a: Assembler): void {
  const [found, numbers, first, step, zero] = [0, 1, 2, 3, 4];
  const width = 64;
  a.zero(width, zero);
  a.vector('vpmovzxbd', width, { r: first, rm: mem(block, BLOCK.count) });
  a.set(rax, 16);
  a.emit({ kind: 'vpbroadcastd', dst: step, src: rax });
  const compress = (mask: number): void => {
    a.vector(
      'vcmpps',
      width,
      { r: FOUND_MASK, v: zero, rm: mem(x, 0, column, 4), immediate: PREDICATE.notEqual },
      mask === 0 ? {} : { mask },
    );
    a.vector('vpcompressd', width, { r: numbers, rm: found }, { mask: FOUND_MASK, zero: true });
    a.emit({ kind: 'kmovwToGpr', dst: rax, mask: FOUND_MASK });
    a.emit({ kind: 'popcnt', dst: rax, src: rax });
  };
  const advance = (): void => a.lea(next, mem(next, 0, rax, 4));
  eachRow(
    a,
    16,
    () => a.load(width, numbers, first),
    () => {
      compress(0);
      a.op('vpaddd', width, numbers, numbers, step);
      a.store(width, mem(next), found);
      advance();
      a.add(column, 16);
    },
    () => {
      a.mov32(rax, mem(block, BLOCK.bits, r11, 4));
      a.kmov(TAIL_MASK, rax);
      compress(TAIL_MASK);
      a.mov32(r9, mem(block, BLOCK.bits, rax, 4));
      a.kmov(TAIL_MASK, r9);
      a.store(width, mem(next), found, { mask: TAIL_MASK });
      advance();
    },
  );
}

/** The columns by a table of positions. */
function positioned(a: Assembler): void {
  const [found, base, step8, step4, zero, mask] = [0, 1, 2, 3, 4, 5];
  a.zero(32, zero);
  a.broadcast(32, step8, mem(block, BLOCK.eight));
  a.broadcast(16, step4, mem(block, BLOCK.four));
  const list = (width: 16 | 32, step: number): void => {
    a.emit({ kind: 'vmovmskps', dst: rax, src: found, width });
    a.vector('vpmovzxbd', width, { r: found, rm: mem(block, BLOCK.positions, rax, 8) });
    a.op('vpaddd', width, found, found, base);
    a.op('vpaddd', width, base, base, step);
    a.emit({ kind: 'popcnt', dst: rax, src: rax });
    a.store(width, mem(next), found);
    a.lea(next, mem(next, 0, rax, 4));
  };
  eachRow(
    a,
    8,
    () => a.zero(32, base),
    () => {
      a.vector('vcmpps', 32, { r: found, v: zero, rm: mem(x, 0, column, 4), immediate: PREDICATE.notEqual });
      list(32, step8);
      a.add(column, 8);
    },
    () => {
      const last = a.label();
      const end = a.label();
      a.cmp(r11, 4);
      a.jumpIf('l', last);
      a.vector('vcmpps', 16, { r: found, v: zero, rm: mem(x, 0, column, 4), immediate: PREDICATE.notEqual });
      list(16, step4);
      a.add(column, 4);
      a.sub(r11, 4);
      a.jumpIf('e', end);
      a.bind(last);
      a.set(rax, 8);
      a.arithmetic('sub', rax, r11);
      a.load(16, mask, mem(block, BLOCK.window, rax, 4));
      a.op('vmaskmovps', 16, found, mask, mem(x, 0, column, 4));
      a.vector('vcmpps', 16, { r: found, v: zero, rm: found, immediate: PREDICATE.notEqual });
      list(16, step4);
      a.bind(end);
    },
  );
}
