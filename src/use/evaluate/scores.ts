import { type ClassScores, scoresOf } from '../../model/metrics.ts';

/** How well one class is told from the others. Ratios with nothing to count are 0, as with scikit-learn. */
export interface ClassScore extends ClassScores {
  class: string;
  /** Rows of the class. */
  support: number;
}

/** @param confusion  [true][predicted] */
export function classScores(confusion: readonly (readonly number[])[], classes: readonly string[]): ClassScore[] {
  return confusion.map((row, label) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, counts) => sum + (counts[label] ?? 0), 0);
    return { class: classes[label] ?? String(label), ...scoresOf(row[label] ?? 0, predicted, support), support };
  });
}
