import test from 'ava';
import { batchAt, planBatches } from '../../src/engine/batches.ts';
import { GradloomError } from '../../src/errors.ts';
import { makeExperiment } from './outcome.ts';

const layers = [{ units: 2 }];
const experimentOf = (train: Record<string, unknown>, drop_last = false) => makeExperiment({ layers, train, data: { drop_last } });

for (const drop of [false, true]) {
  test(`an epoch visits every position at most once${drop ? ', and drops less than one batch' : ' and all of them'}`, (t) => {
    for (let rows = 1; rows <= 30; rows++) {
      for (let size = 1; size <= rows; size++) {
        const plan = planBatches(experimentOf({ batch_size: size, epochs: 2, steps: undefined }, drop), rows);
        for (const epoch of [0, 1]) {
          let next = 0;
          for (let i = 0; i < plan.stepsPerEpoch; i++) {
            const batch = batchAt(plan, epoch * plan.stepsPerEpoch + i);
            t.is(batch.epoch, epoch);
            t.is(batch.first, next);
            t.true(batch.rows >= 1 && batch.rows <= plan.batchRows);
            if (i < plan.stepsPerEpoch - 1) t.is(batch.rows, plan.batchRows);
            next += batch.rows;
          }
          if (drop) t.true(next <= rows && rows - next < size);
          else t.is(next, rows);
        }
        t.is(plan.totalSteps, 2 * plan.stepsPerEpoch);
      }
    }
  });
}

test('batch_size full is the whole training set, and a larger batch than the set is the set', (t) => {
  for (const batch_size of ['full', 17, 1000]) {
    const plan = planBatches(experimentOf({ batch_size, steps: 5 }), 17);
    t.deepEqual({ ...plan }, { trainRows: 17, batchRows: 17, stepsPerEpoch: 1, lastRows: 17, totalSteps: 5 });
  }
});

test('steps need not end with an epoch', (t) => {
  const plan = planBatches(experimentOf({ batch_size: 4, steps: 7 }), 10);
  t.is(plan.totalSteps, 7);
  t.deepEqual(batchAt(plan, 6), { epoch: 2, first: 0, rows: 4 });
  t.deepEqual(batchAt(plan, 5), { epoch: 1, first: 8, rows: 2 });
});

test('E_DATA_SPLIT: an empty training set, and drop_last with a batch larger than the set', (t) => {
  const empty = t.throws(() => planBatches(experimentOf({ batch_size: 4 }), 0), { instanceOf: GradloomError });
  t.is(empty.code, 'E_DATA_SPLIT');
  t.is(empty.message, 'the training set is empty');
  const dropped = t.throws(() => planBatches(experimentOf({ batch_size: 11 }, true), 10), { instanceOf: GradloomError });
  t.is(dropped.code, 'E_DATA_SPLIT');
  t.is(dropped.where, 'train.batch_size');
  t.is(dropped.message, 'train.batch_size 11 exceeds the 10 training samples, so data.drop_last leaves no batch');
  t.is(dropped.exitCode, 65);
});
