import test from 'ava';
import { renderConfusion, renderMetrics } from '../../../src/report/runs/metrics.ts';
import { unpainted } from '../../../src/report/text/paint.ts';

const look = { boxed: false, paint: unpainted, columns: 80 };

test('metrics beside loss and accuracy are lines of a table, splits its columns', (t) => {
  const last = {
    'train.loss': 0.3,
    'train.epoch_accuracy': 0.9,
    'val.loss': 0.4,
    'val.accuracy': 0.8,
    'val.top3_accuracy': 0.97,
    'val.macro_f1': 0.75,
    'test.accuracy': 0.81,
    'test.top3_accuracy': 0.98,
    'test.macro_f1': 0.76,
  };
  t.is(
    renderMetrics({ last }, look),
    'metric              val      test\ntop3_accuracy   97.00 %   98.00 %\nmacro_f1       0.750000  0.760000',
  );
  t.is(renderMetrics({ last: { 'val.loss': 1, 'val.accuracy': 0.5 } }, look), undefined);
});

test('an r2 that does not exist is said to be not finite', (t) => {
  t.is(renderMetrics({ last: { 'test.r2': null } }, look), 'metric        test\nr2      not finite');
});

test('the confusion matrix of the test set is a table; one too wide is only named', (t) => {
  const confusion = {
    train: [
      [9, 9],
      [9, 9],
    ],
    test: [
      [12, 3],
      [0, 5],
    ],
  };
  t.is(
    renderConfusion({ confusion }, look),
    'confusion in test: rows are classes, columns what they were taken for\n    0  1\n0  12  3\n1   0  5',
  );
  t.is(renderConfusion({}, look), undefined);
  const wide = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => 1));
  t.is(
    renderConfusion({ confusion: { val: wide } }, look),
    'confusion in val: rows are classes, columns what they were taken for; 50 x 50, too wide to show: it is in summary.json',
  );
});
