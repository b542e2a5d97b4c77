import test from 'ava';
import { renderEpoch, renderLogged, renderScores, renderStatus } from '../../../src/report/text/progress.ts';
import type { RunEpoch, RunProgress } from '../../../src/runs/events.ts';

const progress: RunProgress = {
  type: 'progress',
  step: 512,
  totalSteps: 2500,
  epoch: 4,
  stepsPerEpoch: 125,
  loss: 0.1250561,
  samplesPerSecond: 35_029.4,
  phases: { compute: 0.874, wait: 0.09, reduce: 0.036 },
  secondsLeft: 71.2,
  evaluation: { split: 'val', loss: 0.21, accuracy: 0.934, rows: 1000, metrics: { accuracy: 0.934 } },
};
const look = { width: 99, hasAccuracy: true };

test('the status says where the run is and how it does', (t) => {
  t.deepEqual(renderStatus(progress, look), [
    `epoch 5/20  step 512/2,500  ${'█'.repeat(8)}${'░'.repeat(32)}  20 %  1m 12s left`,
    'loss 0.125056  val loss 0.210000 accuracy 93.40 %  35,029 samples/s',
  ]);
  t.deepEqual(renderStatus(progress, { ...look, width: 120 })[1]?.endsWith('35,029 samples/s  compute 87 % wait 9 % reduce 4 %'), true);
});

test('a narrow terminal leaves out the bar and the last parts', (t) => {
  t.deepEqual(renderStatus(progress, { ...look, width: 30 }), ['epoch 5/20  step 512/2,500', 'loss 0.125056']);
});

for (const width of [1, 8, 20, 40, 60, 80, 99, 200]) {
  test(`no line of the status is wider than ${width} columns`, (t) => {
    for (const step of [0, 512, 2500])
      t.true(renderStatus({ ...progress, step }, { ...look, width }).every((line) => line.length <= width));
  });
}

test('before the first step there is no loss, rate or time left', (t) => {
  const start = { ...progress, step: 0, loss: undefined, samplesPerSecond: 0, secondsLeft: undefined, evaluation: undefined };
  t.deepEqual(renderStatus(start, look), [`epoch 1/20  step 0/2,500  ${'░'.repeat(40)}  0 %`, 'compute 87 % wait 9 % reduce 4 %']);
});

test('after the last step the bar is full and the epoch is the last one', (t) => {
  t.is(renderStatus({ ...progress, step: 2500 }, look)[0], `epoch 20/20  step 2,500/2,500  ${'█'.repeat(40)}  100 %`);
});

test('where an epoch is one step, only steps are shown', (t) => {
  t.is(renderStatus({ ...progress, stepsPerEpoch: 1 }, { ...look, width: 40 })[0], 'step 512/2,500  20 %  1m 12s left');
});

test('where targets are no classes, there is no accuracy', (t) => {
  t.regex(renderStatus(progress, { ...look, hasAccuracy: false })[1] ?? '', /val loss 0\.210000 {2}35,029/);
});

const epoch: RunEpoch = {
  type: 'epoch',
  epoch: 3,
  step: 375,
  trainLoss: 0.166513,
  trainAccuracy: 0.9521,
  evaluation: progress.evaluation,
  seconds: 2.13,
};

const epochs: [name: string, event: RunEpoch, expected: string][] = [
  ['an epoch', epoch, 'epoch  3/20  train loss 0.166513, 95.21 %  val loss 0.210000, 93.40 %  2.1s'],
  ['an epoch without evaluation', { ...epoch, evaluation: undefined }, 'epoch  3/20  train loss 0.166513, 95.21 %  2.1s'],
  ['an epoch of a regression', { ...epoch, trainAccuracy: undefined }, 'epoch  3/20  train loss 0.166513  val loss 0.210000  2.1s'],
  [
    'an epoch evaluated on the training set',
    { ...epoch, evaluation: { split: 'train', loss: 0.1, accuracy: 0.97, rows: 10, metrics: { accuracy: 0.97 } } },
    'epoch  3/20  train loss 0.166513, 95.21 %  train after loss 0.100000, 97.00 %',
  ],
];
for (const [name, event, expected] of epochs) test(`line of ${name}`, (t) => t.is(renderEpoch(event, 20, 80), expected));

test('line of a logged loss', (t) => {
  t.is(renderLogged(100, 2000, [renderScores('train', 2.129232, undefined)]), 'step   100/2,000  train loss 2.129232');
});

test('the line of an epoch of a thousand keeps to 80 columns, and in fewer the last parts give way', (t) => {
  const long = { ...epoch, epoch: 1000, trainAccuracy: 1, seconds: 75.2 };
  t.is(renderEpoch(long, 2000, 80), 'epoch 1,000/2,000  train loss 0.166513, 100.00 %  val loss 0.210000, 93.40 %');
  t.is(renderEpoch(long, 2000, 60), 'epoch 1,000/2,000  train loss 0.166513, 100.00 %');
});
