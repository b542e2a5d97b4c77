import path from 'node:path';
import type { CallerData } from '../../config/caller-data.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { Threads } from '../../engine/coordinator/threads.ts';
import { countCores } from '../../machine/cores.ts';
import type { StorageCalls } from '../../runs/checkpoint/run-files.ts';
import { faultOf } from '../journal/fault.ts';
import { Datasets } from './datasets.ts';
import type { Executor, Outcome, SweepPlace, TrialWork, WorkReport } from './executor.ts';
import { isOfTrial } from './faults.ts';
import { TrialRun } from './trial-run.ts';

const LEAST_DATASETS = 4;
const MOST_DATASETS = 32;

export interface LocalOptions {
  /** Which may hold some already. */
  datasets?: Pick<Datasets, 'get'> | undefined;
  /** What the program passed, for the source `arrays`. */
  data?: CallerData | undefined;
  /** For tests: how engines start their threads. */
  engine?: Omit<EngineOptions, 'threads'> | undefined;
  /** For tests of storage faults. */
  storage?: StorageCalls | undefined;
}

/**
 * Trains in this process, on threads that the trials share, not in a process each: so they share one copy of the data set in memory, and
 * a trial starts in milliseconds. A fault in a trial's thread takes that trial's threads with it and no others.
 */
export class LocalExecutor implements Executor {
  readonly #place: SweepPlace;
  readonly #options: LocalOptions;
  readonly #threads: Threads;
  readonly #datasets: Pick<Datasets, 'get'>;

  constructor(place: SweepPlace, options: LocalOptions = {}) {
    this.#place = place;
    this.#options = options;
    this.#threads = new Threads(options.engine?.entry);
    this.#datasets = options.datasets ?? keptDatasets(place.seeds, options.data);
  }

  get cores(): number {
    return countCores().usable;
  }

  async run(work: TrialWork, cores: number, signal: AbortSignal, onReport: (report: WorkReport) => void): Promise<Outcome> {
    const means = {
      directory: path.join(this.#place.directory, work.directory),
      dataset: () => this.#datasets.get(work.experiment),
      engine: { ...this.#options.engine, threads: this.#threads },
      storage: this.#options.storage,
      fence: this.#place.fence,
    };
    const startedAt = performance.now();
    try {
      return await new TrialRun(work, means, onReport).train(cores, signal);
    } catch (error) {
      if (!isOfTrial(error)) throw error;
      const seconds = Math.round(performance.now() - startedAt) / 1000;
      return { status: 'failed', fault: faultOf(error), blame: error.blame, seconds };
    }
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}

/** Data sets for a sweep whose trials have so many runs: those of one trial are kept. */
export function keptDatasets(seeds: number, data?: CallerData): Datasets {
  return new Datasets(Math.min(MOST_DATASETS, Math.max(LEAST_DATASETS, seeds + 1)), data);
}
