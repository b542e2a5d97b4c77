// Sums of a normalisation over the rows of a leaf, and over the leaves. Statistics are f64 sums of f32 values and of their products, which
// f64 holds exactly. So the variance as mean square minus squared mean is good unless the spread is below 2^-20 of the mean, where f32
// itself has few values left. All 4-byte aligned, any rows and O (0 allowed).
import { loadDoubles, loadWidened, storeDoubles } from '../vector/lanes';
import { f32At, f32AtRow, f64At, strideOf } from '../vector/pointer';

// norm_sums: out = column sums of z, then column sums of z^2
//   z [B,O]  out f64[2 O], overwritten
//   order   each column: rows in order from +0, in f64; squares exact      bound   rows * 2^-53 * sum|z|, * sum z^2      NaN kept
//   twin    normSums
export function norm_sums(z: usize, rows: i32, o: i32, out: usize): void {
  memory.fill(out, 0, f64At(0, 2 * o));
  let r = 0;
  for (; r + 4 <= rows; r += 4) { // a row at a time costs two loads and stores of the sums per value
    const row = f32AtRow(z, r, o, 0), stride = strideOf(o);
    let c = 0;
    for (; c + 2 <= o; c += 2) addSums4(f32At(row, c), stride, f64At(out, c), f64At(out, o + c), 2);
    if (c < o) addSums4(f32At(row, c), stride, f64At(out, c), f64At(out, o + c), 1);
  }
  for (; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0);
    let c = 0;
    for (; c + 2 <= o; c += 2) addSums1(f32At(row, c), f64At(out, c), f64At(out, o + c), 2);
    if (c < o) addSums1(f32At(row, c), f64At(out, c), f64At(out, o + c), 1);
  }
}

// @ts-ignore: decorator
@inline
function addSums4(z: usize, stride: usize, sums: usize, squares: usize, count: i32): void {
  const z0 = loadWidened(z, count), z1 = loadWidened(z + stride, count);
  const z2 = loadWidened(z + 2 * stride, count), z3 = loadWidened(z + 3 * stride, count);
  storeDoubles(sums, f64x2.add(f64x2.add(f64x2.add(f64x2.add(loadDoubles(sums, count), z0), z1), z2), z3), count);
  let q = f64x2.add(loadDoubles(squares, count), f64x2.mul(z0, z0));
  q = f64x2.add(q, f64x2.mul(z1, z1));
  q = f64x2.add(q, f64x2.mul(z2, z2));
  storeDoubles(squares, f64x2.add(q, f64x2.mul(z3, z3)), count);
}

// @ts-ignore: decorator
@inline
function addSums1(z: usize, sums: usize, squares: usize, count: i32): void {
  const v = loadWidened(z, count);
  storeDoubles(sums, f64x2.add(loadDoubles(sums, count), v), count);
  storeDoubles(squares, f64x2.add(loadDoubles(squares, count), f64x2.mul(v, v)), count);
}

// norm_products: out = column sums of dy, then column sums of dy * xhat
//   dy, xhat [B,O]  out f64[2 O], overwritten
//   order   each column: rows in order from +0, in f64; products exact      bound and NaN as norm_sums
//   twin    normProducts
export function norm_products(dy: usize, xhat: usize, rows: i32, o: i32, out: usize): void {
  memory.fill(out, 0, f64At(0, 2 * o));
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const row = f32AtRow(dy, r, o, 0), other = f32AtRow(xhat, r, o, 0), stride = strideOf(o);
    let c = 0;
    for (; c + 2 <= o; c += 2) addProducts4(f32At(row, c), f32At(other, c), stride, f64At(out, c), f64At(out, o + c), 2);
    if (c < o) addProducts4(f32At(row, c), f32At(other, c), stride, f64At(out, c), f64At(out, o + c), 1);
  }
  for (; r < rows; r++) {
    const row = f32AtRow(dy, r, o, 0), other = f32AtRow(xhat, r, o, 0);
    let c = 0;
    for (; c + 2 <= o; c += 2) addProducts1(f32At(row, c), f32At(other, c), f64At(out, c), f64At(out, o + c), 2);
    if (c < o) addProducts1(f32At(row, c), f32At(other, c), f64At(out, c), f64At(out, o + c), 1);
  }
}

