import type { Experiment } from '../../config/schema/schema.ts';
import { type PlateauState, plateauNext } from '../../optim/plateau.ts';
import { EARLY_STOP_START, type EarlyStopState, earlyStopNext } from './early-stop.ts';
import type { Recorder } from './recorder.ts';

/** What evaluations have decided so far; plain data, kept in checkpoints. */
export interface DecisionState {
  plateau: PlateauState;
  /** undefined without `train.early_stop`. */
  earlyStop: EarlyStopState | undefined;
  /** The best value of `train.checkpoint.best` so far. */
  bestKept: { step: number; value: number } | undefined;
}

/** What an evaluation means: for the parameters to end with, for checkpoints, and for the end of training. */
export interface Decision {
  isImproved: boolean;
  isToKeep: boolean;
  isLast: boolean;
}

/** Looks at evaluations: changes the learning rate, stops training early, and says which states are worth keeping. */
export class Decisions {
  readonly #experiment: Experiment;
  readonly #recorder: Recorder;

  constructor(experiment: Experiment, recorder: Recorder) {
    this.#experiment = experiment;
    this.#recorder = recorder;
  }

  /**
   * Takes the evaluations of a step.
   *
   * @param state     is changed by them
   * @param bestStep  of the best evaluation before this one
   */
  take(state: DecisionState, step: number, bestStep: number | undefined): Decision {
    this.#takePlateau(state);
    const isToKeep = this.#takeBest(state, step);
    const outcome = this.#takeEarlyStop(state, bestStep);
    return { isImproved: outcome === 'improved', isToKeep, isLast: outcome === 'stop' };
  }

  #takeEarlyStop(state: DecisionState, bestStep: number | undefined): 'improved' | 'stale' | 'stop' | undefined {
    const { early_stop: config } = this.#experiment.train;
    if (config === undefined) return undefined;
    const next = earlyStopNext(config, state.earlyStop ?? EARLY_STOP_START, this.#evaluated(config.metric));
    state.earlyStop = next.state;
    if (next.outcome === 'stop') {
      const { metric, patience } = config;
      const evaluations = `${patience} ${patience === 1 ? 'evaluation' : 'evaluations'}`;
      const message = `stopped early: ${metric} has not improved in ${evaluations}; best at step ${bestStep}`;
      this.#recorder.tell({ type: 'warning', code: 'W_EARLY_STOP', message });
    }
    return next.outcome;
  }

  /** A rate that is held does not fall either. */
  #takePlateau(state: DecisionState): void {
    const { schedule, parent } = this.#experiment;
    if (schedule.type !== 'plateau' || parent?.schedule.until !== undefined) return;
    state.plateau = plateauNext(schedule, state.plateau, this.#evaluated(schedule.metric));
  }

  #takeBest(state: DecisionState, step: number): boolean {
    const { best } = this.#experiment.train.checkpoint;
    if (best === undefined) return false;
    const value = this.#evaluated(best.metric);
    const before = state.bestKept?.value;
    const isBetter = before === undefined || (best.goal === 'minimize' ? value < before : value > before);
    if (Number.isNaN(value) || !isBetter) return false;
    state.bestKept = { step, value };
    return true;
  }

  /** `checkWatchedMetrics` has seen to it that the metric is evaluated; NaN if it was not finite. */
  #evaluated(name: string): number {
    return this.#recorder.latest(name) ?? Number.NaN;
  }
}
