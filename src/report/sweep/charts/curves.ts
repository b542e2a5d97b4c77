import { countRungs, type RungCount } from '../../../sweep/schedulers/rung-counts.ts';
import type { SweepState, Trial } from '../../../sweep/trial.ts';
import { escapeHtml } from '../../page/html.ts';
import { formatTick, rangeScale } from '../../page/scale.ts';
import { type Frame, svgChart, svgLine, svgPath, svgText, svgUpward } from '../../page/svg.ts';
import { formatCounted, formatMetricValue } from '../../text/numbers.ts';
import { chooseEvenly } from '../../text/table.ts';
import { type ChartedSweep, metricScale } from '../view/charted.ts';

const WIDTH = 1100;
const HEIGHT = 380;
const FRAME: Frame = { left: 70, top: 30, width: WIDTH - 90, height: 295 };
const MAX_POINTS = 200;
const ROW = 24;
const NAME = 120;
const BAR = 760;
/** Beyond this many, equal steps would hide the short trials. */
const LOG_FROM = 8;

/** The metric over training of each trial, dark for the best; dashed lines are rungs. */
export function curveChart({ state, ranked }: ChartedSweep): string {
  const { trials, settings, best } = state;
  const unit = unitOf(state);
  const along = (point: Trial['curve'][number]): number => point[unit];
  const shadeOf = new Map(ranked.map(({ trial, shade }) => [trial.number, shade]));
  const order = new Map(ranked.map(({ trial }, rank) => [trial.number, rank]));
  const drawn = trials
    .filter(({ curve }) => curve.length > 0)
    .toSorted((a, b) => (order.get(b.number) ?? trials.length) - (order.get(a.number) ?? trials.length));
  const points = drawn.flatMap(({ curve }) => curve).filter(({ value }) => Number.isFinite(value));
  if (points.length === 0) return '';
  const rungs = countRungs(state);
  const places = points.map(along);
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const isLog = rungs.length > 1 && first > 0 && last / first >= LOG_FROM;
  const axis = rangeScale(isLog ? first : Math.min(first, 0), last, { log: isLog, count: 8 });
  const marks = rungs.map(({ resource }) => ({ at: axis.at(resource), label: formatTick(resource) }));
  const across = { ...axis, ticks: rungs.length > 1 ? marks : axis.ticks };
  const metric = metricScale(
    state,
    points.map(({ value }) => value),
  );
  const px = (place: number): number => FRAME.left + across.at(place) * FRAME.width;
  const py = (value: number): number => FRAME.top + (1 - metric.at(value)) * FRAME.height;
  const bottom = FRAME.top + FRAME.height;
  const lines = drawn.map(({ number, curve, value, status }) => {
    const finite = chooseEvenly(
      curve.filter((point) => Number.isFinite(point.value)),
      MAX_POINTS,
    );
    const shade = shadeOf.get(number);
    const kind = number === best ? 'k0 best' : shade === undefined ? 'lost' : `k${shade}`;
    const title = `<title>${escapeHtml(`trial ${number}: ${formatMetricValue(settings.metric.name, value)} (${status})`)}</title>`;
    // A line of one point has no length.
    const [only] = finite;
    if (finite.length === 1 && only !== undefined)
      return `<circle class="${kind.replace(/k(\d)/, 'p$1')}" data-t="${number}" cx="${px(along(only)).toFixed(1)}" cy="${py(only.value).toFixed(1)}" r="2.5">${title}</circle>`;
    return `<polyline class="${kind}" data-t="${number}" points="${svgPath(finite.map((point) => [px(along(point)), py(point.value)]))}">${title}</polyline>`;
  });
  return svgChart(WIDTH, HEIGHT, `${settings.metric.name} over training, a line for each trial`, [
    ...svgUpward(metric, FRAME, { gap: 8 }),
    ...across.ticks.map(({ at, label }) => svgText(FRAME.left + at * FRAME.width, bottom + 20, label, { anchor: 'middle' })),
    ...(rungs.length > 1 ? rungs.map(({ resource }) => svgLine(px(resource), FRAME.top, px(resource), bottom, 'ideal')) : []),
    svgText(FRAME.left, 18, settings.metric.name, { class: 'title' }),
    svgText(FRAME.left + FRAME.width, HEIGHT - 8, isLog ? `${unit}, log scale` : unit, { class: 'name', anchor: 'end' }),
    `<g class="lines${drawn.length > 100 ? ' many' : ''}">${lines.join('\n')}</g>`,
  ]);
}

/** Bars of how many trials trained how long; the light part ended there. Empty without rungs. */
export function rungChart(state: SweepState): string {
  const rungs = countRungs(state);
  if (rungs.length === 0) return '';
  const most = Math.max(...rungs.map(({ reached }) => reached));
  const bars = rungs.map(({ resource, reached, ended }, i) => {
    const y = i * ROW + 6;
    const width = (count: number): number => (BAR * count) / most;
    const on = reached - ended;
    const parts = [
      `<rect class="f0" x="${NAME}" y="${y}" width="${width(on).toFixed(1)}" height="16"/>`,
      `<rect class="f0 pair" x="${(NAME + width(on)).toFixed(1)}" y="${y}" width="${width(ended).toFixed(1)}" height="16"/>`,
    ];
    const count = on === 0 ? `${reached}` : `${reached}, ${on} of them went on`;
    return `${svgText(NAME - 10, y + 12, rungName(state, resource), { anchor: 'end' })}${parts.join('')}${svgText(NAME + width(reached) + 8, y + 12, count)}`;
  });
  return svgChart(WIDTH, rungs.length * ROW + 12, 'trials at each rung', bars);
}

/** `9 epochs` */
export function rungName({ settings }: Pick<SweepState, 'settings'>, resource: RungCount['resource']): string {
  const early = settings.early_terminate;
  return formatCounted(resource, early.type !== 'none' && early.resource === 'steps' ? 'step' : 'epoch');
}

/** Epochs, or steps where rungs are steps or no trial got to a whole epoch. */
function unitOf({ settings, trials }: SweepState): 'epoch' | 'step' {
  const early = settings.early_terminate;
  if (early.type !== 'none' && early.resource === 'steps') return 'step';
  return trials.some(({ curve }) => (curve.at(-1)?.epoch ?? 0) > 1) ? 'epoch' : 'step';
}
