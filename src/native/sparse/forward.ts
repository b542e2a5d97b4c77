import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r10, r11, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rsi, type Vec } from '../assembler/instruction.ts';
import { Columns, isTail, split } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { copyRows } from '../products/pack.ts';
import { type Convention, routine } from '../routine.ts';
import { finish, panelsOf, RowTile, rowTile } from './row-tile.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
const I32 = Int32Array.BYTES_PER_ELEMENT;
/** From so many rows on copying w pays. */
const PACK_ROWS = 48;
/** Vectors of a panel: as many sums as hide the latency of one row's additions. */
const WIDE_VECTORS = 8;
/** Rows of w in a block that stays in L1. measured: 112 of 128 columns on Zen 4. */
const BLOCK_ROWS = 112;
/** Vectors up to which two rows are summed at a time, as one row's few sums would wait for their additions. */
const NARROW_VECTORS = { avx512: 4, avx2: 6 } as const;
/** Behind a list: larger than any column. */
const SENTINEL = 0x7fffffff;
/** Of the frame, behind the mask. */
const SLOPE_BYTES = 8;

/** A product c[m,n] = act(x[m,k] w[k,n] + bias) over the listed columns of x. */
export interface SparseForwardShape {
  m: number;
  n: number;
  k: number;
  hasBias: boolean;
  relu: boolean;
  /** Of a leaky relu. */
  slope?: number;
  /** i32 from one row's list to the next. */
  listWords: number;
}

type Plan = 'in place' | 'blocks' | 'pairs';

function planOf(isa: Isa, { m, n }: SparseForwardShape): Plan {
  if (m < PACK_ROWS) return 'in place';
  return Math.ceil(n / isa.lanes) <= NARROW_VECTORS[isa.name] ? 'pairs' : 'blocks';
}

const cursorBytes = (m: number): number => Math.ceil((m * 8) / 64) * 64;

/** Bytes of scratch that the routine for a shape needs. */
export function sparseForwardScratch(isa: Isa, shape: SparseForwardShape): number {
  const { m, n, k } = shape;
  switch (planOf(isa, shape)) {
    case 'in place':
      return 0;
    case 'pairs':
      return k * Math.ceil(n / isa.lanes) * isa.width;
    case 'blocks':
      return cursorBytes(m) + Math.min(k, BLOCK_ROWS) * WIDE_VECTORS * isa.width;
  }
}

/**
 * The routine of a forward product that leaves out zeros. Arguments: x, w, bias, c, scratch, lists (of list_nonzeros; what follows a list's
 * columns may be overwritten).
 *
 * order: k ascending from +0, multiply then add, then the bias: the bits of dense_forward where w is finite, as in kernels/products/sparse.ts
 */
export function sparseForwardRoutine(isa: Isa, convention: Convention, shape: SparseForwardShape): Assembler {
  const columns = new Columns(isa, shape.n, 0);
  return routine(convention, shape.slope === undefined ? isa.width : isa.width + SLOPE_BYTES, (a) => {
    columns.prepare(a);
    switch (planOf(isa, shape)) {
      case 'in place':
        inPlace(a, isa, columns, shape);
        break;
      case 'blocks':
        inBlocks(a, isa, columns, shape);
        break;
      case 'pairs':
        inPairs(a, isa, columns, shape);
        break;
    }
  });
}

/** Few rows: w where it lies. */
function inPlace(a: Assembler, isa: Isa, columns: Columns, { m, n, k, hasBias, relu, slope, listWords }: SparseForwardShape): void {
  for (const { first, vectors, hasTail } of panelsOf(columns, WIDE_VECTORS)) {
    const tile = rowTile(isa, vectors);
    a.mov(rbx, rdi);
    a.mov(r14, r9);
    a.lea(rbp, mem(rcx, first * isa.width));
    a.lea(r15, mem(rsi, first * isa.width));
    a.repeat(r12, m, () => {
      tile.zero(a);
      a.mov32(r11, mem(r14));
      a.lea(r13, mem(r14, I32));
      a.countDown(r11, () => {
        a.mov32(rax, mem(r13));
        a.add(r13, I32);
        tile.add(a, rbx, 0, rax, n * F32, (dst, vector, index) => {
          const from = mem(r15, vector * isa.width, index);
          if (!hasTail || vector < vectors - 1) return from;
          // tile.x is needed for the multiplication; a product's register of another turn holds the mask.
          columns.load(a, dst, from, true, spareFor(isa, vectors));
          return dst;
        });
      });
      finish(a, isa, rbp, 0, { columns, tile, hasTail, biasOffset: first * isa.width, hasBias, relu, slope, free: vectors });
      a.add(rbx, k * F32);
      a.add(r14, listWords * I32);
      a.add(rbp, n * F32);
    });
  }
}

/** The last vector register: a mask, where those stand in vectors. */
const spareFor = (isa: Isa, vectors: number): Vec => {
  if (vectors + 2 >= isa.registers) throw new RangeError('no register left for a mask');
  return isa.registers - 1;
};

/**
 * Many rows: blocks of rows of w x panel that stay in L1, all rows of x over one block before the next; sums wait in c. A sentinel behind
 * each list ends the last block.
 */
