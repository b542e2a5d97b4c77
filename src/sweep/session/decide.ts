import type { OverEntry } from '../journal/entries.ts';
import type { Ledger } from '../replay/ledger.ts';
import type { SweepFold } from '../replay/state.ts';
import type { SweepSettings } from '../schema.ts';
import type { Decision, Job } from '../search/decisions.ts';
import type { TrialSearch } from '../search/trial-search.ts';
import type { SweepEvent } from './events.ts';
import type { SessionLog } from './session-log.ts';

/** Why a session starts nothing more, or decides otherwise than before. */
export interface Halt {
  isInterrupted: boolean;
  /** With which the session ends. */
  fatal: unknown;
  isBudgetSpent: boolean;
}

/** What decisions mean for what runs. */
export interface Underway {
  /** Whether a trial is being trained, not only waits. */
  isRunning(trial: number): boolean;
  /** Lets go of trials, whether they wait or run. */
  drop(trials: readonly number[]): void;
}

export interface DeciderParts {
  settings: SweepSettings;
  ledger: Ledger;
  log: SessionLog;
  halt: Readonly<Halt>;
  underway: Underway;
  emit: (event: SweepEvent) => void;
}

/** Carries out what the search decides, and writes everything to the log before anything is built on it. */
export class Decider {
  readonly #parts: DeciderParts;
  readonly #search: TrialSearch;
  readonly #fold: SweepFold;
  /** How the sweep ended in a session before. */
  #overBefore: OverEntry | undefined;

  constructor(parts: DeciderParts) {
    this.#parts = parts;
    ({ search: this.#search, fold: this.#fold } = parts.ledger);
    this.#overBefore = parts.ledger.over;
  }

  /** All decisions that can be made now. @returns the jobs that they start */
  async decide(): Promise<Job[]> {
    const { halt, log } = this.#parts;
    if (halt.isInterrupted || halt.fatal !== undefined) return [];
    const jobs: Job[] = [];
    let hasNew = false;
    for (let decision = this.#next(); decision !== undefined; decision = this.#next()) {
      log.begin();
      const after = this.#search.told;
      const job = this.#search.take(decision);
      log.say({ ...decision, after });
      hasNew = true;
      if (job !== undefined) jobs.push(job);
      this.#tell(decision);
    }
    if (hasNew) await log.sync();
    return this.#parts.halt.isInterrupted ? [] : jobs;
  }

  /** Takes up what failed in sessions before. */
  async retryFailed(): Promise<void> {
    const { halt, emit } = this.#parts;
    if (halt.isInterrupted) return;
    const failed = this.#fold.failed();
    if (failed.length === 0) return;
    if (halt.isBudgetSpent) {
      const message = `the budget is spent, so ${failed.length} failed trials are not tried again; give more with budget.duration=2h`;
      emit({ type: 'warning', code: 'W_BUDGET', message });
      return;
    }
    const cutOff = this.#overBefore?.cause === 'failure' ? this.#search.dropped : [];
    this.#overBefore = undefined;
    await this.#goOn([...failed, ...cutOff]);
  }

  /** A sweep that was over before this session goes on, if it was given more to do. @returns whether it does */
  async reopen(): Promise<boolean> {
    const { halt, settings } = this.#parts;
    const over = this.#overBefore;
    this.#overBefore = undefined;
    const isWorth =
      over?.cause === 'failure' ||
      (over?.cause === 'budget' && !halt.isBudgetSpent) ||
      (over?.cause === 'done' && settings.run_cap !== undefined && settings.run_cap > this.#search.trials);
    if (!isWorth || halt.isInterrupted) return false;
    await this.#goOn(over.cause === 'failure' ? this.#givenUp() : []);
    return true;
  }

  /** What a sweep that gave up takes up again: trials that it cut off, and those that failed if nothing else came of it. */
  #givenUp(): number[] {
    return [...(this.#search.isHopeless ? this.#fold.failed() : []), ...this.#search.dropped];
  }

  async #goOn(retried: readonly number[]): Promise<void> {
    const { log } = this.#parts;
    log.begin();
    const trials = retried.toSorted((a, b) => a - b);
    log.say({ type: 'reopen', after: this.#search.told, ...(trials.length > 0 && { retried: trials }) });
    await log.sync();
  }

  #next(): Decision | undefined {
    const { halt, underway } = this.#parts;
    if (!halt.isBudgetSpent || this.#search.isOver) return this.#search.next();
    return this.#search.over('budget', 'the budget is spent', ({ trial }) => underway.isRunning(trial));
  }

  /** What a decision means for people, and for what runs. */
  #tell(decision: Decision): void {
    const { emit, underway } = this.#parts;
    if (decision.type === 'over') {
      underway.drop(decision.dropped);
      return;
    }
    const trial = this.#fold.trial(decision.trial);
    if (trial === undefined) return;
    if (decision.type !== 'trial') emit({ type: 'decision', decision: decision.type, reason: decision.reason, trial });
    else if (trial.status !== 'queued') emit({ type: 'result', trial });
  }
}
