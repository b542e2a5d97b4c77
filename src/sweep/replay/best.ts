import path from 'node:path';
import { readRootText } from '../../config/text/read.ts';
import { GradloomError, printable } from '../../errors.ts';
import { runFile } from '../../runs/files/names.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepState, Trial } from '../trial.ts';

/**
 * The best trial of a sweep.
 *
 * @throws GradloomError E_SWEEP_RESULT if no trial has a value
 */
export function bestTrial(state: SweepState): Trial {
  const best = state.trials.find(({ number }) => number === state.best);
  if (best !== undefined) return best;
  throw new GradloomError({
    code: 'E_SWEEP_RESULT',
    where: printable(state.directory),
    message: `no trial has a result; the sweep is ${state.status}, with ${state.trials.length} ${state.trials.length === 1 ? 'trial' : 'trials'}`,
    next: commandOf('sweep status', state.directory),
  });
}

/**
 * The experiment of a trial's first run: a text that trains again as it is.
 *
 * @throws GradloomError E_CONFIG_READ if the run's directory is gone
 */
export function trialConfig(state: SweepState, { number, runs, value }: Trial): string {
  const file = runFile(path.join(state.directory, runs[0] ?? ''), 'config');
  const note = `# Trial ${number} of the sweep ${printable(state.id)}: ${printable(state.settings.metric.name)} ${value}`;
  return `${note}\n${readRootText(file)}`;
}
