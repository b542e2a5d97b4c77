import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, r8, r9, r10, r11, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun, split } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';
import { finishTile } from './epilogue.ts';
import { copyRows, transposePanel } from './pack.ts';
import { panelVectors, sumOverK, Tile, tallest } from './tile.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
/** k's that are summed before the tile is put aside: a panel of so many stays in L1. */
const DEPTH = 400;
/** The same, and vectors of a panel, where matrices are large. measured: 2048 x 2048. */
const LARGE = { from: 1024, depth: 256, vectors: 3 };
/** Floats of packed panels kept at a time: half of a 1 MiB L2. */
const PANEL_FLOATS = 131072;
/** From so many rows on copying w pays. */
const PACK_ROWS = 48;
/** Rows that lie so far apart fall into one set of L1: a tile's rows are copied. */
const PAGE_BYTES = 4096;
const UNROLL = 4;
/** Of the frame, behind the mask. */
const SLOPE_BYTES = 8;

/** A product c[m,n] = act(a[m,k] b[k,n] + bias). */
export interface ForwardShape {
  m: number;
  n: number;
  k: number;
  hasBias: boolean;
  relu: boolean;
  /** Of a leaky relu. */
  slope?: number;
  /** b is stored as [n,k]. */
  isTransposed: boolean;
}

interface Choices {
  vectors: number;
  depth: number;
  packsB: boolean;
  packsA: boolean;
}

