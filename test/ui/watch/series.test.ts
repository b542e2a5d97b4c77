import test from 'ava';
import { Series } from '../../../src/ui/watch/series.ts';

const EVERY = [0, Number.POSITIVE_INFINITY] as const;

test('few points come as they are, and of many at most two a bucket, with the ends and every extreme', (t) => {
  const series = new Series();
  for (let i = 0; i < 10_000; i++) series.add(i, i === 4321 ? 99 : i === 777 ? -99 : Math.sin(i));
  t.deepEqual(series.between(10, 12, 500), { steps: [10, 11, 12], values: [10, 11, 12].map(Math.sin) });
  const { steps, values } = series.between(...EVERY, 100);
  t.true(steps.length <= 200);
  t.deepEqual([steps[0], steps.at(-1)], [0, 9999]);
  t.is(values[steps.indexOf(4321)], 99);
  t.is(values[steps.indexOf(777)], -99);
  t.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
  );
  t.deepEqual(series.ends(), { least: -99, largest: 99 });
});

test('a million points stay in bounded memory, with the least and the largest wherever they are, and real points only', (t) => {
  const series = new Series();
  const value = (i: number): number => Math.cos(i / 1000) + (i % 7) / 100;
  const peaks = [3, 131_071, 131_072, 262_145, 500_001, 999_998];
  for (let i = 0; i < 1_000_000; i++) series.add(i, peaks.includes(i) ? 10 + i / 1e6 : value(i));
  t.true(series.length <= 2 ** 17);
  const { steps, values } = series.between(...EVERY, 500);
  t.true(steps.length <= 1000);
  for (const peak of peaks) {
    const found = series.between(Math.max(0, peak - 200), peak + 200, 1000);
    t.is(found.values[found.steps.indexOf(peak)], 10 + peak / 1e6, `peak at ${peak}`);
  }
  for (const [i, step] of steps.entries()) if (!peaks.includes(step)) t.is(values[i], value(step));
  // A part is as fine as what is kept: buckets of sixteen points.
  t.true(series.between(400_000, 401_000, 500).steps.length >= 100);
});

test('after a rollback the later points count', (t) => {
  const series = new Series();
  for (const [step, value] of [
    [1, 5],
    [2, 4],
    [3, 3],
    [2, 9],
    [3, 8],
  ] as const)
    series.add(step, value);
  t.deepEqual(series.between(...EVERY, 10), { steps: [1, 2, 3], values: [5, 9, 8] });
  t.is(series.ends()?.least, 5);
});

test('equal values keep their first and newest step when they are thinned', (t) => {
  const series = new Series();
  for (let i = 0; i < 300_000; i++) series.add(i, 1);
  const { steps } = series.between(...EVERY, 10);
  t.is(steps[0], 0);
  t.true((steps.at(-1) ?? 0) > 299_900);
  t.is(new Set(series.between(...EVERY, 2 ** 17).steps).size, series.length);
});
