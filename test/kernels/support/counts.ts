import { argmax, isInTop } from '../../model/support/scores.ts';

/** What metrics count, row by row. A row is its outputs; one output tells class 1 where it is above 0. */
export interface LabelledRow {
  row: number[];
  label: number;
}

const predictedOf = (row: number[]): number => (row.length === 1 ? Number((row[0] as number) > 0) : argmax(row));

/** [true, predicted] */
export function confusion(rows: readonly LabelledRow[], classes: number): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (const { row, label } of rows) counts[label * classes + predictedOf(row)]! += 1;
  return counts;
}

/** [class][rightly predicted, predicted, true] */
export function classCounts(rows: readonly LabelledRow[], classes: number): Float64Array {
  const counts = new Float64Array(3 * classes);
  for (const { row, label } of rows) {
    const predicted = predictedOf(row);
    if (label === predicted) counts[3 * label]! += 1;
    counts[3 * predicted + 1]! += 1;
    counts[3 * label + 2]! += 1;
  }
  return counts;
}

export function topK(rows: readonly LabelledRow[], k: number): number {
  return rows.filter(({ row, label }) => isInTop(row, label, k)).length;
}

/** [output][sum of |z - t|, sum of (z - t)^2], in f64, row after row. */
export function regressionSums(z: ArrayLike<number>, t: ArrayLike<number>, outputs: number): Float64Array {
  const sums = new Float64Array(2 * outputs);
  for (let i = 0; i < z.length; i++) {
    const d = z[i]! - t[i]!;
    sums[2 * (i % outputs)]! += Math.abs(d);
    sums[2 * (i % outputs) + 1]! += d * d;
  }
  return sums;
}
