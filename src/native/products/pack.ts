import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, r9, r10, r11, r14, r15, rax } from '../assembler/instruction.ts';
import { type Columns, isTail, type PanelRun } from '../columns.ts';
import type { Isa } from '../isa.ts';

/** Vector registers that copies go through; the next one is spare. */
const COPY_REGISTERS = 8;

/**
 * Copies rows of some vectors, `stride` bytes apart, to rows without gaps; a tail is filled up with zeros. Moves both registers on.
 */
export function copyRows(
  a: Assembler,
  { isa, columns }: { isa: Isa; columns: Columns },
  { from, to, counter }: { from: Gpr; to: Gpr; counter: Gpr },
  { rows, stride, vectors, hasTail }: { rows: number; stride: number; vectors: number; hasTail: boolean },
): void {
  const unroll = rows % 4 === 0 ? 4 : 1;
  const outStride = vectors * isa.width;
  a.repeat(counter, rows / unroll, () => {
    for (let u = 0; u < unroll; u++) {
      for (let vector = 0; vector < vectors; vector++) {
        const register = vector % COPY_REGISTERS;
        columns.load(a, register, mem(from, u * stride + vector * isa.width), isTail({ vectors, hasTail }, vector), COPY_REGISTERS);
        a.store(isa.width, mem(to, u * outStride + vector * isa.width), register);
      }
    }
    a.add(from, unroll * stride);
    a.add(to, unroll * outStride);
  });
}

/**
 * The panel at r10 (moved on) is the next rows of w at r14 (moved on by a whole panel), transposed: [depth, vectors]. Changes rax, r9, r11, r15.
 *
 * @param rowBytes  from one row of w to the next
 */
export function transposePanel(
  a: Assembler,
  isa: Isa,
  { run, tail, depth, rowBytes }: { run: PanelRun; tail: number; depth: number; rowBytes: number },
): void {
  const panelRow = run.vectors * isa.width;
  for (let vector = 0; vector < run.vectors; vector++) {
    const rows = isTail(run, vector) ? tail : isa.lanes;
    const squares = rows === isa.lanes ? Math.floor(depth / isa.lanes) : 0;
    a.mov(rax, r14);
    a.lea(r9, mem(r10, vector * isa.width));
    a.repeat(r11, squares, () => {
      transposeSquare(a, isa, { rowBytes, outBytes: panelRow });
      a.add(rax, isa.lanes * 4);
      a.add(r9, isa.lanes * panelRow);
    });
    a.repeat(r11, depth - squares * isa.lanes, () => {
      for (let row = 0; row < isa.lanes; row++) {
        if (row < rows) a.mov32(r15, mem(rax, row * rowBytes));
        else if (row === rows) a.set(r15, 0);
        a.store32(mem(r9, row * 4), r15);
      }
      a.add(rax, 4);
      a.add(r9, panelRow);
    });
    a.add(r14, isa.lanes * rowBytes);
  }
  a.add(r10, depth * panelRow);
}

/** A square of as many f32 a side as a vector has: bytes from row to row of what is read at rax, and of what is written at r9. */
export interface Square {
  rowBytes: number;
  outBytes: number;
  /** Rows that are there; the others count as zeros. @default all */
  rows?: number;
  /** Columns that are written. @default all */
  columns?: number;
}

/** A square, transposed. Changes all vector registers. */
export function transposeSquare(a: Assembler, isa: Isa, { rowBytes, outBytes, rows = isa.lanes, columns = isa.lanes }: Square): void {
  if (isa.lanes === 16) transpose16(a, rowBytes, outBytes, rows, columns);
  else transpose8(a, rowBytes, outBytes, rows, columns);
}

/** 16 rows of 16 f32 at rax, `row` bytes apart, to 16 columns at r9, `out` bytes apart. */
function transpose16(a: Assembler, row: number, out: number, rows: number, columns: number): void {
  const W = 64;
  const r = (i: number): number => i;
  const t = (i: number): number => 16 + i;
  for (let i = 0; i < 16; i++) {
    if (i < rows) a.load(W, r(i), mem(rax, i * row));
    else a.zero(W, r(i));
  }
  for (let i = 0; i < 16; i += 2) {
    a.op('vunpcklps', W, t(i), r(i), r(i + 1));
    a.op('vunpckhps', W, t(i + 1), r(i), r(i + 1));
  }
  for (let i = 0; i < 16; i += 4) {
    a.op('vunpcklpd', W, r(i), t(i), t(i + 2));
    a.op('vunpckhpd', W, r(i + 1), t(i), t(i + 2));
    a.op('vunpcklpd', W, r(i + 2), t(i + 1), t(i + 3));
    a.op('vunpckhpd', W, r(i + 3), t(i + 1), t(i + 3));
  }
  const shuffle = (dst: number, x: number, y: number, immediate: number): void =>
    a.vector('vshuff32x4', W, { r: dst, v: x, rm: y, immediate });
  for (let c = 0; c < 4; c++) {
    shuffle(t(c), r(c), r(4 + c), 0x88);
    shuffle(t(4 + c), r(c), r(4 + c), 0xdd);
    shuffle(t(8 + c), r(8 + c), r(12 + c), 0x88);
    shuffle(t(12 + c), r(8 + c), r(12 + c), 0xdd);
  }
  for (let c = 0; c < 4; c++) {
    shuffle(r(c), t(c), t(8 + c), 0x88);
    shuffle(r(8 + c), t(c), t(8 + c), 0xdd);
    shuffle(r(4 + c), t(4 + c), t(12 + c), 0x88);
    shuffle(r(12 + c), t(4 + c), t(12 + c), 0xdd);
  }
  for (let i = 0; i < columns; i++) a.store(W, mem(r9, i * out), r(i));
}

/** 8 rows of 8 f32 at rax, `row` bytes apart, to 8 columns at r9, `out` bytes apart. */
function transpose8(a: Assembler, row: number, out: number, rows: number, columns: number): void {
  const W = 32;
  const r = (i: number): number => i;
  const t = (i: number): number => 8 + i;
  for (let i = 0; i < 8; i++) {
    if (i < rows) a.load(W, r(i), mem(rax, i * row));
    else a.zero(W, r(i));
  }
  for (let i = 0; i < 8; i += 2) {
    a.op('vunpcklps', W, t(i), r(i), r(i + 1));
    a.op('vunpckhps', W, t(i + 1), r(i), r(i + 1));
  }
  for (let i = 0; i < 8; i += 4) {
    a.op('vunpcklpd', W, r(i), t(i), t(i + 2));
    a.op('vunpckhpd', W, r(i + 1), t(i), t(i + 2));
    a.op('vunpcklpd', W, r(i + 2), t(i + 1), t(i + 3));
    a.op('vunpckhpd', W, r(i + 3), t(i + 1), t(i + 3));
  }
  for (let c = 0; c < 4; c++) {
    a.vector('vperm2f128', W, { r: t(c), v: r(c), rm: r(4 + c), immediate: 0x20 });
    a.vector('vperm2f128', W, { r: t(4 + c), v: r(c), rm: r(4 + c), immediate: 0x31 });
  }
  for (let i = 0; i < columns; i++) a.store(W, mem(r9, i * out), t(i));
}
