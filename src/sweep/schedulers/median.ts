import { Ranking } from '../ranking.ts';
import { amount, type Report, type RungDecision, type Scheduler } from './scheduler.ts';

export interface MedianConfig {
  resource: 'epochs' | 'steps';
  /** No trial is stopped before, and trials are looked at every so many epochs or steps. */
  min: number;
  max: number;
  /** Trials that must have ended before any is stopped. */
  startup: number;
  /** For the numbers in reasons. */
  goal: 'minimize' | 'maximize';
}

/**
 * The median stopping rule: a trial is stopped at a rung if its best value until then is worse than the median of the running averages
 * that the ended trials had at the same rung. Ended means trained to the last rung, or stopped; an average is taken over all evaluations
 * until the rung.
 *
 * @see Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (KDD 2017), section 3.2.2
 */
export class MedianStopping implements Scheduler {
  readonly #config: MedianConfig;
  readonly #rungs: readonly number[];
  /** By rung: the averages that the ended trials had there. */
  readonly #averages: readonly Ranking[];
  /** By trial and rung: the average; undefined without evaluations. */
  readonly #known = new Map<number, (number | undefined)[]>();
  readonly #ended = new Set<number>();
  /** Trials that have reached a rung and are not decided about, in order of arrival. */
  readonly #waiting: Report[] = [];

  constructor(config: MedianConfig) {
    this.#config = config;
    const { min, max } = config;
    this.#rungs = Array.from({ length: Math.max(1, Math.ceil(max / min)) }, (_, i) => Math.min(max, (i + 1) * min));
    this.#averages = this.#rungs.map(() => new Ranking());
  }

  rungs(): readonly number[] {
    return this.#rungs;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    const { trial, rung, points } = report;
    const averages = this.#known.get(trial) ?? [];
    const isEnded = this.#ended.has(trial);
    if (isEnded) this.#forget(trial, rung, averages[rung]);
    averages[rung] = points.length === 0 ? undefined : points.reduce((sum, value) => sum + value, 0) / points.length;
    this.#known.set(trial, averages);
    if (isEnded) this.#count(trial, rung, averages[rung]);
    if (rung === this.#rungs.length - 1) this.#end(trial);
    else if (report.value !== undefined) this.#waiting.push(report);
  }

  #end(trial: number): void {
    if (this.#ended.has(trial)) return;
    this.#ended.add(trial);
    for (const [rung, average] of this.#known.get(trial)?.entries() ?? []) this.#count(trial, rung, average);
  }

  #count(trial: number, rung: number, average: number | undefined): void {
    if (average !== undefined) this.#averages[rung]?.add(average, trial);
  }

  #forget(trial: number, rung: number, average: number | undefined): void {
    if (average !== undefined) this.#averages[rung]?.delete(average, trial);
  }

  close(): void {
    // Decisions do not depend on how many trials are to come.
  }

  next(): RungDecision | undefined {
    const [report] = this.#waiting;
    if (report === undefined) return undefined;
    const { trial, rung } = report;
    const at = amount(this.#rungs[rung] ?? 0, this.#config.resource);
    const averages = this.#averages[rung];
    if (this.#ended.size < this.#config.startup || averages === undefined || averages.size === 0) {
      return { type: 'promote', trial, rung, reason: `went on at ${at}: only ${amount(this.#ended.size, 'trials')} ended before it` };
    }
    const median = medianOf(averages);
    const best = Math.min(...report.points);
    const isWorse = best > median;
    const shown = (value: number): string => String(Number((this.#config.goal === 'maximize' ? -value : value).toPrecision(6)));
    const found = `best ${shown(best)} ${isWorse ? 'is worse than' : 'against'} the median ${shown(median)} of ${averages.size}`;
    return { type: isWorse ? 'stop' : 'promote', trial, rung, reason: `${isWorse ? 'stopped' : 'went on'} at ${at}: ${found}` };
  }

  apply({ type, trial, rung }: RungDecision): void {
    const at = this.#waiting.findIndex((report) => report.trial === trial && report.rung === rung);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (type === 'stop') this.#end(trial);
  }
}

function medianOf(averages: Ranking): number {
  const middle = Math.floor(averages.size / 2);
  const upper = averages.valueAt(middle) ?? Number.NaN;
  return averages.size % 2 === 1 ? upper : ((averages.valueAt(middle - 1) ?? Number.NaN) + upper) / 2;
}
