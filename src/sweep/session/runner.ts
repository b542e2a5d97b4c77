import { Crew } from '../execute/crew.ts';
import type { Executor } from '../execute/executor.ts';
import type { LoadedSweep } from '../file/load.ts';
import type { LoggedEntry } from '../journal/entries.ts';
import type { TrialLog } from '../journal/log.ts';
import { Decider, type Halt } from './decide.ts';
import type { SweepEvent, SweepSummary } from './events.ts';
import type { SweepOptions } from './options.ts';
import { sessionError } from './pause.ts';
import { Progress } from './progress.ts';
import { type Replayed, replaySweep } from './replay.ts';
import { SessionLog } from './session-log.ts';
import { summaryOf } from './summary.ts';
import { Training } from './training.ts';

const PROGRESS_MS = 200;

export interface RunnerParts {
  loaded: LoadedSweep;
  directory: string;
  log: TrialLog;
  /** What the log holds already; the first is the sweep's. */
  entries: readonly LoggedEntry[];
  executor: Executor;
}

/**
 * One session of a sweep: decides, has trials trained, and waits for their results, in turn. What ends the whole process, a crash in the
 * engine of JavaScript itself or a kill, loses nothing: the log and the trials' checkpoints tell `resumeSweep` all.
 */
export class SweepRunner {
  readonly #parts: RunnerParts;
  readonly #options: SweepOptions;
  readonly #emit: (event: SweepEvent) => void;
  readonly #replayed: Replayed;
  readonly #cores: number;
  readonly #crew: Crew;
  readonly #log: SessionLog;
  readonly #decider: Decider;
  readonly #training: Training;
  readonly #progress: Progress;
  readonly #halt: Halt = { isInterrupted: false, fatal: undefined, isBudgetSpent: false };
  #wake: () => void = () => undefined;

  /** @throws GradloomError E_RUN_FILE if the log does not replay */
  constructor(parts: RunnerParts, options: SweepOptions, emit: (event: SweepEvent) => void) {
    const { loaded, directory, log, entries, executor } = parts;
    const { settings } = loaded;
    const { execution } = settings;
    this.#parts = parts;
    this.#options = options;
    this.#emit = emit;
    const { sideBySide } = executor;
    this.#cores = sideBySide ?? (execution.cores === 'max' ? executor.cores : execution.cores);
    const shares = sideBySide === undefined ? execution : { trials: sideBySide, workers_per_trial: 1 };
    const [cores, crew] = [this.#cores, new Crew(shares, this.#cores, () => this.#wake())];
    this.#crew = crew;
    this.#replayed = replaySweep(loaded, directory, entries, crew.limit, log.vouched);
    const { ledger, rules, total } = this.#replayed;
    this.#log = new SessionLog(log, ledger, cores, rules);
    const shared = { ledger, log: this.#log, emit };
    const onResult = (): void => this.#wake();
    const onFault = (error: unknown): void => this.#fail(error);
    this.#training = new Training({ ...shared, loaded, crew, executor, cores, onResult, onFault });
    this.#decider = new Decider({ ...shared, settings, halt: this.#halt, underway: this.#training });
    this.#progress = new Progress(settings, ledger.fold, total);
  }

  /**
   * @throws GradloomError E_SWEEP_FAILED if the sweep gave up, E_SWEEP_CONSTRAINTS, E_STORAGE and others of the machine, with which the
   *   sweep can be resumed; once all that runs is saved
   */
  async run(): Promise<SweepSummary> {
    const { signal } = this.#options;
    const interrupt = (): void => {
      this.#halt.isInterrupted = true;
      this.#crew.stop();
      this.#wake();
    };
    signal?.addEventListener('abort', interrupt);
    if (signal?.aborted === true) interrupt();
    const ticker = setInterval(() => this.#tick(), PROGRESS_MS);
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
    if (this.#halt.fatal !== undefined) throw this.#halt.fatal;
    return this.#finish();
  }

  async #work(): Promise<void> {
    const { search } = this.#replayed.ledger;
    if (this.#options.retryFailed === true) await this.#decider.retryFailed();
    this.#takeUp();
    for (;;) {
      for (const job of await this.#decider.decide()) this.#training.start(job);
      if (this.#halt.fatal !== undefined) return;
      if (search.isOver && search.jobs.length === 0) {
        if (!(await this.#decider.reopen())) return;
        this.#takeUp();
        continue;
      }
      if (this.#halt.isInterrupted && this.#crew.isIdle) return;
      // A result that came while the decisions were written must not be waited for.
      if (this.#replayed.ledger.tellNext()) continue;
      if (this.#crew.isIdle) throw new Error(`the sweep waits for trial ${search.due()?.trial}, which nobody trains`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What sessions before have decided and not finished. */
  #takeUp(): void {
    if (!this.#halt.isInterrupted) this.#training.startAll(this.#replayed.ledger.search.jobs);
  }

  #fail(error: unknown): void {
    this.#halt.fatal ??= sessionError(error, this.#parts.directory);
    this.#crew.stop();
    this.#wake();
  }

  #startBudget(): NodeJS.Timeout | undefined {
    const { budget } = this.#parts.loaded.settings;
    if (budget === undefined) return undefined;
    const left = Math.max(0, budget.duration - this.#replayed.seconds) * 1000;
    this.#halt.isBudgetSpent = left === 0;
    // setTimeout takes 24.8 days at most, and fires at once beyond.
    return setTimeout(
      () => {
        this.#halt.isBudgetSpent = true;
        this.#wake();
      },
      Math.min(left, 2 ** 31 - 1),
    );
  }

  #announce(): void {
    const { directory, loaded, executor } = this.#parts;
    const { metric, execution } = loaded.settings;
    const { sweep, ledger, isResumed, total } = this.#replayed;
    this.#emit({
      type: 'start',
      id: sweep.id,
      name: sweep.name,
      directory,
      isResumed,
      trials: ledger.fold.count,
      total,
      cores: this.#cores,
      sideBySide: this.#crew.limit,
      metric: { name: metric.name, goal: metric.goal },
      ...(executor.where !== undefined && { where: executor.where }),
    });
    if (execution.order === 'arrival')
      this.#emit({
        type: 'warning',
        code: 'W_ARRIVAL',
        message: 'order: arrival: what is tried depends on timing, so the sweep can not be replayed',
      });
  }

  #tick(): void {
    const queued = this.#crew.waiting + this.#training.waiting;
    this.#emit(this.#progress.at(this.#parts.log.seconds, this.#training.running, queued));
  }

  async #shutDown(): Promise<void> {
    this.#crew.stop();
    while (!this.#crew.isIdle) await new Promise<void>((resolve) => (this.#wake = resolve));
    const { executor, log } = this.#parts;
    for (const end of [() => executor.close(), () => this.#sayPause(), () => log.vouch(), () => log.close()]) {
      try {
        await end();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #sayPause(): Promise<void> {
    const { search } = this.#replayed.ledger;
    if (!this.#log.hasBegun || (search.isOver && search.jobs.length === 0)) return;
    const { fatal } = this.#halt;
    this.#log.say({ type: 'pause', reason: fatal instanceof Error ? fatal.message : 'interrupted' });
    await this.#log.sync();
  }

  #finish(): SweepSummary {
    const { directory, loaded, log } = this.#parts;
    const { sweep, ledger, seconds: secondsBefore } = this.#replayed;
    const { settings } = loaded;
    const summary = summaryOf({ directory, settings, sweep, fold: ledger.fold, seconds: log.seconds, secondsBefore });
    this.#emit({ type: 'end', summary });
    return summary;
  }
}
