import { positionsOf } from '../../../sweep/importance/axes.ts';
import { formatParameter } from '../../../sweep/importance/value-text.ts';
import type { Trial } from '../../../sweep/trial.ts';
import { escapeHtml } from '../../page/html.ts';
import type { Scale } from '../../page/scale.ts';
import { coordinate, type Frame, svgChart, svgLine, svgPath, svgText } from '../../page/svg.ts';
import { formatMetricValue } from '../../text/numbers.ts';
import { chooseEvenly } from '../../text/table.ts';
import { axisScale, type ChartedSweep, isLog, type Ranked, shorten, shortNames, trialTitle } from '../view/charted.ts';

const WIDTH = 1100;
const HEIGHT = 400;
const FRAME: Frame = { left: 60, top: 58, width: WIDTH - 140, height: 290 };
/** Below the axes: where a line goes that does not set the parameter. */
const ABSENT = FRAME.top + FRAME.height + 26;
const LETTER = 6.4;
/** More lines than a screen can tell apart. */
const MAX_LINES = 1000;
const BEST = 200;

interface DrawnAxis {
  name: string;
  fullName: string;
  scale: Scale;
  /** Position on the scale by trial number; NaN where it is not set. */
  positions: ReadonlyMap<number, number>;
}

/** One line a trial through its value on each axis, the metric last; dark lines are the best. */
export function parallelChart(view: ChartedSweep): string {
  const { state, ranked, metric } = view;
  const names = shortNames(view.axes.map(({ name }) => name));
  const axes: DrawnAxis[] = view.axes.map((axis, i) => {
    const positions = positionsOf(axis);
    return {
      name: `${names[i]}${isLog(axis) ? ', log' : ''}`,
      fullName: axis.name,
      scale: axisScale(axis),
      positions: new Map(state.trials.map(({ number }, row) => [number, positions[row] as number])),
    };
  });
  const metricName = state.settings.metric.name;
  axes.push({
    name: metricName,
    fullName: metricName,
    scale: metric,
    positions: new Map(ranked.map(({ trial, value }) => [trial.number, value])),
  });
  const xs = axes.map((_, i) => FRAME.left + (i * FRAME.width) / Math.max(1, axes.length - 1));
  const shown = thin(ranked);
  const lines = shown.toReversed().map((one) => line(one, axes, xs, metricName, state.best));
  const absent = axes.flatMap(({ positions }, i) => ([...positions.values()].some(Number.isNaN) ? [xs[i] as number] : []));
  return svgChart(WIDTH, HEIGHT, 'parallel coordinates: parameters of each trial and its metric', [
    `<g class="lines${shown.length > 100 ? ' many' : ''}">${lines.join('\n')}</g>`,
    ...axes.map((axis, i) => drawAxis(axis, xs[i] as number, i, FRAME.width / Math.max(1, axes.length - 1))),
    ...absent.map((x) => svgText(x, ABSENT + 16, 'not set', { class: 'name', anchor: 'middle' })),
  ]);
}

/** How many of the trials the chart leaves out. */
export function hiddenLines({ ranked }: ChartedSweep): number {
  return ranked.length - thin(ranked).length;
}

/** All of few; of many the best and an even choice of the rest. */
function thin(ranked: readonly Ranked[]): readonly Ranked[] {
  return ranked.length <= MAX_LINES ? ranked : [...ranked.slice(0, BEST), ...chooseEvenly(ranked.slice(BEST), MAX_LINES - BEST)];
}

function line(
  { trial, value, shade }: Ranked,
  axes: readonly DrawnAxis[],
  xs: readonly number[],
  metric: string,
  best: number | undefined,
): string {
  const points = axes.map(({ scale, positions }, i): [number, number] => [xs[i] as number, height(scale, positions.get(trial.number))]);
  const title = trialTitle(trial, formatMetricValue(metric, value), formatParameter);
  const kind = trial.number === best ? 'k0 best' : `k${shade}`;
  return `<polyline class="${kind}" data-t="${trial.number}" points="${svgPath(points)}"><title>${escapeHtml(title)}</title></polyline>`;
}

function height(scale: Scale, position: number | undefined): number {
  if (position === undefined || Number.isNaN(position)) return ABSENT;
  return FRAME.top + (1 - scale.at(position)) * FRAME.height;
}

function drawAxis({ name, fullName, scale }: DrawnAxis, x: number, index: number, room: number): string {
  const ticks = scale.ticks.map(({ at, label }) => {
    const y = FRAME.top + (1 - at) * FRAME.height;
    return svgLine(x - 3, y, x + 3, y, 'axis') + svgText(x + 7, y + 4, label, { class: 'tick' });
  });
  // Long names take turns on two lines.
  const y = FRAME.top - (index % 2 === 0 ? 16 : 34);
  const title = `<text class="head" x="${coordinate(x)}" y="${y}" text-anchor="middle">${escapeHtml(shorten(name, Math.floor((2 * room) / LETTER)))}<title>${escapeHtml(fullName)}</title></text>`;
  const cut = scale.cut === undefined ? '' : cutMark(x, FRAME.top + (1 - scale.cut) * FRAME.height);
  return `<g>${svgLine(x, FRAME.top, x, FRAME.top + FRAME.height, 'axis')}${cut}${ticks.join('')}${title}</g>`;
}

/** Where an axis is broken: two strokes across it. */
function cutMark(x: number, y: number): string {
  return [-2, 2].map((aside) => svgLine(x - 5, y + aside + 2, x + 5, y + aside - 2, 'axis')).join('');
}

/** The colours of the ranks, from the best tenth of the trials to the worst. */
export function shadeLegend(shades: readonly number[], trials: readonly Trial[]): string {
  if (trials.length === 0) return '';
  const swatches = shades.map((shade, i) => `<rect class="p${shade}" x="${i * 18}" y="0" width="18" height="12"/>`).join('');
  return `<svg class="chart legend" viewBox="0 0 ${shades.length * 18} 12" role="img" aria-label="colours from the best tenth to the worst">${swatches}</svg>`;
}