// @ts-ignore: decorator
@inline
function addProducts4(dy: usize, xhat: usize, stride: usize, sums: usize, products: usize, count: i32): void {
  const d0 = loadWidened(dy, count), d1 = loadWidened(dy + stride, count);
  const d2 = loadWidened(dy + 2 * stride, count), d3 = loadWidened(dy + 3 * stride, count);
  storeDoubles(sums, f64x2.add(f64x2.add(f64x2.add(f64x2.add(loadDoubles(sums, count), d0), d1), d2), d3), count);
  let q = f64x2.add(loadDoubles(products, count), f64x2.mul(d0, loadWidened(xhat, count)));
  q = f64x2.add(q, f64x2.mul(d1, loadWidened(xhat + stride, count)));
  q = f64x2.add(q, f64x2.mul(d2, loadWidened(xhat + 2 * stride, count)));
  storeDoubles(products, f64x2.add(q, f64x2.mul(d3, loadWidened(xhat + 3 * stride, count))), count);
}

// @ts-ignore: decorator
@inline
function addProducts1(dy: usize, xhat: usize, sums: usize, products: usize, count: i32): void {
  const d = loadWidened(dy, count);
  storeDoubles(sums, f64x2.add(loadDoubles(sums, count), d), count);
  storeDoubles(products, f64x2.add(loadDoubles(products, count), f64x2.mul(d, loadWidened(xhat, count))), count);
}

/** How many finished subtrees the given leaf completes: the tree of dense_weight_gradient (leafTile4x8). */
// @ts-ignore: decorator
@inline
export function completedBy(leaf: i32, leaves: i32): i32 {
  return leaf + 1 == leaves ? popcnt(leaf) : ctz(~leaf);
}

// tree_sum_f64: out = sum over the leaves of sums, by the pairwise tree
//   sums f64[leaves][n], leaves >= 1  out f64[n], apart from sums  scratch 64 bytes for every bit of leaves, as scratchFloats has
//   order   node j = node 2j + node 2j+1, level by level; a missing partner passes through      bound   log2(leaves) * 2^-53 * sum|.|
//   NaN     kept      twin treeSum
export function tree_sum_f64(sums: usize, leaves: i32, n: i32, out: usize, scratch: usize): void {
  let c = 0;
  for (; c + 8 <= n; c += 8) treeColumns8(f64At(sums, c), f64At(0, n), leaves, f64At(out, c), scratch);
  for (; c + 2 <= n; c += 2) treeColumns(f64At(sums, c), f64At(0, n), leaves, f64At(out, c), scratch, 2);
  if (c < n) treeColumns(f64At(sums, c), f64At(0, n), leaves, f64At(out, c), scratch, 1);
}

function treeColumns8(sums: usize, stride: usize, leaves: i32, out: usize, stack: usize): void {
  let top = stack;
  for (let leaf = 0; leaf < leaves; leaf++) {
    let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    sums += stride;
    for (let subtrees = completedBy(leaf, leaves); subtrees > 0; subtrees--) {
      top -= 64;
      s0 = f64x2.add(v128.load(top), s0);
      s1 = f64x2.add(v128.load(top, 16), s1);
      s2 = f64x2.add(v128.load(top, 32), s2);
      s3 = f64x2.add(v128.load(top, 48), s3);
    }
    v128.store(top, s0);
    v128.store(top, s1, 16);
    v128.store(top, s2, 32);
    v128.store(top, s3, 48);
    top += 64;
  }
  memory.copy(out, stack, 64);
}

function treeColumns(sums: usize, stride: usize, leaves: i32, out: usize, stack: usize, count: i32): void {
  let top = stack;
  for (let leaf = 0; leaf < leaves; leaf++) {
    let s = loadDoubles(sums, count);
    sums += stride;
    for (let subtrees = completedBy(leaf, leaves); subtrees > 0; subtrees--) {
      top -= 16;
      s = f64x2.add(v128.load(top), s);
    }
    v128.store(top, s);
    top += 16;
  }
  storeDoubles(out, v128.load(stack), count);
}
