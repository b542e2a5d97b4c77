import test from 'ava';
import { finiteOrNull } from '../../../src/runs/record/metrics-values.ts';

test('numbers that JSON has not are null', (t) => {
  t.deepEqual([1, Number.NaN, Number.POSITIVE_INFINITY].map(finiteOrNull), [1, null, null]);
});
