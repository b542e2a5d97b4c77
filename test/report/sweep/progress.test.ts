import test from 'ava';
import { renderSweepStart, renderSweepStatus, renderTrial } from '../../../src/report/sweep/progress.ts';
import type { SweepProgress } from '../../../src/sweep/session/events.ts';
import { ashaState, settings, trial } from '../../sweep/support/states.ts';

const PROGRESS: SweepProgress = {
  type: 'progress',
  running: [
    { trial: 3, replicate: 0, workers: 1, step: 50, toStep: 100, loss: 0.25, value: null },
    { trial: 12, replicate: 0, workers: 2, step: 0, toStep: 0, loss: undefined, value: null },
  ],
  queued: 4,
  ended: 2,
  done: 10,
  expected: 40,
  seconds: 5,
  secondsLeft: 15,
};
const LOOK = {
  settings: ashaState().settings,
  best: trial(1, { 'optimizer.lr': 0.1 }, { value: 0.9 }),
  total: 20,
  assignments: new Map([[3, { 'optimizer.lr': 0.123456, 'model.layers.0.units': 64 }]]),
  rungs: [
    [1, 9],
    [3, 2],
  ] as const,
  width: 100,
};

test('the status tells how far, the best, the rungs, and each trial under way', (t) => {
  t.deepEqual(renderSweepStatus(PROGRESS, LOOK), [
    '2/20 trials  ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  25 %  4 queued  15s left',
    'epochs 1: 9, 3: 2  best 90.00 % (trial 1: lr 0.1)',
    'trial   3  █████░░░░░  step 50/100  loss 0.250000  lr 0.1235, units 64',
    'trial  12  ░░░░░░░░░░  starting  2 workers',
  ]);
});

test('no line is longer than the terminal, and many trials are counted', (t) => {
  const running = Array.from({ length: 20 }, (_, i) => ({ ...PROGRESS.running[0]!, trial: i }));
  for (const width of [20, 45, 79]) {
    const lines = renderSweepStatus({ ...PROGRESS, running }, { ...LOOK, width });
    t.true(lines.every((line) => line.length <= width));
    t.is(lines.at(-1), 'and 12 more');
  }
});

test('without an expectation there is no bar, and replicates have their seed', (t) => {
  const look = {
    ...LOOK,
    settings: settings({ seeds: 3, metric: { name: 'val.accuracy' } }),
    best: undefined,
    total: undefined,
    rungs: [],
  };
  const lines = renderSweepStatus({ ...PROGRESS, expected: undefined, secondsLeft: undefined, queued: 0 }, look);
  t.is(lines[0], '2 trials');
  t.true(lines[1]?.startsWith('trial   3 seed 0  █████'));
});

test('a result is one line with what the trial set, and why it failed', (t) => {
  const { settings: asha, trials } = ashaState();
  t.regex(
    renderTrial(trials.find(({ status }) => status === 'pruned')!, asha),
    /^trial +\d+ {2}\d\d\.\d\d % {2}pruned after 1 epoch {2}type \w+, lr /,
  );
  const plain = settings({ metric: { name: 'val.loss' } });
  t.is(renderTrial(trial(7, { 'optimizer.lr': 0.1 }, { value: 0.5, seconds: 2.5 }), plain), 'trial   7  0.500000  finished  lr 0.1  2.5s');
  t.is(
    renderTrial(
      trial(8, { 'optimizer.lr': 9 }, { status: 'diverged', reasons: ['diverged: E_DIVERGED step 1: \u001b[2J'], seconds: 0 }),
      plain,
    ),
    'trial   8  diverged  lr 9  E_DIVERGED step 1: \\u001b[2J',
  );
  t.is(
    renderTrial(
      trial(9, { 'optimizer.lr': 9 }, { status: 'duplicate', duplicateOf: 2, reasons: ['the same experiment as trial 2'], seconds: 0 }),
      plain,
    ),
    'trial   9  duplicate  the same experiment as trial 2',
  );
});

test('the start tells the trials, the cores, the metric and the place', (t) => {
  const start = {
    type: 'start',
    id: 'x',
    name: 'a',
    directory: '/sweeps/x',
    isResumed: true,
    trials: 3,
    total: 10,
    cores: 2,
    sideBySide: 2,
    metric: { name: 'val.loss', goal: 'minimize' },
  } as const;
  t.deepEqual(renderSweepStart(start), [
    'a: 10 trials, 3 of them begun before, 2 cores, up to 2 side by side; minimize val.loss',
    'saving to /sweeps/x',
  ]);
  t.true(renderSweepStart({ ...start, total: undefined, isResumed: false })[0]?.startsWith('a: trials until the budget ends, 2 cores'));
});
