import path from 'node:path';
import { GradloomError } from '../../errors.ts';
import { statsAt } from '../../storage/folder.ts';
import { lockOwner } from '../../storage/lock.ts';
import { trialLogPath } from '../../sweep/journal/log.ts';
import { SweepFold, sweepState } from '../../sweep/replay/state.ts';
import { Progress } from '../../sweep/session/progress.ts';
import { readWritten, type WrittenSweep } from '../../sweep/session/read.ts';
import type { SweepState } from '../../sweep/trial.ts';

/** A log that is read anew takes at most this share of the time. */
const SHARE = 0.1;

export interface FoundSweep {
  /** Its directory, relative to that of the page. */
  key: string;
  id: string;
  /** Absolute. */
  directory: string;
  /** undefined where it cannot be read. */
  state: SweepState | undefined;
  problem: string | undefined;
  /** When its log was last changed. */
  time: number;
  /** Of the whole, while a process works on it; undefined where nothing says so. */
  secondsLeft: number | undefined;
}

interface Known {
  found: FoundSweep;
  signature: string;
  readAt: number;
  took: number;
}

/** The sweeps and cross-validations in some directories. */
export class SweepList {
  #known = new Map<string, Known>();
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  /** The one that was worked on last first. */
  get sweeps(): readonly FoundSweep[] {
    return [...this.#known.values()].map(({ found }) => found).toSorted((a, b) => b.time - a.time);
  }

  get(key: string): FoundSweep | undefined {
    return this.#known.get(key)?.found;
  }

  /** @param directories  that may be sweeps, by key */
  look(directories: ReadonlyMap<string, string>): void {
    const known = new Map<string, Known>();
    for (const [key, directory] of directories) {
      const before = this.#known.get(key);
      const now = this.#lookAt(key, directory, before);
      if (now === undefined) continue;
      known.set(key, now);
      if (now !== before) this.#revision++;
    }
    if (known.size < this.#known.size) this.#revision++;
    this.#known = known;
  }

  #lookAt(key: string, directory: string, before: Known | undefined): Known | undefined {
    const settings = statsAt(path.join(directory, 'sweep.yaml'));
    if (settings === undefined || !settings.isFile()) return undefined;
    const log = statsAt(trialLogPath(directory));
    const time = log?.mtimeMs ?? settings.mtimeMs;
    const id = path.basename(directory);
    const start = performance.now();
    const named = { key, id, directory, time };
    try {
      const isAlive = lockOwner(directory) !== undefined;
      const signature = `${settings.mtimeMs}/${settings.size} ${log?.mtimeMs}/${log?.size}/${log?.ino} ${isAlive}`;
      if (before?.signature === signature) return before;
      if (before !== undefined && start - before.readAt < before.took / SHARE) return before;
      const found: FoundSweep = { ...named, ...stateNow(readWritten(directory), isAlive), problem: undefined };
      return { found, signature, readAt: performance.now(), took: performance.now() - start };
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      const signature = `${settings.mtimeMs}/${settings.size} ${log?.mtimeMs}/${log?.size}/${log?.ino} damaged`;
      if (before?.signature === signature) return before;
      const problem = `${error.where === undefined ? '' : `${error.where}: `}${error.message}`;
      const found: FoundSweep = { ...named, state: undefined, problem, secondsLeft: undefined };
      return { found, signature, readAt: performance.now(), took: performance.now() - start };
    }
  }
}

/** What the log tells, and how long the session at work may still take by what it has done so far. */
function stateNow({ directory, settings, entries }: WrittenSweep, isAlive: boolean): Pick<FoundSweep, 'state' | 'secondsLeft'> {
  const fold = new SweepFold(settings);
  const session = entries.findLastIndex(({ type }) => type === 'session');
  for (const entry of entries.slice(0, session + 1)) fold.add(entry);
  const progress = new Progress(settings, fold, settings.run_cap);
  for (const entry of entries.slice(session + 1)) fold.add(entry);
  const state = sweepState(fold, { id: path.basename(directory), name: settings.name, directory, settings }, isAlive);
  const begun = entries[session];
  const seconds = begun?.type === 'session' ? (Date.now() - Date.parse(begun.at)) / 1000 : Number.NaN;
  return { state, secondsLeft: isAlive && seconds > 0 ? progress.at(seconds, [], 0).secondsLeft : undefined };
}
