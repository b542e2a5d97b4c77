import { setImmediate as breathe } from 'node:timers/promises';
import { goalOf } from '../../config/names/metrics.ts';
import { GradloomError } from '../../errors.ts';
import type { MetricsLine } from '../../runs/events.ts';
import { followMetrics } from '../../runs/files/run-lines.ts';
import type { LineFollower } from '../../storage/line-reader.ts';
import { Series } from './series.ts';

/** More than a run has; one that was made up must not fill the memory. */
const MOST_METRICS = 2000;

/** The metrics of a run as far as they have come, read on from where they were the last time. */
export class RunCurves {
  readonly #follower: LineFollower<MetricsLine>;
  #series = new Map<string, Series>();
  #last: Record<string, number | null> = {};
  #lines = 0;
  #step = 0;
  #epoch = 0;
  /** Updates of an epoch; undefined before the first one is over. */
  #stepsPerEpoch: number | undefined;
  #problem: string | undefined;
  #reading: Promise<boolean> | undefined;

  constructor(directory: string) {
    this.#follower = followMetrics(directory);
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  /** The last value of every metric. */
  get last(): Readonly<Record<string, number | null>> {
    return this.#last;
  }

  /** The best value of every metric of which one way is better. */
  best(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [name, series] of this.#series) {
      const goal = goalOf(name);
      const ends = goal === undefined ? undefined : series.ends();
      if (ends !== undefined) found[name] = goal === 'minimize' ? ends.least : ends.largest;
    }
    return found;
  }

  /** Lines that were read. */
  get lines(): number {
    return this.#lines;
  }

  get step(): number {
    return this.#step;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get stepsPerEpoch(): number | undefined {
    return this.#stepsPerEpoch;
  }

  /** Why no more can be read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Reads what has come; who asks while it is being read waits for the same. @returns whether there was anything */
  read(): Promise<boolean> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOn(): Promise<boolean> {
    const before = this.#lines;
    try {
      while (
        this.#follower.advance(
          (line) => this.#add(line),
          () => this.#begin(),
        )
      )
        // A file of a million lines takes seconds: others are served between its pieces.
        await breathe();
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      const isNew = this.#problem !== error.message;
      this.#problem = error.message;
      return isNew;
    }
    return this.#lines !== before;
  }

  #begin(): void {
    this.#series = new Map();
    this.#last = {};
    this.#lines = 0;
    this.#step = 0;
    this.#epoch = 0;
    this.#stepsPerEpoch = undefined;
  }

  #add({ step, epoch, ...values }: MetricsLine): void {
    this.#lines++;
    this.#step = step;
    this.#epoch = epoch;
    if (values['train.epoch_loss'] !== undefined) this.#stepsPerEpoch ??= step;
    for (const [name, value] of Object.entries(values)) {
      this.#last[name] = value;
      if (value === null) continue;
      let series = this.#series.get(name);
      if (series === undefined) {
        if (this.#series.size >= MOST_METRICS) continue;
        series = new Series();
        this.#series.set(name, series);
      }
      series.add(step, value);
    }
  }
}
