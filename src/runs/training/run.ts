import type { RunEvent, Summary } from '../events.ts';
import type { UnderWay } from './under-way.ts';

/** A run under way. */
export interface TrainRun extends UnderWay<RunEvent, Summary> {
  /**
   * The summary, also of an interrupted run.
   * Rejects with a GradloomError (E_DIVERGED, E_WORKER..., E_STORAGE, E_DATA..., E_MEMORY) once everything that can be saved is saved.
   */
  readonly result: Promise<Summary>;
}
