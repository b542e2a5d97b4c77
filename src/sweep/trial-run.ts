import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { planBatches } from '../engine/batches.ts';
import type { EngineOptions } from '../engine/engine.ts';
import { GradloomError } from '../errors.ts';
import type { RunWarning, Summary } from '../runs/events.ts';
import { resume } from '../runs/resume.ts';
import type { TrainRun } from '../runs/run.ts';
import { train } from '../runs/train.ts';
import type { Fence } from '../storage/atomic.ts';
import { readLines } from '../storage/lines.ts';
import type { Job } from './search.ts';
import type { CurvePoint } from './trial.ts';
import type { RunEntry } from './trial-log.ts';

/** One replicate of a job: what is to be trained, and where. */
export interface TrialWork {
  job: Job;
  replicate: number;
  /** Of the run. */
  directory: string;
  experiment: Experiment;
  /** Name of the sweep's metric. */
  metric: string;
  /** The unit of `job.resource`; undefined: the job goes to the end of the experiment. */
  resource: 'epochs' | 'steps' | undefined;
  dataset(): Promise<Dataset>;
  engine: EngineOptions;
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

/** Errors of reading a run's directory: it was cut off before it was whole, or damaged since. */
const UNREADABLE = /^E_RUN_(?!NAME)/;

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
    const startedAt = performance.now();
    const dataset = await this.work.dataset();
    const target = this.#targetStep(dataset);
    if (signal.aborted) return undefined;
    let status: RunEntry['status'] = 'reached';
    let fault: RunEntry['fault'];
    let summary: Summary | undefined;
    try {
      summary = await this.#train(dataset, target, workers, signal);
      if (summary.status === 'interrupted') return undefined;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_DIVERGED') throw error;
      status = 'diverged';
      fault = { code: error.code, ...(error.where !== undefined && { where: error.where }), message: error.message };
    }
    const { job, replicate } = this.work;
    const curve = this.#curve();
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
      seconds: Math.round(performance.now() - startedAt) / 1000,
      ...(fault !== undefined && { fault }),
    };
  }

  async #train(dataset: Dataset, target: number, workers: number, signal: AbortSignal): Promise<Summary> {
    const { directory, experiment, job, engine, fence } = this.work;
    const options = { dataset, signal, engine, fence, ...(!job.isLast && { pauseAt: target }) };
    if (existsSync(directory)) {
      try {
        return await this.#follow(resume(directory, { ...options, workers }), target, workers);
      } catch (error) {
        if (!(error instanceof GradloomError) || !UNREADABLE.test(error.code)) throw error;
        // Training is a function of the experiment, so nothing is lost but time.
        fence?.check();
        await rm(directory, { recursive: true, force: true });
      }
    }
    const sized = { ...experiment, parallel: { ...experiment.parallel, workers } };
    return this.#follow(train({ experiment: sized }, { ...options, directory }), target, workers);
  }

  /** Epochs are as long as the trial's own batches make them. */
  #targetStep(dataset: Dataset): number {
    const { experiment, job, resource } = this.work;
    const { stepsPerEpoch, totalSteps } = planBatches(experiment, dataset.splits.train.length);
    if (job.isLast || resource === undefined) return totalSteps;
    return Math.min(totalSteps, job.resource * (resource === 'epochs' ? stepsPerEpoch : 1));
  }

  async #follow(run: TrainRun, toStep: number, workers: number): Promise<Summary> {
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

  #curve(): CurvePoint[] {
    const { metric, directory } = this.work;
    const { lines } = readLines(path.join(directory, 'metrics.jsonl'));
    return lines.flatMap((line) => {
      const { step, epoch, [metric]: value } = line;
      return typeof value === 'number' ? [{ step: step as number, epoch: epoch as number, value }] : [];
    });
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
