import { statSync } from 'node:fs';
import { RUN_FILES, runFile } from '../../runs/files/names.ts';
import type { RunRecord } from '../../runs/store/record.ts';
import { StoreIndex } from '../../runs/store/run-index.ts';
import { entriesIn, type FolderEntry, latestFirst, runInFolder, type StoredRun } from '../../runs/store/store.ts';
import { statsAt } from '../../storage/folder.ts';
import { RunCurves } from './run-curves.ts';

/** A look at every run takes at most this share of the time. */
const SHARE = 0.02;
const LEAST_MS = 3000;
/** Runs at work whose metrics are read for the table: locks of another machine's processes may look alive for ever. */
const MOST_FOLLOWED = 32;

interface Entry {
  entry: FolderEntry;
  run: StoredRun;
  /** Of its metrics, if it is at work. */
  curves: RunCurves | undefined;
  /** When its files were last changed. */
  metricsTime: number;
}

/**
 * The runs of a directory, kept up to date: new ones and those at work at every look, the others now and then. Processes that train need to know
 * nothing of it.
 */
export class RunList {
  readonly root: string;
  readonly #index: StoreIndex;
  readonly #mayWrite: boolean;
  readonly #entries = new Map<string, Entry>();
  /** Entries that are no runs, or none yet: a run is one once its config is there. */
  #others: readonly FolderEntry[] = [];
  #rootTime = Number.NaN;
  #sorted: readonly StoredRun[] | undefined;
  #revision = 0;
  #wholeAt = Number.NEGATIVE_INFINITY;
  #wholeTook = 0;

  /** @param mayWrite  whether the index beside the runs may be written */
  constructor(root: string, mayWrite: boolean) {
    this.root = root;
    this.#mayWrite = mayWrite;
    this.#index = new StoreIndex(root);
  }

  /** Another number says that something has changed. */
  get revision(): number {
    return this.#revision;
  }

  /** The one that started last first. */
  get runs(): readonly StoredRun[] {
    this.#sorted ??= [...this.#entries.values()].map(({ run }) => run).sort(latestFirst);
    return this.#sorted;
  }

  /** Directories that are no runs: sweeps may be among them. */
  get others(): readonly string[] {
    return this.#others.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  get(id: string): StoredRun | undefined {
    return this.#entries.get(id)?.run;
  }

  /** The next look is at every run. */
  lookAnew(): void {
    this.#wholeAt = Number.NEGATIVE_INFINITY;
  }

  /** Looks again. @throws GradloomError E_STORAGE if the directory cannot be read */
  async look(): Promise<void> {
    const start = performance.now();
    const isWhole = start - this.#wholeAt > Math.max(LEAST_MS, this.#wholeTook / SHARE);
    const rootTime = timeOf(this.root);
    const isListed = isWhole || rootTime !== this.#rootTime;
    const atWork = [...this.#entries.values()].filter(({ run }) => run.record.status === 'running').map(({ entry }) => entry);
    const entries = isListed ? entriesIn(this.root) : [...atWork, ...this.#others];
    const others: FolderEntry[] = [];
    for (const entry of entries) {
      const known = this.#entries.get(entry.name);
      if (known !== undefined && !isWhole && known.run.record.status !== 'running') continue;
      const run = runInFolder(this.root, entry, this.#index);
      if (run !== undefined) await this.#put(entry, run, known);
      else {
        others.push(entry);
        if (known !== undefined) this.#drop(entry.name);
      }
    }
    this.#others = others;
    this.#rootTime = rootTime;
    if (isListed) this.#keep(new Set(entries.map(({ name }) => name)));
    if (!isWhole) return;
    if (this.#mayWrite && this.#entries.size > 0) await this.#index.save(new Set(this.#entries.keys()));
    this.#wholeAt = performance.now();
    this.#wholeTook = this.#wholeAt - start;
  }

  #keep(names: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!names.has(id)) this.#drop(id);
  }

  #drop(id: string): void {
    this.#entries.delete(id);
    this.#change();
  }

  async #put(entry: FolderEntry, run: StoredRun, known: Entry | undefined): Promise<void> {
    if (run.record.status !== 'running') {
      const isSame = known?.run.config === run.config && sameStatus(known.run.record, run.record);
      if (!isSame) this.#set({ entry, run, curves: undefined, metricsTime: 0 });
      return;
    }
    const curves = known?.curves ?? (this.#followed() < MOST_FOLLOWED ? new RunCurves(run.directory) : undefined);
    const metricsTime = statsAt(runFile(run.directory, 'metrics'))?.mtimeMs ?? 0;
    const isSame = known?.run.record.status === 'running' && known.metricsTime === metricsTime;
    if (isSame) return;
    await curves?.read();
    const record = curves === undefined ? run.record : recordNow(run.record, curves, metricsTime);
    this.#set({ entry, run: { ...run, record }, curves, metricsTime });
  }

  #followed(): number {
    let count = 0;
    for (const { curves } of this.#entries.values()) if (curves !== undefined) count++;
    return count;
  }

  #set(known: Entry): void {
    this.#entries.set(known.entry.name, known);
    this.#change();
  }

  #change(): void {
    this.#revision++;
    this.#sorted = undefined;
  }
}

/** When a directory, or what a link to one leads to, was last changed; NaN, which is never the same, where that cannot be told. */
function timeOf(directory: string): number {
  try {
    return statSync(directory).mtimeMs;
  } catch {
    // Missing, or a link that leads nowhere: what lists it says so.
    return Number.NaN;
  }
}

function sameStatus(a: RunRecord, b: RunRecord): boolean {
  return a.status === b.status && a.problem === b.problem;
}

/** What a run at work has come to so far: its summary is of the part before, or not there yet. */
function recordNow(record: RunRecord, curves: RunCurves, metricsTime: number): RunRecord {
  if (curves.problem !== undefined) return { ...record, problem: `${RUN_FILES.metrics}: ${curves.problem}` };
  const started = record.started === null ? Number.NaN : Date.parse(record.started);
  const seconds = (metricsTime - started) / 1000;
  return {
    ...record,
    steps: curves.step,
    epochs: Math.floor(curves.step / (curves.stepsPerEpoch ?? Number.POSITIVE_INFINITY)),
    seconds: Number.isFinite(seconds) && record.seconds === null ? Math.max(0, seconds) : record.seconds,
    last: curves.last,
    best: curves.best(),
  };
}
