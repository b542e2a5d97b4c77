// Batch and layer normalisation. Statistics are f64 sums of f32 values and of their products, which f64 holds exactly. So the variance
// as mean square minus squared mean is good unless the spread is below 2^-20 of the mean, where f32 itself has few values left.
// Batch normalisation in a step: norm_sums per leaf, tree_sum_f64 over the leaves, norm_statistics, batch_norm_forward; backward
// norm_products per leaf, tree_sum_f64, batch_norm_backward and norm_parameter_gradient. All 4-byte aligned, any rows and O (0 allowed).
import {
  addPair, loadDoubles, loadLanes, loadTail, loadWidened, narrow, storeDoubles, storeLanes, storeNarrowed, widenHigh, widenLow,
} from '../vector/lanes';
import { f32At, f32AtRow, f64At, strideOf } from '../vector/pointer';

/**
 * Rows between two computations of a column's coefficients in batch_norm_backward: with rows of 4 KiB, four of d and four of xhat are
 * all that one set of L1 holds. measured: 256 x 512 in 39 us; blocks of 8 rows 42 us, of 16 up to 158 us, all rows 317 us.
 */
const ROW_BLOCK: i32 = 4;

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
function completedBy(leaf: i32, leaves: i32): i32 {
  return leaf + 1 == leaves ? popcnt(leaf) : ctz(~leaf);
}

// tree_sum_f64: out = sum over the leaves of sums, by the pairwise tree
//   sums f64[leaves][n], leaves >= 1  out f64[n], apart from sums  scratch 64 bytes for every bit of leaves, as scratchFloats has
//   order   node j = node 2j + node 2j+1, level by level; a missing partner passes through      bound   log2(leaves) * 2^-53 * sum|.|
//   NaN     kept      twin sumTree
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

// norm_statistics: mean, biased variance and 1 / sqrt(variance + eps) of every column
//   total f64[2 O]: the tree's sums of z and of z^2 over rows >= 1  mean, variance, invstd [O], apart from total
//   order   in f64: sum / rows; squares / rows - mean^2, at least 0; each result rounded once
//   NaN     kept: a column with a NaN or an infinity has NaN variance and invstd      twin normStatistics
//   source  https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
export function norm_statistics(total: usize, rows: i32, o: i32, eps: f64, mean: usize, variance: usize, invstd: usize): void {
  const n = f64x2.splat(<f64>rows), e = f64x2.splat(eps);
  for (let c = 0; c < o; c += 2) {
    const count = min(2, o - c);
    const m = f64x2.div(loadDoubles(f64At(total, c), count), n);
    const v = f64x2.max(f64x2.sub(f64x2.div(loadDoubles(f64At(total, o + c), count), n), f64x2.mul(m, m)), f64x2.splat(0));
    storeNarrowed(f32At(mean, c), m, count);
    storeNarrowed(f32At(variance, c), v, count);
    storeNarrowed(f32At(invstd, c), f64x2.div(f64x2.splat(1), f64x2.sqrt(f64x2.add(v, e))), count);
  }
}

// running_statistics: running = (1 - momentum) * running + momentum * statistic
//   mean, variance [O] of norm_statistics over `rows` rows  running_mean, running_var [O], in and out
//   order   in f64: (1 - momentum) * running + momentum * statistic, rounded once; the variance first times rows / (rows - 1),
//           the unbiased estimate (one row: times 1; PyTorch refuses such a batch)      NaN kept      twin runningStatistics
//   source  https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
export function running_statistics(
  mean: usize, variance: usize, rows: i32, o: i32, momentum: f64, running_mean: usize, running_var: usize,
): void {
  const unbiased = f64x2.splat(rows > 1 ? <f64>rows / <f64>(rows - 1) : 1);
  const fresh = f64x2.splat(momentum), kept = f64x2.splat(1 - momentum);
  for (let c = 0; c < o; c += 2) {
    const count = min(2, o - c);
    const m = f64x2.mul(fresh, loadWidened(f32At(mean, c), count));
    const v = f64x2.mul(fresh, f64x2.mul(loadWidened(f32At(variance, c), count), unbiased));
    storeNarrowed(f32At(running_mean, c), f64x2.add(f64x2.mul(kept, loadWidened(f32At(running_mean, c), count)), m), count);
    storeNarrowed(f32At(running_var, c), f64x2.add(f64x2.mul(kept, loadWidened(f32At(running_var, c), count)), v), count);
  }
}

