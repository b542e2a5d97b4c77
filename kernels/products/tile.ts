// Register tiles: the inner loops of every matrix product. 4x8 = 8 accumulators, 3x12 = 9; with operands they fit
// the 15 vector registers that V8 hands out. One k per turn: unrolling made V8 schedule worse (kernels/README.md).
//   order   every element is one sum over k, from +0, multiply then add: the tile's shape never shows in the bits
//   edges   `rows` < 4 (3): the missing rows repeat the last one, the same bits stored twice
//           `columns` < 8 (12): the last vector starts at columns - 4 and overlaps its neighbour, same bits stored twice;
//           columns < 4: one vector, of which `columns` lanes are stored. Panels are packed to match (pack.ts)
import { loadTail, madd, storeTail } from '../vector/lanes';
import { f32At, i32At } from '../vector/pointer';

/** Floats of a finished tile that is stored elsewhere or combined: 3x12; a 4x8 takes 32 of them. */
export const TILE_FLOATS: i32 = 36;

// tile_4x8: c[4,8] = sum over k of a[k,4]^T b[k,8], both packed; the bare tile, kept to measure what the machine can do
//   order   as above      twin tile4x8
export function tile_4x8(a: usize, b: usize, c: usize, k: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = v128.load32_splat(a, 4);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = v128.load32_splat(a, 8);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = v128.load32_splat(a, 12);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    a = f32At(a, 4);
    b = f32At(b, 8);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, 32);
  v128.store(c, c11, 48);
  v128.store(c, c20, 64);
  v128.store(c, c21, 80);
  v128.store(c, c30, 96);
  v128.store(c, c31, 112);
}

// @ts-ignore: decorator
@inline
export function activate(v: v128, activation: i32, slope: f32): v128 {
  if (activation == 1) return f32x4.max(v, f32x4.splat(0)); // max keeps NaN; pmax would not
  if (activation == 2) return v128.bitselect(v, f32x4.mul(v, f32x4.splat(slope)), f32x4.gt(v, f32x4.splat(0)));
  return v;
}

/** Stores a row of 1..8 columns. */
// @ts-ignore: decorator
@inline
export function store8(p: usize, columns: i32, v0: v128, v1: v128): void {
  if (columns >= 4) {
    v128.store(p, v0);
    v128.store(f32At(p, columns - 4), v1);
  } else {
    storeTail(p, v0, columns);
  }
}

/** Four (or the last `count`) biases; loaded after the loop, for in it every vector register is taken. */
// @ts-ignore: decorator
@inline
function biasAt(bias: usize, column: i32, count: i32): v128 {
  if (!bias) return f32x4.splat(0);
  return count >= 4 ? v128.load(f32At(bias, column)) : loadTail(f32At(bias, column), count);
}

/** y[rows,columns] = act(a[rows,k] b[k,8] + bias): rows of a `aStride` bytes apart, b `bStride` bytes per k. */
export function forwardTile4x8(
  a: usize, aStride: usize, rows: i32, b: usize, bStride: usize, k: i32,
  y: usize, yStride: usize, columns: i32, bias: usize, activation: i32, slope: f32,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a0 + aStride : a0;
  let a2 = rows > 2 ? a1 + aStride : a1;
  let a3 = rows > 3 ? a2 + aStride : a2;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a0);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = v128.load32_splat(a1);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = v128.load32_splat(a2);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = v128.load32_splat(a3);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    a0 = f32At(a0, 1);
    a1 = f32At(a1, 1);
    a2 = f32At(a2, 1);
    a3 = f32At(a3, 1);
    b += bStride;
  }
  const bias0 = biasAt(bias, 0, columns), bias1 = columns > 4 ? biasAt(bias, columns - 4, 4) : bias0;
  store8(y, columns, activate(f32x4.add(c00, bias0), activation, slope), activate(f32x4.add(c01, bias1), activation, slope));
  if (rows > 1) y += yStride;
  store8(y, columns, activate(f32x4.add(c10, bias0), activation, slope), activate(f32x4.add(c11, bias1), activation, slope));
  if (rows > 2) y += yStride;
  store8(y, columns, activate(f32x4.add(c20, bias0), activation, slope), activate(f32x4.add(c21, bias1), activation, slope));
  if (rows > 3) y += yStride;
  store8(y, columns, activate(f32x4.add(c30, bias0), activation, slope), activate(f32x4.add(c31, bias1), activation, slope));
}

/**
 * buffer[3,12] = a[rows,k] b[k,12], rows 1..3, b packed. Bias and activation are left to finishTile3x12: with them in here, or with
 * this function inlined into a larger one, V8 spills accumulators in the loop (measured: 24 instead of 54 GFLOP/s).
 */
