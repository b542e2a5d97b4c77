import { existsSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { createRunDirectory, makeRunDirectory } from '../../runs/files/directory.ts';
import { startWork, type UnderWay } from '../../runs/training/under-way.ts';
import { syncDirectory, writeFileAtomic } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { hasFolder } from '../../storage/folder.ts';
import type { LineCalls } from '../../storage/lines.ts';
import { DirectoryLock } from '../../storage/lock.ts';
import { commandOf } from '../../storage/shell.ts';
import type { Executor } from '../execute/executor.ts';
import { type LoadedSweep, loadSweep, sweepFiles } from '../file/load.ts';
import { checkUnchanged } from '../journal/changes.ts';
import { LOG_VERSION, type LoggedEntry, type SweepEntry } from '../journal/entries.ts';
import { readTrialLog, TrialLog, trialLogPath } from '../journal/log.ts';
import { TRIALS } from '../replay/record.ts';
import { replicatesOf } from '../schema.ts';
import { lanesOf } from '../search/decisions.ts';
import type { SweepEvent, SweepSummary } from './events.ts';
import { makeExecutor, type SweepOptions } from './options.ts';
import { sessionError } from './pause.ts';
import { requireSweep } from './read.ts';
import { SweepRunner } from './runner.ts';

/** A sweep under way. */
export interface SweepRun extends UnderWay<SweepEvent, SweepSummary> {
  /**
   * The summary, also of an interrupted sweep, and of one in which some trials failed (`failed` says how many).
   * Rejects with a GradloomError once everything is saved: E_SWEEP_FAILED if the sweep gave up, E_SWEEP_CHANGED, E_SWEEP_READ,
   * E_BUSY if another process works on the directory, E_RUN_FILE for a log that is damaged or does not replay, and E_STORAGE and others
   * of the machine (`blame` is 'machine'), which leave a sweep that `resumeSweep` takes up.
   */
  readonly result: Promise<SweepSummary>;
}

/** Where a new sweep is kept, and how it is carried out. */
export interface NewSweepOptions extends SweepOptions {
  /** Exact directory of the sweep, which must not exist yet. @default a new one, `<name>-<time>-<random>`, under `parent` */
  directory?: string | undefined;
  /** @default ./sweeps */
  parent?: string | undefined;
}

/** How a sweep is gone on with. */
export interface ResumeSweepOptions extends SweepOptions {
  /** Changes of how the sweep is carried out: `run_cap=80`, `budget.duration=2h`, `execution.cores=2`. */
  overrides?: readonly string[] | undefined;
}

/**
 * Searches hyperparameters as a sweep file says, in a directory of its own.
 *
 * @example
 * const run = sweep(loadSweep('configs/sweep-tpe.yaml'));
 * for await (const event of run) if (event.type === 'best') console.log(event.trial.number, event.trial.value);
 * const { best, trials } = await run.result;
 */
export function sweep(loaded: LoadedSweep, options: NewSweepOptions = {}): SweepRun {
  return startWork(async (emit) => {
    const { directory, parent = 'sweeps' } = options;
    const { name } = loaded.settings;
    const made = await (directory === undefined ? createRunDirectory(parent, name) : makeRunDirectory(path.resolve(directory)));
    return inDirectory(made.path, options, emit, async (lock) => {
      const files = sweepFiles(loaded);
      // In this order: a directory with a sweep.yaml is one that can be resumed.
      for (const file of ['base.yaml', 'sweep.yaml'] as const)
        await writeFileAtomic(path.join(made.path, file), files[file], undefined, lock);
      return { loaded, ...(await begin(loaded, made.path, lock, options.storage?.log)) };
    });
  });
}

/**
 * Goes on with a sweep from its log and the checkpoints of its trials; the trials come out as those of an undisturbed sweep. One that is
 * over is a no-op that yields its summary, unless there is more to do: the overrides say so (`run_cap` counts all trials, also those
 * before), failed trials are to be tried again, or it gave up because the first ones all failed.
 */
export function resumeSweep(directory: string, options: ResumeSweepOptions = {}): SweepRun {
  return startWork(async (emit) => {
    const place = path.resolve(directory);
    requireSweep(place);
    return inDirectory(place, options, emit, async (lock) => {
      const loaded = loadSweep(path.join(place, 'sweep.yaml'), { overrides: options.overrides ?? [], isCopy: true });
      const calls = options.storage?.log;
      // A crash right after the directory was made leaves no log, or only the torn first line of one.
      if (!existsSync(trialLogPath(place))) return { loaded, ...(await begin(loaded, place, lock, calls)) };
      const read = readTrialLog(place, replicatesOf(loaded.settings));
      const [first] = read.entries;
      if (first !== undefined) checkUnchanged((first as SweepEntry).files, sweepFiles(loaded), place);
      if (read.isTorn)
        emit({
          type: 'warning',
          code: 'W_TORN_LINE',
          message: `log.jsonl: the last line was torn and is cut off; what it told is done again`,
        });
      const log = await TrialLog.reopen(place, read, lock, calls);
      return { loaded, log, entries: first === undefined ? [await firstEntry(log, loaded, place)] : read.entries };
    });
  });
}

interface Opened {
  loaded: LoadedSweep;
  log: TrialLog;
  entries: LoggedEntry[];
}

/** Holds the directory's lock from before its files are read until everything is written. */
async function inDirectory(
  directory: string,
  options: SweepOptions,
  emit: (event: SweepEvent) => void,
  open: (lock: DirectoryLock) => Promise<Opened>,
): Promise<SweepSummary> {
  const lock = DirectoryLock.acquire(directory);
  try {
    // The trials of another sweep must not be trained on, nor removed.
    hasFolder(path.join(directory, TRIALS));
    const runner = await begun(directory, options, emit, () => open(lock));
    return await runner.run();
  } finally {
    lock.release();
  }
}

async function begin(
  loaded: LoadedSweep,
  directory: string,
  lock: DirectoryLock,
  calls?: LineCalls,
): Promise<Pick<Opened, 'log' | 'entries'>> {
  const log = TrialLog.create(directory, lock, calls);
  await syncNames(directory);
  return { log, entries: [await firstEntry(log, loaded, directory)] };
}

async function firstEntry(log: TrialLog, loaded: LoadedSweep, directory: string): Promise<LoggedEntry> {
  const { settings } = loaded;
  const entry: SweepEntry = {
    type: 'sweep',
    version: LOG_VERSION,
    id: path.basename(directory),
    name: settings.name,
    lanes: lanesOf(settings),
    files: sweepFiles(loaded),
  };
  try {
    await log.append(entry);
  } catch (error) {
    await log.close();
    throw error;
  }
  return { seq: 0, t: 0, ...entry };
}

/** Makes the log's name survive a power loss. */
async function syncNames(directory: string): Promise<void> {
  try {
    await syncDirectory(directory);
  } catch (cause) {
    const message = `cannot be synced: ${errnoText(cause)}`;
    const next = `check the disk and the file system, then: ${commandOf('sweep resume', directory)}`;
    throw new GradloomError({ code: 'E_STORAGE', where: printable(directory), message, next, cause });
  }
}

/** @throws GradloomError once nothing is open any more; of the machine with how to go on */
async function begun(
  directory: string,
  options: SweepOptions,
  emit: (event: SweepEvent) => void,
  open: () => Promise<Opened>,
): Promise<SweepRunner> {
  let log: TrialLog | undefined;
  let executor: Executor | undefined;
  try {
    const opened = await open();
    ({ log } = opened);
    const replicates = replicatesOf(opened.loaded.settings);
    executor = makeExecutor({ id: path.basename(directory), directory, seeds: replicates, fence: log.fence }, options);
    return new SweepRunner({ ...opened, directory, executor }, options, emit);
  } catch (error) {
    await executor?.close();
    await log?.close();
    throw sessionError(error, directory);
  }
}
