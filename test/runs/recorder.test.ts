import test from 'ava';
import { planBatches } from '../../src/engine/batches.ts';
import type { StepRecord } from '../../src/engine/engine.ts';
import type { MetricsLine, RunEpoch, RunEvent } from '../../src/runs/events.ts';
import { Recorder } from '../../src/runs/recorder.ts';
import { makeExperiment } from '../engine/outcome.ts';
import { Dice } from '../engine/samples.ts';

const experiment = makeExperiment({ layers: [{ units: 2 }], train: { batch_size: 4, steps: 13 } });
const batches = planBatches(experiment, 10);
const records: StepRecord[] = Array.from({ length: 13 }, (_, step) => {
  const rows = step % 3 === 2 ? 2 : 4;
  return { step, loss: 1 / (step + 1), correct: step % (rows + 1), rows };
});

/** Events after feeding the records in pieces of the given sizes, with an evaluation after step 6. */
function feed(pieces: readonly number[], hasAccuracy = true): RunEvent[] {
  const events: RunEvent[] = [];
  const recorder = new Recorder(experiment, batches, hasAccuracy, undefined, (event) => events.push(event));
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
  recorder.evaluated('val', { loss: 0.5, accuracy: 0.25, rows: 8 });
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
  const recorder = new Recorder(experiment, batches, true, undefined, () => undefined);
  for (const [i, [loss, accuracy]] of (
    [
      [3, 0.1],
      [1, 0.5],
      [1, 0.5],
      [2, 0.4],
    ] as const
  ).entries()) {
    recorder.take([records[i]!]);
    recorder.evaluated('val', { loss, accuracy, rows: 8 });
  }
  const { best, last } = recorder.summarise([]);
  t.deepEqual(best, { 'val.loss': { value: 1, step: 2 }, 'val.accuracy': { value: 0.5, step: 2 } });
  t.is(last['val.loss'], 2);
});
