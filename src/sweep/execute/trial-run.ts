import { rm } from 'node:fs/promises';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { planBatches } from '../../engine/plan/batches.ts';
import { GradloomError } from '../../errors.ts';
import type { StorageCalls } from '../../runs/checkpoint/run-files.ts';
import type { RunWarning, Summary } from '../../runs/events.ts';
import { visitMetrics } from '../../runs/files/run-lines.ts';
import { resume } from '../../runs/training/resume.ts';
import type { TrainRun } from '../../runs/training/run.ts';
import { train } from '../../runs/training/train.ts';
import type { Fence } from '../../storage/atomic.ts';
import { kindAt } from '../../storage/folder.ts';
import type { RunEntry } from '../journal/entries.ts';
import type { Job } from '../search/decisions.ts';
import type { CurvePoint } from '../trial.ts';

/** One replicate of a job: what is to be trained, and where. */
export interface TrialWork {
  job: Job;
  replicate: number;
  /** Of the run. */
  directory: string;
  experiment: Experiment;
  /** Name of the sweep's metric. */
  metric: string;
  /** The trial failed before, and is given another chance: with other data, it may be. */
  isRetried: boolean;
  /** The unit of `job.resource`; undefined: the job goes to the end of the experiment. */
  resource: 'epochs' | 'steps' | undefined;
  dataset(): Promise<Dataset>;
  engine: EngineOptions;
  /** For tests of storage faults. */
  storage?: StorageCalls | undefined;
  /** The right to write in the sweep's directory. */
  fence?: Fence | undefined;
}

/** How far a run is. */
export interface TrialProgress {
  step: number;
  /** Where the job ends. */
  toStep: number;
  loss: number | undefined;
  samplesPerSecond: number;
  workers: number;
}

/** The run was begun with other data, or another arithmetic: what it came to by then does not belong to what it would go on with. */
const STALE: readonly string[] = ['E_DATA_FINGERPRINT', 'E_KERNEL_VERSION'];

/** What is done of a run in one go. */
interface Part {
  toStep: number;
  workers: number;
  startedAt: number;
  /** It began with an empty directory. */
  isNew?: boolean;
}

/** Trains one replicate of a trial to the rung that a job asks for: a new run, or one that goes on from its checkpoint. */
export class TrialRun {
  readonly work: TrialWork;
  readonly #warn: (warning: RunWarning) => void;
  #progress: TrialProgress | undefined;
  #startedAt = 0;
  #startStep: number | undefined;

  constructor(work: TrialWork, warn: (warning: RunWarning) => void) {
    this.work = work;
    this.#warn = warn;
  }

  get progress(): TrialProgress | undefined {
    return this.#progress;
  }

  /** undefined until some steps are done. */
  secondsLeft(): number | undefined {
    const { step, toStep } = this.#progress ?? { step: 0, toStep: 0 };
    const done = step - (this.#startStep ?? step);
    return done <= 0 ? undefined : ((performance.now() - this.#startedAt) / 1000 / done) * (toStep - step);
  }

  /**
   * @returns undefined if `signal` stopped it first
   * @throws GradloomError of a run; one that diverged is a result
   */
  async attempt(workers: number, signal: AbortSignal): Promise<RunEntry | undefined> {
    const { directory, experiment, job, engine, fence, storage } = this.work;
    const startedAt = performance.now();
    const dataset = await this.work.dataset();
    const target = this.#targetStep(dataset);
    if (signal.aborted) return undefined;
    const options = { dataset, signal, engine, fence, storage, ...(!job.isLast && { pauseAt: target }) };
    const part = { toStep: target, workers, startedAt };
    if (kindAt(directory) !== undefined) {
      try {
        return await this.#follow(resume(directory, { ...options, workers }), part);
      } catch (error) {
        if (!this.#isDamaged(error)) throw error;
        // Training is a function of the experiment, so nothing is lost but time; what is wrong with the experiment itself comes again.
        fence?.check();
        await rm(directory, { recursive: true, force: true });
      }
    }
    const sized = { ...experiment, parallel: { ...experiment.parallel, workers } };
    return this.#follow(train({ experiment: sized }, { ...options, directory }), { ...part, isNew: true });
  }

  /** The run's directory was cut off before it was whole, was damaged since, or is of an attempt that failed with other data. */
  #isDamaged(error: unknown): boolean {
    if (!(error instanceof GradloomError)) return false;
    if (STALE.includes(error.code)) return this.work.isRetried;
    return error.blame === 'configuration' || error.blame === 'data';
  }

  /** Follows a run to its end. @returns what it came to; undefined if it was stopped first */
  async #follow(run: TrainRun, part: Part): Promise<RunEntry | undefined> {
    let status: RunEntry['status'] = 'reached';
    let fault: RunEntry['fault'];
    let summary: Summary | undefined;
    try {
      summary = await this.#watch(run, part.toStep, part.workers);
      if (summary.status === 'interrupted') return undefined;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_DIVERGED') throw error;
      status = 'diverged';
      fault = { code: error.code, ...(error.where !== undefined && { where: error.where }), message: error.message };
    }
    const { job, replicate } = this.work;
    const curve = this.#curve(part.isNew ?? false);
    if (status === 'reached' && curve.length === 0) throw noValue(this.work);
    return {
      type: 'run',
      trial: job.trial,
      rung: job.rung,
      replicate,
      status,
      steps: summary?.steps ?? 0,
      resource: job.resource,
      isLast: job.isLast,
      curve,
      digest: summary?.digest ?? '',
      seconds: Math.round(performance.now() - part.startedAt) / 1000,
      ...(fault !== undefined && { fault }),
    };
  }

  /** Epochs are as long as the trial's own batches make them. */
  #targetStep(dataset: Dataset): number {
    const { experiment, job, resource } = this.work;
    const { stepsPerEpoch, totalSteps } = planBatches(experiment, dataset.splits.train.length);
    if (job.isLast || resource === undefined) return totalSteps;
    return Math.min(totalSteps, job.resource * (resource === 'epochs' ? stepsPerEpoch : 1));
  }

  async #watch(run: TrainRun, toStep: number, workers: number): Promise<Summary> {
    this.#startStep = undefined;
    this.#progress = undefined;
    for await (const event of run) {
      if (event.type === 'warning') this.#warn(event);
      if (event.type !== 'progress') continue;
      const { step, loss, samplesPerSecond } = event;
      if (this.#startStep === undefined) {
        this.#startStep = step;
        this.#startedAt = performance.now();
      }
      this.#progress = { step, toStep, loss, samplesPerSecond, workers };
    }
    return run.result;
  }

  /** @param isNew  the file was written just now: who cannot read it back has a machine at fault, not a damaged run */
  #curve(isNew: boolean): CurvePoint[] {
    const { metric, directory } = this.work;
    const curve: CurvePoint[] = [];
    try {
      visitMetrics(directory, ({ step, epoch, [metric]: value }) => {
        if (typeof value === 'number') curve.push({ step, epoch, value });
      });
      return curve;
    } catch (error) {
      if (!isNew || !(error instanceof GradloomError)) throw error;
      const { where, message } = error;
      throw new GradloomError({ code: 'E_STORAGE', where, message: `written just now, but ${message}`, cause: error });
    }
  }
}

function noValue({ job, metric, resource }: TrialWork): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: 'metric.name',
    message: `${metric} has no value after ${job.resource} ${resource ?? 'steps'}, where the trial is to be judged`,
    next: 'evaluate more often (train.eval.every), or raise early_terminate.min',
  });
}
