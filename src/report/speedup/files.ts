import type { PredictedRow, SpeedupResult, SpeedupRow, SpeedupTable } from '../../speedup/events.ts';
import { writeOutput } from '../../storage/atomic.ts';
import { csvCell } from '../text/csv.ts';
import { escapeMarkdown, markdownTable } from '../text/markdown.ts';
import { formatBatchMap } from './batch-map.ts';
import { speedupChart } from './chart.ts';
import { renderSpeedupHtml } from './html.ts';
import { formatMachines, machinesNotes } from './machines.ts';
import { formatPrediction, predictionNotes } from './prediction.ts';
import { speedupCells, tableNotes, tableTitle } from './speedup.ts';

export const REPORT_FORMATS = ['csv', 'md', 'svg', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
/** Where the reports go, by format. */
export type ReportFiles = Partial<Record<ReportFormat, string>>;

/**
 * Writes the reports that were asked for.
 *
 * @returns their paths
 * @throws GradloomError E_STORAGE
 */
export async function writeReports(result: SpeedupResult, files: ReportFiles): Promise<string[]> {
  const written: string[] = [];
  for (const format of REPORT_FORMATS) {
    const file = files[format];
    if (file === undefined) continue;
    await writeOutput(file, RENDERERS[format](result));
    written.push(file);
  }
  return written;
}

const RENDERERS: Record<ReportFormat, (result: SpeedupResult) => string> = {
  csv: renderCsv,
  md: renderMarkdown,
  svg: ({ tables, prediction }) => {
    const scaling = tables.filter(({ mode }) => mode !== 'map');
    return speedupChart(scaling.length > 0 ? scaling : tables, true, prediction);
  },
  html: renderSpeedupHtml,
};

const CSV: readonly [head: string, cell: (row: SpeedupRow, table: SpeedupTable) => string | number][] = [
  ['table', (_, { mode }) => mode],
  ['kind', ({ kind }) => kind],
  ['workers', ({ workers }) => workers],
  ['batch_size', (row) => row.batch_size],
  ['steps', (_, { steps }) => steps],
  ['repeats', (_, { repeats }) => repeats],
  ...(['samples_per_second', 'speedup', 'over_sequential', 'efficiency', 'karp_flatt'] as const).flatMap(
    (key): [string, (row: SpeedupRow) => string | number][] => [
      [key, (row) => row[key]?.value ?? ''],
      [`${key}_low`, (row) => row[key]?.low ?? ''],
      [`${key}_high`, (row) => row[key]?.high ?? ''],
    ],
  ),
  ['time_to', (_, { time_to: target }) => (target === undefined ? '' : `${target.metric}=${target.value}`)],
  ['time_to_step', ({ time_to_seconds: seconds }, { time_to: target }) => (seconds && target?.step) ?? ''],
  ['time_to_seconds', ({ time_to_seconds: seconds }) => seconds?.value ?? ''],
  ['time_to_seconds_low', ({ time_to_seconds: seconds }) => seconds?.low ?? ''],
  ['time_to_seconds_high', ({ time_to_seconds: seconds }) => seconds?.high ?? ''],
  ['cpu_seconds', (row) => row.cpu_seconds],
  ...(['compute', 'wait', 'reduce', 'other'] as const).map((phase): [string, (row: SpeedupRow) => number] => [
    phase,
    ({ phases }) => phases[phase],
  ]),
  ['imbalance', ({ imbalance }) => imbalance],
  ['evaluation_seconds', (row) => row.evaluation_seconds ?? ''],
  ['drift', ({ drift }) => drift],
  ['digest', ({ digest }) => digest],
  ['same_work', (row) => String(row.same_work)],
  ['oversubscribed', ({ oversubscribed }) => String(oversubscribed)],
  ['taken', ({ taken }) => taken.join('; ')],
  ['taken_share', (row) => row.taken_share],
  ['contaminated', ({ contaminated }) => contaminated.join('; ')],
  ...(['threads', 'compute_ms', 'exchange_ms', 'other_ms'] as const).map((key): [string, (row: SpeedupRow) => string | number] => [
    key,
    ({ rank }) => rank?.[key] ?? '',
  ]),
];

/** Columns that a predicted row has too. */
const CSV_PREDICTED: Record<string, (row: PredictedRow) => string | number> = {
  table: () => 'prediction',
  kind: () => 'predicted',
  workers: ({ workers }) => workers,
  ...Object.fromEntries(
    (['samples_per_second', 'speedup', 'efficiency'] as const).flatMap((key) => [
      [key, (row: PredictedRow) => row[key].value],
      [`${key}_low`, (row: PredictedRow) => row[key].low],
      [`${key}_high`, (row: PredictedRow) => row[key].high],
    ]),
  ),
};

/** One line a row, predicted ones last; RFC 4180. */
export function renderCsv({ tables, prediction }: Pick<SpeedupResult, 'tables' | 'prediction'>): string {
  const lines = [
    ...tables.flatMap((table) => table.rows.map((row) => CSV.map(([, cell]) => csvCell(cell(row, table))).join(','))),
    ...(prediction?.rows ?? []).map((row) => CSV.map(([head]) => csvCell(CSV_PREDICTED[head]?.(row) ?? '')).join(',')),
  ];
  return `${[CSV.map(([head]) => head).join(','), ...lines].join('\r\n')}\r\n`;
}

/** Tables of GitHub's Markdown. */
export function renderMarkdown(result: SpeedupResult): string {
  const { machine, verdict } = result;
  const parts = [`# ${escapeMarkdown(result.name)}: what more workers buy`, `**${escapeMarkdown(verdict.text)}**`];
  for (const table of result.tables.filter(({ mode }) => mode !== 'map')) {
    parts.push(`## ${tableTitle(table)}`, markdownTable(speedupCells(table)));
    const notes = tableNotes(table);
    if (notes.length > 0) parts.push(notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'));
  }
  const map = formatBatchMap(result);
  if (map !== undefined) parts.push(`## ${map.title}`, markdownTable(map));
  if (result.prediction !== undefined) {
    const table = formatPrediction(result.prediction);
    const notes = predictionNotes(result.prediction);
    parts.push(`## ${table.title}`, markdownTable(table), notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'));
  }
  if (result.ranks?.machines !== undefined) {
    const table = formatMachines(result.ranks.machines);
    const notes = machinesNotes(result.ranks.machines);
    parts.push(`## ${table.title}`, markdownTable(table), notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'));
  }
  parts.push(`${escapeMarkdown(machine.cpu)}, ${machine.cores.usable} usable cores, node ${machine.node}, gradloom ${machine.gradloom}`);
  return `${parts.join('\n\n')}\n`;
}
