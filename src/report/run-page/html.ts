import { compareRuns } from '../../runs/store/table.ts';
import { escapeHtml } from '../page/html.ts';
import { renderPage, wide } from '../page/page.ts';
import { formatCell } from '../runs/table.ts';
import { formatCounted } from '../text/numbers.ts';
import { drawChart } from './chart.ts';
import { classesPart, type Matrix } from './classes.ts';
import { absent, configPart, environmentPart, factsPart, tensorsPart } from './facts.ts';
import type { ReportedRun } from './read.ts';
import { samplesPart } from './samples.ts';
import { confusionOf, type Scored } from './scores.ts';
import { RUN_SCRIPT } from './script.ts';
import { type CurveChart, curveCharts } from './series.ts';
import { RUN_STYLE } from './style.ts';
import { timeChart } from './time.ts';
import { weightTiles } from './weights.ts';

/** Runs that are shown one by one below what they have in common. */
export const MAX_DETAILS = 12;

export interface RunPageOptions {
  /** How strongly values of single batches are smoothed at first: 0 (not at all) to less than 1. @default 0.6 */
  smooth?: number;
  /** By run, what its model says of its data, or why that is not known; left out for runs that are not in it. */
  scored?: ReadonlyMap<ReportedRun, Scored | string>;
}

type ScoredRuns = NonNullable<RunPageOptions['scored']>;

/** Runs as one page that needs nothing else: their curves together, how they differ, and each by itself. */
export function renderRunPage(runs: readonly ReportedRun[], { smooth = 0.6, scored = new Map() }: RunPageOptions = {}): string {
  const charts = curveCharts(runs);
  const drawn = charts.map((chart, i) => drawChart(chart, i, smooth));
  const [first] = runs;
  const isSingle = runs.length === 1;
  const name = isSingle ? (first?.run.record.name ?? '') : formatCounted(runs.length, 'run');
  const body = [
    `<header><h1>${escapeHtml(name)}</h1>${isSingle && first !== undefined ? `<p class="faint">${escapeHtml(first.run.record.id)}</p>` : ''}</header>`,
    '<main>',
    ...(isSingle && first !== undefined ? [factsPart(first)] : ['<h2>How they differ</h2>', differences(runs)]),
    '<h2>Curves</h2>',
    ...(drawn.length === 0
      ? [absent(runs.map(({ run }) => run.record.problem).find((problem) => problem !== null) ?? 'there are no metrics yet')]
      : [controls(runs, charts, smooth), `<div class="plots">${drawn.map(({ html }) => html).join('\n')}</div>`]),
    ...runs.slice(0, MAX_DETAILS).flatMap((run) => (isSingle ? sections(run, 'h2', scored) : folded(run, scored))),
    ...(runs.length > MAX_DETAILS ? [`<p class="faint">The others by themselves: make a page of them, gradloom report RUN.</p>`] : []),
    '</main>',
  ];
  const data = { charts: drawn.map(({ data: own }) => own) };
  const script = drawn.length === 0 ? {} : { script: RUN_SCRIPT, data };
  return renderPage({ title: `${name}: report`, style: RUN_STYLE, body, hasPictures: true, ...script });
}

function controls(runs: readonly ReportedRun[], charts: readonly CurveChart[], smooth: number): string {
  const hasNoise = charts.some(({ lines }) => lines.some(({ isNoisy }) => isNoisy));
  const hidden = hasNoise ? '' : ' hidden';
  const choices =
    runs.length === 1
      ? []
      : runs.map(({ title }, i) => `<label><input type="checkbox" checked data-run="${i}">${escapeHtml(title)}</label>`);
  return `<form class="bar" aria-label="how curves are drawn"><label${hidden}>smoothing of single batches <input type="range" id="smooth" min="0" max="0.99" step="0.01" value="${smooth}"><output for="smooth">${smooth}</output></label><label><input type="checkbox" id="log">log axis</label>${choices.join('')}</form>`;
}

