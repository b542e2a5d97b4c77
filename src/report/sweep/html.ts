import { isCrossValidation } from '../../sweep/folds/result.ts';
import type { SweepImportance } from '../../sweep/importance/of-sweep.ts';
import { formatParameter } from '../../sweep/importance/value-text.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepState, Trial } from '../../sweep/trial.ts';
import { escapeHtml } from '../page/html.ts';
import { renderPage, wide } from '../page/page.ts';
import { CHART_STYLE } from '../speedup/chart.ts';
import { formatCount, formatMetricValue } from '../text/numbers.ts';
import { curveChart, rungChart } from './charts/curves.ts';
import { historyChart } from './charts/history.ts';
import { importanceChart, importanceNote } from './charts/importance.ts';
import { hiddenLines, parallelChart, shadeLegend } from './charts/parallel.ts';
import { sliceCharts } from './charts/slices.ts';
import { SWEEP_SCRIPT, SWEEP_STYLE } from './style.ts';
import { trialColumns, trialNote } from './view/cells.ts';
import { type ChartedSweep, chartedSweep } from './view/charted.ts';
import { countStatuses, describeMethod, intervalText } from './view/words.ts';

/** More rows than anyone reads; the CSV export has all. */
const MAX_ROWS = 2000;
const SHADES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * A sweep as one page that needs nothing else.
 *
 * @param importance  undefined where there are too few trials for it
 */
export function renderSweepHtml(state: SweepState, importance: SweepImportance | undefined): string {
  const view = chartedSweep(state);
  const hidden = hiddenLines(view);
  // Of a cross-validation one trial is all: nothing varies that could be compared.
  const isFolds = isCrossValidation(state.settings);
  const body = [
    `<h1>${escapeHtml(state.name)}</h1>`,
    `<p class="faint">${escapeHtml(describeMethod(state))}</p>`,
    facts(view),
    ...(view.ranked.length > 0 && !isFolds
      ? [
          '<h2>Parameters and metric</h2>',
          `<p class="faint">A line is a trial; the colours go by rank, from the best tenth ${shadeLegend(SHADES, state.trials)} to the worst.${hidden > 0 ? ` ${formatCount(hidden)} of the lines are left out.` : ''} Point at a line, a mark or a row to find its trial everywhere.</p>`,
          wide('parameters and metric', parallelChart(view)),
        ]
      : []),
    ...(view.ranked.length > 0 ? [] : ['<p>No trial has a result yet.</p>']),
    ...sweepCharts(view, importance),
    ...(state.trials.length > 0 ? ['<h2>Trials</h2>', table(view)] : []),
  ];
  return renderPage({ title: `${state.name}: sweep`, style: `${CHART_STYLE}\n${SWEEP_STYLE}`, body, script: SWEEP_SCRIPT });
}

/** The charts but for the first, as HTML with their headings. */
export function sweepCharts(view: ChartedSweep, importance: SweepImportance | undefined): string[] {
  const { state } = view;
  const hasResults = view.ranked.length > 0;
  const isFolds = isCrossValidation(state.settings);
  return [
    ...(isFolds ? foldsTable(state) : []),
    ...(hasResults && !isFolds
      ? [
          '<h2>Trials in their order</h2>',
          `<p class="faint">The line is the best so far. Hollow marks were stopped early, crosses diverged or failed${state.settings.metric.target === undefined ? '' : ', the dashed line is the target'}.${view.metric.cut === undefined ? '' : ' Beyond the broken line values are off the axis: point at a mark for its own.'}</p>`,
          wide('trials in their order', historyChart(view)),
        ]
      : []),
    ...(importance === undefined
      ? []
      : [
          '<h2>Importance</h2>',
          wide('importance', importanceChart(importance)),
          `<p class="faint">${escapeHtml(importanceNote(importance))}</p>`,
        ]),
    ...(hasResults && view.axes.length > 0 ? ['<h2>Each parameter by itself</h2>', sliceCharts(view)] : []),
    ...section('Rungs', rungChart(state), 'How many trials trained how long. The pale part was stopped or ended there.'),
    ...section('Learning curves', curveChart(view), ''),
  ];
}

