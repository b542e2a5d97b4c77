import { isDeepStrictEqual } from 'node:util';
import { isRegressionMetric, topKOf } from '../config/names/metrics.ts';
import { GradloomError } from '../errors.ts';
import type { MetricSum } from '../kernels/site.ts';

/** What is counted, and where in a rank's counts. */
interface Counter {
  sum: Exclude<MetricSum, { type: 'errors' }>;
  /** Index (f64) of its first count. */
  at: number;
}

/** What an evaluation accumulates for the metrics of an experiment. */
export interface MetricsPlan {
  /** In the experiment's order. */
  names: readonly string[];
  outputs: number;
  /** 2 for a single output. */
  classes: number;
  counters: readonly Counter[];
  /** f64 counts of each rank: whole numbers, so that their sum does not depend on who counted what. */
  countLength: number;
  /** f64 sums of each leaf: [outputs, 2] of |error| and error^2, or none. */
  sumLength: number;
}

const CLASS_COUNTS = 3;
const ERROR_SUMS = 2;

/**
 * What has to be counted for `names`. Metrics are unweighted: each sample counts once, whatever its weight in the loss. Accuracy is left
 * out where rows have no single class.
 *
 * @throws GradloomError E_DATA_MISMATCH for a metric of classes where the data has numeric targets
 */
export function planMetrics(names: readonly string[], outputs: number, target: 'class' | 'value'): MetricsPlan {
  const classes = Math.max(2, outputs);
  // Rows of several independent yes/no targets have no class that could be right.
  const hasClasses = target === 'class' || outputs === 1;
  const counters: Counter[] = [];
  let countLength = 0;
  const count = (sum: Counter['sum'], length: number): void => {
    if (counters.some((counter) => isDeepStrictEqual(counter.sum, sum))) return;
    counters.push({ sum, at: countLength });
    countLength += length;
  };
  for (const name of names) {
    // The loss kernels find the correct rows by themselves.
    if (name === 'accuracy' || isRegressionMetric(name)) continue;
    if (target === 'value') throw needsLabels(name);
    const k = topKOf(name);
    if (k !== undefined) count({ type: 'top_k', k }, 1);
    else if (name === 'confusion') count({ type: 'confusion' }, classes * classes);
    else count({ type: 'class_counts' }, classes * CLASS_COUNTS);
  }
  const sumLength = names.some(isRegressionMetric) ? ERROR_SUMS * outputs : 0;
  return { names: hasClasses ? names : names.filter((name) => name !== 'accuracy'), outputs, classes, counters, countLength, sumLength };
}

function needsLabels(name: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: 'metrics',
    message: `${name} needs class labels, and this source has numeric targets`,
    next: `remove ${name} from metrics`,
  });
}

/** What an evaluation found, over all ranks and leaves. */
export interface MetricTotals {
  rows: number;
  correct: number;
  /** [countLength] */
  counts: Float64Array;
  /** [sumLength] */
  sums: Float64Array;
  /** Per output, the sum of squared distances of the targets from their mean; asked for by r2 only. */
  targetSquares: () => Float64Array;
}

export interface MetricValues {
  /** All but the confusion matrix, in the experiment's order. */
  metrics: Record<string, number>;
  /** [true][predicted] */
  confusion?: number[][];
}

/** The metrics of an evaluation. Ratios with nothing to count are 0, as with scikit-learn. */
export function metricValues(plan: MetricsPlan, totals: MetricTotals): MetricValues {
  const result: MetricValues = { metrics: {} };
  for (const name of plan.names) {
    if (name === 'confusion') result.confusion = confusionOf(plan, totals);
    else result.metrics[name] = metricValue(name, plan, totals);
  }
  return result;
}

function metricValue(name: string, plan: MetricsPlan, totals: MetricTotals): number {
  if (name === 'accuracy') return totals.correct / totals.rows;
  if (isRegressionMetric(name)) return regressionValue(name, plan.outputs, totals);
  const k = topKOf(name);
  if (k !== undefined) return (countsOf(plan, totals, { type: 'top_k', k })[0] as number) / totals.rows;
  const counts = countsOf(plan, totals, { type: 'class_counts' });
  const [average, score] = name.split('_') as ['macro' | 'micro', keyof ClassScores];
  return average === 'macro' ? mean(classScores(counts, plan.classes).map((one) => one[score])) : microScores(counts, plan.classes)[score];
}

function countsOf({ counters }: MetricsPlan, { counts }: MetricTotals, sum: Counter['sum']): Float64Array {
  const at = counters.find((counter) => isDeepStrictEqual(counter.sum, sum))?.at;
  if (at === undefined) throw new RangeError(`nothing counted ${sum.type}`);
  return counts.subarray(at);
}

function confusionOf(plan: MetricsPlan, totals: MetricTotals): number[][] {
  const { classes } = plan;
  const counts = countsOf(plan, totals, { type: 'confusion' });
  return Array.from({ length: classes }, (_, label) => Array.from(counts.subarray(label * classes, (label + 1) * classes)));
}

/** How well a class is told from the others; the only place where it is worked out, so that all tables agree to the bit. */
export interface ClassScores {
  precision: number;
  recall: number;
  f1: number;
}

/** @param actual  rows of the class */
export function scoresOf(right: number, predicted: number, actual: number): ClassScores {
  return { precision: ratio(right, predicted), recall: ratio(right, actual), f1: ratio(2 * right, predicted + actual) };
}

/** Of the classes that occur among the labels or the predictions; the others have no part in an average, as with scikit-learn. */
function classScores(counts: Float64Array, classes: number): ClassScores[] {
  const scores: ClassScores[] = [];
  for (let at = 0; at < classes * CLASS_COUNTS; at += CLASS_COUNTS) {
    const [right = 0, predicted = 0, actual = 0] = counts.subarray(at, at + CLASS_COUNTS);
    if (predicted + actual > 0) scores.push(scoresOf(right, predicted, actual));
  }
  return scores;
}

/** Of all classes' counts together. */
function microScores(counts: Float64Array, classes: number): ClassScores {
  const sum = [0, 0, 0];
  for (let i = 0; i < classes * CLASS_COUNTS; i++) sum[i % CLASS_COUNTS] = (sum[i % CLASS_COUNTS] as number) + (counts[i] as number);
  const [right = 0, predicted = 0, actual = 0] = sum;
  return scoresOf(right, predicted, actual);
}

/** sklearn.metrics.mean_absolute_error, root_mean_squared_error, r2_score: of each output, then the plain mean over the outputs. */
function regressionValue(name: string, outputs: number, { rows, sums, targetSquares }: MetricTotals): number {
  const each = (value: (absolute: number, squares: number, output: number) => number): number =>
    mean(Array.from({ length: outputs }, (_, j) => value(sums[ERROR_SUMS * j] as number, sums[ERROR_SUMS * j + 1] as number, j)));
  if (name === 'mae') return each((absolute) => absolute / rows);
  if (name === 'rmse') return each((_, squares) => Math.sqrt(squares / rows));
  const spread = targetSquares();
  return each((_, squares, j) => r2(squares, spread[j] as number, rows));
}

/** A constant target: 1 if every output is exact, else 0. A single row has no r2. */
function r2(errorSquares: number, targetSquares: number, rows: number): number {
  if (rows < 2) return Number.NaN;
  if (targetSquares === 0) return errorSquares === 0 ? 1 : 0;
  return 1 - errorSquares / targetSquares;
}

function ratio(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}

function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );
}
