import type { Assembler } from '../assembler/assembler.ts';
import {
  type Gpr,
  mem,
  PREDICATE,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { leafTile } from '../products/leaf-tile.ts';
import { copyRows } from '../products/pack.ts';
import { waitingTiles } from '../products/schedule.ts';
import { Tile } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
/** Columns of x whose rows are listed together: one cache line of every row. */
const BLOCK = 16;
/** Adjacent columns that share a list: a row is left out where all of them are zero. */
const GROUP = 4;
const GROUPS = BLOCK / GROUP;
/** Vectors of a panel of dz. */
const PANEL_VECTORS = { avx512: 4, avx2: 2 } as const;
const FOUND_MASK = 2;

/** dw[i,o] = x[rows,i]^T dz[rows,o] over the rows where one of four adjacent columns of x is not zero. */
export interface SparseGradientShape {
  /** At least 16. */
  i: number;
  o: number;
  rows: number;
  /** Floats from one row of x to the next. */
  xWidth: number;
  leaves: number;
}

/** Fewest columns of x that the routine is for. */
export const LEAST_COLUMNS = BLOCK;

interface ScratchLayout {
  listsAt: number;
  listBytes: number;
  schedulesAt: number;
  scheduleBytes: number;
  panelsAt: number;
  bytes: number;
}

const roundUp = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function layoutOf(isa: Isa, { o, rows, leaves }: SparseGradientShape): ScratchLayout {
  const listsAt = (waitingTiles(leaves) + 1) * GROUP * PANEL_VECTORS[isa.name] * isa.width;
  // A row's number is stored before it is known whether it counts.
  const listBytes = roundUp((rows + 1) * 4);
  const schedulesAt = listsAt + GROUPS * listBytes;
  const scheduleBytes = roundUp((2 * leaves + 2) * 4);
  const panelsAt = schedulesAt + GROUPS * scheduleBytes;
  return { listsAt, listBytes, schedulesAt, scheduleBytes, panelsAt, bytes: panelsAt + rows * Math.ceil(o / isa.lanes) * isa.width };
}

/** Bytes of scratch that the routine for a shape needs. */
export function sparseGradientScratch(isa: Isa, shape: SparseGradientShape): number {
  return layoutOf(isa, shape).bytes;
}

/** Byte offsets in the frame, behind the mask. */
const FRAME = { x: 32, dw: 40, blocks: 48, bounds: 56, bytes: 64 };

/**
 * The routine of a weight's gradient that leaves out zeros. Arguments: x, dz, dw, bounds i32[leaves + 1], scratch.
 *
 * order: as dense_weight_gradient; a skipped row adds +-0 and a leaf without rows is +0: its bits where dz is finite
 */
export function sparseGradientRoutine(isa: Isa, convention: Convention, shape: SparseGradientShape): Assembler {
  const { i, o, rows } = shape;
  const layout = layoutOf(isa, shape);
  const columns = new Columns(isa, o, 0);
  return routine(convention, FRAME.bytes, (a) => {
    columns.prepare(a);
    a.store64(mem(rsp, FRAME.x), rdi);
    a.store64(mem(rsp, FRAME.dw), rdx);
    a.store64(mem(rsp, FRAME.bounds), rcx);
    const runs = columns.groups(PANEL_VECTORS[isa.name], columns.vectors).flatMap((group) => group.runs);
    a.lea(r10, mem(r8, layout.panelsAt));
    a.mov(r14, rsi);
    for (const run of runs) {
      a.repeat(r13, run.count, () => {
        a.mov(r15, r14);
        copyRows(a, { isa, columns }, { from: r15, to: r10, counter: r11 }, { ...run, rows, stride: o * F32 });
        a.add(r14, run.vectors * isa.width);
      });
    }
    const block = (shift: number): void => {
      listRows(a, isa, shape, layout);
      for (let group = 0; group < GROUPS; group++) scheduleLeaves(a, shape, layout, group);
      for (let group = 0; group < GROUPS; group++) tilesOfGroup(a, isa, { shape, layout, columns, runs, group });
      moveOn(a, FRAME.x, shift * F32);
      moveOn(a, FRAME.dw, shift * o * F32);
    };
    a.set(rax, Math.floor(i / BLOCK));
    a.store64(mem(rsp, FRAME.blocks), rax);
    const top = a.here();
    block(BLOCK);
    a.mov(rax, mem(rsp, FRAME.blocks));
    a.sub(rax, 1);
    a.store64(mem(rsp, FRAME.blocks), rax);
    a.jumpIf('ne', top);
    if (i % BLOCK === 0) return;
    // The last block overlaps the one before.
    const back = BLOCK - (i % BLOCK);
    moveOn(a, FRAME.x, -back * F32);
    moveOn(a, FRAME.dw, -back * o * F32);
    block(BLOCK);
  });

  function moveOn(a: Assembler, at: number, bytes: number): void {
    a.mov(rax, mem(rsp, at));
    a.add(rax, bytes);
    a.store64(mem(rsp, at), rax);
  }
}

/** The next entry of each group's list. */
const CURSORS = [r9, r10, r12, r13] as const;

/** Of the 16 columns at x: for each group the rows that are not all zero, and where its list stands at each leaf's end. */
function listRows(a: Assembler, isa: Isa, { xWidth, leaves }: SparseGradientShape, layout: ScratchLayout): void {
  for (const [group, cursor] of CURSORS.entries()) a.lea(cursor, mem(r8, layout.listsAt + group * layout.listBytes));
  a.mov(rbx, mem(rsp, FRAME.x));
  a.set(rbp, 0); // row
  a.mov(rcx, mem(rsp, FRAME.bounds));
  a.set(rdi, 0); // leaf * 8
  a.zero(isa.width, isa.registers - 1);
  const leaf = a.here();
  const row = a.here();
  const end = a.label();
  a.mov32(rax, mem(rcx, 4));
  a.arithmetic('cmp', rbp, rax);
  a.jumpIf('ge', end);
  nonzeroBits(a, isa, r11);
  for (const [group, cursor] of CURSORS.entries()) {
    a.store32(mem(cursor), rbp);
    a.arithmetic('xor', rax, rax, 32);
    a.emit({ kind: 'testImmediate', dst: r11, value: ((1 << GROUP) - 1) << (group * GROUP) });
    a.emit({ kind: 'set', condition: 'ne', dst: rax });
    a.lea(cursor, mem(cursor, 0, rax, 4));
  }
  a.add(rbx, xWidth * F32);
  a.add(rbp, 1);
  a.jump(row);
  a.bind(end);
  a.lea(rax, mem(r8, 0, rdi, 1));
  // The low halves of addresses: only their differences count.
  for (const [group, cursor] of CURSORS.entries()) a.store32(mem(rax, layout.schedulesAt + group * layout.scheduleBytes), cursor);
  a.add(rcx, 4);
  a.add(rdi, 8);
  a.cmp(rdi, leaves * 8);
  a.jumpIf('ne', leaf);
}

/** Bit j of `dst`: column j of the 16 at rbx is not zero. Changes rax, and vector registers. */
function nonzeroBits(a: Assembler, isa: Isa, dst: Gpr): void {
  const zero = isa.registers - 1;
  if (isa.broadcasts) {
    a.vector('vcmpps', isa.width, { r: FOUND_MASK, v: zero, rm: mem(rbx), immediate: PREDICATE.notEqual });
    a.emit({ kind: 'kmovwToGpr', dst, mask: FOUND_MASK });
    return;
  }
  for (const half of [0, 1]) a.vector('vcmpps', isa.width, { r: half, v: zero, rm: mem(rbx, half * 32), immediate: PREDICATE.notEqual });
  a.emit({ kind: 'vmovmskps', dst, src: 0, width: 32 });
  a.emit({ kind: 'vmovmskps', dst: rax, src: 1, width: 32 });
  a.shiftLeft(rax, 8);
  a.arithmetic('or', dst, rax, 32);
}

/**
 * The tree over the leaves that have rows, in place over the ends of the list: as scheduleLeaves of kernels/products/sparse-gradient.ts.
 * Two neighbours s < t meet at level h, the highest bit in which they differ; the set bits of `waiting` are the stack.
 */
function scheduleLeaves(a: Assembler, { leaves }: SparseGradientShape, layout: ScratchLayout, group: number): void {
  const [done, waiting, before, out, leaf, at] = [r9, r10, r12, r13, r14, r15];
  const [end, rows, below] = [rbx, rbp, r11];
  const scheduleAt = layout.schedulesAt + group * layout.scheduleBytes;
  a.lea(rax, mem(r8, layout.listsAt + group * layout.listBytes));
  a.mov32(done, rax);
  a.set(waiting, 0);
  a.set(before, -1);
  a.lea(out, mem(r8, scheduleAt));
  a.mov(at, out);
  a.set(leaf, 0);
  const top = a.here();
  const skip = a.label();
  const isFirst = a.label();
  a.mov32(end, mem(at));
  a.arithmetic('cmp', end, done, 32);
  a.jumpIf('e', skip);
  a.mov32(rows, end);
  a.arithmetic('sub', rows, done, 32);
  a.shiftRight(rows, 2);
  a.mov32(done, end);
  a.test(before, before, 32);
  a.jumpIf('l', isFirst);
  // level = the highest bit of before ^ leaf
  a.mov32(rax, before);
  a.arithmetic('xor', rax, leaf, 32);
  a.emit({ kind: 'lzcnt', dst: below, src: rax });
  a.set(rcx, 31);
  a.arithmetic('sub', rcx, below);
  a.set(rax, 1);
  a.emit({ kind: 'shiftLeftByCl', dst: rax });
  a.lea(below, mem(rax, -1));
  a.arithmetic('and', below, waiting, 32);
  a.emit({ kind: 'popcnt', dst: rcx, src: below });
  a.store32(mem(out, -4), rcx);
  a.arithmetic('xor', waiting, below, 32);
  a.arithmetic('or', waiting, rax, 32);
  a.bind(isFirst);
  a.store32(mem(out), rows);
  a.add(out, 8);
  a.mov(before, leaf);
  a.bind(skip);
  a.add(leaf, 1);
  a.add(at, 8);
  a.cmp(leaf, leaves);
  a.jumpIf('ne', top);
  // Merges of the last leaf, then the end; without any leaf both go where nobody looks but for the end.
  const none = a.label();
  a.test(before, before, 32);
  a.jumpIf('l', none);
  a.emit({ kind: 'popcnt', dst: rcx, src: waiting });
  a.store32(mem(out, -4), rcx);
  a.bind(none);
  a.set(rcx, 0);
  a.store32(mem(out), rcx);
}

interface GroupSite {
  shape: SparseGradientShape;
  layout: ScratchLayout;
  columns: Columns;
  runs: readonly PanelRun[];
  group: number;
}

/** Four rows of dw, all columns. */
function tilesOfGroup(a: Assembler, isa: Isa, { shape: { o, rows, xWidth }, layout, columns, runs, group }: GroupSite): void {
  a.lea(r15, mem(r8, layout.panelsAt));
  a.mov(rdi, mem(rsp, FRAME.dw));
  a.add(rdi, group * GROUP * o * F32);
  for (const run of runs) {
    a.repeat(r13, run.count, () => {
      const tile = new Tile(isa, GROUP, run.vectors);
      a.lea(r9, mem(r8, layout.schedulesAt + group * layout.scheduleBytes));
      a.mov(r14, r8);
      a.lea(rbx, mem(r8, layout.listsAt + group * layout.listBytes));
      a.mov(rsi, mem(rsp, FRAME.x));
      leafTile(
        a,
        isa,
        tile,
        (isFirst) => {
          a.mov32(rax, mem(rbx));
          a.add(rbx, 4);
          a.multiply(r10, rax, run.vectors * isa.width);
          a.multiply(rax, rax, xWidth * F32);
          tile.step(
            a,
            {
              x: (row) => mem(rsi, (group * GROUP + row) * F32, rax),
              loadB: (dst, vector) => a.load(isa.width, dst, mem(r15, vector * isa.width, r10)),
            },
            isFirst,
          );
        },
        true,
      );
      tile.each((sum, row, vector) => {
        columns.store(a, mem(rdi, row * o * F32 + vector * isa.width), sum, isTail(run, vector), tile.spare);
      });
      a.add(rdi, run.vectors * isa.width);
      a.add(r15, rows * run.vectors * isa.width);
    });
  }
}
