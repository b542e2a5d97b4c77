// What an evaluation counts beside the loss. Each adds to what is there. Counts are whole numbers in f64: exact up to 2^53, in any order.
//   z [B,O]  labels i32[B]  K = O classes, 2 where O = 1 (class 1 above 0)  predicted: first largest logit, none for a row with a NaN
import { f32At, f32AtRow, i32At } from '../vector/pointer';
import { predictedClass } from './rows';

/** *p += x */
// @ts-ignore: decorator
@inline
function addTo(p: usize, i: i32, x: f64): void {
  const at = p + ((<usize>i) << 3);
  f64.store(at, f64.load(at) + x);
}

// confusion_add: counts[true, predicted] += 1
//   counts f64[K,K]      twin confusion
export function confusion_add(z: usize, labels: usize, rows: i32, o: i32, counts: usize): void {
  const classes = max(2, o);
  for (let r = 0; r < rows; r++) {
    const predicted = predictedClass(f32AtRow(z, r, o, 0), o);
    if (predicted >= 0) addTo(counts, i32.load(i32At(labels, r)) * classes + predicted, 1);
  }
}

// class_counts_add: per class the rows predicted rightly, the rows predicted, the rows
//   counts f64[K,3]      twin classCounts
export function class_counts_add(z: usize, labels: usize, rows: i32, o: i32, counts: usize): void {
  for (let r = 0; r < rows; r++) {
    const predicted = predictedClass(f32AtRow(z, r, o, 0), o);
    const label = i32.load(i32At(labels, r));
    if (predicted == label) addTo(counts, 3 * label, 1);
    if (predicted >= 0) addTo(counts, 3 * predicted + 1, 1);
    addTo(counts, 3 * label + 2, 1);
  }
}

// top_k_add: rows whose label is among the k largest logits; equal ones count from the lowest index; never with a NaN
//   count f64[1]      twin topK
export function top_k_add(z: usize, labels: usize, rows: i32, o: i32, k: i32, count: usize): void {
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(z, r, o, 0);
    const label = i32.load(i32At(labels, r));
    const own = f32.load(f32At(row, label));
    let before = 0;
    for (let j = 0; j < o; j++) {
      const other = f32.load(f32At(row, j));
      if (other != other) before = k;
      if (other > own || (other == own && j < label)) before++;
    }
    if (own == own && before < k) addTo(count, 0, 1);
  }
}

// regression_add: per output j the sums over the rows of |z - t| and (z - t)^2
//   t [B,O]  sums f64[O,2]      order: rows in order, all in f64; NaN kept      twin regressionSums
export function regression_add(z: usize, t: usize, rows: i32, o: i32, sums: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < o; j++) {
      const d = <f64>f32.load(f32AtRow(z, r, o, j)) - <f64>f32.load(f32AtRow(t, r, o, j));
      addTo(sums, 2 * j, abs(d));
      addTo(sums, 2 * j + 1, d * d);
    }
  }
}
