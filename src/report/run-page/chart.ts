import { escapeHtml } from '../page/html.ts';
import { formatTick, rangeScale, type Scale } from '../page/scale.ts';
import { coordinate, type Frame, svgLine, svgPath, svgText, svgUpward } from '../page/svg.ts';
import { formatCount, formatMetricValue, formatPercent, isShare } from '../text/numbers.ts';
import type { CurveChart, Line } from './series.ts';
import { smoothed, straightEnds } from './values.ts';

const WIDTH = 440;
const HEIGHT = 270;
const FRAME: Frame = { left: 62, top: 14, width: WIDTH - 88, height: HEIGHT - 52 };

/** What the script of the page draws from. */
export interface ChartData {
  frame: Frame;
  x: readonly [number, number];
  /** Ends of the straight axis and, where there are values above 0, of the logarithmic one. */
  y: readonly [number, number];
  log: readonly [number, number] | null;
  /** Values are shares, shown as percentages. */
  isShare: boolean;
  lines: readonly { name: string; run: number; noisy: boolean; x: readonly number[]; y: readonly number[] }[];
}

/** A chart with its legend, and its data. @param smooth  0 to 1: share of the mean so far in each smoothed value */
export function drawChart(chart: CurveChart, number: number, smooth: number): { html: string; data: ChartData } {
  const { title, lines } = chart;
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const steps = lines.flatMap(({ points }) => points.map(([step]) => step));
  const share = lines.every(({ metric }) => isShare(metric) || metric.endsWith('.zeros'));
  const x: [number, number] = [Math.min(0, least(steps)), most(steps)];
  const y = straightEnds(values);
  const positive = values.filter((value) => value > 0);
  const log: [number, number] | null = chart.canLog && positive.length > 0 ? logEnds(positive) : null;
  const format = share ? (value: number): string => formatPercent(value, y[1] - y[0] < 0.05 ? 1 : 0) : formatTick;
  const across = rangeScale(...x, { count: 6 });
  const straight = rangeScale(...y, { format });
  const parts = [
    `<g class="straight">${axis(straight)}</g>`,
    ...(log === null ? [] : [`<g class="log" hidden>${axis(rangeScale(...log, { log: true }))}</g>`]),
    ...across.ticks.map(({ at, label }) =>
      svgText(FRAME.left + at * FRAME.width, FRAME.top + FRAME.height + 18, label, { anchor: 'middle', class: 'tick' }),
    ),
    svgText(FRAME.left + FRAME.width, HEIGHT - 4, 'step', { anchor: 'end', class: 'name' }),
    ...lines.map((line, i) => drawLine(line, i, across, straight, smooth)),
    svgLine(FRAME.left, FRAME.top, FRAME.left, FRAME.top + FRAME.height, 'cursor'),
  ];
  const label = `${title} over the steps: ${lines.map(({ name }) => name).join(', ')}. Arrow keys read values.`;
  const svg = `<svg class="chart curve" data-chart="${number}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" tabindex="0" aria-label="${escapeHtml(label)}">${parts.join('\n')}</svg>`;
  const data: ChartData = {
    frame: FRAME,
    x,
    y,
    log,
    isShare: share,
    lines: lines.map(({ name, run, isNoisy, points }) => ({
      name,
      run,
      noisy: isNoisy,
      x: points.map(([step]) => step),
      y: points.map(([, value]) => Number(value.toPrecision(7))),
    })),
  };
  const html = `<figure class="plot"><figcaption><h3>${escapeHtml(headingOf(title))}</h3>${legend(lines)}</figcaption>${svg}<div class="tip" role="status" hidden></div></figure>`;
  return { html, data };
}

/** Names of metrics that are written otherwise than as words. */
const TITLES: Readonly<Record<string, string>> = { r2: 'R²', rmse: 'RMSE', mae: 'MAE' };

/** What a chart is headed by. */
export function headingOf(title: string): string {
  return TITLES[title] ?? title.charAt(0).toUpperCase() + title.slice(1).replaceAll('_', ' ');
}

function axis(scale: Scale): string {
  return svgUpward(scale, FRAME, { gap: 8, class: 'tick' }).join('');
}

const DASHES = ['', ' predicted', ' dashed', ' dotted'] as const;

function legend(lines: readonly Line[]): string {
  const items = lines.map(
    ({ name, colour, dash, run }) =>
      `<li data-run="${run}"><svg class="chart key" viewBox="0 0 24 8" aria-hidden="true"><line class="line s${colour}${DASHES[dash]}" x1="0" x2="24" y1="4" y2="4"/></svg>${escapeHtml(name)}</li>`,
  );
  const mark = lines.some(({ best }) => best !== undefined) ? '<li>○ best</li>' : '';
  return `<ul class="legend">${items.join('')}${mark}</ul>`;
}

function drawLine({ points, colour, isNoisy, dash, best, name, metric, run }: Line, i: number, x: Scale, y: Scale, smooth: number): string {
  const px = (step: number): number => FRAME.left + x.at(step) * FRAME.width;
  const py = (value: number): number => FRAME.top + (1 - y.at(value)) * FRAME.height;
  const kind = `line s${colour}${DASHES[dash]}`;
  const path = (values: readonly number[]): string => svgPath(points.map(([step], at) => [px(step), py(values[at] ?? 0)]));
  const raw = points.map(([, value]) => value);
  const [first] = points;
  // A line of one point has no length.
  if (points.length === 1 && first !== undefined)
    return `<g data-run="${run}"><circle class="f${colour} dot" data-line="${i}" cx="${coordinate(px(first[0]))}" cy="${coordinate(py(first[1]))}" r="3"/></g>`;
  const lines = isNoisy
    ? `<polyline class="${kind} raw" data-line="${i}" points="${path(raw)}"/><polyline class="${kind} smooth" data-line="${i}" points="${path(smoothed(raw, smooth))}"/>`
    : `<polyline class="${kind}" data-line="${i}" points="${path(raw)}"/>`;
  if (best === undefined) return `<g data-run="${run}">${lines}</g>`;
  const title = `best ${name}: ${formatMetricValue(metric, best[1])} at step ${formatCount(best[0])}`;
  const mark = `<circle class="h${colour} best" data-line="${i}" data-step="${best[0]}" data-value="${best[1]}" cx="${coordinate(px(best[0]))}" cy="${coordinate(py(best[1]))}" r="5"><title>${escapeHtml(title)}</title></circle>`;
  return `<g data-run="${run}">${lines}${mark}</g>`;
}

function logEnds(positive: readonly number[]): [number, number] {
  const [low, high] = [least(positive), most(positive)];
  return high > low ? [low, high] : [low / 2, low * 2];
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
