import test from 'ava';
import { curveChart } from '../../../../src/report/sweep/charts/curves.ts';
import { chartedSweep } from '../../../../src/report/sweep/view/charted.ts';
import { ashaState, largeState, stateOf, trial } from '../../../sweep/support/states.ts';

/** Where the vertical lines of rungs stand. */
const rungLines = (svg: string): number => svg.match(/<line class="ideal" x1="([^"]+)" y1="[^"]+" x2="\1"/g)?.length ?? 0;

test('training is drawn on equal steps from 0 where no rungs are, however long it was', (t) => {
  const curve = Array.from({ length: 30 }, (_, i) => ({ step: 10 * (i + 1), epoch: i + 1, value: 1 / (i + 1) }));
  const state = stateOf({ metric: { name: 'val.loss', goal: 'minimize' } }, [trial(0, {}, { value: 0.1, curve })]);
  const svg = curveChart(chartedSweep(state));
  t.true(svg.includes('>epoch</text>'));
  t.false(svg.includes('log scale'));
  t.true(svg.includes('>0</text>'));
  t.is(rungLines(svg), 0);
  // Equal steps: epoch 15 is half-way between 0 and 30.
  const points = /<polyline class="k0 best" data-t="0" points="([^"]+)"/.exec(svg)?.[1]?.split(' ') ?? [];
  const across = points.map((point) => Number(point.split(',')[0]));
  t.is(across.length, 30);
  for (const [i, x] of across.entries()) t.true(Math.abs(x - (70 + (1010 * (i + 1)) / 30)) < 0.1, `epoch ${i + 1} at ${x}`);
});

test('training is drawn on a log axis, which says so, where rungs lie far apart, with a line for each', (t) => {
  const svg = curveChart(chartedSweep(ashaState()));
  t.true(svg.includes('>epoch, log scale</text>'));
  t.is(rungLines(svg), 4);
  for (const rung of ['1', '3', '9', '27']) t.true(svg.includes(`>${rung}</text>`), rung);
});

test('trials without a result are drawn apart from those with one', (t) => {
  t.true(curveChart(chartedSweep(largeState(120))).includes(' data-t="'));
  t.is(curveChart(chartedSweep(stateOf({}, [trial(0, {}, { value: null })]))), '');
});
