import { Ranking } from '../ranking.ts';
import type { SweepSettings } from '../schema.ts';
import type { TrialStatus } from '../trial.ts';

/** What of a trial counts for the whole. */
export interface Stand {
  status: TrialStatus;
  value: number | null;
  /** Epochs or steps trained, with early termination. */
  resource?: number | undefined;
}

/** How a sweep stands as a whole: kept up to date trial by trial, since it is asked for at every result and several times a second. */
export class Standing {
  /** Trials that have come to an end. */
  ended = 0;
  /** Epochs or steps trained by all trials, with early termination. */
  resource = 0;
  readonly #sign: 1 | -1;
  readonly #stands: (Stand | undefined)[] = [];
  #finished = 0;
  /** Values of the trials that were trained to their end, and of the others, best first. */
  readonly #values = { finished: new Ranking(), others: new Ranking() };

  constructor({ metric }: Pick<SweepSettings, 'metric'>) {
    this.#sign = metric.goal === 'minimize' ? 1 : -1;
  }

  /** The best of the trials that were trained to their end; without one, of all. */
  get best(): number | undefined {
    return this.#finished > 0 ? this.#values.finished.first : this.#values.others.first;
  }

  /** In the place of what was counted of the trial before. */
  set(trial: number, stand: Stand): void {
    const before = this.#stands[trial];
    if (before !== undefined) this.#count(trial, before, -1);
    this.#count(trial, stand, 1);
    this.#stands[trial] = stand;
  }

  #count(trial: number, { status, value, resource = 0 }: Stand, change: 1 | -1): void {
    const isFinished = status === 'finished';
    if (hasEnded({ status })) this.ended += change;
    if (isFinished) this.#finished += change;
    if (status === 'duplicate') return;
    this.resource += change * resource;
    if (value === null) return;
    const values = isFinished ? this.#values.finished : this.#values.others;
    if (change === 1) values.add(this.#sign * value, trial);
    else values.delete(this.#sign * value, trial);
  }
}

export function hasEnded({ status }: { status: TrialStatus }): boolean {
  return status !== 'queued' && status !== 'running' && status !== 'paused';
}
