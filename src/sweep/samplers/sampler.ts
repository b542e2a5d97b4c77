import type { Assignment } from '../trial.ts';

/** What a sampler learns of a trial. */
export interface Observation {
  number: number;
  assignment: Assignment;
  /** Lower is better, whatever the metric's goal; undefined: diverged or failed. */
  value: number | undefined;
}

/**
 * Chooses what a trial sets. A suggestion is a function of (sweep seed, trial number, history) alone: the same arguments give the
 * same assignment in any process, so there is no state to save.
 */
export interface Sampler {
  /** How many trials there can be; undefined without a limit. */
  readonly total: number | undefined;
  /**
   * @param number   of the trial, from 0
   * @param history  what is known, by trial number, each number at most once
   * @returns undefined when the space is exhausted
   * @throws GradloomError E_SWEEP_CONSTRAINTS if no point found satisfies the constraints
   */
  suggest(number: number, history: readonly Observation[]): Assignment | undefined;
}
