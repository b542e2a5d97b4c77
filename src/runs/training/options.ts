import type { CallerData } from '../../config/caller-data.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import type { InitialState } from '../../model/initializers.ts';
import type { Fence } from '../../storage/atomic.ts';
import type { RunFiles, StorageCalls } from '../checkpoint/run-files.ts';
import type { RunState } from '../checkpoint/run-state.ts';
import type { Hyperparameters } from '../tensorboard/event.ts';

/** How a run is to be done; nothing here changes its result. */
export interface RunOptions {
  /** Aborting it finishes the step at hand, saves the run and ends with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** For tests of worker faults: how the engine starts its threads. */
  engine?: EngineOptions | undefined;
  /** For tests of storage faults. */
  storage?: StorageCalls | undefined;
  /** The right to write where the run's directory is part of something larger, as a trial's is of a sweep's. */
  fence?: Fence | undefined;
  /** A data set that is loaded already: all trials of a sweep share one. */
  dataset?: Dataset | undefined;
  /** What the program passes again for the source `arrays`. @default what the experiment was made with */
  data?: CallerData | undefined;
  /** Trains to this step, writes a checkpoint and ends with status `paused`; a step at or after the last one has no effect. */
  pauseAt?: number | undefined;
  /** The keys of the sweep that the run is a trial of, for TensorBoard. */
  hyperparameters?: Hyperparameters | undefined;
}

/** Where a run starts: from its initial weights in a new directory, or in the middle. */
export interface Beginning {
  /** undefined: nothing is written. */
  files: RunFiles | undefined;
  initial: InitialState;
  /** What to go on from; undefined: the initial weights. */
  state?: RunState | undefined;
  /** Step of the checkpoint of this run that `state` was read from. */
  keptStep?: number | undefined;
}
