import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GradloomError } from '../../errors.ts';
import { runFile } from '../../runs/files/names.ts';
import { findRuns, latestFirst, type StoredRun } from '../../runs/store/store.ts';
import { kindAt, statsAt } from '../../storage/folder.ts';
import { trialLogPath } from '../../sweep/journal/log.ts';
import { TRIALS } from '../../sweep/replay/record.ts';
import { RunCurves } from './run-curves.ts';
import { RunList } from './run-list.ts';
import { SpeedupList } from './speedup-list.ts';
import { SweepList } from './sweep-list.ts';

/** Folders that are looked into: the directory itself, those that commands write to without being told another, and what a sweep has. */
const FOLDERS = ['', 'runs', 'sweeps', TRIALS];
/** The directory itself, where it is a sweep. */
const ITSELF = '.';
/** Looks come no faster, however many pages are open. */
const LOOK_MS = 400;
/** A file of a million lines takes seconds: what has been read by then is shown, and the rest when it is there. */
const PATIENCE_MS = 1500;
/** Runs whose curves stay in memory. */
const MOST_CURVES = 48;

/** A run with its name in addresses. */
export interface KeyedRun {
  key: string;
  run: StoredRun;
}

/** What lies below a directory: its runs, sweeps and speedups, as of the last look. */
export class Project {
  readonly root: string;
  readonly sweeps = new SweepList();
  readonly speedups: SpeedupList;
  readonly #folders: readonly { name: string; list: RunList }[];
  /** By key; the most recently used last. */
  readonly #curves = new Map<string, RunCurves>();
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  /** @param mayWrite  whether the indexes of runs may be written */
  constructor(root: string, mayWrite: boolean) {
    this.root = path.resolve(root);
    this.speedups = new SpeedupList(this.root);
    this.#folders = FOLDERS.map((name) => ({ name, list: new RunList(path.join(this.root, name), mayWrite) }));
  }

  /** Changes with the runs. */
  get revision(): number {
    return this.#folders.reduce((sum, { list }) => sum + list.revision, 0);
  }

  /** Why the directory cannot be looked into. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The run that started last first. */
  get runs(): readonly KeyedRun[] {
    const used = this.#folders.filter(({ list }) => list.runs.length > 0);
    const all = used.flatMap(({ name, list }) => list.runs.map((run) => ({ key: path.posix.join(name, run.record.id), run })));
    return used.length > 1 ? all.sort((a, b) => latestFirst(a.run, b.run)) : all;
  }

  /** Looks again, unless that has just been done. */
  async look(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_MS) return;
    this.#looking ??= this.#lookAgain().finally(() => {
      this.#looking = undefined;
      this.#lookedAt = performance.now();
    });
    await this.#looking;
  }

  async #lookAgain(): Promise<void> {
    this.#problem = undefined;
    for (const { list } of this.#folders) {
      try {
        await list.look();
      } catch (error) {
        if (!(error instanceof GradloomError)) throw error;
        this.#problem ??= error.message;
      }
    }
    const candidates = this.#folders.flatMap(({ name, list }) =>
      list.others.map((id) => [path.posix.join(name, id), path.join(list.root, id)] as const),
    );
    // A sweep file of the user may be there, too; a sweep has a log.
    const isSweep = kindAt(trialLogPath(this.root)) === 'file';
    this.sweeps.look(new Map([...(isSweep ? [[ITSELF, this.root] as const] : []), ...candidates]));
    this.speedups.look();
  }

  /** The next look is not put off. */
  lookAnew(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    for (const { list } of this.#folders) list.lookAnew();
  }

  /** Changes with a run and its curves; '' for one that is not there. */
  async runRevision(key: string): Promise<string> {
    const run = await this.run(key);
    if (run === undefined) return '';
    const curves = await this.curves(key, run);
    const { status, digest, tags } = run.record;
    const notes = statsAt(runFile(run.directory, 'notes'))?.mtimeMs;
    return `${status} ${digest} ${JSON.stringify(tags)} ${notes} ${curves.lines} ${curves.problem ?? ''}`;
  }

  /** Changes with a sweep's log and what its trials at work have come to; '' for one that is not there. */
  async sweepRevision(key: string): Promise<string> {
    const found = this.sweeps.get(key);
    if (found === undefined) return '';
    let lines = 0;
    for (const { status, runs } of found.state?.trials ?? []) {
      for (const relative of status === 'running' ? runs : []) {
        const runKey = `${key}/${relative}`;
        const run = await this.run(runKey);
        if (run !== undefined) lines += (await this.curves(runKey, run)).lines;
      }
    }
    return `${found.time} ${found.state?.status} ${lines}`;
  }

  /** Whether a key is of a run by itself, and not of one of a sweep's. */
  isDirect(key: string): boolean {
    return !key.startsWith(`${TRIALS}/`) && this.#direct(key) !== undefined;
  }

  /**
   * The run of a key: one that was found, or one of a trial that a found sweep has. A key is looked up and never made a path.
   *
   * @returns undefined for any other key
   */
  async run(key: string): Promise<StoredRun | undefined> {
    return this.#direct(key) ?? this.#trialRun(key);
  }

  #direct(key: string): StoredRun | undefined {
    for (const { name, list } of this.#folders) {
      const found = name === '' ? list.get(key) : key.startsWith(`${name}/`) ? list.get(key.slice(name.length + 1)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #trialRun(key: string): Promise<StoredRun | undefined> {
    const sweep = this.sweeps.sweeps.find((one) => key.startsWith(`${one.key}/`));
    const relative = sweep?.state?.trials.flatMap(({ runs }) => runs).find((run) => key === `${sweep.key}/${run}`);
    if (sweep === undefined || relative === undefined) return undefined;
    const directory = path.join(sweep.directory, relative);
    // A trial that waits has no run yet; a folder that is a link leads elsewhere.
    if (kindAt(path.dirname(directory)) !== 'directory' || kindAt(directory) !== 'directory') return undefined;
    try {
      return (await findRuns([directory]))[0];
    } catch (error) {
      if (error instanceof GradloomError) return undefined;
      throw error;
    }
  }

  /** The curves of a run, as far as they have come; those of a long run grow while they are read. */
  async curves(key: string, { directory }: Pick<StoredRun, 'directory'>): Promise<RunCurves> {
    const curves = this.#curves.get(key) ?? new RunCurves(directory);
    this.#curves.delete(key);
    this.#curves.set(key, curves);
    for (const oldest of this.#curves.keys()) {
      if (this.#curves.size <= MOST_CURVES) break;
      this.#curves.delete(oldest);
    }
    await Promise.race([curves.read(), sleep(PATIENCE_MS, undefined, { ref: false })]);
    return curves;
  }
}
