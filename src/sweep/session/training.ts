import type { Blame } from '../../errors.ts';
import type { Crew, Task } from '../execute/crew.ts';
import { DROPPED, type Executor, type Outcome, type Trainer, type TrialWork, type WorkReport } from '../execute/executor.ts';
import { trialExperiment } from '../file/experiment.ts';
import type { LoadedSweep } from '../file/load.ts';
import type { RetryEntry, RunEntry } from '../journal/entries.ts';
import type { Ledger } from '../replay/ledger.ts';
import { runDirectories } from '../replay/record.ts';
import type { SweepFold } from '../replay/state.ts';
import type { SweepSettings } from '../schema.ts';
import type { Job } from '../search/decisions.ts';
import { summarise } from '../space/values.ts';
import type { Underway } from './decide.ts';
import type { RunningTrial, SweepEvent, SweepRunEnd } from './events.ts';
import type { SessionLog } from './session-log.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Warnings of runs that are no news in a sweep. */
const QUIET: readonly string[] = ['W_OVERSUBSCRIBED', 'W_FEWER_WORKERS', 'W_EARLY_STOP', 'W_ONE_ROW', 'W_UNUSED_ROWS'];

/** How far a run is, and since when. */
interface Pace {
  step: number;
  toStep: number;
  loss: number | undefined;
  fromStep: number;
  startedAt: number;
  by: Trainer | undefined;
}

/** A task of the crew with the work that it hands out. */
interface TrialTask extends Task {
  readonly work: TrialWork;
  workers: number;
  pace: Pace | undefined;
}

export interface TrainingParts {
  loaded: LoadedSweep;
  ledger: Ledger;
  log: SessionLog;
  crew: Crew;
  executor: Executor;
  cores: number;
  emit: (event: SweepEvent) => void;
  /** A trial has come to a rung or to its end. */
  onResult: () => void;
  /** The session must end. */
  onFault: (error: unknown) => void;
}

/** Hands jobs to the executor as the crew has cores for them, and says what came of them. */
export class Training implements Underway {
  readonly #parts: TrainingParts;
  readonly #fold: SweepFold;
  readonly #tasks = new Set<TrialTask>();
  #best: number | undefined;

  constructor(parts: TrainingParts) {
    this.#parts = parts;
    this.#fold = parts.ledger.fold;
    this.#best = this.#fold.standing.best;
  }

