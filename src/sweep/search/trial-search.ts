import { GradloomError } from '../../errors.ts';
import type { OverEntry, SessionRules, TrialEntry } from '../journal/entries.ts';
import { faultOf } from '../journal/fault.ts';
import { History } from '../samplers/history.ts';
import type { Sampler } from '../samplers/sampler.ts';
import type { Scheduler } from '../schedulers/scheduler.ts';
import type { SweepSettings } from '../schema.ts';
import type { Assignment } from '../trial.ts';
import type { Decision, Job, Result } from './decisions.ts';
import { Losses } from './losses.ts';

export interface SearchParts {
  settings: { method: SweepSettings['method']; metric: Pick<SweepSettings['metric'], 'goal' | 'target'> };
  sampler: Sampler;
  scheduler: Scheduler;
  /** Number of trials that the file itself asks for. */
  enqueued: number;
  /** Digest of all that can change a trial's result. @throws GradloomError if its experiment is not valid */
  keyOf(assignment: Assignment): string;
}

/** With few values left to try, a sampler repeats itself. */
const MAX_DUPLICATES_IN_A_ROW = 100;
/**
 * What to try next: asks the scheduler, then the sampler. Nothing here depends on how fast anything runs.
 *
 * The logical clock: there are `lanes` lanes, each with one job at a time, and a job takes as long as the epochs or steps that it trains.
 * Jobs end in the order of that clock (equal times: in the order in which they began), and at each end the decisions are made that it
 * permits, from what has ended by then and from nothing else. Which cores really run the jobs, and in which order they really end, has no
 * part in it: results wait until the clock has come to them. So the same file gives the same decisions, in the same order, for any number
 * of trials side by side. (With `order: arrival` the sweep tells results as they come; then this holds no longer.)
 */
export class TrialSearch {
  readonly #parts: SearchParts;
  #rules: SessionRules;
  readonly #underway = new Map<number, Job>();
  readonly #history = new History();
  readonly #assignments = new Map<number, Assignment>();
  readonly #keys = new Map<string, number>();
  #now = 0;
  #jobs = 0;
  #trials = 0;
  #told = 0;
  readonly #losses = new Losses();
  /** The sweep was over, and goes on for the trials that are tried again alone. */
  #isOnlyRetrying = false;
  #duplicatesInRow = 0;
  #isClosed = false;
  #stop: Pick<OverEntry, 'cause' | 'reason'> | undefined;
  #isOver = false;

  /** @param rules  of the session that begins */
  constructor(parts: SearchParts, rules: SessionRules) {
    this.#parts = parts;
    this.#rules = rules;
  }

  /** A session begins that may do otherwise. */
  follow(rules: SessionRules): void {
    this.#rules = rules;
  }

