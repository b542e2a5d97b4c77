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
/** Where more is worse; of every other metric more is better. */
const LOWER_IS_BETTER: readonly string[] = ['loss', 'penalty', 'mae', 'rmse'];
/** What stands before a metric in a dotted name: the split, and whose parameters are evaluated. */
const PREFIX = /^(?:(?:train|val|test)\.(?:eval_)?)?(?:ema_|swa_)?/;

/** Which way a metric improves. */
export type Goal = 'minimize' | 'maximize';

/** What a loss (its `type`) is for; undefined for a word that is no loss. */
export function problemOf(loss: unknown): 'classification' | 'regression' | undefined {
  if (CLASSIFICATION_LOSSES.includes(loss)) return 'classification';
  return REGRESSION_LOSSES.includes(loss) ? 'regression' : undefined;
}

export function isRegressionMetric(name: string): boolean {
  return REGRESSION_NAMES.includes(name);
}

/**
 * Which way a metric improves: what early stopping, `checkpoint.best`, the schedule `plateau`, sweeps, tables and reports go by.
 *
 * @param metric  dotted or bare: `val.accuracy`, `train.eval_ema_loss`, `r2`
 * @returns undefined for what has no better way, as `lr`
 */
export function goalOf(metric: string): Goal | undefined {
  const name = metric.replace(PREFIX, '');
  if (LOWER_IS_BETTER.includes(name)) return 'minimize';
  return isMetric(name) ? 'maximize' : undefined;
}

/** What to say of a goal that contradicts the metric's name; undefined where it does not. */
export function goalNotice(key: string, goal: Goal, metric: string): string | undefined {
  const natural = goalOf(metric);
  if (natural === undefined || goal === natural) return undefined;
  return `${key}: ${goal} looks for the worst ${metric}; leave it out, or say ${natural}`;
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
