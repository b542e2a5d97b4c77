import test from 'ava';
import { plannedCounts, probeSizes } from '../../../src/speedup/measurement/predicted.ts';
import { experimentOf } from '../../engine/support/live.ts';
import { makeSamples } from '../../engine/support/samples.ts';

const SAMPLES = makeSamples({ rows: { train: 256, val: 0, test: 0 }, features: 12, target: { classes: 10 } });
const planned = (leaves: number, asked: number[], measured: number[]) => {
  const parts = { model: { layers: [{ units: 24 }, { units: 10 }] }, train: { batch_size: 64, epochs: 1 }, numerics: { leaves } };
  return plannedCounts(experimentOf(parts), SAMPLES, asked, measured);
};

test('the counts that a prediction looks at: the asked and the measured, and each that leaves the busiest fewer leaves', (t) => {
  t.deepEqual(
    planned(16, [64], [1, 2]).map(({ workers, ranks, cost }) => [workers, ranks, cost.rows]),
    [
      [1, 1, 64],
      [2, 2, 32],
      [3, 3, 24],
      [4, 4, 16],
      [6, 6, 12],
      [8, 8, 8],
      [16, 16, 4],
      [64, 16, 4],
    ],
  );
  t.deepEqual(
    planned(64, [5], [1, 2, 3]).map(({ workers }) => workers),
    [1, 2, 3, 4, 5],
  );
});

test('as many workers as the most leaves are planned as few are', (t) => {
  const most = planned(256, [256], [1, 2]).at(-1);
  t.like(most, { workers: 256, ranks: 256 });
  t.like(most?.cost, { leaves: 1, rows: 1, barriers: 3 });
});

test('one worker is measured on shares of the batch down to the least that a worker gets', (t) => {
  const counts = planned(16, [64], [1, 2]);
  t.deepEqual(probeSizes(64, counts), [4, 8, 16, 32]);
  t.deepEqual(probeSizes(64, planned(16, [2], [1, 2])), [32]);
  t.deepEqual(probeSizes(1, planned(16, [64], [1, 2])), [], 'one row has no smaller share');
});
