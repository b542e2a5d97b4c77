/** How well one class is told from the others. Ratios with nothing to count are 0, as with scikit-learn. */
export interface ClassScore {
  class: string;
  precision: number;
  recall: number;
  f1: number;
  /** Rows of the class. */
  support: number;
}

/** @param confusion  [true][predicted] */
export function classScores(confusion: readonly (readonly number[])[], classes: readonly string[]): ClassScore[] {
  return confusion.map((row, label) => {
    const right = row[label] ?? 0;
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, counts) => sum + (counts[label] ?? 0), 0);
    return {
      class: classes[label] ?? String(label),
      precision: ratio(right, predicted),
      recall: ratio(right, support),
      f1: ratio(2 * right, predicted + support),
      support,
    };
  });
}

function ratio(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}
