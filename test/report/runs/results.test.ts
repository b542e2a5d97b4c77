import path from 'node:path';
import test from 'ava';
import { History } from '../../../src/report/runs/history.ts';
import { renderResults, shortPath } from '../../../src/report/runs/results.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import type { Summary } from '../../../src/runs/events.ts';

const summary: Summary = {
  id: 'mnist-1',
  name: 'mnist',
  status: 'finished',
  directory: path.resolve('runs/mnist-1'),
  steps: 250,
  epochs: 2,
  seconds: 4.52,
  samples_per_second: 35_029,
  training_seconds: 2,
  evaluation_seconds: 0.25,
  checkpoint_seconds: 0.05,
  start_seconds: 0.1,
  workers: 2,
  digest: '3dcb',
  last: {
    'train.loss': 0.3,
    'train.eval_loss': 0.21,
    'train.accuracy': 0.93,
    'val.loss': 0.28,
    'val.accuracy': 0.924,
    'test.loss': 0.25,
    'test.accuracy': 0.917,
  },
  best: { 'val.loss': { value: 0.27, step: 125 }, 'val.accuracy': { value: 0.924, step: 250 }, 'val.macro_f1': { value: 0.9, step: 130 } },
  phases: { compute: 0.9, wait: 0.08, reduce: 0.02 },
};
const look = { boxed: false, paint: unpainted, columns: 200, stepsPerEpoch: 125 };

function history(): History {
  const made = new History();
  const evaluation = { split: 'val', loss: 0.28, accuracy: 0.924, rows: 1000, metrics: { accuracy: 0.924 } } as const;
  made.add({ type: 'epoch', epoch: 1, step: 125, trainLoss: 0.5, trainAccuracy: 0.8, evaluation: undefined, seconds: 2 });
  made.add({ type: 'epoch', epoch: 2, step: 250, trainLoss: 0.3, trainAccuracy: 0.9, evaluation, seconds: 2 });
  return made;
}

test('results are the final numbers and the best epoch; the epochs have left their lines before', (t) => {
  t.deepEqual(renderResults(history(), summary, look).split('\n\n').at(-1)?.split('\n'), [
    'run      mnist: finished after 250 steps, 2 epochs',
    'train    loss 0.210000 accuracy 93.00 %',
    'val      loss 0.280000 accuracy 92.40 %',
    'best     val.loss 0.270000 in epoch 1, val.accuracy 92.40 % in epoch 2',
    'test     loss 0.250000 accuracy 91.70 %',
    'time     4.5s, 35,029 samples/s with 2 workers; training 2s, evaluation 250ms, saving 50ms, start 100ms',
    'workers  compute 90.0 %, wait 8.0 %, reduce 2.0 %',
    'digest   3dcb',
    'saved    runs/mnist-1',
  ]);
});

test('an interrupted run shows what there is', (t) => {
  const cut: Summary = {
    ...summary,
    status: 'interrupted',
    directory: null,
    steps: 1,
    epochs: 0,
    workers: 1,
    last: { 'train.loss': 2.4 },
    checkpoint_seconds: 0,
  };
  t.deepEqual(renderResults(new History(), cut, look).split('\n').slice(0, 3), [
    'run      mnist: interrupted after 1 step, 0 epochs',
    'train    loss 2.400000 in the last batch',
    'time     4.5s, 35,029 samples/s with 1 worker; training 2s, evaluation 250ms, start 100ms',
  ]);
});

test('the best is told first by the metric that the run followed, and by steps where these are epochs', (t) => {
  const best = (of: Partial<Summary>, given: object): string | undefined =>
    renderResults(new History(), { ...summary, ...of }, { ...look, ...given })
      .split('\n')
      .find((line) => line.startsWith('best'));
  t.is(
    best({}, { watched: 'val.macro_f1' }),
    'best     val.macro_f1 0.900000 in epoch 2, val.loss 0.270000 in epoch 1, val.accuracy 92.40 % in epoch 2',
  );
  t.is(best({}, { stepsPerEpoch: 1 }), 'best     val.loss 0.270000 at step 125, val.accuracy 92.40 % at step 250');
  t.is(best({ epochs: 1 }, {}), undefined);
  t.is(best({ best: { 'train.eval_loss': { value: 0.2, step: 250 } } }, {}), 'best     train.eval_loss 0.200000 in epoch 2');
  t.is(best({ best: {} }, {}), undefined);
});

test('only paths inside the working directory become relative', (t) => {
  t.is(shortPath(path.resolve('runs/a')), 'runs/a');
  t.is(shortPath(path.resolve('..', 'a')), path.resolve('..', 'a'));
});
