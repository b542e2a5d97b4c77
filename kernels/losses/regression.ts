// Losses on numeric targets and their gradients with respect to the outputs, per sample; v, out, dz and bits as in loss.ts.
//   z, t [B,O]  sampleWeights v f32[B] or 0: all 1  dz [B,O] or 0, may be z  out f64[3]; a row's weight is v
//   order   differences d = z - t in f32; terms and their sums in f64, j = 0..O-1; rows in order
//   correct argmax z == argmax t; none where O = 1      NaN kept
import { loadAt, storeAt } from '../vector/lanes';
import { f32AtRow } from '../vector/pointer';
import { argmax, isFirstMaximum, laneOf, weightOf } from './rows';

/** Whether outputs and targets have their first maximum at the same place; a single output never counts. */
function isCorrect(row: usize, targets: usize, o: i32): bool {
  return o > 1 && isFirstMaximum(row, o, argmax(targets, o));
}

// mse: loss = v mean_j d^2, dz = v 2 d / O      twin mse
//   source  https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
export function mse(z: usize, t: usize, sampleWeights: usize, dz: usize, rows: i32, o: i32, out: usize): void {
  const divisor = f32x4.splat(<f32>o);
  let total: f64 = 0;
  let correct: f64 = 0;
  let weight: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    const v = weightOf(sampleWeights, r);
    if (isCorrect(row, targets, o)) correct += 1;
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const d = f32x4.sub(loadAt(row, j, o), loadAt(targets, j, o));
      const count = min(4, o - j);
      for (let lane = 0; lane < count; lane++) {
        const e = laneOf(d, lane);
        sum += e * e;
      }
      if (dz) storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.mul(f32x4.splat(<f32>v), f32x4.div(f32x4.add(d, d), divisor)));
    }
    total += v * (sum / <f64>o);
    weight += v;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
  f64.store(out, weight, 16);
}

// huber: loss = v mean_j (d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)), dz = v clamp(d, -delta, delta) / O      twin huber
//   source  https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
export function huber(z: usize, t: usize, sampleWeights: usize, dz: usize, rows: i32, o: i32, delta: f64, out: usize): void {
  const divisor = f32x4.splat(<f32>o);
  const high = f32x4.splat(<f32>delta);
  let total: f64 = 0;
  let correct: f64 = 0;
  let weight: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    const v = weightOf(sampleWeights, r);
    if (isCorrect(row, targets, o)) correct += 1;
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const d = f32x4.sub(loadAt(row, j, o), loadAt(targets, j, o));
      const count = min(4, o - j);
      for (let lane = 0; lane < count; lane++) {
        const e = abs(laneOf(d, lane));
        sum += e <= delta ? 0.5 * e * e : delta * (e - 0.5 * delta); // a NaN takes the second way and stays
      }
      if (dz) {
        const clamped = f32x4.max(f32x4.min(d, high), f32x4.neg(high));
        storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.mul(f32x4.splat(<f32>v), f32x4.div(clamped, divisor)));
      }
    }
    total += v * (sum / <f64>o);
    weight += v;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
  f64.store(out, weight, 16);
}

// mae: loss = v mean_j |d|, dz = v sign(d) / O, 0 at d = 0      twin mae
//   source  https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
export function mae(z: usize, t: usize, sampleWeights: usize, dz: usize, rows: i32, o: i32, out: usize): void {
  const divisor = f32x4.splat(<f32>o);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let total: f64 = 0;
  let correct: f64 = 0;
  let weight: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    const v = weightOf(sampleWeights, r);
    if (isCorrect(row, targets, o)) correct += 1;
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const d = f32x4.sub(loadAt(row, j, o), loadAt(targets, j, o));
      const count = min(4, o - j);
      for (let lane = 0; lane < count; lane++) sum += abs(laneOf(d, lane));
      if (dz) {
        const sign = f32x4.sub(v128.and(f32x4.gt(d, zero), one), v128.and(f32x4.lt(d, zero), one));
        const kept = v128.bitselect(d, sign, f32x4.ne(d, d));
        storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.mul(f32x4.splat(<f32>v), f32x4.div(kept, divisor)));
      }
    }
    total += v * (sum / <f64>o);
    weight += v;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
  f64.store(out, weight, 16);
}