// inverse_std: invstd = 1 / sqrt(variance + eps), for evaluation with running statistics
//   variance, invstd [O], may be the same      order   in f64, rounded once      NaN kept      twin inverseStd
export function inverse_std(variance: usize, o: i32, eps: f64, invstd: usize): void {
  const e = f64x2.splat(eps), one = f64x2.splat(1);
  for (let c = 0; c < o; c += 2) {
    const count = min(2, o - c);
    storeNarrowed(f32At(invstd, c), f64x2.div(one, f64x2.sqrt(f64x2.add(loadWidened(f32At(variance, c), count), e))), count);
  }
}

// batch_norm_forward: xhat = (z - mean) * invstd, y = gamma * xhat + beta
//   z, y [B,O], may be the same  xhat [B,O] or 0 for not wanted  mean, invstd, gamma, beta [O]
//   order   subtract, multiply; multiply, add, in f32      bound   |xhat| 2^-24 (|mean| invstd + 3 |xhat|)      NaN kept
//   twin    batchNormForward
export function batch_norm_forward(
  z: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, xhat: usize, y: usize, rows: i32, o: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const at = f32AtRow(0, r, o, 0);
    let c = 0;
    for (; c + 4 <= o; c += 4) normalise(z + at, mean, invstd, gamma, beta, xhat, at, y + at, c, 4);
    if (c < o) normalise(z + at, mean, invstd, gamma, beta, xhat, at, y + at, c, o - c);
  }
}

/** Columns c..c+count-1 of one row; xhat is the whole array and `row` the row's place in it, because 0 means none. */
// @ts-ignore: decorator
@inline
function normalise(
  z: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, xhat: usize, row: usize, y: usize, c: i32, count: i32,
): void {
  const centred = f32x4.sub(loadLanes(f32At(z, c), count), loadLanes(f32At(mean, c), count));
  const normal = f32x4.mul(centred, loadLanes(f32At(invstd, c), count));
  if (xhat) storeLanes(f32At(xhat + row, c), normal, count);
  const scaled = f32x4.mul(loadLanes(f32At(gamma, c), count), normal);
  storeLanes(f32At(y, c), f32x4.add(scaled, loadLanes(f32At(beta, c), count)), count);
}

// batch_norm_backward: d = gamma * invstd * (d - mean(d) - xhat * mean(d * xhat)), the means over the whole batch
//   d [B,O]: gradient of y, becomes that of z  xhat [B,O]  gamma, invstd [O]  total f64[2 O]: norm_products over rows_total >= 1 rows
//   order   both means in f64, rounded once; (d - a) - xhat * b, then times (gamma * invstd), in f32      NaN kept
//   twin    batchNormBackward      source  Ioffe and Szegedy (2015), section 3
export function batch_norm_backward(
  d: usize, xhat: usize, gamma: usize, invstd: usize, total: usize, rows_total: i32, rows: i32, o: i32,
): void {
  const n = f64x2.splat(<f64>rows_total);
  for (let first = 0; first < rows; first += ROW_BLOCK) {
    const at = f32AtRow(0, first, o, 0), height = min(ROW_BLOCK, rows - first);
    let c = 0;
    for (; c + 4 <= o; c += 4) {
      const a = quotients(f64At(total, c), n, 4), b = quotients(f64At(total, o + c), n, 4);
      backwardColumns(f32At(d + at, c), f32At(xhat + at, c), f32At(gamma, c), f32At(invstd, c), a, b, height, strideOf(o), 4);
    }
    if (c < o) {
      const a = quotients(f64At(total, c), n, o - c), b = quotients(f64At(total, o + c), n, o - c);
      backwardColumns(f32At(d + at, c), f32At(xhat + at, c), f32At(gamma, c), f32At(invstd, c), a, b, height, strideOf(o), o - c);
    }
  }
}

/** `count` (1..4) f64s divided by n, rounded to floats. */
// @ts-ignore: decorator
@inline
function quotients(p: usize, n: v128, count: i32): v128 {
  const high = count > 2 ? loadDoubles(f64At(p, 2), count - 2) : f64x2.splat(0);
  return narrow(f64x2.div(loadDoubles(p, min(2, count)), n), f64x2.div(high, n));
}

// @ts-ignore: decorator
@inline
function backwardColumns(
  d: usize, xhat: usize, gamma: usize, invstd: usize, a: v128, b: v128, rows: i32, stride: usize, count: i32,
): void {
  const s = f32x4.mul(loadLanes(gamma, count), loadLanes(invstd, count));
  for (; rows > 0; rows--) {
    const v = f32x4.sub(f32x4.sub(loadLanes(d, count), a), f32x4.mul(loadLanes(xhat, count), b));
    storeLanes(d, f32x4.mul(s, v), count);
    d += stride;
    xhat += stride;
  }
}

