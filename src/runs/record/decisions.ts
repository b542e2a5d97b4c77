import type { Experiment } from '../../config/schema/schema.ts';
import { PLATEAU_START, type PlateauState, plateauNext } from '../../optim/plateau.ts';
import { EarlyStop, type EarlyStopState } from './early-stop.ts';
import type { LearningRate } from './learning-rate.ts';
import type { Recorder } from './recorder.ts';

/** What evaluations have decided so far; plain data, kept in checkpoints. */
export interface DecisionState {
  plateau: PlateauState;
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
  readonly #rates: LearningRate;
  readonly #earlyStop: EarlyStop | undefined;
  #plateau = PLATEAU_START;
  #bestKept: DecisionState['bestKept'];

  constructor(experiment: Experiment, recorder: Recorder, rates: LearningRate) {
    this.#experiment = experiment;
    this.#recorder = recorder;
    this.#rates = rates;
    const { early_stop: earlyStop } = experiment.train;
    this.#earlyStop = earlyStop && new EarlyStop(earlyStop);
  }

  get state(): DecisionState {
    return { plateau: this.#plateau, earlyStop: this.#earlyStop?.state, bestKept: this.#bestKept };
  }

  restore({ plateau, earlyStop, bestKept }: DecisionState): void {
    this.#plateau = plateau;
    this.#rates.plateauFactor = plateau.factor;
    if (this.#earlyStop !== undefined && earlyStop !== undefined) this.#earlyStop.state = earlyStop;
    this.#bestKept = bestKept;
  }

  /** @param bestStep  of the best evaluation before this one */
  take(step: number, bestStep: number | undefined): Decision {
    this.#takePlateau();
    const isToKeep = this.#takeBest(step);
    const outcome = this.#earlyStop?.take(this.#evaluated(this.#earlyStop.config.metric));
    if (this.#earlyStop !== undefined && outcome === 'stop') {
      const { metric, patience } = this.#earlyStop.config;
      const evaluations = `${patience} ${patience === 1 ? 'evaluation' : 'evaluations'}`;
      const message = `stopped early: ${metric} has not improved in ${evaluations}; best at step ${bestStep}`;
      this.#recorder.tell({ type: 'warning', code: 'W_EARLY_STOP', message });
    }
    return { isImproved: outcome === 'improved', isToKeep, isLast: outcome === 'stop' };
  }

  /** A rate that is held does not fall either. */
  #takePlateau(): void {
    const { schedule, parent } = this.#experiment;
    if (schedule.type !== 'plateau' || parent?.schedule.until !== undefined) return;
    this.#plateau = plateauNext(schedule, this.#plateau, this.#evaluated(schedule.metric));
    this.#rates.plateauFactor = this.#plateau.factor;
  }

  #takeBest(step: number): boolean {
    const { best } = this.#experiment.train.checkpoint;
    if (best === undefined) return false;
    const value = this.#evaluated(best.metric);
    const before = this.#bestKept?.value;
    const isBetter = before === undefined || (best.goal === 'minimize' ? value < before : value > before);
    if (Number.isNaN(value) || !isBetter) return false;
    this.#bestKept = { step, value };
    return true;
  }

  /** `checkWatchedMetrics` has seen to it that the metric is evaluated; NaN if it was not finite. */
  #evaluated(name: string): number {
    return this.#recorder.latest(name) ?? Number.NaN;
  }
}
