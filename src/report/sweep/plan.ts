import { printable } from '../../errors.ts';
import { replicatesOf, type SweepSettings } from '../../sweep/schema.ts';
import type { PlannedTrial, SweepPlan } from '../../sweep/session/plan.ts';
import { formatBytes, formatCount, formatCounted, formatSecondsLeft } from '../text/numbers.ts';
import { fitColumns, renderFacts, renderTable, type TableLook } from '../text/table.ts';
import { wrapped } from '../text/wrapped.ts';
import { assignedKeys, isVaried, shortNumber } from './view/cells.ts';
import { shortNames } from './view/charted.ts';
import { describeMethod, repeatsText } from './view/words.ts';

const MAX_ROWS = 50;
/** Longer ones are in the list that --save-trials writes. */
const MAX_VALUE = 40;

/** What a sweep would do, for the terminal. */
export function renderPlan(plan: SweepPlan, settings: SweepSettings, look: TableLook): string {
  const { known, budget, probe, memory, cores } = plan;
  const facts: [string, string][] = [
    ['trials', trialsText(plan, settings)],
    ['search', describeMethod({ settings })],
  ];
  if (budget !== undefined) {
    const { type } = settings.early_terminate;
    const halved = ` if halved evenly; ${formatCount(budget.full)} without early termination`;
    const saved = type === 'none' ? '' : type === 'median' ? ' if none is stopped' : halved;
    facts.push(['budget', `${budget.text}${saved}${replicatesOf(settings) > 1 ? `, on ${repeatsText(settings)} each` : ''}`]);
  }
  facts.push(['time', timeText(plan)]);
  const cost =
    Math.abs(probe.relativeCost - 1) < 0.01 ? '' : `; a trial's arithmetic is ${probe.relativeCost.toFixed(2)} times that, on average`;
  facts.push(
    [
      'probe',
      `${formatCount(probe.samplesPerSecond)} samples/s, ${probe.secondsPerEpoch.toPrecision(2)} s per epoch and core of the base experiment${cost}`,
    ],
    ['cores', `${formatCounted(cores, 'core')}, ${formatCounted(memory.sideBySide, 'trial')} side by side`],
    [
      'memory',
      `${formatBytes(memory.dataset)} data set, shared; up to ${formatBytes(memory.trial)} a trial; ${formatBytes(memory.total)} in all`,
    ],
    ['duplicates', duplicatesText(plan)],
  );
  const parts = [renderFacts(facts, look)];
  if (known.length > 0) parts.push(renderKnown(known, settings, look));
  return parts.join('\n\n');
}

function trialsText({ trials, known }: SweepPlan, settings: SweepSettings): string {
  const end = settings.budget === undefined ? '' : `, at most ${formatSecondsLeft(settings.budget.duration)}`;
  if (trials === undefined) return `as many as fit${end}`;
  const rest = known.length < trials ? `; ${formatCount(known.length)} known now, the others depend on results` : '';
  return `${formatCount(trials)}${end}${rest}`;
}

function timeText({ seconds, cores, hasVariedLength }: SweepPlan): string {
  if (seconds === undefined) return 'until the budget ends';
  return `about ${formatSecondsLeft(seconds)} on ${formatCounted(cores, 'core')}${hasVariedLength ? ', from the mean length of the trials' : ''}`;
}

function duplicatesText({ known, duplicates }: SweepPlan): string {
  if (known.length === 0) return 'unknown before the trials are';
  if (duplicates === 0) return 'none';
  const first = known.filter(({ duplicateOf }) => duplicateOf !== undefined).slice(0, 5);
  const more = duplicates > first.length ? ', ...' : '';
  return `${formatCount(duplicates)}, not run again: ${first.map(({ number, duplicateOf }) => `trial ${number} is trial ${duplicateOf}`).join(', ')}${more}`;
}

function renderKnown(known: readonly PlannedTrial[], settings: SweepSettings, look: TableLook): string {
  const keys = assignedKeys(known).filter((key) => isVaried(settings, key));
  const rows = known.slice(0, MAX_ROWS).map(({ number, assignment, origin, duplicateOf }) => [
    String(number),
    ...keys.map((key) => {
      const value = assignment[key];
      return value === undefined ? '' : printable(shortNumber(value), MAX_VALUE);
    }),
    origin === 'enqueue' ? 'enqueued' : duplicateOf === undefined ? '' : `same as trial ${duplicateOf}`,
  ]);
  const heads = ['trial', ...shortNames(keys).map((name) => printable(name)), ''];
  const columns = heads.map((head, at) => ({ head, at })).filter(({ head, at }) => head !== '' || rows.some((row) => row[at] !== ''));
  // Notes give way first, then what a trial sets from the last key on.
  const { left, table } = fitColumns(
    columns,
    look,
    (shown) => (shown.length > 1 ? shown.at(-1) : undefined),
    (shown) => ({ head: shown.map(({ head }) => head), rows: rows.map((row) => shown.map(({ at }) => row[at] ?? '')) }),
  );
  const more = known.length - rows.length;
  const rest = [
    ...(more > 0 ? [`${formatCount(more)} more`] : []),
    ...(left.length > 0 ? [`left out for want of room: ${left.map(({ head }) => (head === '' ? 'notes' : head)).join(', ')}`] : []),
  ];
  const text = renderTable(table, look);
  return rest.length === 0
    ? text
    : `${text}\n${look.paint('dim', wrapped(`${rest.join('; ')}: --save-trials FILE or --json`, look.columns))}`;
}