/** A row a run: the keys in which they differ, then how they ended. */
function differences(runs: readonly ReportedRun[]): string {
  const { columns, rows } = compareRuns(runs.map(({ run }) => run));
  const head = columns
    .map(
      ({ title, kind }, i) =>
        `<th scope="col"${i === 0 || kind === 'text' ? ' class="text"' : ''}><button type="button">${escapeHtml(title === 'id' ? 'run' : title)}</button></th>`,
    )
    .join('');
  const lines = rows.map(({ cells }) => {
    const own = columns.map(({ kind, title }, i) => {
      const cell = cells[i] ?? null;
      return `<td${kind === 'text' ? ' class="text"' : ''} data-v="${escapeHtml(String(cell ?? ''))}">${escapeHtml(formatCell(kind, cell, title))}</td>`;
    });
    return `<tr>${own.join('')}</tr>`;
  });
  return wide('runs', `<table class="sort"><thead><tr>${head}</tr></thead><tbody>${lines.join('\n')}</tbody></table>`);
}

function folded(run: ReportedRun, scored: ScoredRuns): string[] {
  return [`<details><summary><h2>${escapeHtml(run.title)}</h2></summary>`, factsPart(run), ...sections(run, 'h3', scored), '</details>'];
}

/** What is known of one run beside its curves. */
function sections(run: ReportedRun, level: 'h2' | 'h3', scored: ScoredRuns): string[] {
  return RUN_PARTS.flatMap(({ title, render }) => {
    const content = render(run, scored.get(run));
    return content === '' ? [] : [`<${level}>${title}</${level}>`, content];
  });
}

/** A part of what is known of a run. */
export interface RunPart {
  name: string;
  title: string;
  /** It says something of what the model does with the data: `scored`. */
  needsScores: boolean;
  /** HTML; empty where there is nothing to say. */
  render: (run: ReportedRun, scored: Scored | string | undefined) => string;
}

/** In the order of the page. */
export const RUN_PARTS: readonly RunPart[] = [
  { name: 'classes', title: 'Classes', needsScores: true, render: classesOf },
  { name: 'samples', title: 'Samples', needsScores: true, render: samplesOf },
  { name: 'weights', title: 'Weights of the first layer', needsScores: false, render: weightTiles },
  { name: 'time', title: 'Where the time went', needsScores: false, render: timeOf },
  { name: 'tensors', title: 'Tensors', needsScores: false, render: tensorsPart },
  { name: 'config', title: 'Config', needsScores: false, render: configPart },
  { name: 'environment', title: 'Environment', needsScores: false, render: environmentPart },
];

function samplesOf({ preprocess }: ReportedRun, found: Scored | string | undefined): string {
  if (typeof found === 'string') return absent(found);
  return found === undefined || preprocess === undefined ? '' : samplesPart(found, preprocess);
}

function timeOf({ summary, missing }: ReportedRun): string {
  return summary === undefined ? absent(missing.get('summary')) : wide('where the time went', timeChart(summary));
}

/** Of the split that says most, what was never looked at while training if it is there; as the run has it, else as its model has it now. */
function classesOf({ summary, preprocess }: ReportedRun, scored: Scored | string | undefined): string {
  const split = (['test', 'val', 'train'] as const).find((name) => summary?.confusion?.[name] !== undefined);
  const kept: Matrix | undefined = split === undefined ? undefined : summary?.confusion?.[split];
  const names = preprocess?.target.kind === 'class' ? preprocess.target.classes : [];
  if (split !== undefined && kept !== undefined)
    return `<p class="faint">Rows of the ${split} split.</p>${classesPart(kept, names, split)}`;
  if (scored === undefined) return '';
  if (typeof scored === 'string') return preprocess?.target.kind === 'value' ? '' : absent(scored);
  const matrix = confusionOf(scored);
  if (matrix === undefined) return '';
  const part = scored.isWhole ? 'Rows' : `The first ${formatCounted(scored.rows.length, 'row')}`;
  return `<p class="faint">${part} of the ${scored.split} split.</p>${classesPart(matrix, names, scored.split)}`;
}
