import type { PredictedRow, Prediction, SpeedupRow, SpeedupTable } from '../../speedup/events.ts';
import type { Estimate } from '../../speedup/statistics.ts';
import { svgChart } from '../page/svg.ts';

/** A line with error bars. */
interface Series {
  name: string;
  points: { x: number; y: Estimate; faint: boolean }[];
  isPredicted?: boolean;
}

interface Axes {
  title: string;
  yName: string;
  series: readonly Series[];
  /** The line that a perfect machine would follow. */
  ideal: (x: number) => number;
}

const WIDTH = 480;
const HEIGHT = 320;
const FRAME = { left: 56, right: 16, top: 36, bottom: 44 };
const COLUMN = WIDTH - FRAME.left - FRAME.right;
const ROW = HEIGHT - FRAME.top - FRAME.bottom;
const GAP = 16;
const COLOURS = 6;
/** Width of a letter in the legend, about. */
const LETTER = 6.5;

/** How far beyond all values and the ideal an axis goes for the ends of intervals; a wider interval is cut, and marked so. */
const REACH = 1.25;

/** The end of an axis of speedups: all values and the ideal are on it, and intervals cannot squash them. */
export function axisEnd(ideal: number, estimates: readonly Estimate[]): number {
  const most = Math.max(ideal, ...estimates.map(({ value }) => value));
  return Math.min(REACH * most, Math.max(most, ...estimates.map(({ high }) => high)));
}

/** Colours that keep their contrast in light and dark, and for most colour-blind readers (Okabe and Ito 2008). */
export const CHART_STYLE = `
.chart{--ink:#1c2430;--faint:#8a94a3;--grid:#e4e8ee;--paper:#fff;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7;--s4:#7a6a00;--s5:#5b4fc7;font:12px system-ui,sans-serif;fill:var(--ink)}
@media screen and (prefers-color-scheme:dark){.chart{--ink:#e6eaf0;--faint:#7d8896;--grid:#2c3440;--paper:#14181e;--s0:#56b4e9;--s1:#e69f00;--s2:#2fd09c;--s3:#e79ac6;--s4:#f0e442;--s5:#a79bff}}
.chart .paper{fill:var(--paper)}.chart .grid{stroke:var(--grid)}.chart .ideal{stroke:var(--faint);stroke-dasharray:4 4;fill:none}
/* In the chart's own units: as the page gets narrower, its letters shrink less, and then it scrolls. */
@media screen and (max-width:60rem){.wide .chart{font-size:15px;min-width:48rem}.wide .chart .tick{font-size:14px}.wide .chart .title{font-size:16px}}
.chart .title{font-weight:600;font-size:13px}.chart .name{fill:var(--faint)}
.chart .line{fill:none;stroke-width:2}.chart .predicted{stroke-dasharray:2 4}.chart .bar{stroke-width:1.5}
${[0, 1, 2, 3, 4, 5].map((i) => `.chart .s${i}{stroke:var(--s${i})}.chart .f${i}{fill:var(--s${i})}.chart .h${i}{fill:var(--paper);stroke:var(--s${i});stroke-width:1.5}`).join('\n')}
`.trim();

/**
 * Speedup and efficiency over workers as SVG: lines with error bars, the ideal as a dashed line, hollow points for disturbed or
 * oversubscribed rows.
 *
 * @param alone  one picture as a file of its own, with its style inside; else pictures to stand side by side in a page that has CHART_STYLE
 */
export function speedupChart(tables: readonly SpeedupTable[], alone: boolean, prediction?: Prediction): string {
  const series = (value: (row: SpeedupRow | PredictedRow) => Estimate): Series[] => [
    ...seriesOf(tables, value),
    ...(prediction === undefined ? [] : [predictedSeries(prediction, value)]),
  ];
  const charts = [
    {
      label: 'speedup over workers',
      body: chart({ title: 'Speedup over one worker', yName: 'times', series: series((row) => row.speedup), ideal: (x) => x }),
    },
    {
      label: 'efficiency over workers',
      body: chart({ title: 'Efficiency', yName: 'share', series: series((row) => row.efficiency), ideal: () => 1 }),
    },
  ];
  if (!alone) return `<div class="charts">${charts.map(({ label, body }) => svgChart(WIDTH, HEIGHT, label, [body])).join('\n')}</div>`;
  const width = WIDTH * charts.length + GAP * (charts.length - 1);
  const placed = charts.map(({ body }, i) => `<g transform="translate(${i * (WIDTH + GAP)} 0)">${body}</g>`);
  return `${svgChart(width, HEIGHT, 'speedup and efficiency over workers', [`<style>${CHART_STYLE}</style>`, ...placed])}\n`;
}

