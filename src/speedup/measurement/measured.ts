import type { SegmentEnd } from '../../engine/coordinator/engine.ts';
import type { SharedState } from '../../engine/coordinator/shared-state.ts';
import type { PhaseSeconds } from '../../engine/plan/control.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import type { ReachedTarget, RowKind, SpeedupTable } from '../events.ts';
import type { Disturbance } from './noise.ts';

/** What does a row's work: an engine, or the sequential program. */
export interface Runner {
  readonly plan: EnginePlan;
  readonly shared: SharedState;
  train(fromStep: number, toStep: number): Promise<SegmentEnd>;
  phaseSeconds(): PhaseSeconds[];
  close(): Promise<void>;
}

/** One repetition of one row. */
export interface Repetition {
  seconds: number;
  rows: number;
  /** CPU time of the whole process. */
  cpuSeconds: number;
  /** Each worker's. */
  phases: PhaseSeconds[];
  /** The part of the first one's waiting that was for other ranks. */
  exchangeSeconds: number;
  /** Of one evaluation of the split that the experiment evaluates; undefined without one, and in the sequential program. */
  evaluationSeconds: number | undefined;
  /** Of the work's last step. */
  loss: number;
  /** sha256 over the parameters that the work ended with. */
  digest: string;
  disturbance: Disturbance;
}

/** A row as it was measured. */
export interface MeasuredRow {
  kind: RowKind;
  workers: number;
  batchSize: number;
  repetitions: readonly Repetition[];
}

/** Rows measured side by side: repetition i of each belongs to round i. */
export interface MeasuredTable {
  mode: SpeedupTable['mode'];
  batchSize: number;
  steps: number;
  rows: readonly MeasuredRow[];
  /** Where training reaches the target, and the rows that it trains on until then. */
  target?: { reached: ReachedTarget; trainedRows: number } | undefined;
}
