import test from 'ava';
import { goalOf, isRegressionMetric, problemOf, topKOf } from '../../../src/config/names/metrics.ts';

test('a loss is for classes or for values, and a word that is no loss for neither', (t) => {
  for (const loss of ['softmax_cross_entropy', 'sigmoid_cross_entropy']) t.is(problemOf(loss), 'classification');
  for (const loss of ['mse', 'huber', 'mae']) t.is(problemOf(loss), 'regression');
  for (const word of ['accuracy', '', undefined, 3]) t.is(problemOf(word), undefined);
});

test('names of metrics tell what they measure and which way is better', (t) => {
  t.deepEqual(['mae', 'rmse', 'r2', 'accuracy', 'loss'].map(isRegressionMetric), [true, true, true, false, false]);
  t.deepEqual(['val.loss', 'val.mae', 'val.rmse'].map(goalOf), ['minimize', 'minimize', 'minimize']);
  t.deepEqual(['val.r2', 'val.accuracy'].map(goalOf), ['maximize', 'maximize']);
  t.deepEqual(['top5_accuracy', 'top10_accuracy', 'top1_accuracy', 'accuracy'].map(topKOf), [5, 10, undefined, undefined]);
});