function choose(isa: Isa, { m, n, k, isTransposed }: ForwardShape): Choices {
  const vectors = Math.ceil(n / isa.lanes);
  const isLarge = isa.lanes === 16 && k >= LARGE.from && vectors >= LARGE.vectors;
  return {
    vectors: isLarge ? LARGE.vectors : panelVectors(isa, vectors),
    depth: isLarge ? LARGE.depth : DEPTH,
    packsB: isTransposed || m >= PACK_ROWS,
    packsA: (k * F32) % PAGE_BYTES === 0,
  };
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
/** Bytes from one row of a copied tile of a to the next: odd lines, so that rows do not share sets. */
const copiedRow = (depth: number): number => roundUp(depth, 16) * F32 + 64;

/** Bytes of scratch that a routine for the shape needs, at most. */
export function forwardScratch(isa: Isa, shape: ForwardShape): number {
  const { vectors, depth, packsA, packsB } = choose(isa, shape);
  const rows = Math.min(shape.m, tallest(isa, vectors));
  return (packsB ? panelBytes(isa, shape, vectors, depth) : 0) + (packsA ? rows * copiedRow(Math.min(depth, shape.k)) : 0);
}

function panelBytes(isa: Isa, { n, k }: ForwardShape, vectors: number, depth: number): number {
  const panel = Math.min(depth, k) * vectors * isa.width;
  return Math.min(Math.max(panel, PANEL_FLOATS * F32), panel * Math.ceil(n / (vectors * isa.lanes)));
}

/**
 * The routine of a forward product, or of an input's gradient (b transposed, without bias and relu). Arguments: a, b, bias, c, scratch;
 * 4-byte aligned, row-major f32.
 *
 * order: each element is summed k = 0..k-1 from +0 by multiply then add, then the bias is added; NaN stays, as in dense_forward
 */
export function forwardRoutine(isa: Isa, convention: Convention, shape: ForwardShape): Assembler {
  const { m, n, k, hasBias, relu, slope, isTransposed } = shape;
  const { vectors, depth: mostDepth, packsA, packsB } = choose(isa, shape);
  const columns = new Columns(isa, n, 0);
  const rowParts = split(m, tallest(isa, vectors));
  const depths = split(k, mostDepth).flatMap(({ size, count }) => Array.from({ length: count }, () => size));
  const copyAt = packsB ? panelBytes(isa, shape, vectors, mostDepth) : 0;
  return routine(convention, slope === undefined ? isa.width : isa.width + SLOPE_BYTES, (a) => {
    columns.prepare(a);
    let firstK = 0;
    for (const [block, depth] of depths.entries()) {
      const isFirst = block === 0;
      const isLast = block === depths.length - 1;
      const perGroup = packsB ? Math.max(1, Math.floor((PANEL_FLOATS * F32) / (depth * vectors * isa.width))) : columns.vectors;
      for (const { first, runs } of columns.groups(vectors, perGroup)) {
        const bOffset = isTransposed ? (first * isa.lanes * k + firstK) * F32 : firstK * n * F32 + first * isa.width;
        if (packsB) packPanels(a, isa, columns, runs, { bOffset, depth, shape });
        a.lea(rbx, mem(rdi, firstK * F32)); // rows of a
        a.lea(rbp, mem(rcx, first * isa.width)); // rows of c
        for (const { size: rows, count } of rowParts) {
          a.repeat(r12, count, () => {
            if (packsA) copyTileRows(a, isa, { rows, depth, rowBytes: k * F32, copyAt });
            a.mov(r14, rbp);
            if (packsB) a.mov(r15, r8);
            else a.lea(r15, mem(rsi, bOffset));
            if (hasBias && isLast) a.lea(r9, mem(rdx, first * isa.width));
            for (const run of runs) {
              a.repeat(r13, run.count, () => {
                tileOfPanel(a, isa, columns, run, {
                  rows,
                  depth,
                  outRow: n * F32,
                  x: packsA ? { at: r8, offset: copyAt, row: copiedRow(depth) } : { at: rbx, offset: 0, row: k * F32 },
                  bytesPerK: packsB ? run.vectors * isa.width : n * F32,
                  isPacked: packsB,
                  isFirst,
                  hasBias: hasBias && isLast,
                  relu: relu && isLast,
                  slope: isLast ? slope : undefined,
                });
                a.add(r14, run.vectors * isa.width);
                a.add(r15, packsB ? depth * run.vectors * isa.width : run.vectors * isa.width);
                if (hasBias && isLast) a.add(r9, run.vectors * isa.width);
              });
            }
            a.add(rbx, rows * k * F32);
            a.add(rbp, rows * n * F32);
          });
        }
      }
      firstK += depth;
    }
  });
}

/** Panels of b at the start of scratch. Changes r9 to r11, r13 to r15, rax. */
function packPanels(
  a: Assembler,
  isa: Isa,
  columns: Columns,
  runs: readonly PanelRun[],
  { bOffset, depth, shape: { n, k, isTransposed } }: { bOffset: number; depth: number; shape: ForwardShape },
): void {
  a.mov(r10, r8);
  a.lea(r14, mem(rsi, bOffset));
  for (const run of runs) {
    a.repeat(r13, run.count, () => {
      if (isTransposed) {
        transposePanel(a, isa, { run, tail: columns.tail, depth, rowBytes: k * F32 });
        return;
      }
      a.mov(r15, r14);
      copyRows(a, { isa, columns }, { from: r15, to: r10, counter: r11 }, { ...run, rows: depth, stride: n * F32 });
      a.add(r14, run.vectors * isa.width);
    });
  }
}

/** The rows of a at rbx, `depth` values each, to scratch. Changes r10, r11, r14, r15, rax. */
function copyTileRows(
  a: Assembler,
  isa: Isa,
  { rows, depth, rowBytes, copyAt }: { rows: number; depth: number; rowBytes: number; copyAt: number },
): void {
  a.mov(r14, rbx);
  a.lea(r15, mem(r8, copyAt));
  a.repeat(r9, rows, () => {
    a.mov(rax, r14);
    a.mov(r10, r15);
    a.repeat(r11, Math.floor(depth / isa.lanes), () => {
      a.load(isa.width, 0, mem(rax));
      a.store(isa.width, mem(r10), 0);
      a.add(rax, isa.width);
      a.add(r10, isa.width);
    });
    // One by one through a general register, as whole vectors would reach beyond the last row.
    for (let i = 0; i < depth % isa.lanes; i++) {
      a.mov32(r11, mem(rax, i * F32));
      a.store32(mem(r10, i * F32), r11);
    }
    a.add(r14, rowBytes);
    a.add(r15, copiedRow(depth));
  });
}

interface TileSite {
  rows: number;
  depth: number;
  /** Bytes of a row of c. */
  outRow: number;
  x: { at: Gpr; offset: number; row: number };
  /** Of b. */
  bytesPerK: number;
  isPacked: boolean;
  /** c holds no sum yet. */
  isFirst: boolean;
  hasBias: boolean;
  relu: boolean;
  slope: number | undefined;
}

/** One tile of c at r14, with a panel of b at r15 and its bias at r9. Changes r10, r11, rax. */
function tileOfPanel(a: Assembler, isa: Isa, columns: Columns, run: PanelRun, site: TileSite): void {
  const tile = new Tile(isa, site.rows, run.vectors);
  const { spare } = tile;
  const c = (row: number, vector: number) => mem(r14, row * site.outRow + vector * isa.width);
  tile.each((sum, row, vector) => {
    if (site.isFirst) a.zero(isa.width, sum);
    else columns.load(a, sum, c(row, vector), isTail(run, vector), spare);
  });
  a.lea(rax, mem(site.x.at, site.x.offset));
  a.mov(r10, r15);
  sumOverK(
    a,
    tile,
    {
      x: { register: rax, bytesPerK: F32 },
      rowAt: (row) => row * site.x.row,
      b: { register: r10, bytesPerK: site.bytesPerK },
      loadB: (dst, from, vector) => columns.load(a, dst, from, !site.isPacked && isTail(run, vector), spare),
    },
    { depth: site.depth, unroll: UNROLL, width: isa.width },
  );
  finishTile(
    a,
    isa,
    tile,
    { columns, run, bias: site.hasBias ? r9 : undefined, relu: site.relu, slope: site.slope, frameAt: isa.width },
    c,
  );
}
