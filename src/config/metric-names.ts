export const CLASSIFICATION_METRICS = [
  'accuracy',
  'macro_precision',
  'macro_recall',
  'macro_f1',
  'micro_precision',
  'micro_recall',
  'micro_f1',
  'confusion',
] as const;
export const REGRESSION_METRICS = ['mae', 'rmse', 'r2'] as const;
export const TOP_K = /^top([2-9]|[1-9]\d{1,6})_accuracy$/;

const CLASSIFICATION_LOSSES: readonly unknown[] = ['softmax_cross_entropy', 'sigmoid_cross_entropy'];
const REGRESSION_LOSSES: readonly unknown[] = ['mse', 'huber', 'mae'];
const CLASSIFICATION_NAMES: readonly string[] = CLASSIFICATION_METRICS;
const REGRESSION_NAMES: readonly string[] = REGRESSION_METRICS;
/** Where more is worse; for all others more is better. */
const LOWER_IS_BETTER: readonly string[] = ['loss', 'mae', 'rmse'];

/** What a loss (its `type`) is for; undefined for a word that is no loss. */
export function problemOf(loss: unknown): 'classification' | 'regression' | undefined {
  if (CLASSIFICATION_LOSSES.includes(loss)) return 'classification';
  return REGRESSION_LOSSES.includes(loss) ? 'regression' : undefined;
}

export function isRegressionMetric(name: string): boolean {
  return REGRESSION_NAMES.includes(name);
}

export function isLowerBetter(name: string): boolean {
  return LOWER_IS_BETTER.includes(name);
}

/** The k of `top<k>_accuracy`; undefined for any other metric. */
export function topKOf(name: string): number | undefined {
  const k = TOP_K.exec(name)?.[1];
  return k === undefined ? undefined : Number(k);
}

/** Whether a word names a metric that is a number. */
export function isMetric(name: string): boolean {
  return (isRegressionMetric(name) || CLASSIFICATION_NAMES.includes(name) || topKOf(name) !== undefined) && name !== 'confusion';
}
