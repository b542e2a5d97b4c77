import { printable } from '../../errors.ts';
import type { SpeedupProgress, SpeedupResult, SpeedupRow, SpeedupSearch, SpeedupTable } from '../../speedup/events.ts';
import { formatCount, formatCounted, formatPercent, formatSeconds, formatSecondsLeft } from '../text/numbers.ts';
import { fitColumns, renderFacts, renderTable, type TableLook } from '../text/table.ts';
import { wrapped } from '../text/wrapped.ts';
import { formatBatchMap } from './batch-map.ts';
import { axisEnd } from './chart.ts';
import { formatEstimate } from './estimate.ts';
import { formatMachines, machinesNotes } from './machines.ts';
import { formatPrediction, predictionNotes } from './prediction.ts';

const BAR_COLUMNS = 40;
/** Columns that tell least, which narrow terminals do without, from the last on. */
const MINOR: readonly string[] = ['over sequential', 'e(p)', 'compute', 'wait', 'reduce', 'CPU s', 'eval ms', 'digest'];

export function rowName({ kind, workers, rank }: Pick<SpeedupRow, 'kind' | 'workers' | 'rank'>): string {
  if (kind === 'ranks')
    return `${formatCounted(workers, 'rank')}${rank === undefined ? '' : ` of ${formatCounted(rank.threads, 'thread')}`}`;
  return kind === 'workers' ? formatCounted(workers, 'worker') : kind;
}

/** What stands behind a row's name: its faults. */
export function rowMarks({ same_work: same, oversubscribed, contaminated }: SpeedupRow): string {
  return [...(same ? [] : ['other work!']), ...(oversubscribed ? ['no core'] : []), ...(contaminated.length > 0 ? ['disturbed'] : [])].join(
    ', ',
  );
}

/** The columns of a table in every format for people. */
export function speedupCells(table: SpeedupTable): { head: string[]; rows: string[][] } {
  const hasSequential = table.rows.some((row) => row.over_sequential !== undefined);
  const columns: [head: string, cell: (row: SpeedupRow) => string][] = [
    ['', rowName],
    ...(table.mode === 'weak'
      ? [['batch', (row: SpeedupRow) => formatCount(row.batch_size)] as [string, (row: SpeedupRow) => string]]
      : []),
    ['samples/s', ({ samples_per_second: rate }) => formatCount(rate.value)],
    ['speedup', ({ speedup }) => formatEstimate(speedup)],
    ...(hasSequential
      ? [
          ['over sequential', ({ over_sequential: over }: SpeedupRow) => (over === undefined ? '-' : formatEstimate(over))] as [
            string,
            (row: SpeedupRow) => string,
          ],
        ]
      : []),
    ...timeToColumn(table),
    ['efficiency', ({ efficiency }) => formatPercent(efficiency.value, 0)],
    ...stepColumns(table),
    ['e(p)', ({ karp_flatt: serial }) => (serial === undefined ? '-' : serial.value.toFixed(3))],
    ['compute', ({ phases }) => formatPercent(phases.compute, 0)],
    ['wait', ({ phases }) => formatPercent(phases.wait, 0)],
    ['reduce', ({ phases }) => formatPercent(phases.reduce, 0)],
    ['CPU s', ({ cpu_seconds: seconds }) => seconds.toFixed(2)],
    ['eval ms', ({ evaluation_seconds: seconds }) => (seconds === null ? '-' : (1000 * seconds).toFixed(1))],
    ['digest', ({ digest }) => digest.slice(0, 8)],
    ['', rowMarks],
  ];
  return { head: columns.map(([head]) => head), rows: table.rows.map((row) => columns.map(([, cell]) => cell(row))) };
}

/** Of ranks: what a step goes to. */
function stepColumns({ mode }: SpeedupTable): [head: string, cell: (row: SpeedupRow) => string][] {
  if (mode !== 'ranks') return [];
  return (['compute', 'exchange', 'other'] as const).map((part) => [
    `${part} ms`,
    ({ rank }) => (rank === undefined ? '-' : rank[`${part}_ms`].toFixed(3)),
  ]);
}

function timeToColumn({ time_to: target }: SpeedupTable): [head: string, cell: (row: SpeedupRow) => string][] {
  if (target === undefined) return [];
  const cell = ({ time_to_seconds: seconds }: SpeedupRow): string => (seconds === undefined ? '-' : formatEstimate(seconds));
  return [[`s to ${printable(target.metric)} ${target.value}`, cell]];
}

/** `Strong scaling: 1,000 steps of 64 rows, 8 repetitions`. */
export function tableTitle({ mode, batch_size: rows, steps, repeats }: SpeedupTable): string {
  const name = { strong: 'Strong scaling', weak: 'Weak scaling', map: 'Batch', ranks: 'Ranks' }[mode];
  const batch = mode === 'weak' ? `${formatCounted(rows, 'row')} a worker` : formatCounted(rows, 'row');
  return `${name}: ${formatCounted(steps, 'step')} of ${batch}, ${formatCounted(repeats, 'repetition')}`;
}

