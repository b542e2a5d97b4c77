// Gradients of a dense layer's weights and bias: per leaf, then the pairwise tree over the leaves, all inside one tile.
import { loadTail, storeTail } from '../vector/lanes';
import { groupOf } from './dense';
import { packPanel4, packPanel8, packPanels4x4 } from './pack';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { listedGradient } from './sparse-gradient';
import { leafTile4x8 } from './leaf-tile';
import { storeTransposed8x4, TILE_FLOATS } from './tile';

/** Floats of packed dz panels kept at a time: more than for the other products, because each group packs the columns of x again. */
const PANEL_FLOATS: i32 = 262144;
/** Above so many rows the columns of x under a tile no longer stay in L1 and are packed. */
const PACK_ROWS: i32 = 192;
/** Tiles of x packed together: 16 columns are one cache line of every row. */
const X_TILES: i32 = 4;

/** Floats of the stack of partial tiles, one level for every bit of the number of leaves, and of one finished tile. */
// @ts-ignore: decorator
@inline
function stackFloats(leaves: i32): i32 {
  return (33 - clz(leaves)) * TILE_FLOATS;
}

function hasEmptyLeaf(bounds: usize, leaves: i32): bool {
  for (let leaf = 0; leaf < leaves; leaf++) {
    if (i32.load(i32At(bounds, leaf)) == i32.load(i32At(bounds, leaf), 4)) return true;
  }
  return false;
}

// dense_weight_gradient: dw = x^T dz, summed per leaf and then over the leaves by the pairwise tree
//   x [B,I], rows xWidth >= I floats apart  dz [B,O]  dw [I,O], row-major f32, 4-byte aligned
//   bounds i32[leaves+1], first 0, last B, not decreasing; leaves >= 1
//   A range of dw's rows is the product with those columns of x alone: the same bits, nothing beside them read or written
//   order   leaf: rows in order from +0, multiply then add; tree: node j = node 2j + node 2j+1, a missing partner passes through.
//           Bits as if every leaf had a slab of its own and the slabs were added; an empty leaf is a slab of +0
//   bound   |err| <= (rows of the largest leaf + log2(leaves)) * 2^-24 * sum|x dz|
//   scratch scratchFloats(B, I, O, leaves)       twin denseWeightGradient
export function dense_weight_gradient(
  x: usize, dz: usize, dw: usize, bounds: usize, leaves: i32, i: i32, o: i32, xWidth: i32, scratch: usize,
): void {
  const rows = i32.load(i32At(bounds, leaves));
  const xStride = strideOf(xWidth);
  if (hasEmptyLeaf(bounds, leaves)) {
    listedGradient(x, dz, dw, bounds, leaves, i, o, xWidth, true, scratch);
    return;
  }
  const stack = f32At(scratch, TILE_FLOATS);
  const panels = f32At(scratch, stackFloats(leaves));
  const group = groupOf(rows, PANEL_FLOATS);
  const xPanels = f32AtRow(panels, rows, min(group, (o + 7) & ~7), 0);
  // 1..4 columns over a multiple of 8 would half fill a panel: they are computed transposed, 4 columns of dz by 8 of x.
  const over = o & 7;
  const inPanels = over <= 4 && i >= 8 ? o - over : o;
  for (let first = 0; first < inPanels; first += group) {
    const end = min(inPanels, first + group);
    let panel = panels;
    for (let c = first; c < end; c += 8) {
      packPanel8(f32At(dz, c), strideOf(o), min(8, end - c), rows, panel);
      panel = f32AtRow(panel, rows, 8, 0);
    }
    gradientOfPanels(x, xStride, dw, bounds, leaves, rows, i, o, first, end, panels, xPanels, stack);
  }
  if (inPanels == o) return;

  const width = min(4, o), column = o - width; // overlaps the panels if o > 4
  packPanel4(f32At(dz, column), strideOf(o), width, rows, panels);
  for (let t = 0; t < i; t += 8) {
    const at = min(t, i - 8);
    leafTile4x8(panels, 16, 4, f32At(x, at), xStride, bounds, leaves, scratch, 32, 8, stack);
    storeTransposed8x4(scratch, f32AtRow(dw, at, o, column), strideOf(o), width);
  }
}

