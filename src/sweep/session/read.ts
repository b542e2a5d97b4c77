import { existsSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { kindAt } from '../../storage/folder.ts';
import { lockOwner } from '../../storage/lock.ts';
import { targetOf } from '../../storage/read.ts';
import { loadSweep } from '../file/load.ts';
import type { LoggedEntry } from '../journal/entries.ts';
import { readTrialLog, trialLogPath, visitTrialLog } from '../journal/log.ts';
import { SweepFold, sweepState } from '../replay/state.ts';
import { replicatesOf, type SweepSettings } from '../schema.ts';
import type { SweepState } from '../trial.ts';

/** What is written in a sweep's directory. */
export interface WrittenSweep {
  /** Absolute. */
  directory: string;
  settings: SweepSettings;
  entries: readonly LoggedEntry[];
}

/** The settings of a sweep. @throws GradloomError E_SWEEP_READ if it is none, E_CONFIG_... */
export function readSettings(directory: string): SweepSettings {
  const place = path.resolve(directory);
  requireSweep(place);
  return loadSweep(path.join(place, 'sweep.yaml'), { isCopy: true, isRecord: true }).settings;
}

/** Its settings and its log. @throws GradloomError as `readSettings`, E_RUN_FILE for a damaged log */
export function readWritten(directory: string): WrittenSweep {
  const place = path.resolve(directory);
  const settings = readSettings(place);
  const entries = existsSync(trialLogPath(place)) ? readTrialLog(place, replicatesOf(settings)).entries : [];
  return { directory: place, settings, entries };
}

/** What that tells of the sweep. */
export function stateOf({ directory, settings, entries }: WrittenSweep): SweepState {
  const fold = new SweepFold(settings);
  for (const entry of entries) fold.add(entry);
  return foldedState(directory, settings, fold);
}

function foldedState(directory: string, settings: SweepSettings, fold: SweepFold): SweepState {
  const whose = { id: path.basename(directory), name: settings.name, directory, settings };
  return sweepState(fold, whose, lockOwner(directory) !== undefined);
}

/**
 * A sweep as its directory tells it, also while a process works on it.
 *
 * @throws GradloomError E_SWEEP_READ if it is no sweep, E_RUN_FILE for a damaged log, E_CONFIG_...
 */
export function readSweep(directory: string): SweepState {
  const place = path.resolve(directory);
  const settings = readSettings(place);
  const fold = new SweepFold(settings);
  if (existsSync(trialLogPath(place))) visitTrialLog(place, replicatesOf(settings), (entry) => fold.add(entry));
  return foldedState(place, settings, fold);
}

/** @throws GradloomError E_SWEEP_READ if there is no sweep in a directory */
export function requireSweep(directory: string): void {
  if (kindAt(directory) === 'link') {
    throw new GradloomError({
      code: 'E_SWEEP_READ',
      where: printable(directory),
      message: `a symbolic link${targetOf(directory)}, which is not followed`,
      next: 'name the sweep itself',
    });
  }
  if (existsSync(path.join(directory, 'sweep.yaml'))) return;
  throw new GradloomError({
    code: 'E_SWEEP_READ',
    where: printable(directory),
    message: 'not the directory of a sweep: it has no sweep.yaml',
    next: 'name a directory that gradloom sweep run has made',
  });
}