function inBlocks(a: Assembler, isa: Isa, columns: Columns, { m, n, k, hasBias, relu, slope, listWords }: SparseForwardShape): void {
  const block = cursorBytes(m);
  a.mov(rax, r9);
  a.repeat(r11, m, () => {
    a.mov32(r13, mem(rax));
    a.lea(r13, mem(rax, I32, r13, 4));
    a.set(r14, SENTINEL);
    a.store32(mem(r13), r14);
    a.add(rax, listWords * I32);
  });
  for (const { first, vectors, hasTail } of panelsOf(columns, WIDE_VECTORS)) {
    const tile = rowTile(isa, vectors);
    const stride = vectors * isa.width;
    // Where each row's next entry stands.
    a.lea(rax, mem(r9, I32));
    a.mov(r13, r8);
    a.repeat(r11, m, () => {
      a.store64(mem(r13), rax);
      a.add(r13, 8);
      a.add(rax, listWords * I32);
    });
    let from = 0;
    const depths = split(k, BLOCK_ROWS).flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    for (const [index, depth] of depths.entries()) {
      const isFirst = index === 0;
      const isLast = index === depths.length - 1;
      a.lea(r15, mem(rsi, first * isa.width + from * n * F32));
      a.lea(r13, mem(r8, block));
      copyRows(a, { isa, columns }, { from: r15, to: r13, counter: r11 }, { rows: depth, stride: n * F32, vectors, hasTail });
      a.lea(r15, mem(r8, block - from * stride));
      a.mov(rbx, rdi);
      a.lea(rbp, mem(rcx, first * isa.width));
      a.mov(r10, r8);
      a.repeat(r12, m, () => {
        if (isFirst) tile.zero(a);
        else
          for (let vector = 0; vector < vectors; vector++)
            columns.load(a, tile.sum(vector), mem(rbp, vector * isa.width), isTail({ vectors, hasTail }, vector), tile.spare);
        const done = a.label();
        a.mov(r13, mem(r10));
        a.mov32(rax, mem(r13));
        a.cmp(rax, from + depth);
        a.jumpIf('ge', done);
        a.align(32);
        const top = a.here();
        tile.add(a, rbx, 0, rax, stride, (_dst, vector, at) => mem(r15, vector * isa.width, at));
        a.add(r13, I32);
        a.mov32(rax, mem(r13));
        a.cmp(rax, from + depth);
        a.jumpIf('l', top);
        a.bind(done);
        a.store64(mem(r10), r13);
        a.add(r10, 8);
        finish(a, isa, rbp, 0, {
          columns,
          tile,
          hasTail,
          biasOffset: first * isa.width,
          hasBias: hasBias && isLast,
          relu: relu && isLast,
          slope: isLast ? slope : undefined,
          free: vectors,
        });
        a.add(rbx, k * F32);
        a.add(rbp, n * F32);
      });
      from += depth;
    }
  }
}

/** Few columns: all of w copied, two rows of x at a time. */
function inPairs(a: Assembler, isa: Isa, columns: Columns, { m, n, k, hasBias, relu, slope, listWords }: SparseForwardShape): void {
  const { vectors } = columns;
  const hasTail = columns.tail > 0;
  const stride = vectors * isa.width;
  a.mov(r15, rsi);
  a.mov(r13, r8);
  copyRows(a, { isa, columns }, { from: r15, to: r13, counter: r11 }, { rows: k, stride: n * F32, vectors, hasTail });
  a.mov(r15, r8);
  a.mov(rbx, rdi);
  a.mov(rbp, rcx);
  // Sums of both rows, a value of x each, and what is left for products.
  const firstProduct = 2 * vectors + 2;
  const products = Array.from({ length: isa.registers - firstProduct }, (_, i) => firstProduct + i);
  const half = Math.ceil(products.length / 2);
  const tiles = [
    new RowTile(isa, vectors, 0, 2 * vectors, products.slice(0, half)),
    new RowTile(isa, vectors, vectors, 2 * vectors + 1, products.slice(half)),
  ] as const;
  const entry = (row: 0 | 1): void => {
    const [list, index] = row === 0 ? [r13, rax] : [r14, rdi];
    a.mov32(index, mem(list));
    a.add(list, I32);
    tiles[row].add(a, rbx, row * k * F32, index, stride, (_dst, vector, at) => mem(r15, vector * isa.width, at));
  };
  const rows = (count: 1 | 2): void => {
    for (const tile of tiles.slice(0, count)) tile.zero(a);
    a.mov32(r10, mem(r9));
    a.lea(r13, mem(r9, I32));
    if (count === 2) {
      const shorter = a.label();
      a.mov32(r11, mem(r9, listWords * I32));
      a.lea(r14, mem(r9, (listWords + 1) * I32));
      a.mov(rsi, r10);
      a.arithmetic('cmp', r10, r11);
      a.jumpIf('le', shorter);
      a.mov(rsi, r11);
      a.bind(shorter);
      a.arithmetic('sub', r10, rsi);
      a.arithmetic('sub', r11, rsi);
      a.countDown(rsi, () => {
        entry(0);
        entry(1);
      });
      a.countDown(r11, () => entry(1));
    }
    a.countDown(r10, () => entry(0));
    for (const [row, tile] of tiles.slice(0, count).entries()) {
      finish(a, isa, rbp, row * n * F32, { columns, tile, hasTail, biasOffset: 0, hasBias, relu, slope, free: 2 * vectors });
    }
    a.add(rbx, count * k * F32);
    a.add(r9, count * listWords * I32);
    a.add(rbp, count * n * F32);
  };
  a.repeat(r12, m >> 1, () => rows(2));
  if (m % 2 === 1) rows(1);
}