  /** Runs under way. */
  get running(): RunningTrial[] {
    return [...this.#tasks]
      .filter((task) => !this.#isWaiting(task))
      .map(({ work: { trial, replicate }, workers, pace }) => {
        const { step = 0, toStep = 0, loss, by } = pace ?? {};
        const value = this.#fold.trial(trial)?.value ?? null;
        return { trial, replicate, workers, step, toStep, loss, value, ...by };
      });
  }

  /** Runs that the executor has, and nobody trains yet. */
  get waiting(): number {
    return [...this.#tasks].filter((task) => this.#isWaiting(task)).length;
  }

  /** An executor that shares out cores by itself says so when it has some. */
  #isWaiting({ pace }: TrialTask): boolean {
    return this.#parts.executor.sideBySide !== undefined && pace === undefined;
  }

  isRunning(trial: number): boolean {
    return this.#parts.crew.isRunning((task) => (task as TrialTask).work.trial === trial);
  }

  drop(trials: readonly number[]): void {
    const dropped = new Set(trials);
    this.#parts.crew.drop((task) => dropped.has((task as TrialTask).work.trial));
  }

  /** Takes up what sessions before have decided and not finished. */
  startAll(jobs: readonly Job[]): void {
    for (const job of jobs) if (this.#fold.outcome(job.trial, job.rung) === undefined) this.start(job);
  }

  start(job: Job): void {
    const { loaded, crew } = this.#parts;
    const { trial, rung, resource, isLast } = job;
    const { metric, early_terminate: stopping } = loaded.settings;
    const assignment = this.#fold.trial(trial)?.assignment ?? {};
    for (const [replicate, directory] of runDirectories(trial, loaded.settings).entries()) {
      if (this.#fold.hasRun(trial, rung, replicate)) continue;
      const { experiment } = trialExperiment(loaded, assignment, replicate);
      const end = { resource, ...(stopping.type !== 'none' && { unit: stopping.resource }), isLast };
      const isRetried = this.#fold.isRetried(trial);
      const about = { trial, rung, replicate, attempt: 0, directory, experiment, metric: metric.name };
      const work: TrialWork = { ...about, ...end, isRetried, assignment };
      crew.push(this.#taskOf(work, job.priority));
    }
  }

  #taskOf(work: TrialWork, priority: Job['priority']): TrialTask {
    let abort = new AbortController();
    const task: TrialTask = {
      work,
      workers: 1,
      pace: undefined,
      priority,
      maxWorkers: Math.min(work.experiment.numerics.leaves, this.#parts.cores),
      pause: (isDropped) => abort.abort(isDropped === true ? DROPPED : undefined),
      secondsLeft: () => task.pace && secondsLeft(task.pace),
      run: async (workers) => {
        abort = new AbortController();
        task.workers = workers;
        this.#tasks.add(task);
        try {
          return await this.#train(task, abort.signal);
        } catch (error) {
          this.#parts.onFault(error);
          return false;
        } finally {
          this.#tasks.delete(task);
        }
      },
    };
    return task;
  }

  /** All attempts at a work. @returns whether it was paused on the way */
  async #train(task: TrialTask, signal: AbortSignal): Promise<boolean> {
    const { log, emit } = this.#parts;
    const { trial, rung, replicate } = task.work;
    log.begin();
    log.say({ type: 'begin', trial, rung, replicate, workers: task.workers });
    const begun = this.#fold.trial(trial);
    if (begun !== undefined) emit({ type: 'trial', trial: begun });
    for (;;) {
      const attempt = this.#fold.attempts(trial, rung, replicate);
      const entry = await this.#attempt(task, attempt, signal);
      if (entry === undefined) return true;
      if (entry.type === 'run') {
        await this.#record(entry);
        return false;
      }
      log.say(entry);
      await log.sync();
      const { code, message } = entry.fault;
      emit({ type: 'warning', code: 'W_RETRY', message: `trial ${trial} is tried again: ${code} ${message}`, trial });
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** attempt), signal);
      if (signal.aborted) return true;
    }
  }

  /**
   * One attempt, and what is to be said of it.
   *
   * @returns undefined if it was paused
   * @throws whatever concerns the sweep: the machine's faults above all
   */
  async #attempt(task: TrialTask, attempt: number, signal: AbortSignal): Promise<RunEntry | RetryEntry | undefined> {
    task.pace = undefined;
    const work = { ...task.work, attempt };
    const outcome = await this.#parts.executor.run(work, task.workers, signal, (report) => this.#hear(task, report));
    if (outcome.status === 'paused') return undefined;
    const isLastTry = attempt >= this.#parts.loaded.settings.on_trial_error.retries;
    if (outcome.status !== 'failed' || isLastTry || isHopeless(outcome)) return runEntry(work, outcome);
    const { trial, rung, replicate } = work;
    return { type: 'retry', trial, rung, replicate, fault: outcome.fault };
  }

  #hear(task: TrialTask, report: WorkReport): void {
    const { trial } = task.work;
    if (report.type === 'progress') {
      const { step, toStep, loss, by } = report;
      const { fromStep, startedAt } = task.pace ?? { fromStep: step, startedAt: performance.now() };
      task.pace = { step, toStep, loss, fromStep, startedAt, by };
      return;
    }
    const { code, message } = report;
    // On purpose: cores are shared, idle ones go to the last trials, and early stopping is in the result.
    if (!QUIET.includes(code)) this.#parts.emit({ type: 'warning', code, message, trial });
  }

  async #record(entry: RunEntry): Promise<void> {
    const { log, emit, onResult } = this.#parts;
    log.say(entry);
    await log.sync();
    emit(runEnd(entry, this.#parts.loaded.settings));
    const trial = this.#fold.outcome(entry.trial, entry.rung) && this.#fold.trial(entry.trial);
    if (trial === undefined) return;
    emit({ type: 'result', trial });
    const { best } = this.#fold.standing;
    if (best !== undefined && best !== this.#best && best === trial.number) emit({ type: 'best', trial });
    this.#best = best;
    onResult();
  }
}

function runEnd({ trial, replicate, status, curve, seconds }: RunEntry, { metric }: SweepSettings): SweepRunEnd {
  const value = status === 'reached' ? (summarise(curve, metric) ?? null) : null;
  return { type: 'run', trial, replicate, status, value, seconds };
}

/** Whether another attempt at the same trial would fail alike. */
function isHopeless({ blame }: { blame: Blame }): boolean {
  return blame === 'configuration' || blame === 'data';
}

/** The result of a work, with its keys in the order that logs have. */
function runEntry({ trial, rung, replicate, resource, isLast }: TrialWork, outcome: Exclude<Outcome, { status: 'paused' }>): RunEntry {
  if (outcome.status === 'failed') {
    const { status, seconds, fault } = outcome;
    const nothing = { steps: 0, curve: [], digest: '' };
    return { type: 'run', trial, rung, replicate, status, resource, isLast, ...nothing, seconds, fault };
  }
  const { status, steps, curve, digest, seconds, fault } = outcome;
  const result = { type: 'run', trial, rung, replicate, status, steps, resource, isLast, curve, digest, seconds } as const;
  return fault === undefined ? result : { ...result, fault };
}

/** undefined until some steps are done. */
function secondsLeft({ step, toStep, fromStep, startedAt }: Pace): number | undefined {
  const done = step - fromStep;
  return done <= 0 ? undefined : ((performance.now() - startedAt) / 1000 / done) * (toStep - step);
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
