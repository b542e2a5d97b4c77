import { printable, printableSentence } from '../../errors.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepImportance } from '../../sweep/importance/of-sweep.ts';
import { formatParameter } from '../../sweep/importance/value-text.ts';
import { countRungs } from '../../sweep/schedulers/rung-counts.ts';
import { noneToEnd, partOf } from '../../sweep/schedulers/trained-to-end.ts';
import type { SweepState, Trial } from '../../sweep/trial.ts';
import { shortPath } from '../runs/results.ts';
import { spellCommands } from '../text/commands.ts';
import { formatCount, formatPercent, formatSeconds } from '../text/numbers.ts';
import { fitColumns, renderFacts, renderTable, type Table, type TableLook } from '../text/table.ts';
import { wrapped } from '../text/wrapped.ts';
import { rungName } from './charts/curves.ts';
import { importanceNote } from './charts/importance.ts';
import { bestFirst } from './files.ts';
import { type TrialColumn, trialColumns, trialNote } from './view/cells.ts';
import { countStatuses, describeMethod, renderWinner } from './view/words.ts';

const MAX_ROWS = 20;
const BAR_COLUMNS = 40;
/** Of a line of the importance beside the name and the bar: the share, and lines and gaps around all. */
const SHARE_COLUMNS = 17;
/** Notes are read in the report; here they must not wrap. */
const MAX_NOTE = 60;

export interface SweepLook extends TableLook {
  /** Columns that a line may fill. */
  columns: number;
  /** How gradloom was started, for the commands to type. @default gradloom */
  program?: string | undefined;
}

/** How a process' work on a sweep ended. */
export interface SweepSession {
  reason: string;
  seconds: number;
}

/**
 * A sweep for the terminal: its trials, best first, the rungs, and what it is.
 *
 * @param session  why it ended and how long it took, where that is known
 */
export function renderSweep(state: SweepState, look: SweepLook, session?: SweepSession): string {
  const rungs = renderRungs(state, look);
  return [renderTrials(state, look), ...(rungs === undefined ? [] : [rungs]), renderFactsOf(state, look, session)].join('\n\n');
}

function renderTrials(state: SweepState, look: SweepLook): string {
  if (state.trials.length === 0) return 'no trial has started';
  const sorted = bestFirst(state);
  // What is running now is what is looked for.
  const shown = [...sorted.filter(isUnderWay), ...sorted.filter((trial) => !isUnderWay(trial))].slice(0, MAX_ROWS);
  const columns = trialColumns(state);
  const notes: TrialColumn = { head: '', cell: (trial) => ({ text: printable(trialNote(trial), MAX_NOTE), sort: '' }), isParameter: false };
  const all = shown.some((trial) => trialNote(trial) !== '') ? [...columns, notes] : columns;
  const { left, table } = fitColumns(all, look, leastTelling, (chosen) => trialTable(state, shown, chosen, look));
  const more = state.trials.length - shown.length;
  const rest = [...(more > 0 ? [`${formatCount(more)} more`] : []), ...(left.length > 0 ? [leftOut(left)] : [])];
  if (rest.length === 0) return renderTable(table, look);
  const command = spellCommands(`${commandOf('sweep export', shortPath(state.directory))} --csv`, look.program);
  const text = `${rest.join('; ')}:`;
  // The command stays in one line, so that it can be copied.
  const whole = `${text} ${command}`.length <= look.columns ? `${text} ${command}` : `${wrapped(text, look.columns)}\n  ${command}`;
  return `${renderTable(table, look)}\n${look.paint('dim', whole)}`;
}

/** Notes go first, then times and lengths, then what a trial sets from the last key on; its number and its value stay. */
function leastTelling(shown: readonly TrialColumn[]): TrialColumn | undefined {
  const [, , ...others] = shown;
  return others.findLast(({ isParameter }) => !isParameter) ?? others.at(-1);
}

function leftOut(left: readonly TrialColumn[]): string {
  return `left out for want of room: ${left.map(({ head }) => (head === '' ? 'notes' : head)).join(', ')}`;
}

