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
  /** Reports of a trial, by rung. */
  readonly #reports = new Map<number, Report[]>();
  readonly #ended = new Set<number>();
  /** Trials that have reached a rung and are not decided about, in order of arrival. */
  readonly #waiting: Report[] = [];

  constructor(config: MedianConfig) {
    this.#config = config;
    const { min, max } = config;
    this.#rungs = Array.from({ length: Math.max(1, Math.ceil(max / min)) }, (_, i) => Math.min(max, (i + 1) * min));
  }

  rungs(): readonly number[] {
    return this.#rungs;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    const reports = this.#reports.get(report.trial) ?? [];
    reports[report.rung] = report;
    this.#reports.set(report.trial, reports);
    if (report.rung === this.#rungs.length - 1) this.#ended.add(report.trial);
    else if (report.value !== undefined) this.#waiting.push(report);
  }

  close(): void {
    // Decisions do not depend on how many trials are to come.
  }

  next(): RungDecision | undefined {
    const [report] = this.#waiting;
    if (report === undefined) return undefined;
    const { trial, rung } = report;
    const at = amount(this.#rungs[rung] ?? 0, this.#config.resource);
    const averages = [...this.#ended].flatMap((other) => {
      const points = this.#reports.get(other)?.[rung]?.points ?? [];
      return points.length === 0 ? [] : [points.reduce((sum, value) => sum + value, 0) / points.length];
    });
    if (this.#ended.size < this.#config.startup || averages.length === 0) {
      return { type: 'promote', trial, rung, reason: `went on at ${at}: only ${amount(this.#ended.size, 'trials')} ended before it` };
    }
    const median = medianOf(averages);
    const best = Math.min(...report.points);
    const isWorse = best > median;
    const shown = (value: number): string => String(Number((this.#config.goal === 'maximize' ? -value : value).toPrecision(6)));
    const found = `best ${shown(best)} ${isWorse ? 'is worse than' : 'against'} the median ${shown(median)} of ${averages.length}`;
    return { type: isWorse ? 'stop' : 'promote', trial, rung, reason: `${isWorse ? 'stopped' : 'went on'} at ${at}: ${found}` };
  }

  apply({ type, trial, rung }: RungDecision): void {
    const at = this.#waiting.findIndex((report) => report.trial === trial && report.rung === rung);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (type === 'stop') this.#ended.add(trial);
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
