import { printable, printableSentence } from '../../../errors.ts';
import { formatParameter } from '../../../sweep/importance/value-text.ts';
import type { SweepSettings } from '../../../sweep/schema.ts';
import type { SweepState, Trial, TrialStatus } from '../../../sweep/trial.ts';
import type { ParameterValue } from '../../../sweep/value.ts';
import { formatMetricInterval, formatMetricValue } from '../../text/numbers.ts';
import { shortNames } from './charted.ts';

/** Longer ones are in the exports. */
const MAX_VALUE = 40;

/** A cell for people, and what it sorts by. */
export interface TrialCell {
  text: string;
  /** undefined where there is nothing: sorts last. */
  sort: number | string | undefined;
}

export interface TrialColumn {
  head: string;
  cell: (trial: Trial) => TrialCell;
  /** Whether it is a key of the experiment. */
  isParameter: boolean;
}

/** Columns that every table of trials for people has. */
export function trialColumns(state: SweepState): TrialColumn[] {
  const { settings, trials } = state;
  const { name } = settings.metric;
  const keys = assignedKeys(trials).filter((key) => isVaried(settings, key));
  const names = shortNames(keys);
  const column = (head: string, sort: (trial: Trial) => TrialCell['sort'], text: (trial: Trial) => string): TrialColumn => ({
    head,
    isParameter: false,
    cell: (trial) => ({ text: text(trial), sort: sort(trial) }),
  });
  const hasInterval = trials.some(({ interval }) => interval !== undefined);
  const hasRungs = trials.some(({ rung }) => rung !== undefined);
  const unit = settings.early_terminate.type !== 'none' ? settings.early_terminate.resource : 'epochs';
  return [
    column(
      'trial',
      ({ number }) => number,
      ({ number }) => String(number),
    ),
    column(
      printable(name),
      ({ value }) => value ?? undefined,
      ({ value }) => formatMetricValue(name, value),
    ),
    ...(hasInterval
      ? [
          column(
            '95 % interval',
            ({ interval }) => interval?.[0],
            ({ interval }) => (interval === undefined ? '' : formatMetricInterval(name, interval)),
          ),
        ]
      : []),
    ...(settings.folds === undefined
      ? []
      : [
          column(
            'std',
            ({ std }) => std,
            ({ std }) => (std === undefined ? '' : formatMetricValue(name, std)),
          ),
        ]),
    column(
      'status',
      (trial) => statusWord(trial, state),
      (trial) => statusWord(trial, state),
    ),
    ...(hasRungs
      ? [
          column(
            unit,
            ({ resource }) => resource,
            ({ resource }) => (resource === undefined ? '' : String(resource)),
          ),
        ]
      : []),
    ...keys.map((key, i) => {
      const text = ({ assignment }: Trial): string => {
        const value = assignment[key];
        return value === undefined ? '' : printable(shortNumber(value), MAX_VALUE);
      };
      return { ...column(printable(names[i] as string), ({ assignment }) => sortable(assignment[key]), text), isParameter: true };
    }),
    column(
      'seconds',
      ({ seconds }) => seconds,
      ({ seconds }) => seconds.toFixed(1),
    ),
  ];
}

/** A trial's status; without a process that is at work on the sweep, no trial runs. */
export function statusWord({ status }: Pick<Trial, 'status'>, sweep: Pick<SweepState, 'status'>): TrialStatus | 'interrupted' {
  return status === 'running' && sweep.status !== 'running' ? 'interrupted' : status;
}

/** What a table says of a trial beside numbers. */
export function trialNote({ duplicateOf, retries, reasons, origin, status }: Trial): string {
  const parts = [
    ...(origin === 'enqueue' ? ['enqueued'] : []),
    ...(duplicateOf === undefined ? [] : [`same as trial ${duplicateOf}`]),
    ...(retries > 0 ? [`${retries} failed ${retries === 1 ? 'attempt' : 'attempts'}`] : []),
    ...(status === 'finished' ? [] : reasons.slice(-1).map((reason) => reason.replace(`${status}: `, ''))),
  ];
  return printableSentence(parts.join('; '), 500);
}

/** Every key that a trial sets, in the order of first use. */
export function assignedKeys(trials: readonly Pick<Trial, 'assignment'>[]): string[] {
  return [...new Set(trials.flatMap(({ assignment }) => Object.keys(assignment)))];
}

/** Whether trials can differ in a key: not where the file fixes it. */
export function isVaried({ parameters }: Pick<SweepSettings, 'parameters'>, key: string): boolean {
  return parameters[key]?.value === undefined;
}

/** Four digits are enough to tell values apart; the exact ones are in the exports. */
export function shortNumber(value: ParameterValue): string {
  if (typeof value !== 'number') return formatParameter(value);
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) < 1e-3 && rounded !== 0 ? rounded.toExponential().replace('e+', 'e') : String(rounded);
}

function sortable(value: ParameterValue | undefined): TrialCell['sort'] {
  if (value === undefined) return undefined;
  return typeof value === 'number' ? value : formatParameter(value);
}
