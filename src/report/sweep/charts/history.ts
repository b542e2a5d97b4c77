import { formatParameter } from '../../../sweep/importance/value-text.ts';
import type { Trial } from '../../../sweep/trial.ts';
import { escapeHtml } from '../../page/html.ts';
import { rangeScale } from '../../page/scale.ts';
import { coordinate, type Frame, svgChart, svgLine, svgPath, svgText, svgUpward } from '../../page/svg.ts';
import { formatMetricValue } from '../../text/numbers.ts';
import { type ChartedSweep, trialTitle } from '../view/charted.ts';

const WIDTH = 1100;
const HEIGHT = 320;
const FRAME: Frame = { left: 70, top: 30, width: WIDTH - 90, height: 240 };

/** The metric of each trial in the order of suggestion, and the best so far. */
export function historyChart({ state, ranked, metric }: ChartedSweep): string {
  const { trials, settings, best } = state;
  const { name, goal, target } = settings.metric;
  const last = Math.max(1, ...trials.map(({ number }) => number));
  const across = rangeScale(0, last, { count: 8, format: (value) => (Number.isInteger(value) ? value.toLocaleString('en-US') : '') });
  const px = (number: number): number => FRAME.left + across.at(number) * FRAME.width;
  const py = (value: number): number => FRAME.top + (1 - metric.at(value)) * FRAME.height;
  const points = ranked.map(({ trial, value, shade }) => {
    const title = escapeHtml(trialTitle(trial, formatMetricValue(name, value), formatParameter));
    const kind = trial.number === best ? 'p0 best' : trial.status === 'finished' ? `p${shade}` : `o${shade}`;
    return `<circle class="${kind}" data-t="${trial.number}" cx="${coordinate(px(trial.number))}" cy="${coordinate(py(value))}" r="${trial.number === best ? 5.5 : 4}"><title>${title}</title></circle>`;
  });
  const worst = goal === 'minimize' ? FRAME.top : FRAME.top + FRAME.height;
  const lost = trials
    .filter(({ status, value }) => value === null && (status === 'diverged' || status === 'failed'))
    .map((trial) => cross(trial, px(trial.number), worst));
  return svgChart(WIDTH, HEIGHT, `${name} of each trial and the best so far`, [
    ...svgUpward(metric, FRAME, { gap: 8 }),
    ...across.ticks.map(({ at, label }) =>
      svgText(FRAME.left + at * FRAME.width, FRAME.top + FRAME.height + 20, label, { anchor: 'middle' }),
    ),
    svgText(FRAME.left, 18, name, { class: 'title' }),
    svgText(FRAME.left + FRAME.width, HEIGHT - 8, 'trial', { class: 'name', anchor: 'end' }),
    target === undefined ? '' : svgLine(FRAME.left, py(target), FRAME.left + FRAME.width, py(target), 'ideal'),
    `<polyline class="line s1" points="${svgPath(bestSoFar(trials, goal).map(([number, value]) => [px(number), py(value)]))}"/>`,
    `<g>${points.toReversed().join('\n')}${lost.join('\n')}</g>`,
  ]);
}

/** A staircase: the best value up to each trial. */
export function bestSoFar(trials: readonly Trial[], goal: 'minimize' | 'maximize'): [number: number, value: number][] {
  const stairs: [number, number][] = [];
  let best: number | undefined;
  for (const { number, value } of trials) {
    if (value !== null && Number.isFinite(value) && (best === undefined || (goal === 'minimize' ? value < best : value > best))) {
      if (best !== undefined) stairs.push([number, best]);
      best = value;
      stairs.push([number, best]);
    }
  }
  const last = trials.at(-1);
  if (best !== undefined && last !== undefined) stairs.push([last.number, best]);
  return stairs;
}

function cross({ number, status, reasons }: Trial, x: number, y: number): string {
  const title = escapeHtml([`trial ${number}: ${status}`, ...reasons.slice(-1)].join(', '));
  return `<g class="lost" data-t="${number}"><title>${title}</title>${svgLine(x - 4, y - 4, x + 4, y + 4, 'bar')}${svgLine(x - 4, y + 4, x + 4, y - 4, 'bar')}</g>`;
}
