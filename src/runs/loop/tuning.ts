import type { PhaseSeconds } from '../../engine/plan/control.ts';
import { GradloomError } from '../../errors.ts';
import type { RunEvent } from '../events.ts';

/** How often training stops for a look at it. */
const TICK_MS = 150;
/** Training, evaluations apart, that a look needs for a steady rate; the same time before it is for the compiler. */
const LOOK_SECONDS = 0.1;
/** Steps that it needs. Where they take so long that fewer come in MAX_LOOK_SECONDS, barriers are not what costs. */
const MIN_STEPS = 20;
const MAX_LOOK_SECONDS = 1;
/** Share of the workers' time spent on work below which half of them may well be faster: with two of them, one is. */
const POOR_EFFICIENCY = 0.5;
/** What a change must gain, to be more than noise. */
const MIN_GAIN = 1.05;

/** What tuning needs of an engine. */
export interface Tunable {
  readonly plan: { readonly workers: number };
  phaseSeconds(): PhaseSeconds[];
  close(): Promise<void>;
}

export interface TuningParts<E extends Tunable> {
  /** Starts threads for so many workers; undefined where the number is not to be changed. */
  start: ((workers: number) => Promise<E>) | undefined;
  tell: (event: RunEvent) => void;
}

/**
 * Finds out in the first moments of a run whether fewer workers are faster, as they are where a step is so small that the barriers cost
 * more than the work. It watches training itself: the worker count changes no bit, so every step counts, whoever did it.
 *
 * Workers that are busy for less than half of the time make way for half of them, which stay if they are faster in fact; and so on down
 * to one. Where the number is fixed it only says so.
 */
export class Tuning<E extends Tunable> {
  readonly #parts: TuningParts<E>;
  #stage: 'warm-up' | 'look' | 'done' = 'warm-up';
  #seconds = 0;
  #steps = 0;
  /** Clocks at the start of the look. */
  #before: PhaseSeconds[] = [];
  /** The engine to go back to if the one at hand is no faster. */
  #rival: { engine: E; stepSeconds: number } | undefined;
  #isTimeUp = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TuningParts<E>) {
    this.#parts = parts;
  }

  /** @param onDue  asks for a step boundary */
  start(onDue: () => void): void {
    this.#timer = setInterval(() => {
      this.#isTimeUp = true;
      onDue();
    }, TICK_MS);
  }

  /** Steps of training and what they took, evaluations and checkpoints apart. */
  took(steps: number, seconds: number): void {
    this.#steps += steps;
    this.#seconds += seconds;
  }

  /** A look is over: `next` has something to decide. */
  get isDue(): boolean {
    return this.#isTimeUp;
  }

  /**
   * Decides at a step boundary.
   *
   * @param engine  the one at hand
   * @returns the one to go on with; if it is another, the state of the run must be moved to it before the next step
   */
  async next(engine: E): Promise<E> {
    this.#isTimeUp = false;
    if (this.#stage === 'done' || this.#seconds < LOOK_SECONDS) return engine;
    if (this.#stage === 'warm-up') {
      this.#open('look', engine);
      return engine;
    }
    const stepSeconds = this.#seconds / this.#steps;
    if (this.#steps < MIN_STEPS) return this.#seconds > MAX_LOOK_SECONDS ? this.#settle(engine, stepSeconds) : engine;
    const rival = this.#rival;
    if (rival !== undefined && stepSeconds * MIN_GAIN > rival.stepSeconds) return this.#settle(engine, stepSeconds);
    const { workers } = engine.plan;
    const efficiency = this.#busySeconds(engine) / (workers * this.#seconds);
    const isPoor = workers > 1 && efficiency < POOR_EFFICIENCY;
    if (!isPoor) return this.#settle(engine, stepSeconds);
    if (this.#parts.start === undefined) {
      this.#warn(workers, 1 / (workers * efficiency));
      return this.#settle(engine, stepSeconds);
    }
    return this.#try(engine, stepSeconds, this.#parts.start);
  }

  /** Ends the engine that the run did not go on with, if there is one. */
  async close(): Promise<void> {
    this.#stage = 'done';
    clearInterval(this.#timer);
    const rival = this.#rival;
    this.#rival = undefined;
    await rival?.engine.close();
  }

  async #try(engine: E, stepSeconds: number, start: (workers: number) => Promise<E>): Promise<E> {
    const { workers } = engine.plan;
    let candidate: E;
    try {
      candidate = await start(Math.floor(workers / 2));
    } catch (error) {
      // No memory or no threads for a second engine: the run has all that it needs.
      if (!(error instanceof GradloomError)) throw error;
      return this.#settle(engine, stepSeconds);
    }
    const before = this.#rival;
    this.#rival = { engine, stepSeconds };
    if (before !== undefined) {
      this.#tell(before.engine.plan.workers, workers, before.stepSeconds / stepSeconds);
      await before.engine.close();
    }
    this.#open('warm-up', candidate);
    return candidate;
  }

  /** The end of tuning: the faster one of the two stays. */
  async #settle(engine: E, stepSeconds: number): Promise<E> {
    const rival = this.#rival;
    if (rival === undefined) {
      await this.close();
      return engine;
    }
    const gain = rival.stepSeconds / stepSeconds;
    const [stays, goes] = gain > MIN_GAIN ? [engine, rival.engine] : [rival.engine, engine];
    if (stays === engine) this.#tell(goes.plan.workers, stays.plan.workers, gain);
    this.#rival = undefined;
    await goes.close();
    await this.close();
    return stays;
  }

  #open(stage: 'warm-up' | 'look', engine: E): void {
    this.#stage = stage;
    this.#seconds = 0;
    this.#steps = 0;
    this.#before = engine.phaseSeconds();
  }

  /** Work of all ranks since the look began. */
  #busySeconds(engine: E): number {
    const spent = engine.phaseSeconds().map(({ compute, reduce }, rank) => {
      const before = this.#before[rank];
      return compute + reduce - (before === undefined ? 0 : before.compute + before.reduce);
    });
    return spent.reduce((sum, seconds) => sum + seconds, 0);
  }

  #tell(before: number, workers: number, speedup: number): void {
    this.#parts.tell({ type: 'workers', before, workers, speedup });
  }

  #warn(workers: number, gain: number): void {
    const message = `the ${workers} workers mostly wait for each other: one would be about ${gain.toFixed(1)} times as fast, with the same result; set parallel.workers to auto or 1`;
    this.#parts.tell({ type: 'warning', code: 'W_FEWER_WORKERS', message });
  }
}
