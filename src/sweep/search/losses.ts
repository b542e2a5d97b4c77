import type { OverEntry, SessionRules } from '../journal/entries.ts';

/** A trial that is tried again, from the rung that it did not reach. */
export interface Retried {
  trial: number;
  rung: number;
  /** It failed; the others were cut off by the end of the sweep. */
  hasFailed: boolean;
}

/** Trials that came to nothing, those that can be tried again, and when they are reason enough to give up. */
export class Losses {
  readonly #failures = new Set<number>();
  /** Failures before the sweep was given another chance. */
  #pardoned = 0;
  /** Where trials failed, or were dropped: the rung to which they were being trained. */
  readonly #lost = new Map<number, number>();
  /** Some trial came to a result, a diverged one included. */
  #hasResult = false;

  /** Trials that failed. */
  get failures(): number {
    return this.#failures.size;
  }

  /** Trials that the end of the sweep has cut off from what they were being trained to. */
  get dropped(): readonly number[] {
    return [...this.#lost.keys()].filter((trial) => !this.#failures.has(trial));
  }

  /** No trial has come to a result yet: failures are all there is. */
  get isHopeless(): boolean {
    return !this.#hasResult;
  }

  has(trial: number): boolean {
    return this.#lost.has(trial);
  }

  addResult(): void {
    this.#hasResult = true;
  }

  drop(trial: number, rung: number): void {
    this.#lost.set(trial, rung);
  }

  /**
   * @param rung  to which the trial was being trained; undefined: its experiment is not valid, which no further attempt can mend
   * @returns why the sweep ends, if it does
   */
  fail(
    trial: number,
    rung: number | undefined,
    { then, abort_after: abortAfter }: Pick<SessionRules, 'then' | 'abort_after'>,
  ): Pick<OverEntry, 'cause' | 'reason'> | undefined {
    if (rung !== undefined) this.#lost.set(trial, rung);
    this.#failures.add(trial);
    if (then === 'stop') return { cause: 'failure', reason: `trial ${trial} failed` };
    const inARow = this.#failures.size - this.#pardoned;
    if (abortAfter === 0 || inARow < abortAfter || this.#hasResult) return undefined;
    return { cause: 'failure', reason: `the first ${inARow} trials all failed` };
  }

  /** The sweep goes on. @returns those of the trials that can be tried again */
  retry(trials: readonly number[]): Retried[] {
    const retried: Retried[] = [];
    for (const trial of trials) {
      const rung = this.#lost.get(trial);
      if (rung === undefined) continue;
      this.#lost.delete(trial);
      retried.push({ trial, rung, hasFailed: this.#failures.has(trial) });
    }
    for (const trial of trials) this.#failures.delete(trial);
    this.#pardoned = this.#failures.size;
    return retried;
  }
}
