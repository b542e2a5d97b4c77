import { type BracketPlan, bracketPlans } from '../../../src/sweep/schedulers/hyperband.ts';
import type { MedianConfig } from '../../../src/sweep/schedulers/median.ts';
import { rungs } from '../../../src/sweep/schedulers/rungs.ts';
import { amount, type Report, type RungDecision, type Scheduler, topCount } from '../../../src/sweep/schedulers/scheduler.ts';

/** The schedulers as their definitions read, all sorted anew at each question: what the quick ones must decide, word for word. */

interface Halving {
  resource: 'epochs' | 'steps';
  min: number;
  max: number;
  eta: number;
}

function add(reports: Report[], report: Report): void {
  const at = reports.findIndex(({ trial }) => trial === report.trial);
  if (at >= 0) reports.splice(at, 1);
  reports.push(report);
}

function ranked(reports: readonly Report[]): Report[] {
  return reports.filter(({ value }) => value !== undefined).toSorted((a, b) => Number(a.value) - Number(b.value) || a.trial - b.trial);
}

export class PlainAsha implements Scheduler {
  readonly #config: Halving;
  readonly #ends: readonly number[];
  readonly #reports: Report[][];
  readonly #decided: Set<number>[];

  constructor(config: Halving) {
    this.#config = config;
    this.#ends = rungs(config.min, config.max, config.eta);
    this.#reports = this.#ends.map(() => []);
    this.#decided = this.#ends.map(() => new Set());
  }

  rungs(): readonly number[] {
    return this.#ends;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    add(this.#reports[report.rung] ?? [], report);
  }

  close(): void {
    // Nothing hangs on it.
  }

