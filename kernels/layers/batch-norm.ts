// Batch normalisation in a step: norm_sums per leaf, tree_sum_f64 over the leaves, norm_statistics, batch_norm_forward; backward
// norm_products per leaf, tree_sum_f64, batch_norm_backward and norm_parameter_gradient. All 4-byte aligned, any rows and O (0 allowed).
import { loadDoubles, loadLanes, loadWidened, narrow, storeLanes, storeNarrowed } from '../vector/lanes';
import { f32At, f32AtRow, f64At, strideOf } from '../vector/pointer';
import { completedBy } from './norm-sums';

/**
 * Rows between two computations of a column's coefficients in batch_norm_backward: with rows of 4 KiB, four of d and four of xhat are
 * all that one set of L1 holds. measured: 256 x 512 in 39 us; blocks of 8 rows 42 us, of 16 up to 158 us, all rows 317 us.
 */
const ROW_BLOCK: i32 = 4;

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
