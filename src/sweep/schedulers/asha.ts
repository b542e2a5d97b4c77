import { Rung } from './rung.ts';
import { rungs } from './rungs.ts';
import { amount, type Report, type RungDecision, type Scheduler, topCount } from './scheduler.ts';

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
  readonly #ends: readonly number[];
  readonly #rungs: readonly Rung[];

  /** @param leadsToEnd  the best goes on though too few trials came; without it, as sweeps of version 1 decided, it is stopped */
  constructor(config: AshaConfig, leadsToEnd = true) {
    this.#config = config;
    this.#leadsToEnd = leadsToEnd;
    this.#ends = rungs(config.min, config.max, config.eta);
    this.#rungs = this.#ends.map(() => new Rung());
  }

  rungs(): readonly number[] {
    return this.#ends;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    this.#rungs[report.rung]?.report(report);
  }

  close(): void {
    // Promotions do not depend on how many trials are to come.
  }

  next(isQuiet: boolean): RungDecision | undefined {
    for (let rung = this.#ends.length - 2; rung >= 0; rung--) {
      const next = this.#rungs[rung]?.next();
      if (next !== undefined && next.place < topCount(this.#countAt(rung), this.#config.eta)) return this.#decision('promote', rung, next);
    }
    return isQuiet ? (this.#leader() ?? this.#lastWord()) : undefined;
  }

  apply({ rung, trial }: RungDecision): void {
    this.#rungs[rung]?.decide(trial);
  }

  #countAt(rung: number): number {
    return this.#rungs[rung]?.count ?? 0;
  }

  /** No rung gets another trial by itself: the best goes on, if nobody has come to the end. */
  #leader(): RungDecision | undefined {
    const hasEnd = (this.#rungs.at(-1)?.valued ?? 0) > 0;
    if (hasEnd || !this.#leadsToEnd) return undefined;
    for (let rung = this.#ends.length - 2; rung >= 0; rung--) {
      const next = this.#rungs[rung]?.next();
      if (next !== undefined) return this.#decision('promote', rung, next);
    }
    return undefined;
  }

  /** Nobody else can be promoted: who still waits is stopped. */
  #lastWord(): RungDecision | undefined {
    for (let rung = 0; rung < this.#ends.length - 1; rung++) {
      const next = this.#rungs[rung]?.next();
      if (next !== undefined) return this.#decision('stop', rung, next);
    }
    return undefined;
  }

  #decision(type: RungDecision['type'], rung: number, { trial, place }: { trial: number; place: number }): RungDecision {
    const count = this.#countAt(rung);
    const best = topCount(count, this.#config.eta);
    const top = this.#leadsToEnd ? Math.max(1, best) : best;
    const at = amount(this.#ends[rung] ?? 0, this.#config.resource);
    const rule =
      type === 'promote' && place >= best ? 'nobody has come to the end, so the best that waits goes on' : `the best ${top} go on`;
    const reason = `${type === 'promote' ? 'promoted' : 'stopped'} at ${at}: ${place + 1} of ${count}, ${rule}`;
    return { type, trial, rung, reason };
  }
}
