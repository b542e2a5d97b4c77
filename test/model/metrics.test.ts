import test from 'ava';
import { metricValues, planMetrics } from '../../src/model/metrics.ts';
import { errorOf as thrownBy } from '../config/support/experiments.ts';

const SCORES = ['macro_precision', 'macro_recall', 'macro_f1', 'micro_precision', 'micro_recall', 'micro_f1'] as const;

/** Values for rows predicted rightly, predicted, and of the class, one triple a class. */
function scores(triples: readonly (readonly [number, number, number])[]): Record<string, number> {
  const plan = planMetrics(SCORES, triples.length, 'class');
  const totals = {
    rows: 1,
    correct: 0,
    counts: Float64Array.from(triples.flat()),
    sums: new Float64Array(),
    targetSquares: () => new Float64Array(),
  };
  return metricValues(plan, totals).metrics;
}

test('precision, recall and F1 of three classes, by hand', (t) => {
  // y_true 0 1 2 0 1 2, y_pred 0 2 1 0 0 1: the example of sklearn.metrics.precision_score.
  const values = scores([
    [2, 3, 2],
    [0, 2, 2],
    [0, 1, 2],
  ]);
  t.is(values['macro_precision'], 2 / 3 / 3);
  t.is(values['macro_recall'], 1 / 3);
  t.is(values['macro_f1'], 0.8 / 3);
  for (const score of ['precision', 'recall', 'f1']) t.is(values[`micro_${score}`], 2 / 6);
});

test('a class without rows and predictions has no part in a macro average; one without either counts 0', (t) => {
  const values = scores([
    [2, 2, 2],
    [0, 0, 0],
    [0, 0, 4],
    [0, 3, 0],
  ]);
  t.is(values['macro_precision'], 1 / 3);
  t.is(values['macro_recall'], 1 / 3);
  t.is(values['macro_f1'], 1 / 3);
});

test('what is counted is counted once, in the order of the names', (t) => {
  const plan = planMetrics(['macro_f1', 'confusion', 'micro_f1', 'accuracy', 'top2_accuracy', 'top3_accuracy'], 4, 'class');
  t.deepEqual(plan.counters, [
    { sum: { type: 'class_counts' }, at: 0 },
    { sum: { type: 'confusion' }, at: 12 },
    { sum: { type: 'top_k', k: 2 }, at: 28 },
    { sum: { type: 'top_k', k: 3 }, at: 29 },
  ]);
  t.is(plan.countLength, 30);
  t.is(plan.sumLength, 0);
  t.is(planMetrics(['mae', 'r2'], 4, 'value').sumLength, 8);
});

test('accuracy alone needs no counts, and is left out for rows of several numeric targets', (t) => {
  t.is(planMetrics(['accuracy'], 4, 'class').countLength, 0);
  t.deepEqual(planMetrics(['accuracy'], 1, 'value').names, ['accuracy']);
  t.deepEqual(planMetrics(['accuracy'], 4, 'value').names, []);
});

test('metrics of classes are refused for numeric targets, by name', (t) => {
  for (const name of ['macro_f1', 'confusion', 'top2_accuracy']) {
    const error = thrownBy(() => planMetrics([name], 4, 'value'));
    t.is(error.code, 'E_DATA_MISMATCH');
    t.is(error.exitCode, 65);
    t.is(error.message, `${name} needs class labels, and this source has numeric targets`);
  }
});

function r2(squares: number, spread: number, rows: number): number | undefined {
  const sums = Float64Array.of(0, squares);
  const totals = { rows, correct: 0, counts: new Float64Array(), sums, targetSquares: () => Float64Array.of(spread) };
  return metricValues(planMetrics(['r2'], 1, 'value'), totals).metrics['r2'];
}

test('r2 of a constant target is 1 if it is met and 0 if not; of a single row there is none', (t) => {
  t.is(r2(0, 0, 5), 1);
  t.is(r2(3, 0, 5), 0);
  t.is(r2(1, 4, 5), 0.75);
  t.is(r2(1, 0, 1), NaN);
});
