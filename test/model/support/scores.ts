const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * The metrics in plain words, over lists of labels and predictions: what scikit-learn computes with its defaults, one formula at a time,
 * no code shared with the library.
 */
export function scoreOf(name: string, labels: readonly number[], predicted: readonly number[]): number {
  const [average, score] = name.split('_') as [string, 'precision' | 'recall' | 'f1'];
  // sklearn.utils.multiclass.unique_labels(y_true, y_pred)
  const classes = [...new Set([...labels, ...predicted])].sort((a, b) => a - b);
  const count = (is: (label: number, guess: number) => boolean): number =>
    labels.filter((label, i) => is(label, predicted[i] as number)).length;
  const of = (right: number, wrong: number, missed: number): number => {
    const precision = ratio(right, right + wrong);
    const recall = ratio(right, right + missed);
    if (score === 'f1') return ratio(2 * precision * recall, precision + recall);
    return score === 'precision' ? precision : recall;
  };
  const right = classes.map((c) => count((label, guess) => label === c && guess === c));
  const wrong = classes.map((c) => count((label, guess) => label !== c && guess === c));
  const missed = classes.map((c) => count((label, guess) => label === c && guess !== c));
  if (average === 'micro') return of(sum(right), sum(wrong), sum(missed));
  return sum(classes.map((_, i) => of(right[i] as number, wrong[i] as number, missed[i] as number))) / classes.length;
}

/** First of the largest. */
export function argmax(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

/** Whether the label is among the first k of a stable sort by falling value. */
export function isInTop(row: readonly number[], label: number, k: number): boolean {
  const order = row.map((_, i) => i).sort((a, b) => (row[b] as number) - (row[a] as number) || a - b);
  return order.slice(0, k).includes(label);
}

/** sklearn.metrics: mean_absolute_error, root_mean_squared_error, r2_score with multioutput='uniform_average'. */
export function errorOf(name: string, targets: readonly (readonly number[])[], outputs: readonly (readonly number[])[]): number {
  const n = targets.length;
  const width = targets[0]?.length ?? 0;
  const each = Array.from({ length: width }, (_, j) => {
    const t = targets.map((row) => row[j] as number);
    const d = outputs.map((row, i) => (row[j] as number) - (t[i] as number));
    if (name === 'mae') return sum(d.map(Math.abs)) / n;
    if (name === 'rmse') return Math.sqrt(sum(d.map((v) => v * v)) / n);
    const mean = sum(t) / n;
    const spread = sum(t.map((v) => (v - mean) ** 2));
    const residual = sum(d.map((v) => v * v));
    if (spread === 0) return residual === 0 ? 1 : 0;
    return 1 - residual / spread;
  });
  return sum(each) / width;
}
