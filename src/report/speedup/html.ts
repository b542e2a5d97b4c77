import type { MachinesPrediction, Prediction, SpeedupResult, SpeedupTable } from '../../speedup/events.ts';
import { escapeHtml } from '../page/html.ts';
import { renderPage, wide } from '../page/page.ts';
import { formatCounted, formatSeconds } from '../text/numbers.ts';
import { formatBatchMap } from './batch-map.ts';
import { CHART_STYLE, speedupChart } from './chart.ts';
import { formatMachines, machinesNotes } from './machines.ts';
import { formatPrediction, predictionNotes } from './prediction.ts';
import { speedupCells, tableNotes, tableTitle } from './speedup.ts';

export const SPEEDUP_STYLE = `
.verdict{border-left:4px solid var(--line);padding:.4rem 0 .4rem 1rem;margin:1rem 0}
.conclusive{border-color:var(--good)}.inconclusive{border-color:var(--open)}.wrong{border-color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(24rem,100%),1fr));gap:0 1rem}
th:first-child,td:first-child,th:last-child,td:last-child{text-align:left}
`.trim();

/** What a report says of a result. */
export type ReportedSpeedup = Omit<SpeedupResult, 'settings'> & { settings: Pick<SpeedupResult['settings'], 'confidence'> };

/** One page that needs nothing else: no script, no font, no network. */
export function renderSpeedupHtml(result: ReportedSpeedup): string {
  const body = [`<h1>${escapeHtml(result.name)}: what more workers buy</h1>`, ...speedupParts(result)];
  return renderPage({ title: `${result.name}: speedup`, style: `${SPEEDUP_STYLE}\n${CHART_STYLE}`, body });
}

/** The report below its title, as HTML. */
export function speedupParts(result: ReportedSpeedup): string[] {
  const { machine, verdict, tables } = result;
  const scaling = tables.filter(({ mode }) => mode !== 'map');
  const map = formatBatchMap(result);
  const load = machine.load_before === null ? '' : `, load ${machine.load_before.toFixed(2)} before the start`;
  return [
    `<p class="faint">${formatCounted(result.parameters, 'parameter')}; ${escapeHtml(result.dataset)}</p>`,
    `<p class="verdict ${verdict.status}">${escapeHtml(verdict.text)}</p>`,
    scaling.length > 0 ? speedupChart(scaling, false, result.prediction) : '',
    ...scaling.map(section),
    ...(map === undefined
      ? []
      : [
          `<h2>${escapeHtml(map.title)}</h2>`,
          speedupChart(
            tables.filter(({ mode }) => mode === 'map'),
            false,
          ),
          table(map.title, map.head, map.rows),
        ]),
    ...(result.prediction === undefined ? [] : [predictionSection(result.prediction)]),
    ...(result.ranks?.machines === undefined ? [] : [machinesSection(result.ranks.machines)]),
    '<h2>How to read it</h2>',
    `<p class="faint">Medians with ${Number((100 * result.settings.confidence).toFixed(1))} % bootstrap intervals. Speedup is the rate over that of one worker, the dashed line the ideal. e(p) is Karp and Flatt's serial share: constant where a part cannot be shared out, growing where coordination costs. Equal digests prove that the rows did the same work, to the bit. Hollow points were disturbed or had fewer cores than workers${result.prediction === undefined ? '' : ', or are predicted'}.</p>`,
    `<p class="faint">${escapeHtml(machine.cpu)}, ${machine.cores.usable} of ${machine.cores.available} cores usable${load}; node ${escapeHtml(machine.node)}, gradloom ${escapeHtml(machine.gradloom)}; ${formatSeconds(result.seconds)}${result.status === 'interrupted' ? ', interrupted' : ''}</p>`,
  ];
}

function section(of: SpeedupTable): string {
  const { head, rows } = speedupCells(of);
  const notes = tableNotes(of);
  const list = notes.length === 0 ? '' : `\n<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
  return `<h2>${escapeHtml(tableTitle(of))}</h2>\n${table(tableTitle(of), head, rows)}${list}`;
}

function predictionSection(prediction: Prediction): string {
  const { title, head, rows } = formatPrediction(prediction);
  const notes = predictionNotes(prediction).map((note) => `<li>${escapeHtml(note)}</li>`);
  return `<h2>${escapeHtml(title)}</h2>\n${table(title, head, rows)}\n<ul>${notes.join('')}</ul>`;
}

function machinesSection(machines: MachinesPrediction): string {
  const { title, head, rows } = formatMachines(machines);
  const notes = machinesNotes(machines).map((note) => `<li>${escapeHtml(note)}</li>`);
  return `<h2>${escapeHtml(title)}</h2>\n${table(title, head, rows)}\n<ul>${notes.join('')}</ul>`;
}

function table(label: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return wide(label, `<table><thead>${line(head, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('')}</tbody></table>`);
}