/** Reasons below a table, one line each. */
export function tableNotes({ rows, model, time_to: target }: SpeedupTable): string[] {
  const notes = rows.flatMap((row) => [
    ...row.contaminated.map((reason) => `${rowName(row)}: ${reason}`),
    ...row.taken.map((reason) => `${rowName(row)}: ${reason}; its speedup's interval allows for that`),
  ]);
  if (target !== undefined) {
    const { metric, reached, step, epochs, evaluations } = target;
    const place = `${formatCounted(step, 'step')} (${Number(epochs.toFixed(2))} ${epochs === 1 ? 'epoch' : 'epochs'})`;
    notes.push(
      `${printable(metric)} is ${Number(reached.toPrecision(6))} after ${place}, the same in every row; time to it: these steps at the row's rate and ${formatCounted(evaluations, 'evaluation')}`,
    );
  }
  if (model !== null) {
    const {
      sigma,
      kappa,
      kappa_interval: [low, high],
      best_workers: best,
    } = model;
    const peak = best === null ? 'no peak that the measurement can tell' : `fastest with ${best.toFixed(1)} workers`;
    notes.push(`e(p) = ${sigma.toFixed(4)} + ${kappa.toFixed(5)} p, slope ${low.toFixed(5)} to ${high.toFixed(5)}: ${peak}`);
  }
  return notes;
}

/** Everything for the terminal: tables, bars, the verdict. */
export function renderSpeedup(result: SpeedupResult, look: TableLook): string {
  const parts: string[] = [];
  for (const table of result.tables.filter(({ mode }) => mode !== 'map')) {
    parts.push(`${look.paint('bold', wrapped(tableTitle(table), look.columns))}\n${renderRows(table, look)}`);
    parts.push(renderBars(table, look));
    const notes = tableNotes(table);
    if (notes.length > 0) parts.push(notes.map((note) => wrapped(note, look.columns)).join('\n'));
  }
  const map = formatBatchMap(result);
  if (map !== undefined) parts.push(`${look.paint('bold', wrapped(map.title, look.columns))}\n${renderTable(map, look)}`);
  if (result.prediction !== undefined) {
    const table = formatPrediction(result.prediction);
    const notes = predictionNotes(result.prediction).map((note) => wrapped(note, look.columns));
    parts.push(`${look.paint('bold', wrapped(table.title, look.columns))}\n${renderTable(table, look)}`, notes.join('\n'));
  }
  if (result.ranks?.machines !== undefined) {
    const notes = machinesNotes(result.ranks.machines).map((note) => wrapped(note, look.columns ?? Number.POSITIVE_INFINITY));
    const table = formatMachines(result.ranks.machines, '\n');
    parts.push(`${look.paint('bold', table.title)}\n${renderTable(table, look)}`, notes.join('\n'));
  }
  const { machine, verdict } = result;
  const colour = { conclusive: 'green', inconclusive: 'yellow', wrong: 'red' } as const;
  const facts: [string, string][] = [
    ['machine', `${printable(machine.cpu)}, ${formatCounted(machine.cores.usable, 'usable core')}, node ${machine.node}`],
    ['time', `${formatSeconds(result.seconds)}${result.status === 'interrupted' ? ', interrupted' : ''}`],
    ['verdict', look.paint(colour[verdict.status], verdict.text)],
  ];
  return [...parts, renderFacts(facts, look)].join('\n\n');
}

/** The rows with as many columns as fit; what is left out is said below them. */
function renderRows(table: SpeedupTable, look: TableLook): string {
  const { head, rows } = speedupCells(table);
  const columns = head.map((title, at) => ({ title, at }));
  const { left, table: shown } = fitColumns(
    columns,
    look,
    (of) => MINOR.flatMap((name) => of.filter(({ title }) => title === name)).at(-1),
    (of) => ({
      head: of.map(({ title }) => title),
      rows: rows.map((row) => of.map(({ at }) => row[at] ?? '')),
      align: of.map(({ title }) => (title === '' ? 'left' : 'right')),
    }),
  );
  if (left.length === 0) return renderTable(shown, look);
  const names = left.map(({ title }) => title).join(', ');
  const note = wrapped(`left out for want of room: ${names} (--csv FILE has all)`, look.columns);
  return `${renderTable(shown, look)}\n${look.paint('dim', note)}`;
}

/** A bar for each worker count; the mark at its end is where an ideal speedup ends, an arrow where its interval goes on. */
function renderBars({ rows }: SpeedupTable, { paint }: TableLook): string {
  const shown = rows.filter(({ kind }) => kind === 'workers' || kind === 'ranks');
  const end = axisEnd(
    Math.max(...shown.map(({ workers }) => workers)),
    shown.map(({ speedup }) => speedup),
  );
  const columns = (value: number): number => Math.round((BAR_COLUMNS * Math.min(Math.max(0, value), end)) / end);
  const width = Math.max(...shown.map((row) => rowName(row).length));
  return shown
    .map((row) => {
      const { value, low, high } = row.speedup;
      const solid = '█'.repeat(columns(low)) + '▒'.repeat(columns(high) - columns(low)) + (high > end ? '»' : '');
      const ideal = columns(row.workers);
      const rest = ideal > solid.length ? `${'·'.repeat(ideal - solid.length - 1)}|` : '';
      return `${rowName(row).padEnd(width)}  ${solid}${paint('dim', rest)} ${value.toFixed(2)}`;
    })
    .join('\n');
}

/** One line for each evaluation on the way to the target. */
export function renderSearching({ metric, value, step, totalSteps }: SpeedupSearch): string {
  return `${printable(metric)} ${Number(value.toPrecision(6))} at step ${formatCount(step)} of ${formatCount(totalSteps)}`;
}

/** One line while measuring. */
export function renderMeasuring({ done, total, mode, kind, workers, batchSize, samplesPerSecond, secondsLeft }: SpeedupProgress): string {
  const of = mode === 'map' ? ` batch ${formatCount(batchSize)}` : '';
  const left = done === total ? '' : `  ${formatSecondsLeft(secondsLeft)} left`;
  return `${done}/${total}  ${mode} ${rowName({ kind, workers })}${of}  ${formatCount(samplesPerSecond)} samples/s${left}`;
}