/** Columns first..end-1 of dw from the packed dz panels. */
function gradientOfPanels(
  x: usize, xStride: usize, dw: usize, bounds: usize, leaves: i32, rows: i32, i: i32, o: i32, first: i32, end: i32,
  panels: usize, xPanels: usize, stack: usize,
): void {
  const packs = (rows > PACK_ROWS && end - first > 16) || i < 4; // one or two panels do not repay the copy
  for (let i0 = 0; i0 < i; i0 += 4 * X_TILES) {
    const iEnd = min(i, i0 + 4 * X_TILES);
    if (packs && iEnd - i0 == 4 * X_TILES) {
      packPanels4x4(f32At(x, i0), xStride, rows, xPanels);
    } else if (packs) {
      let xPanel = xPanels;
      for (let t = i0; t < iEnd; t += 4) {
        packPanel4(f32At(x, max(0, min(t, i - 4))), xStride, min(4, i), rows, xPanel);
        xPanel = f32AtRow(xPanel, rows, 4, 0);
      }
    }
    let panel = panels;
    for (let c = first; c < end; c += 8) {
      let xPanel = xPanels;
      for (let t = i0; t < iEnd; t += 4) {
        const column = max(0, min(t, i - 4)); // the last tile overlaps the one before
        leafTile4x8(packs ? xPanel : f32At(x, column), packs ? 16 : xStride, min(4, i), panel, 32, bounds, leaves,
          f32AtRow(dw, column, o, c), strideOf(o), min(8, end - c), stack);
        xPanel = f32AtRow(xPanel, rows, 4, 0);
      }
      panel = f32AtRow(panel, rows, 8, 0);
    }
  }
}

// dense_bias_gradient: db = column sums of dz, per leaf and then by the same tree
//   dz [B,O], rows dzWidth >= O floats apart  db [O], row-major f32, 4-byte aligned  bounds and leaves as above
//   order   leaf: rows in order from +0; tree as above      bound   |err| <= (rows of the largest leaf + log2(leaves)) * 2^-24 * sum|dz|
//   scratch scratchFloats(B, 1, O, leaves)                  twin denseBiasGradient
export function dense_bias_gradient(dz: usize, db: usize, bounds: usize, leaves: i32, o: i32, dzWidth: i32, scratch: usize): void {
  const stride = strideOf(dzWidth);
  let c = 0;
  for (; c + 16 <= o; c += 16) biasColumns16(f32At(dz, c), stride, f32At(db, c), bounds, leaves, scratch);
  for (; c < o; c += 4) {
    const column = max(0, min(c, o - 4)); // the last four overlap the ones before
    biasColumns4(f32At(dz, column), stride, f32At(db, column), bounds, leaves, min(4, o), scratch);
  }
}

function biasColumns16(dz: usize, stride: usize, db: usize, bounds: usize, leaves: i32, stack: usize): void {
  let top = stack;
  let row = 0;
  let leaf = 0;
  let s0: v128, s1: v128, s2: v128, s3: v128;
  for (;;) {
    s0 = s1 = s2 = s3 = f32x4.splat(0);
    for (const end = i32.load(i32At(bounds, leaf), 4); row < end; row++) {
      s0 = f32x4.add(s0, v128.load(dz));
      s1 = f32x4.add(s1, v128.load(dz, 16));
      s2 = f32x4.add(s2, v128.load(dz, 32));
      s3 = f32x4.add(s3, v128.load(dz, 48));
      dz += stride;
    }
    let subtrees = leaf + 1 == leaves ? popcnt(leaf) : ctz(~leaf); // as in leafTile4x8
    leaf++;
    for (; subtrees > 0; subtrees--) {
      top -= 64;
      s0 = f32x4.add(v128.load(top), s0);
      s1 = f32x4.add(v128.load(top, 16), s1);
      s2 = f32x4.add(v128.load(top, 32), s2);
      s3 = f32x4.add(v128.load(top, 48), s3);
    }
    if (leaf == leaves) break;
    v128.store(top, s0);
    v128.store(top, s1, 16);
    v128.store(top, s2, 32);
    v128.store(top, s3, 48);
    top += 64;
  }
  v128.store(db, s0);
  v128.store(db, s1, 16);
  v128.store(db, s2, 32);
  v128.store(db, s3, 48);
}

function biasColumns4(dz: usize, stride: usize, db: usize, bounds: usize, leaves: i32, columns: i32, stack: usize): void {
  let top = stack;
  let row = 0;
  let leaf = 0;
  let sum: v128;
  for (;;) {
    sum = f32x4.splat(0);
    for (const end = i32.load(i32At(bounds, leaf), 4); row < end; row++) {
      sum = f32x4.add(sum, columns == 4 ? v128.load(dz) : loadTail(dz, columns));
      dz += stride;
    }
    let subtrees = leaf + 1 == leaves ? popcnt(leaf) : ctz(~leaf); // as in leafTile4x8
    leaf++;
    for (; subtrees > 0; subtrees--) {
      top -= 16;
      sum = f32x4.add(v128.load(top), sum);
    }
    if (leaf == leaves) break;
    v128.store(top, sum);
    top += 16;
  }
  if (columns == 4) v128.store(db, sum);
  else storeTail(db, sum, columns);
}
