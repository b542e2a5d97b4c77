// Losses and their gradients with respect to the logits, per sample (no 1/B: the all-reduce divides once by the batch).
// Sums of losses are f64 in row order. out: f64[2] = sum of the rows' losses, count of correct rows. dz = 0: no gradient wanted.
//   argmax  ties go to the lowest index; a row with a NaN is never correct
import { loadAt, storeAt } from './lanes';
import { exp, log, log1p01, sigmoid } from './math';
import { f32At, f32AtRow, i32At } from './pointer';

/** Is `label` the first index of the largest of n values? False if any is NaN. */
function isFirstMaximum(z: usize, n: i32, label: i32): bool {
  const best = f32.load(f32At(z, label));
  if (best != best) return false;
  for (let j = 0; j < label; j++) if (!(f32.load(f32At(z, j)) < best)) return false;
  for (let j = label + 1; j < n; j++) if (!(f32.load(f32At(z, j)) <= best)) return false;
  return true;
}

/** First index of the largest of n values (n >= 1). */
function argmax(t: usize, n: i32): i32 {
  let at = 0;
  for (let j = 1; j < n; j++) if (f32.load(f32At(t, j)) > f32.load(f32At(t, at))) at = j;
  return at;
}

/** Lane `lane` of v as f64. */
// @ts-ignore: decorator
@inline
function laneOf(v: v128, lane: i32): f64 {
  if (lane == 0) return <f64>f32x4.extract_lane(v, 0);
  if (lane == 1) return <f64>f32x4.extract_lane(v, 1);
  if (lane == 2) return <f64>f32x4.extract_lane(v, 2);
  return <f64>f32x4.extract_lane(v, 3);
}

/** sum + the first `count` lanes (at most 4) in order. */
// @ts-ignore: decorator
@inline
function addLanes(sum: f64, v: v128, count: i32): f64 {
  if (count >= 4) {
    return sum + laneOf(v, 0) + laneOf(v, 1) + laneOf(v, 2) + laneOf(v, 3);
  }
  for (let lane = 0; lane < count; lane++) sum += laneOf(v, lane);
  return sum;
}

// softmax_cross_entropy: loss = log(sum_j e^(z_j - max)) - (z_label - max), dz = softmax(z) - onehot(label)
//   z [B,O]  labels i32[B] in 0..O-1  dz [B,O] or 0, may be z  out f64[2]
//   order   exponentials in f32; their sum in f64, j = 0..O-1; rows in order
//   NaN     a NaN or +Inf logit (or only -Inf ones) gives a NaN loss; -Inf among others is probability 0; +-1e30 are finite
//   bound   loss 2^-23 relative to max(1, loss)      twin softmaxCrossEntropy
//   source  https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
export function softmax_cross_entropy(z: usize, labels: usize, dz: usize, rows: i32, o: i32, out: usize): void {
  let total: f64 = 0;
  let correct: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0);
    const label = i32.load(i32At(labels, r));
    const target = f32.load(f32At(row, label));
    let largest = f32.load(row);
    for (let j = 1; j < o; j++) largest = max<f32>(largest, f32.load(f32At(row, j))); // keeps NaN
    if (isFirstMaximum(row, o, label)) correct += 1;
    const shift = f32x4.splat(largest);
    let sum: f64 = 0;
    if (dz) {
      const grad = f32AtRow(dz, r, o, 0);
      for (let j = 0; j < o; j += 4) {
        const e = exp(f32x4.sub(loadAt(row, j, o), shift));
        sum = addLanes(sum, e, o - j);
        storeAt(grad, j, o, e);
      }
      const divisor = f32x4.splat(<f32>sum);
      for (let j = 0; j < o; j += 4) storeAt(grad, j, o, f32x4.div(loadAt(grad, j, o), divisor));
      f32.store(f32At(grad, label), f32.load(f32At(grad, label)) - 1);
    } else {
      for (let j = 0; j < o; j += 4) sum = addLanes(sum, exp(f32x4.sub(loadAt(row, j, o), shift)), o - j);
    }
    total += log(sum) - (<f64>target - <f64>largest);
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
}

// sigmoid_cross_entropy: loss = mean_j max(z,0) - z t + log1p(e^-|z|), dz = (sigmoid(z) - t) / O
//   z, t [B,O], t in [0,1]  dz [B,O] or 0, may be z  out f64[2]
//   order   each term in f32; their sum in f64, j = 0..O-1; rows in order
//   correct O = 1: (z > 0) == (t > 0.5), never for a NaN; else argmax z == argmax t
//   NaN     kept      twin sigmoidCrossEntropy
//   source  https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
export function sigmoid_cross_entropy(z: usize, t: usize, dz: usize, rows: i32, o: i32, out: usize): void {
  const zero = f32x4.splat(0);
  const divisor = f32x4.splat(<f32>o);
  let total: f64 = 0;
  let correct: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    if (o == 1) {
      const logit = f32.load(row);
      if (logit == logit && logit > 0 == f32.load(targets) > 0.5) correct += 1;
    } else if (isFirstMaximum(row, o, argmax(targets, o))) {
      correct += 1;
    }
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const v = loadAt(row, j, o), target = loadAt(targets, j, o);
      const tail = log1p01(exp(f32x4.neg(f32x4.abs(v))));
      sum = addLanes(sum, f32x4.add(f32x4.sub(f32x4.max(v, zero), f32x4.mul(v, target)), tail), o - j);
      if (dz) storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.div(f32x4.sub(sigmoid(v), target), divisor));
    }
    total += sum / <f64>o;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
}

// mse: loss = mean_j (z - t)^2, dz = 2 (z - t) / O
//   z, t [B,O]  dz [B,O] or 0, may be z  out f64[2]
//   order   differences in f32; squares and sums in f64, j = 0..O-1; rows in order
//   correct argmax z == argmax t; none where O = 1      NaN kept      twin mse
//   source  https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
export function mse(z: usize, t: usize, dz: usize, rows: i32, o: i32, out: usize): void {
  const divisor = f32x4.splat(<f32>o);
  let total: f64 = 0;
  let correct: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    if (o > 1 && isFirstMaximum(row, o, argmax(targets, o))) correct += 1;
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const d = f32x4.sub(loadAt(row, j, o), loadAt(targets, j, o));
      const count = min(4, o - j);
      for (let lane = 0; lane < count; lane++) {
        const e = laneOf(d, lane);
        sum += e * e;
      }
      if (dz) storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.div(f32x4.add(d, d), divisor));
    }
    total += sum / <f64>o;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
}
