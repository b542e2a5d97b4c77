/** What a scheduler learns when a trial has been trained to a rung. Lower values are better, whatever the metric's goal. */
export interface Report {
  trial: number;
  /** Index of the rung. */
  rung: number;
  /** The trial's value as the sweep summarises it; undefined: diverged or failed, which ends the trial. */
  value: number | undefined;
  /** All its evaluations so far. */
  points: readonly number[];
}

/** What becomes of a trial that waits at a rung: it goes on to the next one, or is stopped for good. */
export interface RungDecision {
  type: 'promote' | 'stop';
  trial: number;
  /** Where it waits. */
  rung: number;
  /** For the log and for people. */
  reason: string;
}

/**
 * Decides which trials are worth more training. The sweep tells it of each trial that starts and of each that reaches a rung, and asks
 * for decisions in between; `next` is a function of what it was told, in that order, and changes nothing: `apply` does. So the sweep's
 * log, told again, leads to the same state.
 */
export interface Scheduler {
  /** Epochs or steps after which a trial waits for a decision, ascending; the last one is its end. */
  rungs(trial: number): readonly number[];
  /** Where a new trial belongs, if there is something to say. */
  start(trial: number): string | undefined;
  /** A trial that failed may be tried again: then its report at that rung takes the place of the first. */
  report(report: Report): void;
  /** No trial is started any more. */
  close(): void;
  /**
   * @param isQuiet  no trial is under way, so nothing more will be reported before a decision
   * @returns undefined: none now
   */
  next(isQuiet: boolean): RungDecision | undefined;
  apply(decision: RungDecision): void;
}

/** Guards a quotient that should be whole against the last bit: 9 / 3 must be 3 for every eta. */
const SLACK = 1e-9;

/** How many of `count` trials are the best 1/eta. */
export function topCount(count: number, eta: number): number {
  return Math.floor(count / eta + SLACK);
}

/** The least number of trials whose best 1/eta are `count`. */
export function leastFor(count: number, eta: number): number {
  return Math.ceil(count * eta - SLACK);
}

/** `2 epochs`, `1 step`. */
export function amount(count: number, unit: string): string {
  return `${count} ${count === 1 ? unit.replace(/s$/, '') : unit}`;
}