function section(title: string, chart: string, note: string): string[] {
  if (chart === '') return [];
  return [`<h2>${title}</h2>`, ...(note === '' ? [] : [`<p class="faint">${note}</p>`]), wide(title.toLowerCase(), chart)];
}

/** The folds of the one trial of a cross-validation, once all have a value. */
function foldsTable({ trials, settings }: SweepState): string[] {
  const [trial] = trials;
  if (trial === undefined || trial.values.length !== settings.folds) return [];
  const { name } = settings.metric;
  const rows = trial.values.map((value, fold) => {
    const texts = [(trial.digests[fold] ?? '').slice(0, 12), trial.runs[fold] ?? ''];
    const cells = texts.map((text) => `<td class="text">${escapeHtml(text)}</td>`);
    return `<tr><td>${fold}</td><td>${escapeHtml(formatMetricValue(name, value))}</td>${cells.join('')}</tr>`;
  });
  const heads = `<th>fold</th><th>${escapeHtml(name)}</th><th class="text">digest</th><th class="text">run</th>`;
  return ['<h2>Folds</h2>', wide('folds', `<table><thead><tr>${heads}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`)];
}

function facts({ state }: ChartedSweep): string {
  const { settings, trials } = state;
  const best = trials.find(({ number }) => number === state.best);
  const rows: [string, string][] = [
    ['status', state.status],
    ['trials', countStatuses(state)],
  ];
  if (best !== undefined) rows.push(['best', bestText(best, settings)]);
  const list = `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`).join('')}</dl>`;
  if (best === undefined) return list;
  const set = Object.entries(best.assignment).map(([key, value]) => `${key}: ${formatParameter(value)}`);
  if (set.length === 0) return list;
  return `${list}\n<pre>${set.map(escapeHtml).join('\n')}</pre>`;
}

function bestText(trial: Trial, settings: SweepSettings): string {
  const { name } = settings.metric;
  return `trial ${trial.number}: ${name} ${formatMetricValue(name, trial.value)}${intervalText(trial, settings)}`;
}

function table({ state, ranked }: ChartedSweep): string {
  const order = new Map(ranked.map(({ trial }, rank) => [trial.number, rank]));
  const rowsInOrder = state.trials.toSorted((a, b) => (order.get(a.number) ?? order.size) - (order.get(b.number) ?? order.size));
  const columns = trialColumns(state);
  const { metric } = state.settings;
  // As the rows come.
  const sorted = ` aria-sort="${metric.goal === 'minimize' ? 'ascending' : 'descending'}"`;
  const heads = [...columns.map(({ head }) => head), ''].map(
    (head) =>
      `<th scope="col"${head === metric.name ? sorted : ''}>${head === '' ? '' : `<button type="button">${escapeHtml(head)}</button>`}</th>`,
  );
  const rows = rowsInOrder.slice(0, MAX_ROWS).map((trial) => {
    const cells = columns.map(({ cell }) => {
      const { text, sort } = cell(trial);
      const kind = typeof sort === 'string' ? ' class="text"' : '';
      return `<td${kind} data-v="${escapeHtml(String(sort ?? ''))}">${escapeHtml(text)}</td>`;
    });
    const note = escapeHtml(trialNote(trial));
    const top = trial.number === state.best ? ' class="top"' : '';
    return `<tr${top} data-t="${trial.number}">${cells.join('')}<td class="text note" title="${note}">${note}</td></tr>`;
  });
  const cut =
    rowsInOrder.length > MAX_ROWS ? `<p class="faint">The best ${formatCount(MAX_ROWS)} of ${formatCount(rowsInOrder.length)}.</p>` : '';
  const html = `<table class="sort"><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
  return `${cut}${wide('trials', html)}`;
}
