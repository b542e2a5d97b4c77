import { rm } from 'node:fs/promises';
import type { Dataset } from '../../data/dataset.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { planBatches } from '../../engine/plan/batches.ts';
import { GradloomError } from '../../errors.ts';
import type { StorageCalls } from '../../runs/checkpoint/run-files.ts';
import type { Summary } from '../../runs/events.ts';
import { visitMetrics } from '../../runs/files/run-lines.ts';
import { resume } from '../../runs/training/resume.ts';
import type { TrainRun } from '../../runs/training/run.ts';
import { train } from '../../runs/training/train.ts';
import type { Fence } from '../../storage/atomic.ts';
import { kindAt } from '../../storage/folder.ts';
import type { Fault } from '../journal/fault.ts';
import type { CurvePoint } from '../trial.ts';
import type { Trained, TrialWork, WorkReport } from './executor.ts';

/** What a work is trained with, here. */
export interface TrialMeans {
  /** Of the run. */
  directory: string;
  dataset(): Promise<Dataset>;
  engine: EngineOptions;
  /** For tests of storage faults. */
  storage?: StorageCalls | undefined;
  /** The right to write in the sweep's directory. */
  fence?: Fence | undefined;
}

/** The run was begun with other data, or another arithmetic: what it came to by then does not belong to what it would go on with. */
const STALE: readonly string[] = ['E_DATA_FINGERPRINT', 'E_KERNEL_VERSION'];

/** What is done of a run in one go. */
interface Part {
  toStep: number;
  startedAt: number;
  /** It began with an empty directory. */
  isNew?: boolean;
}

type Paused = { status: 'paused' };
const PAUSED: Paused = { status: 'paused' };

/** Trains one replicate of a trial to the rung that its work asks for: a new run, or one that goes on from its checkpoint. */
export class TrialRun {
  readonly #work: TrialWork;
  readonly #means: TrialMeans;
  readonly #report: (report: WorkReport) => void;

  constructor(work: TrialWork, means: TrialMeans, report: (report: WorkReport) => void) {
    this.#work = work;
    this.#means = means;
    this.#report = report;
  }

  /** @throws GradloomError of a run; one that diverged is a result */
  async train(workers: number, signal: AbortSignal): Promise<Trained | Paused> {
    const { experiment, isLast, trial, assignment } = this.#work;
    const { directory, engine, fence, storage } = this.#means;
    const startedAt = performance.now();
    const dataset = await this.#means.dataset();
    const target = this.#targetStep(dataset);
    if (signal.aborted) return PAUSED;
    const hyperparameters = assignment && { group: `trial ${trial}`, values: assignment };
    const options = { dataset, signal, engine, fence, storage, hyperparameters, ...(!isLast && { pauseAt: target }) };
    const part = { toStep: target, startedAt };
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
    if (STALE.includes(error.code)) return this.#work.isRetried;
    return error.blame === 'configuration' || error.blame === 'data';
  }

  /** Follows a run to its end. */
  async #follow(run: TrainRun, part: Part): Promise<Trained | Paused> {
    let diverged: GradloomError | undefined;
    let summary: Summary | undefined;
    try {
      summary = await this.#watch(run, part.toStep);
      if (summary.status === 'interrupted') return PAUSED;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_DIVERGED') throw error;
      diverged = error;
    }
    const curve = this.#curve(part.isNew ?? false);
    if (diverged === undefined && curve.length === 0) throw noValue(this.#work);
    return {
      status: diverged === undefined ? 'reached' : 'diverged',
      steps: summary?.steps ?? 0,
      curve,
      digest: summary?.digest ?? '',
      seconds: Math.round(performance.now() - part.startedAt) / 1000,
      ...(diverged !== undefined && { fault: divergence(diverged) }),
    };
  }

  /** Epochs are as long as the trial's own batches make them. */
  #targetStep(dataset: Dataset): number {
    const { experiment, resource, unit, isLast } = this.#work;
    const { stepsPerEpoch, totalSteps } = planBatches(experiment, dataset.splits.train.length);
    if (isLast || unit === undefined) return totalSteps;
    return Math.min(totalSteps, resource * (unit === 'epochs' ? stepsPerEpoch : 1));
  }

  async #watch(run: TrainRun, toStep: number): Promise<Summary> {
    for await (const event of run) {
      if (event.type === 'warning') this.#report({ type: 'warning', code: event.code, message: event.message });
      if (event.type === 'progress') this.#report({ type: 'progress', step: event.step, toStep, loss: event.loss });
    }
    return run.result;
  }

  /** @param isNew  the file was written just now: who cannot read it back has a machine at fault, not a damaged run */
  #curve(isNew: boolean): CurvePoint[] {
    const { metric } = this.#work;
    const curve: CurvePoint[] = [];
    try {
      visitMetrics(this.#means.directory, ({ step, epoch, [metric]: value }) => {
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

/** In the order of keys that logs have. */
function divergence({ code, where, message }: GradloomError): Fault {
  return { code, ...(where !== undefined && { where }), message };
}

function noValue({ metric, resource, unit }: TrialWork): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: 'metric.name',
    message: `${metric} has no value after ${resource} ${unit ?? 'steps'}, where the trial is to be judged`,
    next: 'evaluate more often (train.eval.every), or raise early_terminate.min',
  });
}
