import test from 'ava';
import { formatTick, listScale, rangeScale } from '../../../src/report/page/scale.ts';

const labels = (low: number, high: number, log = false): string[] => rangeScale(low, high, { log }).ticks.map(({ label }) => label);

test('ticks are round numbers within the range, ends included', (t) => {
  t.deepEqual(labels(0, 0.5), ['0', '0.1', '0.2', '0.3', '0.4', '0.5']);
  t.deepEqual(labels(-3, 17), ['0', '5', '10', '15']);
  t.deepEqual(labels(0.971, 0.979), ['0.972', '0.974', '0.976', '0.978']);
  t.deepEqual(labels(1e6, 3e6), ['1e6', '1.5e6', '2e6', '2.5e6', '3e6']);
});

test('a log axis has powers of ten, 2 and 5 where there are few, and not too many', (t) => {
  t.deepEqual(labels(1e-4, 1e-1, true), ['1e-4', '0.001', '0.01', '0.1']);
  t.deepEqual(labels(32, 512, true), ['50', '100', '200', '500']);
  t.deepEqual(labels(3, 4, true), ['3', '4']);
  t.true(labels(1e-20, 1, true).length <= 6);
});

test('a value is where its share of the range is; one beyond it is at the end', (t) => {
  const log = rangeScale(1e-4, 1, { log: true });
  t.is(log.at(1e-2), 0.5);
  t.deepEqual([1e-9, 7].map(log.at), [0, 1]);
  t.is(rangeScale(5, 5).at(5), 0.5);
  t.deepEqual(rangeScale(5, 5).ticks, [{ at: 0.5, label: '5' }]);
});

test('things in a row stand in the middle of their stretch; of many some are named', (t) => {
  t.deepEqual(listScale(['a', 'b']).ticks, [
    { at: 0.25, label: 'a' },
    { at: 0.75, label: 'b' },
  ]);
  t.is(listScale(Array.from({ length: 100 }, String)).ticks.length, 12);
});

test('tick labels are short', (t) => {
  t.deepEqual([0, 0.25, 3e-4, 20_000, 1e7, 0.1 + 0.2].map(formatTick), ['0', '0.25', '3e-4', '20,000', '1e7', '0.3']);
});
