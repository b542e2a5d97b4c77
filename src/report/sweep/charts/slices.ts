import { type Axis, positionsOf } from '../../../sweep/importance/axes.ts';
import { escapeHtml } from '../../page/html.ts';
import type { Tick } from '../../page/scale.ts';
import { coordinate, type Frame, svgChart, svgLine, svgText, svgUpward } from '../../page/svg.ts';
import { formatMetricValue } from '../../text/numbers.ts';
import { axisScale, type ChartedSweep, isLog, shorten } from '../view/charted.ts';

const CELL = { width: 275, height: 220 };
const FRAME: Frame = { left: 58, top: 28, width: CELL.width - 74, height: 148 };
/** Points on the same spot of a list step aside, by this share of the spot at most. */
const SPREAD = 0.5;
const LETTER = 6.5;
const GOLDEN = 0.618_033_988_75;

/** One small chart a parameter: its values against the metric. */
export function sliceCharts(view: ChartedSweep): string {
  const { axes } = view;
  if (axes.length === 0) return '';
  const charts = axes.map((axis) => svgChart(CELL.width, CELL.height, `the metric against ${axis.name}`, [slice(view, axis)]));
  return `<div class="cells">${charts.join('\n')}</div>`;
}

function slice({ state, ranked, metric }: ChartedSweep, axis: Axis): string {
  const name = state.settings.metric.name;
  const scale = axisScale(axis, 4);
  const positions = positionsOf(axis);
  // As many spots as trials need no stepping aside.
  const spread = axis.kind === 'range' || ranked.length <= axis.labels.length ? 0 : SPREAD / axis.labels.length;
  const rowOf = new Map(state.trials.map(({ number }, row) => [number, row]));
  const points = ranked.toReversed().flatMap(({ trial, value, shade }) => {
    const position = positions[rowOf.get(trial.number) ?? -1] ?? Number.NaN;
    if (Number.isNaN(position)) return [];
    const aside = spread * (((trial.number * GOLDEN) % 1) - 0.5);
    const x = FRAME.left + (scale.at(position) + aside) * FRAME.width;
    const y = FRAME.top + (1 - metric.at(value)) * FRAME.height;
    const kind = trial.number === state.best ? 'p0 best' : trial.status === 'finished' ? `p${shade}` : `o${shade}`;
    const title = escapeHtml(`trial ${trial.number}: ${formatMetricValue(name, value)}`);
    return [
      `<circle class="${kind}" data-t="${trial.number}" cx="${coordinate(x)}" cy="${coordinate(y)}" r="3.5"><title>${title}</title></circle>`,
    ];
  });
  const bottom = FRAME.top + FRAME.height;
  const most = Math.max(3, Math.floor(FRAME.width / LETTER / Math.max(1, scale.ticks.length)) - 1);
  return [
    `<text class="head" x="${FRAME.left}" y="16">${escapeHtml(shorten(axis.name, 28))}${isLog(axis) ? ', log' : ''}<title>${escapeHtml(axis.name)}</title></text>`,
    ...svgUpward(metric, FRAME, { gap: 6, class: 'tick' }),
    svgLine(FRAME.left, bottom, FRAME.left + FRAME.width, bottom, 'axis'),
    ...(axis.kind === 'range' ? withRoom(scale.ticks) : scale.ticks).map(({ at, label }) => {
      const x = FRAME.left + at * FRAME.width;
      return (
        svgLine(x, bottom, x, bottom + 4, 'axis') +
        svgText(x, bottom + 17, axis.kind === 'range' ? label : shorten(label, most), { class: 'tick', anchor: 'middle' })
      );
    }),
    ...points,
  ].join('');
}

/** Ticks whose labels do not touch the one before. */
function withRoom(ticks: readonly Tick[]): Tick[] {
  let end = Number.NEGATIVE_INFINITY;
  return ticks.filter(({ at, label }) => {
    const half = (label.length * LETTER) / 2;
    const middle = at * FRAME.width;
    if (middle - half < end + LETTER) return false;
    end = middle + half;
    return true;
  });
}
