import path from 'node:path';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { Threads } from '../../engine/coordinator/threads.ts';
import { GradloomError, printable } from '../../errors.ts';
import { countCores } from '../../machine/cores.ts';
import type { StorageCalls } from '../../runs/checkpoint/run-files.ts';
import type { LineCalls } from '../../storage/lines.ts';
import { commandOf } from '../../storage/shell.ts';
import { Crew, type Task } from '../execute/crew.ts';
import { Datasets } from '../execute/datasets.ts';
import { TrialRun } from '../execute/trial-run.ts';
import { trialExperiment, trialKey } from '../file/experiment.ts';
import type { LoadedSweep } from '../file/load.ts';
import type { LogEntry, LoggedEntry, OverEntry, RetryEntry, RunEntry, SessionRules, SweepEntry } from '../journal/entries.ts';
import { faultOf } from '../journal/fault.ts';
import type { TrialLog } from '../journal/log.ts';
import { Ledger, rulesOf } from '../replay/ledger.ts';
import { runDirectories, type SweepFold, sweepState } from '../replay/state.ts';
import { makeSampler } from '../samplers/index.ts';
import type { Sampler } from '../samplers/sampler.ts';
import { budgetOf } from '../schedulers/budget.ts';
import { makeScheduler } from '../schedulers/index.ts';
import type { Decision, Job } from '../search/decisions.ts';
import type { TrialSearch } from '../search/trial-search.ts';
import type { Trial } from '../trial.ts';
import type { RunningTrial, SweepEvent, SweepSummary } from './events.ts';
import { isHopeless, isOfTrial, sessionError } from './pause.ts';

const PROGRESS_MS = 200;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Warnings of runs that are no news in a sweep. */
const QUIET: readonly string[] = ['W_OVERSUBSCRIBED', 'W_FEWER_WORKERS', 'W_EARLY_STOP', 'W_ONE_ROW', 'W_UNUSED_ROWS'];

export interface SweepOptions {
  /** Aborting it writes a checkpoint of each running trial and ends with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** Trials that failed in sessions before are tried again. @default false */
  retryFailed?: boolean | undefined;
  /** For tests: how engines start their threads. */
  engine?: Omit<EngineOptions, 'threads'> | undefined;
  /** For tests of storage faults. */
  storage?: SweepStorageCalls | undefined;
}

/** For tests of storage faults: the calls behind the log, and behind the files of the trials' runs. */
export interface SweepStorageCalls {
  log?: LineCalls;
  runs?: StorageCalls;
}

/** A task of the crew with the run that it trains. */
interface TrialTask extends Task {
  readonly job: Job;
  readonly run: (workers: number) => Promise<boolean>;
  readonly trialRun: TrialRun;
}

/**
 * One session of a sweep: carries out what the search decides, and writes everything to the log before anything is built on it.
 *
 * Trials run in this process, on threads that they share, not in a process each: so they share one copy of the data set in memory, and
 * a trial starts in milliseconds. A fault in a trial's thread takes that trial's threads with it and no others; what ends the whole
 * process, a crash in the engine of JavaScript itself or a kill, loses nothing either: the log and the trials' checkpoints tell
 * `resumeSweep` all.
 */
export class SweepRunner {
  readonly #loaded: LoadedSweep;
  readonly #entry: SweepEntry;
  readonly #directory: string;
  readonly #log: TrialLog;
  readonly #options: SweepOptions;
  readonly #emit: (event: SweepEvent) => void;
  readonly #ledger: Ledger;
  readonly #search: TrialSearch;
  readonly #fold: SweepFold;
  readonly #rules: SessionRules;
  readonly #crew: Crew;
  readonly #cores: number;
  readonly #threads: Threads;
  readonly #datasets: Datasets;
  readonly #tasks = new Set<TrialTask>();
  readonly #isResumed: boolean;
  readonly #sampler: Sampler;
  /** What the sessions before had done, in the unit of `expected`. */
  #doneBefore = 0;
  /** How the sweep ended in a session before. */
  #overBefore: OverEntry | undefined;
  /** Seconds of the sessions before. */
  #secondsBefore = 0;
  #best: number | undefined;
  #fatal: unknown;
  #isInterrupted = false;
  #hasBegun = false;
  #isBudgetSpent = false;
  #wake: () => void = () => undefined;

