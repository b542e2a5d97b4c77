import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepEntry } from '../journal/entries.ts';
import { type SweepFold, sweepState } from '../replay/state.ts';
import type { SweepSettings } from '../schema.ts';
import type { SweepSummary } from './events.ts';

/** What a session ends with. */
export interface SessionEnd {
  directory: string;
  settings: SweepSettings;
  sweep: Pick<SweepEntry, 'id' | 'name'>;
  fold: SweepFold;
  /** Of the session, and of those before. */
  seconds: number;
  secondsBefore: number;
}

/** @throws GradloomError E_SWEEP_FAILED if the sweep gave up */
export function summaryOf({ directory, settings, sweep: { id, name }, fold, seconds, secondsBefore }: SessionEnd): SweepSummary {
  // Seen from the directory, whose files are copies: as readSweep tells it.
  const copied = { ...settings, base: path.join(directory, 'base.yaml') };
  const state = sweepState(fold, { id, name, directory, settings: copied }, false);
  const failed = state.trials.filter(({ status }) => status === 'failed').length;
  const reason = state.status === 'interrupted' ? 'interrupted' : fold.reason;
  const summary: SweepSummary = { ...state, reason, failed, seconds, totalSeconds: secondsBefore + seconds };
  if (state.status === 'failed') throw gaveUp(summary);
  return summary;
}

function gaveUp({ reason, trials, failed, directory }: SweepSummary): GradloomError {
  const first = trials.find(({ status }) => status === 'failed');
  const why = first === undefined ? '' : `; trial ${first.number}: ${first.reasons.at(-1)}`;
  return new GradloomError({
    code: 'E_SWEEP_FAILED',
    where: printable(directory),
    message: `${reason}${why}`,
    kept: `${trials.length} trials, ${failed} of them failed`,
    next: `mend the cause, then ${commandOf('sweep resume', directory)}`,
  });
}