function trialTable(state: SweepState, shown: readonly Trial[], columns: readonly TrialColumn[], look: TableLook): Table {
  const rows = shown.map((trial) => {
    const paint = (text: string): string => (trial.number === state.best && text !== '' ? look.paint('green', text) : text);
    return columns.map(({ cell }) => paint(cell(trial).text));
  });
  const align = columns.map(({ cell }) =>
    shown.some((trial) => typeof cell(trial).sort === 'string') ? ('left' as const) : ('right' as const),
  );
  return { head: columns.map(({ head }) => head), rows, align };
}

function isUnderWay({ status }: Trial): boolean {
  return status === 'running';
}

/** How many trials reached each rung; undefined without rungs. */
export function renderRungs(state: SweepState, look: TableLook): string | undefined {
  const rungs = countRungs(state);
  if (rungs.length === 0) return undefined;
  const rows = rungs.map(({ resource, reached, ended }) => [rungName(state, resource), formatCount(reached), formatCount(reached - ended)]);
  return renderTable({ head: ['rung', 'trials', 'went on'], rows, align: ['left', 'right', 'right'] }, look);
}

function renderFactsOf(state: SweepState, look: TableLook, session?: SweepSession): string {
  const { paint } = look;
  const { trials, settings, best } = state;
  const facts: [string, string][] = [
    ['sweep', printable(state.name)],
    ['status', `${state.status}: ${describeMethod(state)}`],
    ['trials', countStatuses(state)],
  ];
  const winner = trials.find(({ number }) => number === best);
  if (winner !== undefined) facts.push(['best', paint('green', renderWinner(winner, settings))]);
  const note = noneToEnd(state);
  if (note !== undefined) facts.push(['note', paint('yellow', note)]);
  if (session !== undefined) facts.push(['ended', printableSentence(session.reason, 500)], ['time', formatSeconds(session.seconds)]);
  facts.push(['saved', printable(shortPath(state.directory), Number.POSITIVE_INFINITY)]);
  return renderFacts(facts, look);
}

/** The best trial: its value, what it sets, and how to train it. */
export function renderBest(state: SweepState, best: Trial, look: SweepLook): string {
  const { paint, program } = look;
  const config = `${commandOf('sweep best', shortPath(state.directory))} --config > best.yaml`;
  const set = Object.entries(best.assignment).map(([key, value]): [string, string] => [
    printable(key),
    printable(formatParameter(value), 500),
  ]);
  const part = partOf(state, best);
  return [
    paint('green', renderWinner(best, state.settings)),
    ...(part === undefined ? [] : [paint('yellow', `trained for ${part} only: train it to its end before you trust its value`)]),
    ...(set.length > 0 ? [renderFacts(set, look)] : []),
    `${paint('cyan', 'next:')} ${spellCommands(`${config} && ${commandOf('train', 'best.yaml')}`, program)}`,
  ].join('\n\n');
}

/** Bars of the parameters' importance. */
export function renderImportance(importance: SweepImportance, look: SweepLook): string {
  const most = Math.max(...importance.parameters.map(({ share }) => share), ...importance.interactions.map(({ share }) => share), 1e-9);
  const names = [
    ...importance.parameters.map(({ name }) => name),
    ...importance.interactions.map(({ names: pair }) => pair.join(' with ')),
  ];
  const room = look.columns - Math.max(...names.map(({ length }) => length), 'parameter'.length) - SHARE_COLUMNS;
  const columns = Math.max(1, Math.min(BAR_COLUMNS, room));
  const bar = (share: number): string => '█'.repeat(Math.round((columns * share) / most));
  const rows = [
    ...importance.parameters.map(({ name, share }) => [printable(name), formatPercent(share, 1), bar(share)]),
    ...importance.interactions.map(({ names, share }) => [
      printable(names.join(' with ')),
      formatPercent(share, 1),
      look.paint('dim', bar(share)),
    ]),
  ];
  return `${renderTable({ head: ['parameter', 'share', ''], rows, align: ['left', 'right', 'left'] }, look)}\n\n${wrapped(importanceNote(importance), look.columns)}`;
}