function predictedSeries({ rows }: Prediction, value: (row: PredictedRow) => Estimate): Series {
  return { name: 'predicted', points: rows.map((row) => ({ x: row.workers, y: value(row), faint: true })), isPredicted: true };
}

function seriesOf(tables: readonly SpeedupTable[], value: (row: SpeedupTable['rows'][number]) => Estimate): Series[] {
  return tables.map((table) => ({
    name: table.mode === 'map' ? `batch ${table.batch_size}` : table.mode === 'ranks' ? 'ranks' : `${table.mode} scaling`,
    points: table.rows
      .filter(({ kind }) => kind === 'workers' || kind === 'ranks')
      .map((row) => ({ x: row.workers, y: value(row), faint: row.oversubscribed || row.contaminated.length > 0 })),
  }));
}

function chart({ title, yName, series, ideal }: Axes): string {
  const points = series.flatMap((line) => line.points);
  const counts = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b);
  const last = Math.max(2, ...counts);
  const top = niceCeiling(
    axisEnd(
      ideal(last),
      points.map(({ y }) => y),
    ),
  );
  const px = (x: number): string => (FRAME.left + ((x - 1) / (last - 1)) * COLUMN).toFixed(1);
  const py = (y: number): string => (FRAME.top + (1 - Math.min(Math.max(y, 0), top) / top) * ROW).toFixed(1);
  const ticks = Array.from({ length: 5 }, (_, i) => (i * top) / 4);
  const [left, right, bottom] = [px(1), px(last), py(0)];
  const grid = ticks.map(
    (y) =>
      `<line class="grid" x1="${left}" x2="${right}" y1="${py(y)}" y2="${py(y)}"/><text x="${FRAME.left - 8}" y="${py(y)}" text-anchor="end" dominant-baseline="middle">${Number(y.toPrecision(3))}</text>`,
  );
  const xs = counts.map((x) => `<text x="${px(x)}" y="${HEIGHT - FRAME.bottom + 18}" text-anchor="middle">${x}</text>`);
  const names = [
    `<text class="title" x="${FRAME.left}" y="18">${title}</text>`,
    `<text class="name" x="${right}" y="${HEIGHT - 6}" text-anchor="end">workers</text>`,
    `<text class="name" x="${FRAME.left - 8}" y="${FRAME.top - 12}" text-anchor="end">${yName}</text>`,
  ];
  const dashed = `<polyline class="ideal" points="${[1, last].map((x) => `${px(x)},${py(ideal(x))}`).join(' ')}"/>`;
  const lines = series.map((line, i) => drawLine(line, i % COLOURS, px, py, top));
  let at = FRAME.left;
  const legend = series.map(({ name }, i) => {
    const [x, y] = [at, HEIGHT - 10];
    at += 14 + name.length * LETTER + 14;
    return `<rect class="f${i % COLOURS}" x="${x.toFixed(0)}" y="${y - 9}" width="10" height="10"/><text x="${(x + 14).toFixed(0)}" y="${y}">${name}</text>`;
  });
  const axis = `<line class="grid" x1="${left}" x2="${left}" y1="${py(top)}" y2="${bottom}"/>`;
  return [...names, ...grid, axis, ...xs, dashed, ...lines, ...legend].join('\n');
}

function drawLine(
  { points, isPredicted }: Series,
  colour: number,
  px: (x: number) => string,
  py: (y: number) => string,
  top: number,
): string {
  const path = `<polyline class="line s${colour}${isPredicted === true ? ' predicted' : ''}" points="${points.map(({ x, y }) => `${px(x)},${py(y.value)}`).join(' ')}"/>`;
  const marks = points.map(({ x, y, faint }) => {
    const label = `<title>${x}: ${y.value.toFixed(2)} (${y.low.toFixed(2)} to ${y.high.toFixed(2)})</title>`;
    const bar = `<line class="bar s${colour}" x1="${px(x)}" x2="${px(x)}" y1="${py(y.low)}" y2="${py(y.high)}"/>`;
    const caps = [y.low, y.high].map((end) => {
      const [at, level] = [Number(px(x)), py(end)];
      // An arrow where the interval goes on.
      if (end > top) return `<path class="f${colour} cut" d="M${at - 5} ${level}h10l-5 -8z"/>`;
      return `<line class="bar s${colour}" x1="${at - 4}" x2="${at + 4}" y1="${level}" y2="${level}"/>`;
    });
    return `<g>${label}${bar}${caps.join('')}<circle class="${faint ? 'h' : 'f'}${colour}" cx="${px(x)}" cy="${py(y.value)}" r="4"/></g>`;
  });
  return [path, ...marks].join('\n');
}

/** The next of 1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8 times a power of ten: four even ticks with few digits. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}
