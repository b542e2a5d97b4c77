import type { PhaseSeconds } from '../../engine/plan/control.ts';
import type { Summary } from '../events.ts';

/** How far back the displayed rate looks. */
const RATE_WINDOW_MS = 1000;

/** How fast a run goes: samples and wall time, also those of its earlier parts; nothing here decides anything. */
export class Pace {
  readonly #startedAt = performance.now();
  /** Seconds, and samples in them, of the run before it was resumed. */
  #earlierSeconds = 0;
  #samples = 0;
  #firstStep = 0;
  readonly #marks: { at: number; samples: number }[] = [];

  add(samples: number): void {
    this.#samples += samples;
  }

  get samples(): number {
    return this.#samples;
  }

  get seconds(): number {
    return this.#earlierSeconds + this.#ownSeconds;
  }

  get #ownSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Goes on from a point of the run that had taken so long; time spent since then in this process stays spent. */
  resume(step: number, seconds: number, samples: number): void {
    this.#firstStep = step;
    this.#earlierSeconds = Math.max(this.#earlierSeconds, seconds - this.#ownSeconds);
    this.#samples = samples;
  }

  /** Samples per second, lately and over the whole run. */
  get rates(): { lately: number; whole: number } {
    const now = performance.now();
    const marks = this.#marks;
    marks.push({ at: now, samples: this.#samples });
    while (marks.length > 2 && now - (marks[1]?.at ?? now) > RATE_WINDOW_MS) marks.shift();
    const oldest = marks[0] ?? { at: now, samples: 0 };
    const { seconds } = this;
    return {
      lately: now > oldest.at ? ((this.#samples - oldest.samples) * 1000) / (now - oldest.at) : 0,
      whole: seconds > 0 ? this.#samples / seconds : 0,
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