  next(isQuiet: boolean): RungDecision | undefined {
    const places = this.#ends.map((_, rung) =>
      ranked(this.#reports[rung] ?? []).findIndex(({ trial }) => !this.#decided[rung]?.has(trial)),
    );
    const below = [...this.#ends.keys()].slice(0, -1);
    const tops = this.#reports.map(({ length }) => topCount(length, this.#config.eta));
    const waits = (rung: number): boolean => (places[rung] ?? -1) >= 0;
    const promoted = below.findLast((rung) => waits(rung) && (places[rung] ?? 0) < (tops[rung] ?? 0));
    if (promoted !== undefined) return this.#decision('promote', promoted, places[promoted] ?? 0);
    if (!isQuiet) return undefined;
    const hasEnd = ranked(this.#reports.at(-1) ?? []).length > 0;
    const leader = hasEnd ? undefined : below.findLast(waits);
    if (leader !== undefined) return this.#decision('promote', leader, places[leader] ?? 0);
    const last = below.find(waits);
    return last === undefined ? undefined : this.#decision('stop', last, places[last] ?? 0);
  }

  apply({ rung, trial }: RungDecision): void {
    this.#decided[rung]?.add(trial);
  }

  #decision(type: RungDecision['type'], rung: number, place: number): RungDecision {
    const reports = this.#reports[rung] ?? [];
    const best = topCount(reports.length, this.#config.eta);
    const isLed = type === 'promote' && place >= best;
    const rule = isLed ? 'nobody has come to the end, so the best that waits goes on' : `the best ${Math.max(1, best)} go on`;
    const at = amount(this.#ends[rung] ?? 0, this.#config.resource);
    const reason = `${type === 'promote' ? 'promoted' : 'stopped'} at ${at}: ${place + 1} of ${reports.length}, ${rule}`;
    return { type, trial: ranked(reports)[place]?.trial ?? 0, rung, reason };
  }
}

interface PlainBracket {
  plan: BracketPlan;
  trials: number[];
  reports: Report[][];
  decided: Set<number>[];
  promoted: number[];
}

export class PlainHyperband implements Scheduler {
  readonly #config: Halving;
  readonly #brackets: PlainBracket[] = [];
  #isClosed = false;

  constructor(config: Halving) {
    this.#config = config;
  }

  #of(trial: number): PlainBracket | undefined {
    return this.#brackets.find(({ trials }) => trials.includes(trial));
  }

  rungs(trial: number): readonly number[] {
    return this.#of(trial)?.plan.rungs ?? [];
  }

  start(trial: number): string {
    const plans = bracketPlans(this.#config);
    const last = this.#brackets.at(-1);
    if (last === undefined || last.trials.length === last.plan.trials) {
      const plan = plans[this.#brackets.length % plans.length] as BracketPlan;
      const each = plan.rungs;
      this.#brackets.push({
        plan,
        trials: [],
        reports: each.map(() => []),
        decided: each.map(() => new Set()),
        promoted: each.map(() => 0),
      });
    }
    const { plan, trials } = this.#brackets[this.#brackets.length - 1] as PlainBracket;
    trials.push(trial);
    return `in bracket ${this.#brackets.length}: ${plan.trials} trials, compared at ${plan.rungs.join(', ')} ${this.#config.resource}`;
  }

  report(report: Report): void {
    add(this.#of(report.trial)?.reports[report.rung] ?? [], report);
  }

  close(): void {
    this.#isClosed = true;
  }

  next(): RungDecision | undefined {
    for (const [i, bracket] of this.#brackets.entries()) {
      for (let rung = bracket.plan.rungs.length - 2; rung >= 0; rung--) {
        const decision = this.#isComplete(bracket, rung) ? this.#decide(bracket, i + 1, rung) : undefined;
        if (decision !== undefined) return decision;
      }
    }
    return undefined;
  }

  apply({ type, trial, rung }: RungDecision): void {
    const bracket = this.#of(trial);
    bracket?.decided[rung]?.add(trial);
    if (bracket !== undefined && type === 'promote') bracket.promoted[rung] = (bracket.promoted[rung] ?? 0) + 1;
  }

  #isComplete({ plan, trials, reports, decided, promoted }: PlainBracket, rung: number): boolean {
    const reported = reports[rung]?.length ?? 0;
    if (rung === 0) return reported === trials.length && (this.#isClosed || trials.length === plan.trials);
    const isDecided = ranked(reports[rung - 1] ?? []).every(({ trial }) => decided[rung - 1]?.has(trial));
    return reported > 0 && reported === promoted[rung - 1] && isDecided;
  }

  #decide({ plan, reports, decided }: PlainBracket, number: number, rung: number): RungDecision | undefined {
    const order = ranked(reports[rung] ?? []);
    const count = reports[rung]?.length ?? 0;
    const top = Math.min(order.length, Math.max(1, topCount(count, this.#config.eta)));
    const place = order.findIndex(({ trial }) => !decided[rung]?.has(trial));
    const trial = order[place]?.trial;
    if (trial === undefined) return undefined;
    const type = place < top ? 'promote' : 'stop';
    const at = amount(plan.rungs[rung] ?? 0, this.#config.resource);
    const verb = type === 'promote' ? 'promoted' : 'stopped';
    return { type, trial, rung, reason: `${verb} at ${at} of bracket ${number}: ${place + 1} of ${count}, the best ${top} go on` };
  }
}

export class PlainMedian implements Scheduler {
  readonly #config: MedianConfig;
  readonly #ends: readonly number[];
  readonly #reports = new Map<number, Report[]>();
  readonly #ended = new Set<number>();
  readonly #waiting: Report[] = [];

  constructor(config: MedianConfig) {
    this.#config = config;
    const { min, max } = config;
    this.#ends = Array.from({ length: Math.max(1, Math.ceil(max / min)) }, (_, i) => Math.min(max, (i + 1) * min));
  }

  rungs(): readonly number[] {
    return this.#ends;
  }

  start(): undefined {
    return undefined;
  }

  report(report: Report): void {
    const reports = this.#reports.get(report.trial) ?? [];
    reports[report.rung] = report;
    this.#reports.set(report.trial, reports);
    if (report.rung === this.#ends.length - 1) this.#ended.add(report.trial);
    else if (report.value !== undefined) this.#waiting.push(report);
  }

  close(): void {
    // Nothing hangs on it.
  }

  next(): RungDecision | undefined {
    const [report] = this.#waiting;
    if (report === undefined) return undefined;
    const { trial, rung } = report;
    const at = amount(this.#ends[rung] ?? 0, this.#config.resource);
    const averages = [...this.#ended].flatMap((other) => {
      const points = this.#reports.get(other)?.[rung]?.points ?? [];
      return points.length === 0 ? [] : [points.reduce((sum, value) => sum + value, 0) / points.length];
    });
    if (this.#ended.size < this.#config.startup || averages.length === 0)
      return { type: 'promote', trial, rung, reason: `went on at ${at}: only ${amount(this.#ended.size, 'trials')} ended before it` };
    const sorted = averages.toSorted((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    const upper = sorted[half] ?? 0;
    const median = sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
    const best = Math.min(...report.points);
    const shown = (value: number): string => String(Number((this.#config.goal === 'maximize' ? -value : value).toPrecision(6)));
    const isWorse = best > median;
    const found = `best ${shown(best)} ${isWorse ? 'is worse than' : 'against'} the median ${shown(median)} of ${averages.length}`;
    return { type: isWorse ? 'stop' : 'promote', trial, rung, reason: `${isWorse ? 'stopped' : 'went on'} at ${at}: ${found}` };
  }

  apply({ type, trial, rung }: RungDecision): void {
    const at = this.#waiting.findIndex((report) => report.trial === trial && report.rung === rung);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (type === 'stop') this.#ended.add(trial);
  }
}
