import test from 'ava';
import { History } from '../../../src/report/runs/history.ts';
import type { RunEpoch } from '../../../src/runs/events.ts';

function epoch(n: number): RunEpoch {
  return { type: 'epoch', epoch: n, step: 10 * n, trainLoss: 1 / n, trainAccuracy: 0.5, evaluation: undefined, seconds: 1 };
}

test('an evaluation and the batch loss before the next step share a row: they are of the same parameters', (t) => {
  const history = new History();
  history.add({ type: 'metrics', line: { step: 0, epoch: 0, 'train.loss': 2 } });
  history.add({ type: 'metrics', line: { step: 10, epoch: 10, 'val.loss': 1.5, 'val.accuracy': 0.5 } });
  history.add({ type: 'metrics', line: { step: 10, epoch: 10, 'train.loss': null } });
  t.deepEqual(history.rows(), {
    unit: 'step',
    rows: [
      { at: 0, trainLoss: 2, trainAccuracy: undefined, evaluation: undefined },
      { at: 10, trainLoss: null, trainAccuracy: undefined, evaluation: { split: 'val', loss: 1.5, accuracy: 0.5 } },
    ],
  });
});

test('epochs make the table, logged losses the curve as long as epochs are few', (t) => {
  const history = new History();
  for (const step of [0, 5, 10]) history.add({ type: 'metrics', line: { step, epoch: 0, 'train.loss': step } });
  history.add(epoch(1));
  t.is(history.rows().unit, 'epoch');
  t.deepEqual(
    history.curve(10).map(({ step }) => step),
    [0, 5, 10],
  );
  for (let n = 2; n <= 20; n++) history.add(epoch(n));
  t.deepEqual(history.curve(10).slice(0, 2), [
    { step: 10, loss: 1 },
    { step: 20, loss: 0.5 },
  ]);
});

test('a long history is thinned out and keeps its first and last', (t) => {
  const history = new History();
  for (let n = 1; n <= 100_000; n++) history.add(epoch(n));
  const { rows } = history.rows();
  t.true(rows.length > 2000 && rows.length <= 4097);
  t.is(rows[0]?.at, 1);
  t.is(rows.at(-1)?.at, 100_000);
});
