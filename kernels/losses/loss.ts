// Cross-entropies and their gradients with respect to the logits, per sample (no division: the all-reduce divides once by the batch's weight).
//   v       sampleWeights f32[B], or 0: all 1; a row's loss and gradient are multiplied by it
//   out     f64[3] = sum of the rows' weighted losses, count of correct rows (unweighted), sum of the rows' weights; rows in order
//   dz      0: no gradient wanted; may be z
//   bits    weights of 1 and no smoothing give the bits of none: they multiply by 1 and subtract 0
//   argmax  ties go to the lowest index; a row with a NaN is never correct
import { loadAt, storeAt } from '../vector/lanes';
import { exp, log, log1p01, sigmoid } from '../vector/math';
import { f32At, f32AtRow, i32At } from '../vector/pointer';
import { addLanes, argmax, isFirstMaximum, weightOf } from './rows';

// softmax_cross_entropy: with nll_j = -log softmax(z)_j = log(sum_k e^(z_k - max)) - (z_j - max) and smoothing s,
//   loss = v ((1-s) w_label nll_label + s/O sum_j w_j nll_j)
//   dz_j = v (((1-s) w_label + s/O sum_k w_k) softmax(z)_j - s/O w_j - [j = label] (1-s) w_label)
//   a row's weight is v w_label, so dividing by the sum of weights is reduction='mean' with weight and label_smoothing
//   z [B,O]  labels i32[B] in 0..O-1  classWeights w f32[O] or 0: all 1  dz [B,O] or 0  out f64[3]
//   order   exponentials in f32; their sum and the losses in f64, j = 0..O-1
//   NaN     a NaN or +Inf logit (or only -Inf ones) gives a NaN loss; -Inf among others is probability 0; +-1e30 are finite
//   bound   loss 2^-23 relative to max(1, loss)      twin softmaxCrossEntropy
//   source  https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html, aten/src/ATen/native/LossNLL.cpp
export function softmax_cross_entropy(
  z: usize, labels: usize, sampleWeights: usize, classWeights: usize, dz: usize, rows: i32, o: i32, smoothing: f64, out: usize,
): void {
  const one = f32x4.splat(1);
  const share = smoothing / <f64>o;
  let classSum = <f64>o;
  if (classWeights) {
    classSum = 0;
    for (let j = 0; j < o; j++) classSum += <f64>f32.load(f32At(classWeights, j));
  }
  let total: f64 = 0;
  let correct: f64 = 0;
  let weight: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0);
    const label = i32.load(i32At(labels, r));
    const target = f32.load(f32At(row, label));
    const v = weightOf(sampleWeights, r);
    const w = weightOf(classWeights, label);
    const hard = (1 - smoothing) * w;
    let largest = f32.load(row);
    for (let j = 1; j < o; j++) largest = max<f32>(largest, f32.load(f32At(row, j))); // keeps NaN
    if (isFirstMaximum(row, o, label)) correct += 1;
    // dz may be z, so what the smoothing needs of the logits is read first.
    const smooth = smoothing > 0 ? distances(row, classWeights, <f64>largest, o) : 0;
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
      const factor = f32x4.splat(<f32>(v * (hard + share * classSum)));
      const spread = f32x4.splat(<f32>(v * share));
      for (let j = 0; j < o; j += 4) {
        const p = f32x4.mul(factor, f32x4.div(loadAt(grad, j, o), divisor));
        storeAt(grad, j, o, f32x4.sub(p, f32x4.mul(spread, classWeights ? loadAt(classWeights, j, o) : one)));
      }
      f32.store(f32At(grad, label), f32.load(f32At(grad, label)) - <f32>(v * hard));
    } else {
      for (let j = 0; j < o; j += 4) sum = addLanes(sum, exp(f32x4.sub(loadAt(row, j, o), shift)), o - j);
    }
    let loss = hard * (log(sum) - (<f64>target - <f64>largest));
    if (smoothing > 0) loss += share * (classSum * log(sum) + smooth);
    total += v * loss;
    weight += v * w;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
  f64.store(out, weight, 16);
}

/** sum_j w_j (largest - z_j); no term is negative. */
function distances(row: usize, classWeights: usize, largest: f64, o: i32): f64 {
  let sum: f64 = 0;
  for (let j = 0; j < o; j++) sum += weightOf(classWeights, j) * (largest - <f64>f32.load(f32At(row, j)));
  return sum;
}

// sigmoid_cross_entropy: with t' = t (1-s) + s/2 and L_j = 1 + (p_j - 1) t'_j,
//   loss = v mean_j max(z,0) - z t' + log1p(e^-|z|),  dz_j = v (sigmoid(z_j) - t'_j) / O
//   loss = v mean_j max(z,0) (1 - t') + max(-z,0) p t' + L log1p(e^-|z|),  dz_j = v (L_j sigmoid(z_j) - p_j t'_j) / O   with posWeights p
//   z, t [B,O], t in [0,1]  posWeights f32[O] or 0: none  dz [B,O] or 0  out f64[3]; a row's weight is v
//   order   each term in f32; their sum in f64, j = 0..O-1
//   correct O = 1: (z > 0) == (t > 0.5), never for a NaN; else argmax z == argmax t
//   NaN     kept      twin sigmoidCrossEntropy
//   source  https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
export function sigmoid_cross_entropy(
  z: usize, t: usize, sampleWeights: usize, posWeights: usize, dz: usize, rows: i32, o: i32, smoothing: f64, out: usize,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const divisor = f32x4.splat(<f32>o);
  const keep = f32x4.splat(<f32>(1 - smoothing));
  const raise = f32x4.splat(<f32>(smoothing / 2));
  let total: f64 = 0;
  let correct: f64 = 0;
  let weight: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0), targets = f32AtRow(t, r, o, 0);
    const v = weightOf(sampleWeights, r);
    if (o == 1) {
      const logit = f32.load(row);
      if (logit == logit && logit > 0 == f32.load(targets) > 0.5) correct += 1;
    } else if (isFirstMaximum(row, o, argmax(targets, o))) {
      correct += 1;
    }
    let sum: f64 = 0;
    for (let j = 0; j < o; j += 4) {
      const x = loadAt(row, j, o);
      const target = f32x4.add(f32x4.mul(loadAt(targets, j, o), keep), raise);
      const tail = log1p01(exp(f32x4.neg(f32x4.abs(x))));
      let gradient: v128;
      if (posWeights) {
        const positive = f32x4.mul(loadAt(posWeights, j, o), target);
        const negative = f32x4.sub(one, target);
        const both = f32x4.add(negative, positive);
        const far = f32x4.add(f32x4.mul(f32x4.max(x, zero), negative), f32x4.mul(f32x4.max(f32x4.neg(x), zero), positive));
        sum = addLanes(sum, f32x4.add(far, f32x4.mul(both, tail)), o - j);
        gradient = f32x4.sub(f32x4.mul(both, sigmoid(x)), positive);
      } else {
        sum = addLanes(sum, f32x4.add(f32x4.sub(f32x4.max(x, zero), f32x4.mul(x, target)), tail), o - j);
        gradient = f32x4.sub(sigmoid(x), target);
      }
      if (dz) storeAt(f32AtRow(dz, r, o, 0), j, o, f32x4.mul(f32x4.splat(<f32>v), f32x4.div(gradient, divisor)));
    }
    total += v * (sum / <f64>o);
    weight += v;
  }
  f64.store(out, total);
  f64.store(out, correct, 8);
  f64.store(out, weight, 16);
}
