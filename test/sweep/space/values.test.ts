import test from 'ava';
import { interval95, meanCurve, studentQuantile, summarise } from '../../../src/sweep/space/values.ts';

const curve = [0.5, 0.2, 0.4, 0.3].map((value, i) => ({ step: 10 * (i + 1), epoch: i + 1, value }));

for (const [summary, goal, value] of [
  ['best', 'minimize', 0.2],
  ['best', 'maximize', 0.5],
  ['last', 'minimize', 0.3],
  ['mean_last_2', 'maximize', 0.35],
  ['mean_last_9', 'maximize', 0.35],
] as const) {
  test(`${summary} of a curve to ${goal} is ${value}`, (t) => {
    t.is(Number((summarise(curve, { name: 'val.loss', summary, goal }) as number).toFixed(12)), value);
  });
}

test('an empty curve has no value', (t) => {
  t.is(summarise([], { name: 'val.loss', summary: 'best', goal: 'minimize' }), undefined);
});

test("Student's t matches the printed table of its 95 % quantiles", (t) => {
  for (const [freedom, quantile] of [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [9, 2.262],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
    [999, 1.962],
  ] as const) {
    t.is(Number(studentQuantile(0.95, freedom).toFixed(3)), quantile, `${freedom} degrees of freedom`);
  }
});

test('the interval of 1, 2, 3 is 2 -+ 2.4841, that of a single value is unknown', (t) => {
  const [low, high] = interval95([1, 2, 3]) ?? [];
  t.deepEqual([low?.toFixed(4), high?.toFixed(4)], ['-0.4841', '4.4841']);
  t.is(interval95([1]), undefined);
});

test('curves of several seeds are averaged as far as all of them go', (t) => {
  t.deepEqual(meanCurve([curve, curve.slice(0, 2).map((point) => ({ ...point, value: point.value + 1 }))]), [
    { step: 10, epoch: 1, value: 1 },
    { step: 20, epoch: 2, value: 0.7 },
  ]);
  t.deepEqual(meanCurve([]), []);
});
