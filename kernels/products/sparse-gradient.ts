// The weight gradient over the rows of x that are not zero; what makes its bits those of the dense kernel stands in sparse.ts.
import { groupOf } from './dense';
import { loadLanes, madd } from '../vector/lanes';
import { packPanel8 } from './pack';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { store8 } from './tile';

/** Floats of packed dz panels kept at a time. */
const PANEL_FLOATS: i32 = 262144;
/** Columns of x whose rows are listed together: one cache line of every row. */
const BLOCK: i32 = 16;
const LEVEL: usize = 128;

/** i32 of a group's schedule: rows and merges of every leaf that has any, then the end. */
// @ts-ignore: decorator
@inline
function scheduleWords(leaves: i32): i32 {
  return 2 * leaves + 1;
}

// sparse_weight_gradient: dw = x^T dz, per leaf and then by the pairwise tree, over the rows where one of four adjacent columns of x is not 0
//   as dense_weight_gradient
//   order   a skipped row adds +-0, a leaf without rows is +0      bits of it if dz is finite
//   scratch scratchFloats(B, I, O, leaves)       twin denseWeightGradient
export function sparse_weight_gradient(
  x: usize, dz: usize, dw: usize, bounds: usize, leaves: i32, i: i32, o: i32, xWidth: i32, scratch: usize,
): void {
  listedGradient(x, dz, dw, bounds, leaves, i, o, xWidth, false, scratch);
}

/** The weight gradient by lists of rows. With `all` no row is left out, only empty leaves: the dense kernel's way around those. */
export function listedGradient(
  x: usize, dz: usize, dw: usize, bounds: usize, leaves: i32, i: i32, o: i32, xWidth: i32, all: bool, scratch: usize,
): void {
  const rows = i32.load(i32At(bounds, leaves));
  const group = groupOf(rows, PANEL_FLOATS);
  const ends = f32At(scratch, (33 - clz(leaves)) * 32);
  const schedules = i32At(ends, 4 * leaves);
  const offsets = i32At(schedules, 4 * scheduleWords(leaves));
  const values = f32AtRow(offsets, rows, 4, 0);
  const panels = f32AtRow(values, rows, 16, 0);
  for (let first = 0; first < o; first += group) {
    const end = min(o, first + group);
    let panel = panels;
    for (let c = first; c < end; c += 8) {
      packPanel8(f32At(dz, c), strideOf(o), min(8, end - c), rows, panel);
      panel = f32AtRow(panel, rows, 8, 0);
    }
    for (let i0 = 0; i0 < i; i0 += BLOCK) {
      const iEnd = min(i, i0 + BLOCK);
      if (iEnd - i0 == BLOCK) {
        listRows4(f32At(x, i0), strideOf(xWidth), all, bounds, leaves, rows, offsets, values, ends);
      } else {
        for (let t = i0, g = 0; t < iEnd; t += 4, g++) {
          listRows(f32At(x, max(0, min(t, i - 4))), strideOf(xWidth), min(4, i), all, bounds, leaves,
            i32At(offsets, g * rows), f32AtRow(values, rows, 4 * g, 0), i32At(ends, g * leaves));
        }
      }
      for (let t = i0, g = 0; t < iEnd; t += 4, g++) {
        scheduleLeaves(i32At(ends, g * leaves), leaves, i32At(schedules, g * scheduleWords(leaves)));
      }
      panel = panels;
      for (let c = first; c < end; c += 8) {
        for (let t = i0, g = 0; t < iEnd; t += 4, g++) {
          const column = max(0, min(t, i - 4)); // the last tile overlaps the one before
          const schedule = i32At(schedules, g * scheduleWords(leaves));
          const tile = f32AtRow(dw, column, o, c);
          if (i32.load(schedule) == 0) {
            storeZeros(tile, strideOf(o), min(4, i), min(8, end - c));
          } else {
            sparseLeafTile4x8(f32AtRow(values, rows, 4 * g, 0), i32At(offsets, g * rows), min(4, i), panel, schedule,
              tile, strideOf(o), min(8, end - c), scratch);
          }
        }
        panel = f32AtRow(panel, rows, 8, 0);
      }
    }
  }
}

