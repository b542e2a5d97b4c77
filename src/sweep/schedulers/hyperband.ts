import type { AshaConfig } from './asha.ts';
import { Rung } from './rung.ts';
import { amount, type Report, type RungDecision, type Scheduler, topCount } from './scheduler.ts';

/** One kind of bracket: how many trials start, and where they are compared. */
export interface BracketPlan {
  trials: number;
  rungs: readonly number[];
}

/**
 * The brackets of hyperband, from the one that stops most to the one that stops none: with R = max/min and smax = floor(log_eta R),
 * bracket s = smax..0 starts ceil((smax + 1) / (s + 1) * eta^s) trials, which are compared at max * eta^-s, max * eta^(1-s), ..., max.
 *
 * @see Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR 2018), algorithm 1
 */
export function bracketPlans({ min, max, eta }: Pick<AshaConfig, 'min' | 'max' | 'eta'>): BracketPlan[] {
  // The last bit of a logarithm must not cost a bracket: log3(27) may come out below 3.
  const most = Math.floor(Math.log(max / min) / Math.log(eta) + 1e-9);
  return Array.from({ length: most + 1 }, (_, i) => {
    const s = most - i;
    const rungs = Array.from({ length: s + 1 }, (__, k) => Math.max(1, Math.round(max * eta ** (k - s))));
    return { trials: Math.ceil(((most + 1) / (s + 1)) * eta ** s - 1e-9), rungs: [...new Set(rungs)] };
  });
}

/** A bracket under way. */
interface Bracket {
  plan: BracketPlan;
  /** From 1. */
  number: number;
  /** Trials started in it; fewer than planned while it fills, and where the sweep ends first. */
  trials: number;
  rungs: readonly Rung[];
  /** Per rung, how many were promoted from it. */
  promoted: number[];
}

/**
 * Hyperband: brackets of successive halving, one after the other and again from the first. In a bracket a rung is decided when all of its
 * trials have reached it: the best 1/eta go on, the others stop. Trials of the next bracket fill the time that is left.
 */
export class Hyperband implements Scheduler {
  readonly #config: AshaConfig;
  readonly #plans: readonly BracketPlan[];
  readonly #brackets: Bracket[] = [];
  readonly #bracketOf = new Map<number, Bracket>();
  /** Brackets that have changed since there was nothing to decide in them. */
  readonly #changed = new Set<Bracket>();
  #isClosed = false;

  constructor(config: AshaConfig) {
    this.#config = config;
    this.#plans = bracketPlans(config);
  }

  rungs(trial: number): readonly number[] {
    return this.#bracketOf.get(trial)?.plan.rungs ?? [];
  }

  start(trial: number): string {
    let bracket = this.#brackets.at(-1);
    if (bracket === undefined || bracket.trials === bracket.plan.trials) bracket = this.#open();
    bracket.trials++;
    this.#changed.add(bracket);
    this.#bracketOf.set(trial, bracket);
    const { trials, rungs } = bracket.plan;
    return `in bracket ${bracket.number}: ${trials} trials, compared at ${rungs.join(', ')} ${this.#config.resource}`;
  }

  #open(): Bracket {
    const plan = this.#plans[this.#brackets.length % this.#plans.length] as BracketPlan;
    const bracket = {
      plan,
      number: this.#brackets.length + 1,
      trials: 0,
      rungs: plan.rungs.map(() => new Rung()),
      promoted: plan.rungs.map(() => 0),
    };
    this.#brackets.push(bracket);
    return bracket;
  }

  report(report: Report): void {
    const bracket = this.#bracketOf.get(report.trial);
    if (bracket === undefined) return;
    bracket.rungs[report.rung]?.report(report);
    this.#changed.add(bracket);
  }

  close(): void {
    this.#isClosed = true;
    // All others are full.
    const last = this.#brackets.at(-1);
    if (last !== undefined) this.#changed.add(last);
  }

  next(): RungDecision | undefined {
    for (const bracket of [...this.#changed].toSorted((a, b) => a.number - b.number)) {
      for (let rung = bracket.plan.rungs.length - 2; rung >= 0; rung--) {
        const decision = this.#isComplete(bracket, rung) ? this.#decide(bracket, rung) : undefined;
        if (decision !== undefined) return decision;
      }
      this.#changed.delete(bracket);
    }
    return undefined;
  }

  apply({ type, trial, rung }: RungDecision): void {
    const bracket = this.#bracketOf.get(trial);
    if (bracket === undefined) return;
    this.#changed.add(bracket);
    bracket.rungs[rung]?.decide(trial);
    if (type === 'promote') bracket.promoted[rung] = (bracket.promoted[rung] ?? 0) + 1;
  }

  /** All trials that will ever reach the rung have reached it. */
  #isComplete(bracket: Bracket, rung: number): boolean {
    const reported = bracket.rungs[rung]?.count ?? 0;
    if (rung === 0) return reported === bracket.trials && (this.#isClosed || bracket.trials === bracket.plan.trials);
    // More than one in eta, where a trial that failed was tried again and is among the best after all.
    return reported > 0 && reported === bracket.promoted[rung - 1] && bracket.rungs[rung - 1]?.next() === undefined;
  }

  #decide(bracket: Bracket, rung: number): RungDecision | undefined {
    const { count = 0, valued = 0 } = bracket.rungs[rung] ?? {};
    const next = bracket.rungs[rung]?.next();
    if (next === undefined) return undefined;
    // At least one: a bracket that has few trials, at the end of a sweep, still leads somewhere.
    const top = Math.min(valued, Math.max(1, topCount(count, this.#config.eta)));
    const type = next.place < top ? 'promote' : 'stop';
    const at = amount(bracket.plan.rungs[rung] ?? 0, this.#config.resource);
    const reason = `${type === 'promote' ? 'promoted' : 'stopped'} at ${at} of bracket ${bracket.number}: ${next.place + 1} of ${count}, the best ${top} go on`;
    return { type, trial: next.trial, rung, reason };
  }
}
