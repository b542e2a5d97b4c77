import { type MetricValues, metricValues } from '../../model/metrics.ts';
import { evalBatchRows } from '../plan/batches.ts';
import { SUM_VALUES } from '../plan/memory.ts';
import type { EnginePlan } from '../plan/plan.ts';

/**
 * Loss, accuracy and the experiment's metrics over a whole split, each sample once. The loss is weighted as in training, by class and by
 * sample; accuracy and metrics are not.
 */
export interface Evaluation extends MetricValues {
  loss: number;
  accuracy: number;
  rows: number;
}

/** What the loss kernels sum up: weighted losses, correct rows, weights. */
export interface LossSums {
  loss: number;
  correct: number;
  weight: number;
}

/** Adds the SUM_VALUES-wide entries [from, to) of an array to a sum, entry by entry. */
export function addSums(total: LossSums, sums: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i += SUM_VALUES) {
    total.loss += sums[i] as number;
    total.correct += sums[i + 1] as number;
    total.weight += sums[i + 2] as number;
  }
}

/** The weighted mean; where all rows weigh 0 their loss is 0 too, or NaN if one of them is not finite. */
export function meanLoss({ loss, weight }: LossSums): number {
  return weight === 0 ? loss : loss / weight;
}

/**
 * What the ranks left in shared memory after an evaluation of `rows` rows. Losses are summed batch by batch and leaf by leaf, the metrics'
 * real sums leaf by leaf over all batches: the same bits for any worker count.
 *
 * @param targetSquares  see MetricTotals; asked for by r2 only
 */
export function readEvaluation(plan: EnginePlan, buffer: ArrayBufferLike, rows: number, targetSquares: () => Float64Array): Evaluation {
  const { memory, metrics, experiment, network } = plan;
  const { leaves } = experiment.numerics;
  const batches = Math.ceil(rows / evalBatchRows(experiment, network, rows));
  const values = batches * leaves * SUM_VALUES;
  const sums = { loss: 0, correct: 0, weight: 0 };
  addSums(sums, new Float64Array(buffer, memory.evalSums.at, values), 0, values);
  const counts = new Float64Array(metrics.countLength);
  for (const region of memory.metricCounts) addTo(counts, new Float64Array(buffer, region.at, metrics.countLength));
  const errors = new Float64Array(metrics.sumLength);
  for (let leaf = 0; leaf < leaves; leaf++) {
    addTo(errors, new Float64Array(buffer, memory.metricSums.at + leaf * errors.byteLength, metrics.sumLength));
  }
  const totals = { rows, correct: sums.correct, counts, sums: errors, targetSquares };
  return { loss: meanLoss(sums), accuracy: sums.correct / rows, rows, ...metricValues(metrics, totals) };
}

function addTo(total: Float64Array, part: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (part[i] as number);
}