/** Of `columns` 1..4 adjacent columns the rows that are not all zero: their values, where their row of a dz panel lies, and the count at each leaf's end. */
function listRows(
  x: usize, stride: usize, columns: i32, all: bool, bounds: usize, leaves: i32, offsets: usize, values: usize, ends: usize,
): void {
  let row = 0, count = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    for (const end = i32.load(i32At(bounds, leaf), 4); row < end; row++) {
      const v = loadLanes(x, columns);
      v128.store(f32At(values, 4 * count), v);
      i32.store(i32At(offsets, count), row << 5);
      count += <i32>all | <i32>v128.any_true(f32x4.ne(v, f32x4.splat(0)));
      x += stride;
    }
    i32.store(i32At(ends, leaf), count);
  }
}

/** The same for four groups of four columns at once: [4, rows] offsets, [4, rows, 4] values, [4, leaves] ends. */
function listRows4(
  x: usize, stride: usize, all: bool, bounds: usize, leaves: i32, rows: i32, offsets: usize, values: usize, ends: usize,
): void {
  const zero = f32x4.splat(0);
  const offsets1 = i32At(offsets, rows), offsets2 = i32At(offsets1, rows), offsets3 = i32At(offsets2, rows);
  const values1 = f32AtRow(values, rows, 4, 0), values2 = f32AtRow(values1, rows, 4, 0), values3 = f32AtRow(values2, rows, 4, 0);
  let row = 0, n0 = 0, n1 = 0, n2 = 0, n3 = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    for (const end = i32.load(i32At(bounds, leaf), 4); row < end; row++) {
      const v0 = v128.load(x), v1 = v128.load(x, 16), v2 = v128.load(x, 32), v3 = v128.load(x, 48);
      const offset = row << 5;
      v128.store(f32At(values, 4 * n0), v0);
      i32.store(i32At(offsets, n0), offset);
      n0 += <i32>all | <i32>v128.any_true(f32x4.ne(v0, zero));
      v128.store(f32At(values1, 4 * n1), v1);
      i32.store(i32At(offsets1, n1), offset);
      n1 += <i32>all | <i32>v128.any_true(f32x4.ne(v1, zero));
      v128.store(f32At(values2, 4 * n2), v2);
      i32.store(i32At(offsets2, n2), offset);
      n2 += <i32>all | <i32>v128.any_true(f32x4.ne(v2, zero));
      v128.store(f32At(values3, 4 * n3), v3);
      i32.store(i32At(offsets3, n3), offset);
      n3 += <i32>all | <i32>v128.any_true(f32x4.ne(v3, zero));
      x += stride;
    }
    i32.store(i32At(ends, leaf), n0);
    i32.store(i32At(ends, leaves + leaf), n1);
    i32.store(i32At(ends, 2 * leaves + leaf), n2);
    i32.store(i32At(ends, 3 * leaves + leaf), n3);
  }
}

/**
 * The tree over the leaves that have rows: for each its rows, and how many finished subtrees it is added to before the next one begins.
 * Two neighbours s < t meet at level h, the highest bit in which they differ. Subtrees wait on a stack; the levels at which they meet fall
 * towards its top, so the set bits of `waiting` are the stack. Before t begins, all that meet below h have met.
 */
function scheduleLeaves(ends: usize, leaves: i32, schedule: usize): void {
  let done = 0, waiting = 0, before = -1;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = i32.load(i32At(ends, leaf));
    if (end == done) continue;
    if (before >= 0) {
      const level = 1 << (31 - clz(before ^ leaf));
      const below = waiting & (level - 1);
      i32.store(schedule, popcnt(below), 4);
      schedule = i32At(schedule, 2);
      waiting = (waiting ^ below) | level;
    }
    i32.store(schedule, end - done);
    before = leaf;
    done = end;
  }
  if (before >= 0) {
    i32.store(schedule, popcnt(waiting), 4);
    schedule = i32At(schedule, 2);
  }
  i32.store(schedule, 0);
}