  /** Results told so far. */
  get told(): number {
    return this.#told;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Trials suggested so far. */
  get trials(): number {
    return this.#trials;
  }

  /** Jobs under way. */
  get jobs(): readonly Job[] {
    return [...this.#underway.values()];
  }

  /** The job whose result must be told next, on the logical clock. */
  due(): Job | undefined {
    let due: Job | undefined;
    for (const job of this.#underway.values()) if (due === undefined || isEarlier(job.priority, due.priority)) due = job;
    return due;
  }

  /** The job of a trial under way. */
  jobOf(trial: number): Job | undefined {
    return this.#underway.get(trial);
  }

  /**
   * The next decision; `take` carries it out.
   *
   * @param known  the suggestion that follows, if one does, from who has computed it before
   * @returns undefined: none until a result is told
   * @throws GradloomError E_SWEEP_CONSTRAINTS
   */
  next(known?: TrialEntry): Decision | undefined {
    if (this.#isOver) return undefined;
    if (this.#isOnlyRetrying && this.#underway.size > 0) return undefined;
    if (this.#stop !== undefined) return this.over(this.#stop.cause, this.#stop.reason);
    const isFull = this.#underway.size >= this.#rules.lanes;
    const decision = this.#parts.scheduler.next(this.#isQuiet);
    if (decision !== undefined && (decision.type === 'stop' || !isFull)) return decision;
    if (isFull) return undefined;
    const trial = this.#suggest(known);
    if (trial !== undefined) return trial;
    // Closed by now: what waits may be decided.
    const last = this.#parts.scheduler.next(this.#isQuiet);
    if (last !== undefined) return last;
    if (this.#underway.size > 0) return undefined;
    return this.#trials > 0 && this.#losses.failures === this.#trials
      ? this.over('failure', 'every trial failed')
      : this.over('done', 'every trial is done');
  }

  /** The decision to end the sweep; jobs under way are dropped, but for those that `keeps` says to wait for. */
  over(cause: OverEntry['cause'], reason: string, keeps: (job: Job) => boolean = () => false): OverEntry {
    const dropped = this.jobs.filter((job) => !keeps(job)).map(({ trial }) => trial);
    return { type: 'over', cause, reason, dropped };
  }

  /** Carries a decision out, a new one or one of the log. @returns the job that it starts */
  take(decision: Decision): Job | undefined {
    const { scheduler } = this.#parts;
    switch (decision.type) {
      case 'over':
        this.#isOver = true;
        this.#isOnlyRetrying = false;
        for (const trial of decision.dropped) {
          this.#losses.drop(trial, this.#underway.get(trial)?.rung ?? 0);
          this.#underway.delete(trial);
        }
        return undefined;
      case 'stop':
        scheduler.apply(decision);
        return undefined;
      case 'promote':
        scheduler.apply(decision);
        return this.#begin(decision.trial, decision.rung + 1);
      case 'trial':
        return this.#takeTrial(decision);
    }
  }

  tell({ trial, rung }: Job, { status, value, points }: Result): void {
    const { settings, scheduler } = this.#parts;
    const { goal, target } = settings.metric;
    const lower = (metric: number): number => (goal === 'minimize' ? metric : -metric);
    this.#now = Math.max(this.#now, this.#underway.get(trial)?.priority[0] ?? 0);
    this.#underway.delete(trial);
    this.#told++;
    scheduler.report({ trial, rung, value: value === undefined ? undefined : lower(value), points: points.map(lower) });
    this.#observe(trial, value === undefined ? undefined : lower(value), status);
    if (status === 'failed') this.#fail(trial, rung);
    else this.#losses.addResult();
    if (target !== undefined && value !== undefined && lower(value) <= lower(target))
      this.#stop ??= { cause: 'target', reason: `trial ${trial} reached the target: ${value}` };
  }

  /** Trials that the end of the sweep has cut off from what they were being trained to. */
  get dropped(): readonly number[] {
    return this.#losses.dropped;
  }

  /** No trial has come to a result yet: failures are all there is. */
  get isHopeless(): boolean {
    return this.#losses.isHopeless;
  }

  /** Whether `reopen` can take the trial up again: it failed, was dropped, or is under way with a failure that is not told yet. */
  canRetry(trial: number): boolean {
    return this.#losses.has(trial) || this.#underway.has(trial);
  }

  /**
   * A sweep that was over goes on. Trials that failed or were dropped are tried again, from the rung that they did not reach; what they
   * come to then counts in place of the failure. One that has reached its target does nothing but that.
   */
  reopen(retried: readonly number[]): void {
    const isDone = this.#stop?.cause === 'target';
    if (this.#isOver && !isDone) {
      this.#isClosed = false;
      this.#stop = undefined;
    }
    this.#isOnlyRetrying = this.#isOver && isDone;
    this.#isOver = false;
    for (const { trial, rung, hasFailed } of this.#losses.retry(retried)) {
      if (hasFailed) this.#history.delete(trial);
      this.#begin(trial, rung);
    }
  }

  get #isQuiet(): boolean {
    return this.#isClosed && this.#underway.size === 0;
  }

  #suggest(known: TrialEntry | undefined): TrialEntry | undefined {
    if (this.#isClosed) return undefined;
    const { settings, sampler, enqueued, keyOf } = this.#parts;
    const { run_cap: runCap } = this.#rules;
    const trial = this.#trials;
    const isFull = trial >= Math.min(runCap ?? Number.POSITIVE_INFINITY, sampler.total ?? Number.POSITIVE_INFINITY);
    const isRepeating = this.#duplicatesInRow >= MAX_DUPLICATES_IN_A_ROW;
    const isKnown = known?.trial === trial;
    const suggest = (): Assignment | undefined => (isKnown ? known.assignment : sampler.suggest(trial, this.#history.all));
    const assignment = isFull || isRepeating ? undefined : suggest();
    if (assignment === undefined) {
      this.#isClosed = true;
      this.#parts.scheduler.close();
      return undefined;
    }
    const entry: TrialEntry = { type: 'trial', trial, assignment, origin: trial < enqueued ? 'enqueue' : settings.method, key: '' };
    if (isKnown && known.fault !== undefined) return { ...entry, fault: known.fault };
    try {
      const key = isKnown ? known.key : keyOf(assignment);
      const duplicateOf = this.#keys.get(key);
      return { ...entry, key, ...(duplicateOf !== undefined && { duplicateOf }) };
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code === 'E_INTERNAL') throw error;
      return { ...entry, fault: faultOf(error) };
    }
  }

  #takeTrial(decision: TrialEntry): Job | undefined {
    const { trial, assignment, key, duplicateOf, fault } = decision;
    this.#trials = trial + 1;
    this.#duplicatesInRow = duplicateOf === undefined ? 0 : this.#duplicatesInRow + 1;
    if (duplicateOf !== undefined) return undefined;
    this.#assignments.set(trial, assignment);
    if (fault !== undefined) {
      this.#observe(trial, undefined, 'failed');
      this.#fail(trial, undefined);
      return undefined;
    }
    this.#keys.set(key, trial);
    const note = this.#parts.scheduler.start(trial);
    if (note !== undefined) decision.note = note;
    return this.#begin(trial, 0);
  }

  #begin(trial: number, rung: number): Job {
    const rungs = this.#parts.scheduler.rungs(trial);
    const resource = rungs[rung] ?? 0;
    const end = this.#now + resource - (rungs[rung - 1] ?? 0);
    const job: Job = { trial, rung, resource, isLast: rung === rungs.length - 1, priority: [end, this.#jobs++] };
    this.#underway.set(trial, job);
    return job;
  }

  #observe(trial: number, value: number | undefined, status: Result['status']): void {
    if (status === 'failed' && this.#rules.impute === 'none') this.#history.delete(trial);
    else this.#history.set({ number: trial, assignment: this.#assignments.get(trial) ?? {}, value });
  }

  /** @param rung  to which it was being trained; undefined: its experiment is not valid */
  #fail(trial: number, rung: number | undefined): void {
    const reason = this.#losses.fail(trial, rung, this.#rules);
    this.#stop ??= reason;
  }
}

function isEarlier(a: Job['priority'], b: Job['priority']): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
