import { Ranking } from '../ranking.ts';
import type { Report } from './scheduler.ts';

/** The trials that have come to a rung, best first, of equal values the earlier one. What diverged or failed is never among the best. */
export class Rung {
  readonly #values = new Map<number, number | undefined>();
  /** Promoted from it or stopped at it. */
  readonly #decided = new Set<number>();
  readonly #order = new Ranking();
  readonly #waiting = new Ranking();

  /** Trials that have come here, in whatever state. */
  get count(): number {
    return this.#values.size;
  }

  /** Of them those with a value. */
  get valued(): number {
    return this.#order.size;
  }

  /** In the place of one that the same trial has here. */
  report({ trial, value }: Pick<Report, 'trial' | 'value'>): void {
    const before = this.#values.get(trial);
    if (before !== undefined) this.#forget(before, trial);
    this.#values.set(trial, value);
    if (value === undefined) return;
    this.#order.add(value, trial);
    if (!this.#decided.has(trial)) this.#waiting.add(value, trial);
  }

  decide(trial: number): void {
    this.#decided.add(trial);
    const value = this.#values.get(trial);
    if (value !== undefined) this.#waiting.delete(value, trial);
  }

  /** The best that waits for a decision, and its place among all, from 0. */
  next(): { trial: number; place: number } | undefined {
    const trial = this.#waiting.first;
    const value = trial === undefined ? undefined : this.#values.get(trial);
    return trial === undefined || value === undefined ? undefined : { trial, place: this.#order.placeOf(value, trial) };
  }

  #forget(value: number, trial: number): void {
    this.#order.delete(value, trial);
    this.#waiting.delete(value, trial);
  }
}
