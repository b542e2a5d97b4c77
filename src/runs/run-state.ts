import type { TrainingState } from '../engine/shared-state.ts';
import type { PlateauState } from '../optim/plateau.ts';
import type { EarlyStopState } from './early-stop.ts';
import type { RecorderState } from './recorder.ts';

/** A point of the run that training can go back to; its vectors are never written to. */
export interface Landmark {
  step: number;
  state: TrainingState;
}

/** What evaluations, rollbacks and skipped steps have decided so far; plain data, kept in checkpoints. */
export interface LoopState {
  step: number;
  /** No more steps: the last one is done, or early stopping said so. */
  isOver: boolean;
  /** undefined (not finite numbers included): no limit follows from it. */
  firstLoss: number | undefined;
  plateau: PlateauState;
  lrFactor: number;
  earlyStop: EarlyStopState | undefined;
  rollbacks: number;
  skippedInRow: number;
  lastSkipped: number;
  /** The best value of `train.checkpoint.best` so far. */
  bestKept: { step: number; value: number } | undefined;
}

/** A run between two steps: all that decides what comes after. */
export interface RunState {
  loop: LoopState;
  recorder: RecorderState;
  /** Of `loop.step`. */
  state: TrainingState;
  /** Parameters, statistics and averages of the best evaluation, where early stopping restores them. */
  best: Landmark | undefined;
  /** The latest evaluated state whose values were finite; with its optimizer where a rollback may need it. */
  good: Landmark | undefined;
}