  /** @param entries  what the log holds already; the first is the sweep's */
  constructor(
    loaded: LoadedSweep,
    directory: string,
    log: TrialLog,
    entries: readonly LoggedEntry[],
    options: SweepOptions,
    emit: (event: SweepEvent) => void,
  ) {
    const { settings } = loaded;
    const { execution } = settings;
    this.#loaded = loaded;
    this.#directory = directory;
    this.#log = log;
    this.#options = options;
    this.#emit = emit;
    this.#entry = entries[0] as LoggedEntry & SweepEntry;
    this.#cores = execution.cores === 'max' ? countCores().usable : execution.cores;
    this.#crew = new Crew(execution, this.#cores, () => this.#wake());
    this.#threads = new Threads(options.engine?.entry);
    this.#datasets = new Datasets(Math.max(4, settings.seeds + 1));
    this.#sampler = makeSampler(settings.method, loaded.space, settings.seed);
    this.#rules = rulesOf(settings, execution.order === 'logical' ? this.#entry.lanes : this.#crew.limit);
    this.#ledger = new Ledger(
      {
        settings,
        sampler: this.#sampler,
        scheduler: makeScheduler(settings, lengthOf(loaded), this.#entry.version),
        enqueued: loaded.space.enqueued.length,
        keyOf: (assignment) => trialKey(loaded, assignment),
      },
      this.#rules,
    );
    ({ search: this.#search, fold: this.#fold } = this.#ledger);
    this.#isResumed = entries.length > 1;
    this.#readLog(entries);
  }

  /**
   * @throws GradloomError E_SWEEP_FAILED if the sweep gave up, E_SWEEP_CONSTRAINTS, E_STORAGE and others of the machine, with which the
   *   sweep can be resumed; once all that runs is saved
   */
  async run(): Promise<SweepSummary> {
    const { signal } = this.#options;
    const interrupt = (): void => {
      this.#isInterrupted = true;
      this.#crew.stop();
      this.#wake();
    };
    signal?.addEventListener('abort', interrupt);
    if (signal?.aborted === true) interrupt();
    const ticker = setInterval(() => this.#emit(this.#progress()), PROGRESS_MS);
    const budget = this.#startBudget();
    this.#crew.start();
    try {
      this.#announce();
      await this.#work();
    } catch (error) {
      this.#fail(error);
    } finally {
      clearInterval(ticker);
      clearTimeout(budget);
      signal?.removeEventListener('abort', interrupt);
      await this.#shutDown();
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.#finish();
  }

  // ---- the log -----------------------------------------------------------------------------------------------------

  #readLog(entries: readonly LoggedEntry[]): void {
    let last = 0;
    for (const entry of entries) {
      if (entry.type === 'session') this.#secondsBefore += last;
      last = entry.t;
    }
    this.#secondsBefore += last;
    this.#ledger.replay(entries, this.#directory);
    this.#overBefore = this.#ledger.over;
    this.#best = this.#fold.best();
    this.#doneBefore = this.#done(this.#fold.trials());
  }

  /** What is said is known from then on, whether the disk has it yet or not. */
  #say(entry: LogEntry): void {
    this.#log.note(entry);
    this.#ledger.add(entry);
  }

  // ---- decisions ---------------------------------------------------------------------------------------------------

  async #work(): Promise<void> {
    await this.#retryFailed();
    this.#startJobs();
    for (;;) {
      await this.#decide();
      if (this.#fatal !== undefined) return;
      if (this.#search.isOver && this.#search.jobs.length === 0) {
        if (!(await this.#reopen())) return;
        this.#startJobs();
        continue;
      }
      if (this.#isInterrupted && this.#crew.isIdle) return;
      // A result that came while the decisions were written must not be waited for.
      if (this.#ledger.tellNext()) continue;
      if (this.#crew.isIdle) throw new Error(`the sweep waits for trial ${this.#search.due()?.trial}, which nobody trains`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Carries out all decisions that can be made now. */
  async #decide(): Promise<void> {
    if (this.#isInterrupted || this.#fatal !== undefined) return;
    const jobs: Job[] = [];
    let hasNew = false;
    for (let step = this.#nextDecision(); step !== undefined; step = this.#nextDecision()) {
      this.#beginSession();
      const after = this.#search.told;
      const job = this.#search.take(step);
      this.#say({ ...step, after });
      hasNew = true;
      if (job !== undefined) jobs.push(job);
      this.#tell(step);
    }
    if (hasNew) await this.#log.sync();
    if (this.#isInterrupted) return;
    for (const job of jobs) this.#start(job);
  }

  /** A session that finds nothing to do leaves no trace. */
  #beginSession(): void {
    if (this.#hasBegun) return;
    this.#say({ type: 'session', pid: process.pid, cores: this.#cores, at: new Date().toISOString(), rules: this.#rules });
    this.#hasBegun = true;
  }

  /** Takes up what failed in sessions before, if that is asked for. */
  async #retryFailed(): Promise<void> {
    if (this.#options.retryFailed !== true || this.#isInterrupted) return;
    const failed = this.#fold.failed();
    if (failed.length === 0) return;
    if (this.#isBudgetSpent) {
      const message = `the budget is spent, so ${failed.length} failed trials are not tried again; give more with budget.duration=2h`;
      this.#emit({ type: 'warning', code: 'W_BUDGET', message });
      return;
    }
    const cutOff = this.#overBefore?.cause === 'failure' ? this.#search.dropped : [];
    this.#overBefore = undefined;
    await this.#goOn([...failed, ...cutOff]);
  }

  /** A sweep that was over before this session goes on, if it was given more to do. */
  async #reopen(): Promise<boolean> {
    const { settings } = this.#loaded;
    const over = this.#overBefore;
    this.#overBefore = undefined;
    const isWorth =
      over?.cause === 'failure' ||
      (over?.cause === 'budget' && !this.#isBudgetSpent) ||
      (over?.cause === 'done' && settings.run_cap !== undefined && settings.run_cap > this.#search.trials);
    if (!isWorth || this.#isInterrupted) return false;
    await this.#goOn(over.cause === 'failure' ? this.#givenUp() : []);
    return true;
  }

  /** What a sweep that gave up takes up again: trials that it cut off, and those that failed if nothing else came of it. */
  #givenUp(): number[] {
    return [...(this.#search.isHopeless ? this.#fold.failed() : []), ...this.#search.dropped];
  }

  async #goOn(retried: readonly number[]): Promise<void> {
    this.#beginSession();
    const trials = retried.toSorted((a, b) => a - b);
    this.#say({ type: 'reopen', after: this.#search.told, ...(trials.length > 0 && { retried: trials }) });
    await this.#log.sync();
  }

  #nextDecision(): Decision | undefined {
    if (this.#isBudgetSpent && !this.#search.isOver) {
      const keeps = ({ trial }: Job): boolean => this.#crew.isRunning((task) => (task as TrialTask).job.trial === trial);
      return this.#search.over('budget', 'the budget is spent', keeps);
    }
    return this.#search.next();
  }

  /** What a decision means for people, and for what runs. */
  #tell(step: Decision): void {
    if (step.type === 'over') {
      this.#crew.drop((task) => step.dropped.includes((task as TrialTask).job.trial));
      return;
    }
    const trial = this.#fold.trial(step.trial);
    if (trial === undefined) return;
    if (step.type !== 'trial') this.#emit({ type: 'decision', decision: step.type, reason: step.reason, trial });
    else if (trial.status !== 'queued') this.#emit({ type: 'result', trial });
  }

  // ---- runs --------------------------------------------------------------------------------------------------------

  /** Takes up what sessions before have decided and not finished. */
  #startJobs(): void {
    if (this.#isInterrupted) return;
    for (const job of this.#search.jobs) if (this.#fold.outcome(job.trial, job.rung) === undefined) this.#start(job);
  }

  #start(job: Job): void {
    const directories = runDirectories(job.trial, this.#loaded.settings.seeds);
    const assignment = this.#fold.trial(job.trial)?.assignment ?? {};
    for (const [replicate, directory] of directories.entries()) {
      if (this.#fold.hasRun(job.trial, job.rung, replicate)) continue;
      const { experiment } = trialExperiment(this.#loaded, assignment, replicate);
      const { metric, early_terminate: stopping } = this.#loaded.settings;
      const trialRun = new TrialRun(
        {
          job,
          replicate,
          directory: path.join(this.#directory, directory),
          experiment,
          metric: metric.name,
          isRetried: this.#fold.isRetried(job.trial),
          resource: stopping.type === 'none' ? undefined : stopping.resource,
          dataset: () => this.#datasets.get(experiment.data, experiment.seed),
          fence: this.#log.fence,
          storage: this.#options.storage?.runs,
          engine: { ...this.#options.engine, threads: this.#threads },
        },
        ({ code, message }) => {
          // On purpose: cores are shared, idle ones go to the last trials, and early stopping is in the result.
          if (!QUIET.includes(code)) this.#emit({ type: 'warning', code, message, trial: job.trial });
        },
      );
      this.#push(trialRun, experiment.numerics.leaves);
    }
  }

  #push(trialRun: TrialRun, leaves: number): void {
    const { job } = trialRun.work;
    let abort = new AbortController();
    const task: TrialTask = {
      job,
      trialRun,
      priority: job.priority,
      maxWorkers: Math.min(leaves, this.#cores),
      pause: () => abort.abort(),
      secondsLeft: () => trialRun.secondsLeft(),
      run: async (workers) => {
        abort = new AbortController();
        this.#tasks.add(task);
        try {
          return await this.#train(trialRun, workers, abort.signal);
        } catch (error) {
          this.#fail(error);
          return false;
        } finally {
          this.#tasks.delete(task);
        }
      },
    };
    this.#crew.push(task);
  }

  /** All attempts of a run. @returns whether it was paused on the way */
  async #train(trialRun: TrialRun, workers: number, signal: AbortSignal): Promise<boolean> {
    const { job, replicate } = trialRun.work;
    const { trial, rung } = job;
    this.#beginSession();
    this.#say({ type: 'begin', trial, rung, replicate, workers });
    const begun = this.#fold.trial(trial);
    if (begun !== undefined) this.#emit({ type: 'trial', trial: begun });
    for (;;) {
      const entry = await this.#attempt(trialRun, workers, signal);
      if (entry === undefined) return true;
      if (entry.type === 'run') {
        await this.#record(entry);
        return false;
      }
      const attempts = this.#fold.attempts(trial, rung, replicate);
      this.#say(entry);
      await this.#log.sync();
      const { code, message } = entry.fault;
      this.#emit({ type: 'warning', code: 'W_RETRY', message: `trial ${trial} is tried again: ${code} ${message}`, trial });
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** attempts), signal);
      if (signal.aborted) return true;
    }
  }

  /**
   * One attempt, and what is to be said of it. Only what the trial itself brings about is a result of it.
   *
   * @returns undefined if it was paused
   * @throws whatever concerns the sweep: the machine's faults above all
   */
  async #attempt(trialRun: TrialRun, workers: number, signal: AbortSignal): Promise<RunEntry | RetryEntry | undefined> {
    const { job, replicate } = trialRun.work;
    const { trial, rung, resource, isLast } = job;
    const startedAt = performance.now();
    try {
      return await trialRun.attempt(workers, signal);
    } catch (error) {
      if (!isOfTrial(error)) throw error;
      const fault = faultOf(error);
      const isLastTry = this.#fold.attempts(trial, rung, replicate) >= this.#loaded.settings.on_trial_error.retries;
      if (!isLastTry && !isHopeless(error)) return { type: 'retry', trial, rung, replicate, fault };
      const seconds = Math.round(performance.now() - startedAt) / 1000;
      const nothing = { steps: 0, curve: [], digest: '' };
      return { type: 'run', trial, rung, replicate, status: 'failed', resource, isLast, ...nothing, seconds, fault };
    }
  }

  async #record(entry: RunEntry): Promise<void> {
    this.#say(entry);
    await this.#log.sync();
    const trial = this.#fold.outcome(entry.trial, entry.rung) && this.#fold.trial(entry.trial);
    if (trial === undefined) return;
    this.#emit({ type: 'result', trial });
    const best = this.#fold.best();
    if (best !== undefined && best !== this.#best && best === trial.number) this.#emit({ type: 'best', trial });
    this.#best = best;
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#fatal ??= sessionError(error, this.#directory);
    this.#crew.stop();
    this.#wake();
  }

  // ---- beginning and end -------------------------------------------------------------------------------------------

  #startBudget(): NodeJS.Timeout | undefined {
    const { budget } = this.#loaded.settings;
    if (budget === undefined) return undefined;
    const left = Math.max(0, budget.duration - this.#secondsBefore) * 1000;
    this.#isBudgetSpent = left === 0;
    // setTimeout takes 24.8 days at most, and fires at once beyond.
    return setTimeout(
      () => {
        this.#isBudgetSpent = true;
        this.#wake();
      },
      Math.min(left, 2 ** 31 - 1),
    );
  }

  #announce(): void {
    const { settings } = this.#loaded;
    const { id, name } = this.#entry;
    this.#emit({
      type: 'start',
      id,
      name,
      directory: this.#directory,
      isResumed: this.#isResumed,
      trials: this.#fold.count,
      total: this.#total,
      cores: this.#cores,
      sideBySide: this.#crew.limit,
      metric: { name: settings.metric.name, goal: settings.metric.goal },
    });
    if (settings.execution.order === 'arrival')
      this.#emit({
        type: 'warning',
        code: 'W_ARRIVAL',
        message: 'order: arrival: what is tried depends on timing, so the sweep can not be replayed',
      });
  }

  /** Trials in all. */
  get #total(): number | undefined {
    const { run_cap: runCap } = this.#loaded.settings;
    const { total } = this.#sampler;
    return runCap === undefined || total === undefined ? (runCap ?? total) : Math.min(runCap, total);
  }

  #progress(): SweepEvent {
    const { settings } = this.#loaded;
    const running: RunningTrial[] = [...this.#tasks].map(({ trialRun }) => {
      const { job, replicate } = trialRun.work;
      const { step = 0, toStep = 0, loss, workers = 1 } = trialRun.progress ?? {};
      return { trial: job.trial, replicate, workers, step, toStep, loss, value: this.#fold.trial(job.trial)?.value ?? null };
    });
    const trials = this.#fold.trials();
    const total = this.#total;
    const stopping = settings.early_terminate;
    const done = this.#done(trials);
    const expected = total === undefined || stopping.type === 'none' ? total : budgetOf(stopping, total, lengthOf(this.#loaded)).total;
    const seconds = this.#log.seconds;
    const rate = (done - this.#doneBefore) / seconds;
    const secondsLeft = expected === undefined || rate <= 0 ? undefined : Math.max(0, expected - done) / rate;
    const ended = trials.filter(hasEnded).length;
    return { type: 'progress', running, queued: this.#crew.waiting, ended, done, expected, seconds, secondsLeft };
  }

  /** Epochs or steps trained; without early termination trials that have ended. */
  #done(trials: readonly Trial[]): number {
    if (this.#loaded.settings.early_terminate.type === 'none') return trials.filter(hasEnded).length;
    return trials.reduce((sum, { resource = 0, status }) => sum + (status === 'duplicate' ? 0 : resource), 0);
  }

  async #shutDown(): Promise<void> {
    this.#crew.stop();
    while (!this.#crew.isIdle) await new Promise<void>((resolve) => (this.#wake = resolve));
    await this.#threads.close();
    try {
      if (this.#hasBegun && (!this.#search.isOver || this.#search.jobs.length > 0)) {
        const reason = this.#fatal instanceof Error ? this.#fatal.message : 'interrupted';
        this.#say({ type: 'pause', reason });
        await this.#log.sync();
      }
    } catch (error) {
      this.#fail(error);
    }
    try {
      await this.#log.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(): SweepSummary {
    const { id, name } = this.#entry;
    const { settings } = this.#loaded;
    // Seen from the directory, whose files are copies: as readSweep tells it.
    const copied = { ...settings, base: path.join(this.#directory, 'base.yaml') };
    const state = sweepState(this.#fold, { id, name, directory: this.#directory, settings: copied }, false);
    const failed = state.trials.filter(({ status }) => status === 'failed').length;
    const seconds = this.#log.seconds;
    const reason = state.status === 'interrupted' ? 'interrupted' : this.#fold.reason;
    const summary: SweepSummary = { ...state, reason, failed, seconds, totalSeconds: this.#secondsBefore + seconds };
    if (state.status === 'failed') throw gaveUp(summary);
    this.#emit({ type: 'end', summary });
    return summary;
  }
}

function hasEnded({ status }: Trial): boolean {
  return status !== 'queued' && status !== 'running' && status !== 'paused';
}

/** Epochs or steps of a trial that is never stopped; without early termination trials count as one each. */
export function lengthOf({ settings }: Pick<LoadedSweep, 'settings'>): number {
  const { early_terminate: stopping } = settings;
  return stopping.type === 'none' ? 1 : (stopping.max ?? stopping.min);
}

/** Waits, but not beyond an abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

function gaveUp({ reason, trials, failed, directory }: SweepSummary): GradloomError {
  const first = trials.find(({ status }) => status === 'failed');
  const why = first === undefined ? '' : `; trial ${first.number}: ${first.reasons.at(-1)}`;
  return new GradloomError({
    code: 'E_SWEEP_FAILED',
    where: printable(directory),
    message: `${reason}${why}`,
    kept: `${trials.length} trials, ${failed} of them failed`,
    next: `mend the cause, then ${commandOf('sweep resume', directory)}`,
  });
}
