import { existsSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { Channel } from '../runs/channel.ts';
import { createRunDirectory, makeRunDirectory } from '../runs/directory.ts';
import { writeFileAtomic } from '../storage/atomic.ts';
import { DirectoryLock, lockOwner } from '../storage/lock.ts';
import { checkUnchanged } from './changes.ts';
import type { SweepEvent, SweepSummary } from './events.ts';
import { type LoadedSweep, loadSweep, sweepFiles } from './load.ts';
import { type SweepOptions, SweepRunner } from './runner.ts';
import { lanesOf } from './search.ts';
import { SweepFold, stateOf } from './state.ts';
import type { SweepState } from './trial.ts';
import { type LoggedEntry, readTrialLog, type SweepEntry, TrialLog, trialLogPath } from './trial-log.ts';

/** A sweep under way: iterate over it for events, await `result` for the outcome; either alone is enough. */
export interface SweepRun extends AsyncIterable<SweepEvent> {
  /**
   * The summary, also of an interrupted sweep, and of one in which some trials failed (`failed` says how many).
   * Rejects with a GradloomError once everything is saved: E_SWEEP_FAILED if the sweep gave up, E_SWEEP_CHANGED, E_SWEEP_READ,
   * E_BUSY if another process works on the directory, E_STORAGE, E_RUN_FILE for a damaged log.
   */
  readonly result: Promise<SweepSummary>;
}

export interface NewSweepOptions extends SweepOptions {
  /** Exact directory of the sweep, which must not exist yet. @default a new one, `<name>-<time>-<random>`, under `parent` */
  directory?: string | undefined;
  /** @default ./sweeps */
  parent?: string | undefined;
}

export interface ResumeSweepOptions extends SweepOptions {
  /** Changes of how the sweep is carried out: `run_cap=80`, `budget.duration=2h`, `execution.cores=2`. */
  overrides?: readonly string[] | undefined;
}

/** Entries that replace one another before they are read. */
const REPLACEABLE = ['progress'] as const;

/**
 * Searches hyperparameters as a sweep file says, in a directory of its own.
 *
 * @example
 * const run = sweep(loadSweep('configs/sweep-tpe.yaml'));
 * for await (const event of run) if (event.type === 'best') console.log(event.trial.number, event.trial.value);
 * const { best, trials } = await run.result;
 */
export function sweep(loaded: LoadedSweep, options: NewSweepOptions = {}): SweepRun {
  return start(async (emit) => {
    const { directory, parent = 'sweeps' } = options;
    const { name } = loaded.settings;
    const made = await (directory === undefined ? createRunDirectory(parent, name) : makeRunDirectory(path.resolve(directory)));
    return inDirectory(made.path, options, emit, async () => {
      const files = sweepFiles(loaded);
      // In this order: a directory with a sweep.yaml is one that can be resumed.
      for (const file of ['base.yaml', 'sweep.yaml'] as const) await writeFileAtomic(path.join(made.path, file), files[file]);
      return { loaded, ...(await begin(loaded, made.path)) };
    });
  });
}

/**
 * Goes on with a sweep from its log and the checkpoints of its trials; the trials come out as those of an undisturbed sweep. One that is
 * over is a no-op that yields its summary, unless the overrides give it more to do (`run_cap` counts all trials, also those before).
 */
export function resumeSweep(directory: string, options: ResumeSweepOptions = {}): SweepRun {
  return start((emit) => {
    const place = path.resolve(directory);
    requireSweep(place);
    return inDirectory(place, options, emit, async () => {
      const loaded = loadSweep(path.join(place, 'sweep.yaml'), { overrides: options.overrides ?? [] });
      // A crash right after the directory was made leaves no log, or only the torn first line of one.
      if (!existsSync(trialLogPath(place))) return { loaded, ...(await begin(loaded, place)) };
      const read = readTrialLog(place);
      if (read.isTorn)
        emit({
          type: 'warning',
          code: 'W_TORN_LINE',
          message: `log.jsonl: the last line was torn and is cut off; what it told is done again`,
        });
      const log = TrialLog.reopen(place, read);
      const [first] = read.entries;
      if (first === undefined) return { loaded, log, entries: [await firstEntry(log, loaded, place)] };
      checkUnchanged((first as SweepEntry).files, sweepFiles(loaded), place);
      return { loaded, log, entries: read.entries };
    });
  });
}

/**
 * A sweep as its directory tells it, also while a process works on it.
 *
 * @throws GradloomError E_SWEEP_READ if it is no sweep, E_RUN_FILE for a damaged log, E_CONFIG_...
 */
export function readSweep(directory: string): SweepState {
  const place = path.resolve(directory);
  requireSweep(place);
  const { settings } = loadSweep(path.join(place, 'sweep.yaml'));
  const entries = existsSync(trialLogPath(place)) ? readTrialLog(place).entries : [];
  const fold = new SweepFold(settings);
  for (const entry of entries) fold.add(entry);
  return stateOf(fold, { id: path.basename(place), name: settings.name, directory: place, settings }, lockOwner(place) !== undefined);
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
  open: () => Promise<Opened>,
): Promise<SweepSummary> {
  const lock = DirectoryLock.acquire(directory);
  try {
    const { loaded, log, entries } = await open();
    return await new SweepRunner(loaded, directory, log, entries, options, emit).run();
  } finally {
    lock.release();
  }
}

async function begin(loaded: LoadedSweep, directory: string): Promise<Pick<Opened, 'log' | 'entries'>> {
  const log = TrialLog.create(directory);
  return { log, entries: [await firstEntry(log, loaded, directory)] };
}

async function firstEntry(log: TrialLog, loaded: LoadedSweep, directory: string): Promise<LoggedEntry> {
  const { settings } = loaded;
  const entry: SweepEntry = {
    type: 'sweep',
    version: 1,
    id: path.basename(directory),
    name: settings.name,
    lanes: lanesOf(settings),
    files: sweepFiles(loaded),
  };
  await log.append(entry);
  return { seq: 0, t: 0, ...entry };
}

function start(run: (emit: (event: SweepEvent) => void) => Promise<SweepSummary>): SweepRun {
  const events = new Channel<SweepEvent>(REPLACEABLE);
  const result = (async () => run((event) => events.push(event)))().finally(() => events.close());
  // Whoever only iterates must not be killed by a rejection that nobody awaits; `result` still rejects for those who do.
  result.catch(() => undefined);
  return { result, [Symbol.asyncIterator]: () => events };
}

function requireSweep(directory: string): void {
  if (existsSync(path.join(directory, 'sweep.yaml'))) return;
  throw new GradloomError({
    code: 'E_SWEEP_READ',
    where: printable(directory),
    message: 'not the directory of a sweep: it has no sweep.yaml',
    next: 'name a directory that gradloom sweep run has made',
  });
}