export function forwardTile3x12(a: usize, aStride: usize, rows: i32, b: usize, k: i32, buffer: usize): void {
  let a0 = a;
  let a1 = rows > 1 ? a0 + aStride : a0;
  let a2 = rows > 2 ? a1 + aStride : a1;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    const s0 = v128.load32_splat(a0);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    c02 = madd(s0, b2, c02);
    const s1 = v128.load32_splat(a1);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    c12 = madd(s1, b2, c12);
    const s2 = v128.load32_splat(a2);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    c22 = madd(s2, b2, c22);
    a0 = f32At(a0, 1);
    a1 = f32At(a1, 1);
    a2 = f32At(a2, 1);
    b = f32At(b, 12);
  }
  v128.store(buffer, c00);
  v128.store(buffer, c01, 16);
  v128.store(buffer, c02, 32);
  v128.store(buffer, c10, 48);
  v128.store(buffer, c11, 64);
  v128.store(buffer, c12, 80);
  v128.store(buffer, c20, 96);
  v128.store(buffer, c21, 112);
  v128.store(buffer, c22, 128);
}

/** y[rows,columns] = act(buffer[rows,12] + bias) for a tile that forwardTile3x12 left in the buffer. */
export function finishTile3x12(
  buffer: usize, rows: i32, y: usize, yStride: usize, columns: i32, bias: usize, activation: i32, slope: f32,
): void {
  const bias0 = biasAt(bias, 0, 4), bias1 = biasAt(bias, 4, 4), bias2 = biasAt(bias, columns - 4, 4);
  for (; rows > 0; rows--) {
    v128.store(y, activate(f32x4.add(v128.load(buffer), bias0), activation, slope));
    v128.store(y, activate(f32x4.add(v128.load(buffer, 16), bias1), activation, slope), 16);
    v128.store(f32At(y, columns - 4), activate(f32x4.add(v128.load(buffer, 32), bias2), activation, slope));
    buffer = f32At(buffer, 12);
    y += yStride;
  }
}

// @ts-ignore: decorator
@inline
function evens(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function odds(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

// @ts-ignore: decorator
@inline
function storeColumn(p: usize, rows: i32, v: v128): void {
  if (rows >= 4) v128.store(p, v);
  else storeTail(p, v, rows);
}

/** y[columns,rows] = the transposed tile. */
// @ts-ignore: decorator
@inline
function storeTransposed(
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
  y: usize, yStride: usize, rows: i32, columns: i32,
): void {
  let p = evens(c00, c10), q = evens(c20, c30);
  storeColumn(y, rows, low(p, q));
  if (columns > 1) storeColumn((y += yStride), rows, high(p, q));
  p = odds(c00, c10), q = odds(c20, c30);
  if (columns > 2) storeColumn((y += yStride), rows, low(p, q));
  if (columns > 3) storeColumn((y += yStride), rows, high(p, q));
  p = evens(c01, c11), q = evens(c21, c31);
  if (columns > 4) storeColumn((y += yStride), rows, low(p, q));
  if (columns > 5) storeColumn((y += yStride), rows, high(p, q));
  p = odds(c01, c11), q = odds(c21, c31);
  if (columns > 6) storeColumn((y += yStride), rows, low(p, q));
  if (columns > 7) storeColumn((y += yStride), rows, high(p, q));
}

/** y[8,rows] = buffer[4,8]^T */
export function storeTransposed8x4(buffer: usize, y: usize, yStride: usize, rows: i32): void {
  storeTransposed(v128.load(buffer), v128.load(buffer, 16), v128.load(buffer, 32), v128.load(buffer, 48),
    v128.load(buffer, 64), v128.load(buffer, 80), v128.load(buffer, 96), v128.load(buffer, 112), y, yStride, rows, 8);
}

/**
 * The transposed result: y[columns,rows] = (a[rows,k] b[k,8])^T, b packed; y `yStride` bytes a row.
 * So a product with w^T reads the rows of w as they lie, and only the smaller operand is transposed (pack.ts).
 */
export function transposedTile4x8(
  a: usize, aStride: usize, rows: i32, b: usize, k: i32, y: usize, yStride: usize, columns: i32,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a0 + aStride : a0;
  let a2 = rows > 2 ? a1 + aStride : a1;
  let a3 = rows > 3 ? a2 + aStride : a2;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a0);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = v128.load32_splat(a1);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = v128.load32_splat(a2);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = v128.load32_splat(a3);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    a0 = f32At(a0, 1);
    a1 = f32At(a1, 1);
    a2 = f32At(a2, 1);
    a3 = f32At(a3, 1);
    b = f32At(b, 8);
  }
  storeTransposed(c00, c01, c10, c11, c20, c21, c30, c31, y, yStride, rows, columns);
}
