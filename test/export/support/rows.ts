import type { ExecutionContext } from 'ava';
import { type ExportModel, outcomeOf } from '../../../src/export/model.ts';
import { normalise, outputsFor, type Predictions, predictionsOf, sampleRows } from '../../../src/export/verify.ts';

/** Raw rows for a model, and what its network gives for them in f64. */
export function expectedFor(
  model: ExportModel,
  rows: number,
): { raw: Float32Array; x: Float32Array; outputs: Float64Array; expected: Predictions } {
  const raw = sampleRows(model.preprocess, rows);
  const x = normalise(model.preprocess, raw);
  const outputs = outputsFor(model, x, rows);
  return { raw, x, outputs, expected: predictionsOf(outcomeOf(model), outputs, rows) };
}

export function assertAgree(t: ExecutionContext, got: Predictions, expected: Predictions, title: string): void {
  t.is(got.values.length, expected.values.length, title);
  const worst = Math.max(...Array.from(got.values, (value, i) => Math.abs(value - expected.values[i]!)));
  t.true(worst <= 1e-5, `${title}: off by ${worst}`);
  t.deepEqual(got.labels && Array.from(got.labels), expected.labels && Array.from(expected.labels), title);
}

/** One row of a batch after the other. */
export function splitRows(batch: Float32Array, rows: number): number[][] {
  const width = batch.length / rows;
  return Array.from({ length: rows }, (_, r) => Array.from(batch.subarray(r * width, (r + 1) * width)));
}
