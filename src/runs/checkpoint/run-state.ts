import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { DecisionState } from '../record/decisions.ts';
import type { RateState } from '../record/learning-rate.ts';
import type { RecorderState } from '../record/recorder-state.ts';

/** A point of the run that training can go back to; its vectors are never written to. */
export interface Landmark {
  step: number;
  state: TrainingState;
}

/** What evaluations, rollbacks and skipped steps have decided so far; plain data, kept in checkpoints. */
export interface LoopState extends DecisionState, RateState {
  step: number;
  /** No more steps: the last one is done, or early stopping said so. */
  isOver: boolean;
  /** undefined (not finite numbers included): no limit follows from it. */
  firstLoss: number | undefined;
  rollbacks: number;
  skippedInRow: number;
  lastSkipped: number;
}

/** The points of a run that are worth going back to. */
export interface Landmarks {
  /** Parameters, statistics and averages of the best evaluation, where early stopping restores them. */
  best: Landmark | undefined;
  /** The latest evaluated state whose values were finite; with its optimizer where a rollback may need it. */
  good: Landmark | undefined;
}

/** A run between two steps: all that decides what comes after. */
export interface RunState extends Landmarks {
  loop: LoopState;
  recorder: RecorderState;
  /** Of `loop.step`. */
  state: TrainingState;
}
