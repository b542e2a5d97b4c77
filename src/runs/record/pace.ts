import type { PhaseSeconds } from '../../engine/plan/control.ts';
import type { Summary } from '../events.ts';

/** How far back the displayed rate looks. */
const RATE_WINDOW_MS = 1000;

/** What a run's time goes to: threads and their code until the first step, steps, evaluations, states that are kept. */
export type Activity = 'start' | 'training' | 'evaluation' | 'checkpoint';

/** How far a run has come in how long, its earlier parts included; plain data, kept in checkpoints. */
export interface PaceState {
  /** Wall time; in a state that is in use, as of its latest snapshot. */
  seconds: number;
  samples: number;
  /** Wall time by activity; what is missing was not told apart, and counts as training. */
  spent?: Record<Activity, number> | undefined;
}

/** At the start. */
export const NOTHING_SPENT: Readonly<Record<Activity, number>> = { start: 0, training: 0, evaluation: 0, checkpoint: 0 };

/** How fast a run goes; nothing here decides anything. */
export class Pace {
  readonly #startedAt = performance.now();
  #state: PaceState;
  /** Seconds of the run before this process. */
  #earlierSeconds = 0;
  #firstStep = 0;
  readonly #marks: { at: number; samples: number }[] = [];

  /** @param state  is kept up to date */
  constructor(state: PaceState) {
    this.#state = state;
  }

  add(samples: number): void {
    this.#state.samples += samples;
  }

  /** Time that went to an activity. Like the samples, that of steps which are done again after a fault is forgotten with them. */
  spend(activity: Activity, seconds: number): void {
    const { spent } = this;
    this.#state.spent = { ...spent, [activity]: spent[activity] + seconds };
  }

  get spent(): Readonly<Record<Activity, number>> {
    return this.#state.spent ?? { ...NOTHING_SPENT, training: this.#state.seconds };
  }

  get seconds(): number {
    return this.#earlierSeconds + this.#ownSeconds;
  }

  get #ownSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Goes on from a point of the run, whose state is kept up to date from now on; time spent since then in this process stays spent. */
  restore(step: number, state: PaceState): void {
    this.#firstStep = step;
    // A process that has trained nothing yet was no part of what the state counted.
    const own = this.#state.samples === 0 ? 0 : this.#ownSeconds;
    this.#earlierSeconds = Math.max(this.#earlierSeconds, state.seconds - own);
    this.#state = state;
  }

  /** Samples per second: lately, of wall time; over the whole run, of training alone. */
  get rates(): { lately: number; whole: number } {
    const now = performance.now();
    const { samples } = this.#state;
    const marks = this.#marks;
    marks.push({ at: now, samples });
    while (marks.length > 2 && now - (marks[1]?.at ?? now) > RATE_WINDOW_MS) marks.shift();
    const oldest = marks[0] ?? { at: now, samples: 0 };
    const { training } = this.spent;
    return {
      lately: now > oldest.at ? ((samples - oldest.samples) * 1000) / (now - oldest.at) : 0,
      whole: training > 0 ? samples / training : 0,
    };
  }

  /** Until `totalSteps` updates are done, if `step` are; undefined as long as nothing is known. */
  secondsLeft(step: number, totalSteps: number): number | undefined {
    const done = step - this.#firstStep;
    return done <= 0 ? undefined : (this.#ownSeconds / done) * (totalSteps - step);
  }
}

/** Shares of all workers' time together; zeros before the first step. */
export function shares(phases: readonly PhaseSeconds[]): Summary['phases'] {
  const sum = { compute: 0, wait: 0, reduce: 0 };
  for (const { compute, wait, reduce } of phases) {
    sum.compute += compute;
    sum.wait += wait;
    sum.reduce += reduce;
  }
  const total = sum.compute + sum.wait + sum.reduce;
  return total === 0 ? sum : { compute: sum.compute / total, wait: sum.wait / total, reduce: sum.reduce / total };
}
