// Layer normalisation: statistics of a row in f64, as norm-sums.ts has those of a column. All 4-byte aligned, any rows and O (0 allowed).
import { addPair, loadLanes, loadTail, storeLanes, widenHigh, widenLow } from '../vector/lanes';
import { f32At, f32AtRow } from '../vector/pointer';

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
