import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r10, r11, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun, split } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';
import { leafTile } from './leaf-tile.ts';
import { copyRows } from './pack.ts';
import { waitingTiles } from './schedule.ts';
import { panelVectors, Tile, tallest } from './tile.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
/** Floats of packed panels of dz kept at a time. */
const PANEL_FLOATS = 524288;
/** Above so many rows the columns of x under a tile no longer stay in L1 and are copied. */
const COPY_ROWS = 192;
/** The same where rows lie a multiple of a page apart. */
const COPY_ROWS_OF_PAGES = 32;
const PAGE_BYTES = 4096;
/** Tiles of x copied together. */
const COPIED_TILES = 4;
/** Rows of a tile for wide gradients with AVX-512. measured: the tree's stack of an 8x32 tile stays in L1. */
const WIDE = { from: 48, rows: 8 };

/** dw[i,o] = x[rows,i]^T dz[rows,o], summed per leaf and then by the tree. */
export interface GradientShape {
  i: number;
  o: number;
  rows: number;
  /** Floats from one row of x to the next. */
  xWidth: number;
  leaves: number;
}

interface Choices {
  vectors: number;
  tileRows: number;
  copiesX: boolean;
}

function choose(isa: Isa, { o, rows, xWidth }: GradientShape): Choices {
  const vectors = panelVectors(isa, Math.ceil(o / isa.lanes));
  return {
    vectors,
    tileRows: isa.lanes === 16 && o > WIDE.from ? WIDE.rows : tallest(isa, vectors),
    copiesX: rows > COPY_ROWS || (rows > COPY_ROWS_OF_PAGES && (xWidth * F32) % PAGE_BYTES === 0),
  };
}

interface ScratchLayout {
  /** Byte offsets of copied columns of x, and of panels of dz; the tiles that wait come first. */
  xAt: number;
  panelsAt: number;
  perGroup: number;
  bytes: number;
}

function layoutOf(isa: Isa, shape: GradientShape): ScratchLayout {
  const { vectors, tileRows, copiesX } = choose(isa, shape);
  const xAt = waitingTiles(shape.leaves) * tileRows * vectors * isa.width;
  const copied = Math.min(shape.i, COPIED_TILES * tileRows);
  const panelsAt = xAt + (copiesX ? shape.rows * Math.ceil(copied / isa.lanes) * isa.width : 0);
  const panel = shape.rows * vectors * isa.width;
  const perGroup = Math.max(1, Math.floor((PANEL_FLOATS * F32) / panel));
  // An upper bound that grows with the rows, as `perGroup` panels do not.
  const panels = Math.min(panel * Math.ceil(shape.o / (vectors * isa.lanes)), Math.max(panel, PANEL_FLOATS * F32));
  return { xAt, panelsAt, perGroup, bytes: panelsAt + panels };
}

/** Bytes of scratch that the routine for a shape needs, beside the schedule. */
export function gradientScratch(isa: Isa, shape: GradientShape): number {
  return layoutOf(isa, shape).bytes;
}

/** Byte offsets in the frame, behind the mask. */
const FRAME = { x: 32, group: 40, xNow: 48, bytes: 64 };

/**
 * The routine of a weight's gradient. Arguments: x, dz, dw, schedule (`leafSchedule`), scratch.
 *
 * order: leaf: rows in order, multiply then add, the first product as it is; tree: from the left; +0 is added to the root, so that the bits
 * are those of leaves that start at +0, as in dense_weight_gradient
 */