// norm_parameter_gradient: dbeta = sums of dy, dgamma = sums of dy * xhat, over the leaves by the pairwise tree
//   sums f64[leaves][2 O]: norm_products of every leaf, leaves >= 1  dgamma, dbeta [O]  scratch 16 bytes for every bit of leaves
//   order   each leaf's f64 sum rounded to f32; then the tree of dense_bias_gradient in f32: bits as if every leaf had a slab of its own
//   bound   (1 + log2(leaves)) * 2^-24 * sum|.|      NaN kept      twin normParameterGradient
export function norm_parameter_gradient(sums: usize, leaves: i32, o: i32, dgamma: usize, dbeta: usize, scratch: usize): void {
  const stride = f64At(0, 2 * o);
  for (let c = 0; c < o; c += 4) {
    const count = min(4, o - c);
    storeLanes(f32At(dbeta, c), treeRounded(f64At(sums, c), stride, leaves, scratch, count), count);
    storeLanes(f32At(dgamma, c), treeRounded(f64At(sums, o + c), stride, leaves, scratch, count), count);
  }
}

function treeRounded(sums: usize, stride: usize, leaves: i32, stack: usize, count: i32): v128 {
  let top = stack;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const high = count > 2 ? loadDoubles(f64At(sums, 2), count - 2) : f64x2.splat(0);
    let s = narrow(loadDoubles(sums, min(2, count)), high);
    sums += stride;
    for (let subtrees = completedBy(leaf, leaves); subtrees > 0; subtrees--) {
      top -= 16;
      s = f32x4.add(v128.load(top), s);
    }
    v128.store(top, s);
    top += 16;
  }
  return v128.load(stack);
}

// layer_norm_forward: xhat = (z - mean) * invstd, y = gamma * xhat + beta, with the mean and biased variance of every row
//   z, y [B,O], may be the same  xhat [B,O] or 0, invstd [B] or 0: not wanted  gamma, beta [O]
//   order   sum and sum of squares in f64, column j in partial sum j mod 8, ((0,1 + 4,5) + (2,3 + 6,7)), then the two lanes; mean and
//           invstd = 1 / sqrt(max(0, squares / O - mean^2) + eps) in f64, rounded once; the rest as batch_norm_forward      NaN kept
//   twin    layerNormForward      source  https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
export function layer_norm_forward(
  z: usize, gamma: usize, beta: usize, xhat: usize, y: usize, invstd: usize, rows: i32, o: i32, eps: f64,
): void {
  const zero = f64x2.splat(0);
  for (let r = 0; r < rows; r++) {
    const at = f32AtRow(0, r, o, 0), row = z + at;
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    let q0 = zero, q1 = zero, q2 = zero, q3 = zero;
    let c = 0;
    for (; c + 8 <= o; c += 8) {
      const v = v128.load(f32At(row, c)), u = v128.load(f32At(row, c), 16);
      const v0 = widenLow(v), v1 = widenHigh(v), v2 = widenLow(u), v3 = widenHigh(u);
      s0 = f64x2.add(s0, v0);
      s1 = f64x2.add(s1, v1);
      s2 = f64x2.add(s2, v2);
      s3 = f64x2.add(s3, v3);
      q0 = f64x2.add(q0, f64x2.mul(v0, v0));
      q1 = f64x2.add(q1, f64x2.mul(v1, v1));
      q2 = f64x2.add(q2, f64x2.mul(v2, v2));
      q3 = f64x2.add(q3, f64x2.mul(v3, v3));
    }
    if (c < o) {
      const v = loadLanes(f32At(row, c), min(4, o - c)), u = c + 4 < o ? loadTail(f32At(row, c + 4), o - c - 4) : zero;
      const v0 = widenLow(v), v1 = widenHigh(v), v2 = widenLow(u), v3 = widenHigh(u);
      s0 = f64x2.add(s0, v0);
      s1 = f64x2.add(s1, v1);
      s2 = f64x2.add(s2, v2);
      s3 = f64x2.add(s3, v3);
      q0 = f64x2.add(q0, f64x2.mul(v0, v0));
      q1 = f64x2.add(q1, f64x2.mul(v1, v1));
      q2 = f64x2.add(q2, f64x2.mul(v2, v2));
      q3 = f64x2.add(q3, f64x2.mul(v3, v3));
    }
    const mean = addPair(f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3))) / <f64>o;
    const square = addPair(f64x2.add(f64x2.add(q0, q2), f64x2.add(q1, q3))) / <f64>o;
    const inverse = <f32>(1 / sqrt<f64>(max<f64>(0, square - mean * mean) + eps));
    if (invstd) f32.store(f32At(invstd, r), inverse);
    const m = f32x4.splat(<f32>mean), s = f32x4.splat(inverse);
    c = 0;
    for (; c + 4 <= o; c += 4) normaliseRow(row, m, s, gamma, beta, xhat, at, y + at, c, 4);
    if (c < o) normaliseRow(row, m, s, gamma, beta, xhat, at, y + at, c, o - c);
  }
}