/** dw[rows,columns] where no row is listed. */
function storeZeros(dw: usize, dwStride: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    store8(dw, columns, f32x4.splat(0), f32x4.splat(0));
    dw += dwStride;
  }
}

/** dw[rows,columns] from the listed rows, of which there are some: leafTile4x8 along a schedule. */
function sparseLeafTile4x8(
  x: usize, offsets: usize, rows: i32, panel: usize, schedule: usize, dw: usize, dwStride: usize, columns: i32, stack: usize,
): void {
  let top = stack;
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128;
  for (;;) {
    const z = panel + <usize>i32.load(offsets);
    const b0 = v128.load(z), b1 = v128.load(z, 16);
    const s0 = v128.load32_splat(x), s1 = v128.load32_splat(x, 4);
    c00 = f32x4.mul(s0, b0);
    c01 = f32x4.mul(s0, b1);
    c10 = f32x4.mul(s1, b0);
    c11 = f32x4.mul(s1, b1);
    const s2 = v128.load32_splat(x, 8), s3 = v128.load32_splat(x, 12);
    c20 = f32x4.mul(s2, b0);
    c21 = f32x4.mul(s2, b1);
    c30 = f32x4.mul(s3, b0);
    c31 = f32x4.mul(s3, b1);
    x = f32At(x, 4);
    offsets = i32At(offsets, 1);
    for (let count = i32.load(schedule) - 1; count > 0; count--) {
      const dz = panel + <usize>i32.load(offsets);
      const b0 = v128.load(dz), b1 = v128.load(dz, 16);
      const s0 = v128.load32_splat(x);
      c00 = madd(s0, b0, c00);
      c01 = madd(s0, b1, c01);
      const s1 = v128.load32_splat(x, 4);
      c10 = madd(s1, b0, c10);
      c11 = madd(s1, b1, c11);
      const s2 = v128.load32_splat(x, 8);
      c20 = madd(s2, b0, c20);
      c21 = madd(s2, b1, c21);
      const s3 = v128.load32_splat(x, 12);
      c30 = madd(s3, b0, c30);
      c31 = madd(s3, b1, c31);
      x = f32At(x, 4);
      offsets = i32At(offsets, 1);
    }
    for (let merges = i32.load(schedule, 4); merges > 0; merges--) {
      top -= LEVEL;
      c00 = f32x4.add(v128.load(top), c00);
      c01 = f32x4.add(v128.load(top, 16), c01);
      c10 = f32x4.add(v128.load(top, 32), c10);
      c11 = f32x4.add(v128.load(top, 48), c11);
      c20 = f32x4.add(v128.load(top, 64), c20);
      c21 = f32x4.add(v128.load(top, 80), c21);
      c30 = f32x4.add(v128.load(top, 96), c30);
      c31 = f32x4.add(v128.load(top, 112), c31);
    }
    schedule = i32At(schedule, 2);
    if (!i32.load(schedule)) break;
    v128.store(top, c00);
    v128.store(top, c01, 16);
    v128.store(top, c10, 32);
    v128.store(top, c11, 48);
    v128.store(top, c20, 64);
    v128.store(top, c21, 80);
    v128.store(top, c30, 96);
    v128.store(top, c31, 112);
    top += LEVEL;
  }
  const zero = f32x4.splat(0); // as in leafTile4x8
  store8(dw, columns, f32x4.add(c00, zero), f32x4.add(c01, zero));
  if (rows > 1) store8((dw += dwStride), columns, f32x4.add(c10, zero), f32x4.add(c11, zero));
  if (rows > 2) store8((dw += dwStride), columns, f32x4.add(c20, zero), f32x4.add(c21, zero));
  if (rows > 3) store8((dw += dwStride), columns, f32x4.add(c30, zero), f32x4.add(c31, zero));
}
