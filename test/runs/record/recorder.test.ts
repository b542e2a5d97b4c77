import test from 'ava';
import type { StepRecord } from '../../../src/engine/coordinator/engine.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import type { Evaluation } from '../../../src/engine/rank/evaluation.ts';
import type { MetricsLine, RunEpoch, RunEvent } from '../../../src/runs/events.ts';
import { LearningRate } from '../../../src/runs/record/learning-rate.ts';
import { Recorder } from '../../../src/runs/record/recorder.ts';
import { makeExperiment } from '../../engine/support/outcome.ts';
import { Dice, makeSamples } from '../../engine/support/samples.ts';

const experiment = makeExperiment({ layers: [{ units: 2 }], train: { batch_size: 4, steps: 13 } });
const plan = planEngine(experiment, makeSamples({ rows: { train: 10 }, features: 1, target: { classes: 2 } }), 1);
const records: StepRecord[] = Array.from({ length: 13 }, (_, step) => {
  const rows = step % 3 === 2 ? 2 : 4;
  return { step, loss: 1 / (step + 1), correct: step % (rows + 1), rows, weight: rows, gradientNorm: undefined, penalty: 0 };
});

const evaluation = (loss: number, accuracy: number): Evaluation => ({ loss, accuracy, rows: 8, metrics: { accuracy } });

function recorderTo(events: RunEvent[], hasAccuracy = true): Recorder {
  const tell = (event: RunEvent): void => void events.push(event);
  return new Recorder(experiment, plan.batches, hasAccuracy, undefined, new LearningRate(plan), tell, () => undefined);
}

/** Events after feeding the records in pieces of the given sizes, with an evaluation after step 6. */
function feed(pieces: readonly number[], hasAccuracy = true): RunEvent[] {
  const events: RunEvent[] = [];
  const recorder = recorderTo(events, hasAccuracy);
  let at = 0;
  const until = (end: number): void => {
    for (let i = 0; at < end; i++) {
      const size = Math.min(pieces[i % pieces.length]!, end - at);
      recorder.take(records.slice(at, at + size));
      recorder.progress([]);
      at += size;
    }
  };
  until(6);
  recorder.evaluated('val', { ...evaluation(0.5, 0.25), ...(hasAccuracy ? {} : { metrics: {} }) });
  recorder.flushEpoch();
  until(13);
  recorder.flushEpoch();
  return events;
}

const lines = (events: readonly RunEvent[]): MetricsLine[] => events.filter((event) => event.type === 'metrics').map(({ line }) => line);

test('what is recorded does not depend on when the recorder is told', (t) => {
  const expected = lines(feed([1]));
  for (const pieces of [[13], [2], [5, 1], [0, 3]]) t.deepEqual(lines(feed(pieces)), expected);
  const dice = new Dice(3);
  for (let i = 0; i < 50; i++) t.deepEqual(lines(feed(Array.from({ length: 5 }, () => dice.int(1, 4)))), expected);
});

test("an epoch's loss is the mean over its samples, the smaller last batch by its true size", (t) => {
  const [first] = lines(feed([1])).filter((line) => 'train.epoch_loss' in line);
  const mean = (4 * 1 + 4 * (1 / 2) + 2 * (1 / 3)) / 10;
  t.true(Math.abs(first!['train.epoch_loss']! - mean) < 1e-15);
  t.is(first!['train.epoch_accuracy'], (0 + 1 + 2) / 10);
  t.deepEqual([first!.step, first!.epoch], [3, 1]);
});

test("an epoch's loss is weighted by the rows' weights", (t) => {
  const events: RunEvent[] = [];
  recorderTo(events).take([0, 1, 2].map((step) => ({ ...records[step]!, weight: [3, 0, 1][step]! })));
  const [first] = lines(events).filter((line) => 'train.epoch_loss' in line);
  t.true(Math.abs(first!['train.epoch_loss']! - (3 * 1 + 1 * (1 / 3)) / 4) < 1e-15);
});

test('a step that was left out counts for nothing in its epoch, and says so in a line of its own', (t) => {
  const events: RunEvent[] = [];
  const recorder = recorderTo(events);
  recorder.take([records[0]!]);
  recorder.skip(1);
  recorder.take([records[2]!]);
  t.is(recorder.step, 3);
  t.deepEqual(
    lines(events).filter((line) => 'skipped' in line),
    [{ step: 1, epoch: 0, skipped: 1 }],
  );
  const [first] = lines(events).filter((line) => 'train.epoch_loss' in line);
  t.true(Math.abs(first!['train.epoch_loss']! - (4 * 1 + 2 * (1 / 3)) / 6) < 1e-15);
  t.is(first!['train.epoch_accuracy'], (0 + 2) / 6);
});

test('a rollback begins the means of its epoch anew, and the steps after it are told again', (t) => {
  const events: RunEvent[] = [];
  const recorder = recorderTo(events);
  recorder.take(records.slice(0, 2));
  recorder.rollback(2, 0, 0.5);
  t.is(recorder.step, 0);
  recorder.take(records.slice(0, 3));
  t.is(recorder.step, 3);
  t.deepEqual(
    lines(events).filter((line) => 'rollback.to' in line),
    [{ step: 2, epoch: 0, 'rollback.to': 0, 'rollback.lr_factor': 0.5 }],
  );
  const [first, ...others] = lines(events).filter((line) => 'train.epoch_loss' in line);
  t.deepEqual(others, []);
  t.true(Math.abs(first!['train.epoch_loss']! - (4 * 1 + 4 * (1 / 2) + 2 * (1 / 3)) / 10) < 1e-15);
});

test('parameters of an earlier evaluation have not been evaluated', (t) => {
  const recorder = recorderTo([]);
  recorder.take(records.slice(0, 4));
  recorder.evaluated('val', evaluation(1, 0.5));
  t.true(recorder.isEvaluated('val'));
  t.false(recorder.isEvaluated('test'));
  recorder.restored(2);
  t.false(recorder.isEvaluated('val'));
});

test('the last 50 steps are kept for diverged.json', (t) => {
  const recorder = recorderTo([]);
  for (let step = 0; step < 60; step++) recorder.take([{ ...records[0]!, step }]);
  t.deepEqual(
    recorder.recent.map(({ step }) => step),
    Array.from({ length: 50 }, (_, i) => i + 10),
  );
});

test('an evaluation at the end of an epoch travels with the epoch event', (t) => {
  const epochs = feed([1]).filter((event): event is RunEpoch => event.type === 'epoch');
  t.deepEqual(
    epochs.map(({ epoch, evaluation }) => [epoch, evaluation?.loss]),
    [
      [1, undefined],
      [2, 0.5],
      [3, undefined],
      [4, undefined],
    ],
  );
});

test('regression has no accuracies', (t) => {
  for (const line of lines(feed([1], false)))
    t.false(
      Object.keys(line).some((key) => key.includes('accuracy')),
      JSON.stringify(line),
    );
});

test('best keeps the lowest loss and the highest accuracy with their steps, and the first of equals', (t) => {
  const recorder = recorderTo([]);
  for (const [i, [loss, accuracy]] of (
    [
      [3, 0.1],
      [1, 0.5],
      [1, 0.5],
      [2, 0.4],
    ] as const
  ).entries()) {
    recorder.take([records[i]!]);
    recorder.evaluated('val', evaluation(loss, accuracy));
  }
  const { best, last } = recorder.summarise([]);
  t.deepEqual(best, { 'val.loss': { value: 1, step: 2 }, 'val.accuracy': { value: 0.5, step: 2 } });
  t.is(last['val.loss'], 2);
});