export function gradientRoutine(isa: Isa, convention: Convention, shape: GradientShape): Assembler {
  const { i, o, rows, xWidth } = shape;
  const { vectors, tileRows, copiesX } = choose(isa, shape);
  const { xAt, panelsAt, perGroup } = layoutOf(isa, shape);
  const columns = new Columns(isa, o, 0);
  const outRow = o * F32;
  return routine(convention, FRAME.bytes, (a) => {
    columns.prepare(a);
    a.store64(mem(rsp, FRAME.x), rdi);
    for (const { first, runs } of columns.groups(vectors, perGroup)) {
      packPanels(a, isa, columns, runs, { first, rows, outRow, panelsAt });
      a.mov(rbx, mem(rsp, FRAME.x));
      a.lea(rbp, mem(rdx, first * isa.width));
      for (const { size, count } of split(i, copiesX ? COPIED_TILES * tileRows : i)) {
        a.repeatInFrame(FRAME.group, count, () => {
          const part = new Columns(isa, size, 0);
          const xRow = copiesX ? part.vectors * isa.width : xWidth * F32;
          if (copiesX) copyX(a, isa, { size, rows, xWidth, xAt });
          for (const { size: height, count: tiles } of split(size, tileRows)) {
            a.repeat(r12, tiles, () => {
              a.lea(r15, mem(r8, panelsAt));
              a.mov(rdi, rbp);
              for (const run of runs) {
                a.repeat(r13, run.count, () => {
                  a.mov(rax, rbx);
                  a.mov(r10, r15);
                  tileOfPanel(a, isa, new Tile(isa, height, run.vectors), { columns, run, xRow, outRow });
                  a.add(rdi, run.vectors * isa.width);
                  a.add(r15, rows * run.vectors * isa.width);
                });
              }
              a.add(rbx, height * F32);
              a.add(rbp, height * outRow);
            });
          }
          if (copiesX) {
            a.mov(rbx, mem(rsp, FRAME.xNow));
            a.add(rbx, size * F32);
          }
        });
      }
    }
  });
}

/** Panels of dz in scratch. Changes r10, r11, r13 to r15. */
function packPanels(
  a: Assembler,
  isa: Isa,
  columns: Columns,
  runs: readonly PanelRun[],
  { first, rows, outRow, panelsAt }: { first: number; rows: number; outRow: number; panelsAt: number },
): void {
  a.lea(r10, mem(r8, panelsAt));
  a.lea(r14, mem(rsi, first * isa.width));
  for (const run of runs) {
    a.repeat(r13, run.count, () => {
      a.mov(r15, r14);
      copyRows(a, { isa, columns }, { from: r15, to: r10, counter: r11 }, { ...run, rows, stride: outRow });
      a.add(r14, run.vectors * isa.width);
    });
  }
}

/** `size` columns of x at rbx, all rows, to scratch, where rbx goes; what it was waits in the frame. Changes rax, r10, r11, r15. */
function copyX(a: Assembler, isa: Isa, { size, rows, xWidth, xAt }: { size: number; rows: number; xWidth: number; xAt: number }): void {
  const whole = Math.floor(size / isa.lanes);
  const outRow = Math.ceil(size / isa.lanes) * isa.width;
  a.mov(r15, rbx);
  a.lea(r10, mem(r8, xAt));
  a.repeat(r11, rows, () => {
    for (let vector = 0; vector < whole; vector++) {
      a.load(isa.width, vector % 8, mem(r15, vector * isa.width));
      a.store(isa.width, mem(r10, vector * isa.width), vector % 8);
    }
    // The mask is that of dz's columns; whole vectors would reach beyond the last row.
    for (let column = whole * isa.lanes; column < size; column++) {
      a.mov32(rax, mem(r15, column * F32));
      a.store32(mem(r10, column * F32), rax);
    }
    a.add(r15, xWidth * F32);
    a.add(r10, outRow);
  });
  a.store64(mem(rsp, FRAME.xNow), rbx);
  a.lea(rbx, mem(r8, xAt));
}

/** The tile of dw at rdi: x in rax, the panel of dz in r10, the schedule in rcx, waiting tiles at r8. Changes r9 to r11, r14, rax. */
function tileOfPanel(
  a: Assembler,
  isa: Isa,
  tile: Tile,
  { columns, run, xRow, outRow }: { columns: Columns; run: PanelRun; xRow: number; outRow: number },
): void {
  a.mov(r9, rcx);
  a.mov(r14, r8);
  leafTile(a, isa, tile, (isFirst) => {
    tile.step(
      a,
      { x: (row) => mem(rax, row * F32), loadB: (dst, vector) => a.load(isa.width, dst, mem(r10, vector * isa.width)) },
      isFirst,
    );
    a.add(rax, xRow);
    a.add(r10, run.vectors * isa.width);
  });
  tile.each((sum, row, vector) => {
    columns.store(a, mem(rdi, row * outRow + vector * isa.width), sum, isTail(run, vector), tile.spare);
  });
}
