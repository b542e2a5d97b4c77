import type { Rates } from '../../engine/coordinator/engine.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { lrAt, scheduleTime } from '../../optim/schedule.ts';

/** The learning rate of a run as its evaluations and rollbacks change it. */
export class LearningRate implements Rates {
  readonly #plan: EnginePlan;
  plateauFactor = 1;
  lrFactor = 1;

  constructor(plan: EnginePlan) {
    this.#plan = plan;
  }

  /** Of a step, for tensors without a group of their own. */
  at(step: number): number {
    const { optimizer, schedule, parent } = this.#plan.experiment;
    const time = scheduleTime(schedule, this.#plan.batches, parent?.schedule);
    return lrAt(schedule, optimizer.lr, step, time, this.plateauFactor) * this.lrFactor;
  }
}
