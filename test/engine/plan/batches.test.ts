import test from 'ava';
import { batchesAt, planBatches, stepAt } from '../../../src/engine/plan/batches.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { GradloomError } from '../../../src/errors.ts';
import { makeExperiment } from '../support/outcome.ts';
import { makeSamples } from '../support/samples.ts';

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
            const step = epoch * plan.stepsPerEpoch + i;
            const batch = stepAt(plan, step);
            t.deepEqual(batchesAt(plan, step), [batch]);
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
    t.deepEqual(
      { ...plan },
      { trainRows: 17, batchRows: 17, lastRows: 17, batchesPerEpoch: 1, batchesPerStep: 1, stepsPerEpoch: 1, totalSteps: 5 },
    );
  }
});

test('steps need not end with an epoch', (t) => {
  const plan = planBatches(experimentOf({ batch_size: 4, steps: 7 }), 10);
  t.is(plan.totalSteps, 7);
  t.deepEqual(stepAt(plan, 6), { epoch: 2, first: 0, rows: 4 });
  t.deepEqual(stepAt(plan, 5), { epoch: 1, first: 8, rows: 2 });
});

test('accumulated batches are those of accumulate 1, so many to a step, and no step has batches of two epochs', (t) => {
  for (const [rows, size, accumulate] of [
    [10, 4, 2],
    [30, 4, 3],
    [30, 5, 4],
    [7, 7, 3],
    [9, 1, 4],
    [12, 5, 100],
  ] as const) {
    for (const drop of [false, true]) {
      const single = planBatches(experimentOf({ batch_size: size, epochs: 3, steps: undefined }, drop), rows);
      const plan = planBatches(experimentOf({ batch_size: size, accumulate, epochs: 3, steps: undefined }, drop), rows);
      t.is(plan.stepsPerEpoch, Math.ceil(single.stepsPerEpoch / accumulate));
      t.is(plan.totalSteps, 3 * plan.stepsPerEpoch);
      const steps = Array.from({ length: plan.totalSteps }, (_, step) => batchesAt(plan, step));
      t.deepEqual(
        steps.flat(),
        Array.from({ length: single.totalSteps }, (_, step) => stepAt(single, step)),
      );
      for (const [step, batches] of steps.entries()) {
        t.true(batches.length >= 1 && batches.length <= accumulate);
        t.is(new Set(batches.map(({ epoch }) => epoch)).size, 1);
        t.deepEqual(stepAt(plan, step), { ...batches[0]!, rows: batches.reduce((sum, batch) => sum + batch.rows, 0) });
      }
    }
  }
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

test('dropout over more outputs a step than its words can number is refused before anything is allocated', (t) => {
  const wide = [{ units: 100_000, dropout: 0.5 }, { units: 3 }];
  const experiment = makeExperiment({ layers: wide, train: { batch_size: 100, accumulate: 500, steps: 1 } });
  const dataset = makeSamples({ rows: { train: 50_000 }, features: 2, target: { classes: 3 } });
  const error = t.throws(() => planEngine(experiment, dataset, 1), { instanceOf: GradloomError });
  t.is(error.code, 'E_CONFIG_RANGE');
  t.is(error.message, 'dropout over 50000 rows a step and 100000 units; expected at most 2^32 outputs a step');
});