// @ts-ignore: decorator
@inline
function normaliseRow(
  z: usize, mean: v128, invstd: v128, gamma: usize, beta: usize, xhat: usize, row: usize, y: usize, c: i32, count: i32,
): void {
  const normal = f32x4.mul(f32x4.sub(loadLanes(f32At(z, c), count), mean), invstd);
  if (xhat) storeLanes(f32At(xhat + row, c), normal, count);
  const scaled = f32x4.mul(loadLanes(f32At(gamma, c), count), normal);
  storeLanes(f32At(y, c), f32x4.add(scaled, loadLanes(f32At(beta, c), count)), count);
}

// layer_norm_backward: d = invstd * (g - mean(g) - xhat * mean(g * xhat)), g = gamma * d, the means over a row
//   d [B,O]: gradient of y, becomes that of z  xhat [B,O]  gamma [O]  invstd [B]
//   order   g in f32; its sums in f64, column j in partial sum j mod 4, (0,1 + 2,3), then the two lanes; means rounded once;
//           (g - a) - xhat * b, then times invstd, in f32      NaN kept      twin layerNormBackward
export function layer_norm_backward(d: usize, xhat: usize, gamma: usize, invstd: usize, rows: i32, o: i32): void {
  const zero = f64x2.splat(0);
  for (let r = 0; r < rows; r++) {
    const grad = f32AtRow(d, r, o, 0), normal = f32AtRow(xhat, r, o, 0);
    let s0 = zero, s1 = zero, p0 = zero, p1 = zero;
    let c = 0;
    for (; c + 4 <= o; c += 4) {
      const g = f32x4.mul(v128.load(f32At(gamma, c)), v128.load(f32At(grad, c))), x = v128.load(f32At(normal, c));
      const g0 = widenLow(g), g1 = widenHigh(g);
      s0 = f64x2.add(s0, g0);
      s1 = f64x2.add(s1, g1);
      p0 = f64x2.add(p0, f64x2.mul(g0, widenLow(x)));
      p1 = f64x2.add(p1, f64x2.mul(g1, widenHigh(x)));
    }
    if (c < o) {
      const g = f32x4.mul(loadTail(f32At(gamma, c), o - c), loadTail(f32At(grad, c), o - c)), x = loadTail(f32At(normal, c), o - c);
      const g0 = widenLow(g), g1 = widenHigh(g);
      s0 = f64x2.add(s0, g0);
      s1 = f64x2.add(s1, g1);
      p0 = f64x2.add(p0, f64x2.mul(g0, widenLow(x)));
      p1 = f64x2.add(p1, f64x2.mul(g1, widenHigh(x)));
    }
    const a = f32x4.splat(<f32>(addPair(f64x2.add(s0, s1)) / <f64>o));
    const b = f32x4.splat(<f32>(addPair(f64x2.add(p0, p1)) / <f64>o));
    const s = v128.load32_splat(f32At(invstd, r));
    c = 0;
    for (; c + 4 <= o; c += 4) backwardRow(f32At(grad, c), f32At(normal, c), f32At(gamma, c), a, b, s, 4);
    if (c < o) backwardRow(f32At(grad, c), f32At(normal, c), f32At(gamma, c), a, b, s, o - c);
  }
}

// @ts-ignore: decorator
@inline
function backwardRow(d: usize, xhat: usize, gamma: usize, a: v128, b: v128, s: v128, count: i32): void {
  const g = f32x4.mul(loadLanes(gamma, count), loadLanes(d, count));
  storeLanes(d, f32x4.mul(s, f32x4.sub(f32x4.sub(g, a), f32x4.mul(loadLanes(xhat, count), b))), count);
}
