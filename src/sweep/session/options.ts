import type { CallerData } from '../../config/caller-data.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import type { StorageCalls } from '../../runs/checkpoint/run-files.ts';
import type { LineCalls } from '../../storage/lines.ts';
import type { Datasets } from '../execute/datasets.ts';
import type { Executor, SweepPlace } from '../execute/executor.ts';
import { LocalExecutor } from '../execute/local.ts';

/** How a sweep is carried out; with the order `logical` none of it changes a result. */
export interface SweepOptions {
  /** Aborting it writes a checkpoint of each running trial and ends with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** Trials that failed in sessions before are tried again. @default false */
  retryFailed?: boolean | undefined;
  /** Makes what trains the trials; it is closed when the session ends. @default this process, on threads that the trials share */
  executor?: ((place: SweepPlace) => Executor) | undefined;
  /** Which may hold some already; of the executor that is the default. */
  datasets?: Datasets | undefined;
  /** What the program passes for the source `arrays`, again when the sweep is resumed. */
  data?: CallerData | undefined;
  /** For tests: how engines start their threads. */
  engine?: Omit<EngineOptions, 'threads'> | undefined;
  /** For tests of storage faults. */
  storage?: SweepStorageCalls | undefined;
}

/** For tests of storage faults: the calls behind the log, and behind the files of the trials' runs. */
export interface SweepStorageCalls {
  log?: LineCalls;
  runs?: StorageCalls;
}

export function makeExecutor(place: SweepPlace, { executor, datasets, engine, storage, data }: SweepOptions): Executor {
  return executor?.(place) ?? new LocalExecutor(place, { datasets, engine, storage: storage?.runs, data });
}
