import type { Rates } from '../../engine/coordinator/engine.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { PLATEAU_START, type PlateauState } from '../../optim/plateau.ts';
import { lrAt, scheduleTime } from '../../optim/schedule.ts';

/** What evaluations and rollbacks make of the learning rate; plain data, kept in checkpoints. */
export interface RateState {
  /** The product of what rollbacks have left of it. */
  lrFactor: number;
  plateau: PlateauState;
}

/** The learning rate of a run as its evaluations and rollbacks change it. */
export class LearningRate implements Rates {
  readonly #plan: EnginePlan;
  /** Of the loop, which changes it. */
  #state: Readonly<RateState> = { lrFactor: 1, plateau: PLATEAU_START };

  constructor(plan: EnginePlan) {
    this.#plan = plan;
  }

  /** Reads the factors from a state from now on. */
  follow(state: Readonly<RateState>): void {
    this.#state = state;
  }

  get lrFactor(): number {
    return this.#state.lrFactor;
  }

  get plateauFactor(): number {
    return this.#state.plateau.factor;
  }

  /** Of a step, for tensors without a group of their own. */
  at(step: number): number {
    const { optimizer, schedule, parent } = this.#plan.experiment;
    const time = scheduleTime(schedule, this.#plan.batches, parent?.schedule);
    return lrAt(schedule, optimizer.lr, step, time, this.plateauFactor) * this.lrFactor;
  }
}
