// The innermost loop of the weight gradient: a tile's leaf sums and the pairwise tree over them.
import { madd } from '../vector/lanes';
import { f32At, i32At } from '../vector/pointer';
import { store8 } from './tile';

/** Bytes of a tile that waits for its partner. */
const LEVEL: usize = 128;

/**
 * dw[rows,columns] = sum over samples of x[.,4]^T dz[.,8], per leaf, leaves combined by the pairwise tree.
 * The tree is a binary counter: before leaf s the stack holds one finished subtree per bit of s; leaf s is added to as many of them as s
 * has trailing ones, each from the left. The last leaf is added to all: the level-by-level tree, missing partners included.
 * Leaves come in pairs, so that the first merge of every pair needs no decision.
 *
 * A leaf starts with its first product and +0 is added once, to the root: the bits of leaves that start at +0. Without it a sum may be -0
 * where it would be +0, and differs in nothing else; such a zero leaves what it is added to as it is, and -0 + +0 = +0. It saves a quarter
 * of the additions of a leaf of four rows: as many as the tree takes. So no leaf may be empty here: sparse-gradient.ts takes those.
 *
 * @param stack  room for a tile for every bit of `leaves`
 */
export function leafTile4x8(
  x: usize, xStride: usize, rows: i32, dz: usize, dzStride: usize, bounds: usize, leaves: i32,
  dw: usize, dwStride: usize, columns: i32, stack: usize,
): void {
  let top = stack;
  let row = 0, leaf = 0, subtrees = 0, end: i32;
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128;
  for (;;) {
    end = i32.load(i32At(bounds, leaf), 4);
    const b0 = v128.load(dz), b1 = v128.load(dz, 16);
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
    x += xStride;
    dz += dzStride;
    for (row++; row < end; row++) {
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
      x += xStride;
      dz += dzStride;
    }
    leaf++;
    if (leaf < leaves) {
      v128.store(top, c00);
      v128.store(top, c01, 16);
      v128.store(top, c10, 32);
      v128.store(top, c11, 48);
      v128.store(top, c20, 64);
      v128.store(top, c21, 80);
      v128.store(top, c30, 96);
      v128.store(top, c31, 112);
      end = i32.load(i32At(bounds, leaf), 4);
      const b0 = v128.load(dz), b1 = v128.load(dz, 16);
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
      x += xStride;
      dz += dzStride;
      for (row++; row < end; row++) {
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
        x += xStride;
        dz += dzStride;
      }
      c00 = f32x4.add(v128.load(top), c00);
      c01 = f32x4.add(v128.load(top, 16), c01);
      c10 = f32x4.add(v128.load(top, 32), c10);
      c11 = f32x4.add(v128.load(top, 48), c11);
      c20 = f32x4.add(v128.load(top, 64), c20);
      c21 = f32x4.add(v128.load(top, 80), c21);
      c30 = f32x4.add(v128.load(top, 96), c30);
      c31 = f32x4.add(v128.load(top, 112), c31);
      leaf++;
      subtrees = (leaf == leaves ? popcnt(leaf - 1) : ctz(leaf)) - 1;
    } else {
      subtrees = popcnt(leaf - 1);
    }
    for (; subtrees > 0; subtrees--) {
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
    if (leaf == leaves) break;
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
  const zero = f32x4.splat(0);
  store8(dw, columns, f32x4.add(c00, zero), f32x4.add(c01, zero));
  if (rows > 1) store8((dw += dwStride), columns, f32x4.add(c10, zero), f32x4.add(c11, zero));
  if (rows > 2) store8((dw += dwStride), columns, f32x4.add(c20, zero), f32x4.add(c21, zero));
  if (rows > 3) store8((dw += dwStride), columns, f32x4.add(c30, zero), f32x4.add(c31, zero));
}
