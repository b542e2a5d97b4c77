import { rungs } from './rungs.ts';
import { addReport, amount, type Report, type RungDecision, ranked, type Scheduler, topCount } from './scheduler.ts';

export interface AshaConfig {
  resource: 'epochs' | 'steps';
  min: number;
  max: number;
  eta: number;
}

/**
 * Asynchronous successive halving: a trial at a rung is promoted as soon as it is among the best 1/eta of those that have reached the
 * rung by then; nobody waits for a rung to fill. From the highest rung down, so that few trials get far early.
 *
 * With fewer trials than eta, or too few for the last rung, nobody would ever be among the best 1/eta. So, once no trial is started any
 * more and none is under way, and while no trial has come to the last rung with a value: the best that waits at the highest rung where
 * one waits is promoted. It is asked again when that one ends, so the best goes on to its end; if it diverges or fails, the next best
 * takes its place. Whoever waits when a trial has come to the last rung is stopped, from the lowest rung up.
 *
 * @see Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm 2, get_job
 */
export class Asha implements Scheduler {
  readonly #config: AshaConfig;
  readonly #leadsToEnd: boolean;
  readonly #rungs: readonly number[];
  /** Per rung, in order of arrival. */
  readonly #reports: Report[][];
  /** Per rung: trials that were promoted from it or stopped at it. */
  readonly #decided: Set<number>[];

  /** @param leadsToEnd  the best goes on though too few trials came; without it, as sweeps of version 1 decided, it is stopped */
  constructor(config: AshaConfig, leadsToEnd = true) {
    this.#config = config;
    this.#leadsToEnd = leadsToEnd;
    this.#rungs = rungs(config.min, config.max, config.eta);
    this.#reports = this.#rungs.map(() => []);
    this.#decided = this.#rungs.map(() => new Set());
  }

  rungs(): readonly number[] {
    return this.#rungs;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    const reports = this.#reports[report.rung];
    if (reports !== undefined) addReport(reports, report);
  }

  close(): void {
    // Promotions do not depend on how many trials are to come.
  }

  next(isQuiet: boolean): RungDecision | undefined {
    for (let rung = this.#rungs.length - 2; rung >= 0; rung--) {
      const reports = this.#reports[rung] ?? [];
      const order = ranked(reports);
      const place = order.slice(0, topCount(reports.length, this.#config.eta)).findIndex(({ trial }) => this.#waits(rung, trial));
      if (place >= 0) return this.#decision('promote', rung, order, place);
    }
    return isQuiet ? (this.#leader() ?? this.#lastWord()) : undefined;
  }

  apply({ rung, trial }: RungDecision): void {
    this.#decided[rung]?.add(trial);
  }

  #waits(rung: number, trial: number): boolean {
    return this.#decided[rung]?.has(trial) === false;
  }

  /** No rung gets another trial by itself: the best goes on, if nobody has come to the end. */
  #leader(): RungDecision | undefined {
    const hasEnd = ranked(this.#reports.at(-1) ?? []).length > 0;
    if (hasEnd || !this.#leadsToEnd) return undefined;
    for (let rung = this.#rungs.length - 2; rung >= 0; rung--) {
      const order = ranked(this.#reports[rung] ?? []);
      const place = order.findIndex(({ trial }) => this.#waits(rung, trial));
      if (place >= 0) return this.#decision('promote', rung, order, place);
    }
    return undefined;
  }

  /** Nobody else can be promoted: who still waits is stopped. */
  #lastWord(): RungDecision | undefined {
    for (let rung = 0; rung < this.#rungs.length - 1; rung++) {
      const order = ranked(this.#reports[rung] ?? []);
      const place = order.findIndex(({ trial }) => this.#waits(rung, trial));
      if (place >= 0) return this.#decision('stop', rung, order, place);
    }
    return undefined;
  }

  #decision(type: RungDecision['type'], rung: number, order: readonly Report[], place: number): RungDecision {
    const count = this.#reports[rung]?.length ?? 0;
    const best = topCount(count, this.#config.eta);
    const top = this.#leadsToEnd ? Math.max(1, best) : best;
    const at = amount(this.#rungs[rung] ?? 0, this.#config.resource);
    const rule =
      type === 'promote' && place >= best ? 'nobody has come to the end, so the best that waits goes on' : `the best ${top} go on`;
    const reason = `${type === 'promote' ? 'promoted' : 'stopped'} at ${at}: ${place + 1} of ${count}, ${rule}`;
    return { type, trial: order[place]?.trial ?? 0, rung, reason };
  }
}
