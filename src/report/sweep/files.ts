import { exactParameter } from '../../sweep/importance/value-text.ts';
import type { SweepState, Trial } from '../../sweep/trial.ts';
import { csvCell } from '../text/csv.ts';
import { escapeMarkdown, markdownTable } from '../text/markdown.ts';
import { assignedKeys, statusWord, trialColumns, trialNote } from './view/cells.ts';
import { countStatuses, describeMethod } from './view/words.ts';

type CsvValue = string | number | null | undefined;

const CSV: readonly [head: string, cell: (trial: Trial, sweep: Pick<SweepState, 'status'>) => CsvValue][] = [
  ['trial', ({ number }) => number],
  ['status', statusWord],
  ['origin', ({ origin }) => origin],
  ['metric', ({ value }) => value],
  ['value', ({ value }) => value],
  ['low', ({ interval }) => interval?.[0]],
  ['high', ({ interval }) => interval?.[1]],
  ['std', ({ std }) => std],
  ['seed_values', ({ values }) => (values.length === 1 ? values[0] : values.join(' '))],
  ['rung', ({ rung }) => rung],
  ['resource', ({ resource }) => resource],
  ['seconds', ({ seconds }) => seconds],
  ['retries', ({ retries }) => retries],
  ['duplicate_of', ({ duplicateOf }) => duplicateOf],
  ['digest', ({ digests }) => digests.join(' ')],
  ['runs', ({ runs }) => runs.join(' ')],
  ['reason', ({ reasons }) => reasons.at(-1)],
];

/** A line a trial, every number in full; RFC 4180. Parameters have their dotted names. */
export function renderSweepCsv(state: Pick<SweepState, 'trials' | 'status'>): string {
  const { trials } = state;
  const keys = assignedKeys(trials);
  const head = [...CSV.map(([name]) => name), ...keys].map(csvCell);
  const lines = trials.map((trial) => {
    const set = keys.map((key): CsvValue => {
      const value = trial.assignment[key];
      return typeof value === 'number' || value === undefined ? value : exactParameter(value);
    });
    const cells = [...CSV.map(([, cell]) => cell(trial, state)), ...set];
    return cells.map(csvCell).join(',');
  });
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}

/** The table of trials, best first, as GitHub's Markdown. */
export function renderSweepMarkdown(state: SweepState): string {
  const columns = trialColumns(state);
  const rows = bestFirst(state).map((trial) => [...columns.map(({ cell }) => cell(trial).text), trialNote(trial)]);
  const head = [...columns.map((column) => column.head), ''];
  const parts = [
    `# ${escapeMarkdown(state.name)}`,
    escapeMarkdown(`${describeMethod(state)}. Trials: ${countStatuses(state)}.`),
    markdownTable({ head, rows }),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Trials with a value from the best on, then the others in their order. */
export function bestFirst({ settings, trials }: Pick<SweepState, 'settings' | 'trials'>): Trial[] {
  const sign = settings.metric.goal === 'minimize' ? 1 : -1;
  const rank = ({ value }: Trial): number => (value === null || !Number.isFinite(value) ? Number.POSITIVE_INFINITY : sign * value);
  return trials.toSorted((a, b) => (rank(a) === rank(b) ? a.number - b.number : rank(a) - rank(b)));
}

/** A sweep for programs. */
export function sweepObject(state: SweepState): object {
  const { id, name, directory, status, best, settings } = state;
  const { metric, method, seed } = settings;
  const trials = state.trials.map((trial) => ({ ...trial, status: statusWord(trial, state) }));
  return { id, name, directory, status, best: best ?? null, metric, method, seed, trials };
}
