import test from 'ava';
import { renderCurve, resample } from '../../../src/report/text/curve.ts';

const falling = Array.from({ length: 500 }, (_, i) => ({ step: 10 * i, loss: Math.exp(-i / 100) }));

test('a curve has a title, labels, an axis and the range of steps', (t) => {
  const straight = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((loss, i) => ({ step: 500 * i, loss }));
  t.deepEqual(renderCurve(straight, 44)?.split('\n'), [
    '           loss: ─ train',
    '     8.000┼──╮',
    '     7.000┤  ╰───╮',
    '     6.000┤      ╰───╮',
    '     5.000┤          ╰───╮',
    '     4.000┤              ╰───╮',
    '     3.000┤                  ╰───╮',
    '     2.000┤                      ╰───╮',
    '     1.000┤                          ╰───╮',
    '     0.000┤                              ╰─',
    '           step 0                      4,000',
  ]);
});

for (const width of [32, 80, 300]) {
  test(`no line of a curve is wider than ${width} columns, nor than 100`, (t) => {
    const lines = renderCurve(falling, width)?.split('\n') ?? [];
    t.true(lines.length > 5 && lines.every((line) => line.length <= Math.min(width, 100)));
  });
}

test('what evaluations found stands as points on the scale and the steps of the training', (t) => {
  const points = [8, 4, 0].map((loss, i) => ({ step: 10 * i, loss }));
  const evaluated = [
    { step: 0, loss: 2 },
    { step: 15, loss: Number.NaN },
    { step: 30, loss: 8 },
  ];
  t.deepEqual(renderCurve(points, 44, { name: 'val', points: evaluated })?.split('\n'), [
    '           loss: ─ train, • val',
    '     8.000┼─╮                              •',
    '     7.000┤ ╰─╮',
    '     6.000┤   ╰──╮',
    '     5.000┤      ╰──╮',
    '     4.000┤         ╰─╮',
    '     3.000┤           ╰──╮',
    '     2.000┤•             ╰──╮',
    '     1.000┤                 ╰─╮',
    '     0.000┤                   ╰─',
    '           step 0                         30',
  ]);
});

const nothing: [reason: string, losses: number[], width: number][] = [
  ['no losses', [], 80],
  ['one loss', [1], 80],
  ['losses that are all the same', [0.7, 0.7, 0.7], 80],
  ['losses that are not finite', [1, Number.NaN, Number.POSITIVE_INFINITY], 80],
  ['no room', [1, 2, 3], 25],
];
for (const [reason, losses, width] of nothing) {
  test(`there is no curve of ${reason}`, (t) =>
    t.is(
      renderCurve(
        losses.map((loss, step) => ({ step, loss })),
        width,
      ),
      undefined,
    ));
}

test('very large losses are drawn', (t) => {
  t.regex(
    renderCurve(
      [1e38, 5e37, 1].map((loss, step) => ({ step, loss })),
      60,
    ) ?? '',
    /1\.000e\+38┼/,
  );
});

test('many values are squeezed by means, few stretched by straight lines', (t) => {
  t.deepEqual(resample([1, 3, 5, 7], 2), [2, 6]);
  t.deepEqual(resample([0, 1], 5), [0, 0.25, 0.5, 0.75, 1]);
  t.deepEqual(resample([1, 2, 3], 3), [1, 2, 3]);
});
