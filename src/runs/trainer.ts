import path from 'node:path';
import { resolvedYaml } from '../config/resolved.ts';
import type { Experiment } from '../config/schema.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import type { Cores } from '../engine/cores.ts';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import type { EnginePlan } from '../engine/plan.ts';
import type { TrainingState } from '../engine/shared-state.ts';
import { GradloomError } from '../errors.ts';
import { type InitialState, initialState } from '../model/initializers.ts';
import { type Network, parameterCount } from '../model/network.ts';
import { writeFileAtomic } from '../storage/atomic.ts';
import { LineFile } from '../storage/lines.ts';
import { createRunDirectory, makeRunDirectory, type RunDirectory } from './directory.ts';
import { describeEnvironment } from './environment.ts';
import type { RunEvent, Summary } from './events.ts';
import { Keeper } from './keeper.ts';
import { LearningRate } from './learning-rate.ts';
import { Loop } from './loop.ts';
import { encodeModel, modelDigest } from './model-file.ts';
import { prepare } from './prepare.ts';
import { Recorder, type RunLines } from './recorder.ts';

const PROGRESS_MS = 100;

export interface TrainOptions {
  /** Aborting it finishes the step at hand, saves the run and ends with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** Write no files. @default false */
  dry?: boolean | undefined;
  /** For tests of worker faults: how the engine starts its threads. */
  engine?: EngineOptions | undefined;
  /** A data set that is loaded already: all trials of a sweep share one. */
  dataset?: Dataset | undefined;
  /** The run's own directory, which must not exist yet. @default a new one under track.dir */
  directory?: string | undefined;
  /** Trains to this step and ends with status `paused`, to be resumed; a step at or after the last one has no effect. */
  pauseAt?: number | undefined;
}

/** One run from its experiment to its summary. */
export class Trainer {
  readonly #experiment: Experiment;
  readonly #options: TrainOptions;
  readonly #emit: (event: RunEvent) => void;
  #directory: RunDirectory | undefined;

  constructor(experiment: Experiment, options: TrainOptions, emit: (event: RunEvent) => void) {
    this.#experiment = experiment;
    this.#options = options;
    this.#emit = emit;
  }

  async run(): Promise<Summary> {
    const experiment = this.#experiment;
    const { dataset, cores, plan } = await prepare(experiment, this.#options.dataset);
    const { workers } = plan;
    const initial = initialState(plan.network, experiment.model, experiment.seed);
    const rates = new LearningRate(plan);
    this.#warnOversubscribed(workers, cores);
    // Nothing is created on disk before everything that can be wrong with the experiment has been checked.
    if (this.#options.dry !== true) this.#directory = await this.#makeDirectory();
    const files = this.#directory && createLines(this.#directory);
    const recorder = new Recorder(experiment, plan.batches, plan.metrics.names.includes('accuracy'), files, rates, this.#emit);
    try {
      await this.#write('config.yaml', resolvedYaml({ experiment }));
      await this.#write('env.json', `${JSON.stringify(await describeEnvironment(cores, workers), null, 2)}\n`);
      this.#emit({
        type: 'start',
        id: this.#directory?.id ?? experiment.name,
        name: experiment.name,
        directory: this.#directory?.path,
        dataset: dataset.description,
        rows: rowsOf(dataset),
        parameters: parameterCount(plan.network),
        workers,
        cores: cores.usable,
        batchRows: plan.batches.batchRows,
        stepsPerEpoch: plan.batches.stepsPerEpoch,
        totalSteps: plan.batches.totalSteps,
      });
      const engine = await this.#start(plan, dataset, initial, recorder);
      try {
        const { signal, pauseAt } = this.#options;
        const loop = new Loop({ engine, dataset, recorder, rates, keeper: new Keeper(), signal, pauseAt });
        return await this.#trainOn(engine, loop, recorder);
      } finally {
        await engine.close();
      }
    } finally {
      files?.metrics.close();
      files?.digests.close();
    }
  }

  #makeDirectory(): Promise<RunDirectory> {
    const { directory } = this.#options;
    const { track, name } = this.#experiment;
    return directory === undefined ? createRunDirectory(track.dir, name) : makeRunDirectory(path.resolve(directory));
  }

  /** A run whose threads do not start has a summary that says so. */
  async #start(plan: EnginePlan, dataset: Dataset, initial: InitialState, recorder: Recorder): Promise<Engine> {
    try {
      return await Engine.start(plan, dataset, initial, this.#options.engine);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      await this.#writeSummary({
        ...recorder.summarise([]),
        id: this.#directory?.id ?? this.#experiment.name,
        status: 'failed',
        directory: this.#directory?.path ?? null,
        workers: plan.workers,
        digest: '',
        error: errorOf(error),
      });
      throw this.#withKept(error, recorder, undefined);
    }
  }

  async #trainOn(engine: Engine, loop: Loop, recorder: Recorder): Promise<Summary> {
    const { signal } = this.#options;
    const stop = (): void => engine.requestStop();
    signal?.addEventListener('abort', stop);
    const ticker = setInterval(() => {
      recorder.take(engine.takeSteps());
      this.#emit(recorder.progress(engine.phaseSeconds()));
    }, PROGRESS_MS);
    let failure: GradloomError | undefined;
    let status: Summary['status'] = 'failed';
    try {
      if (signal?.aborted === true) stop();
      status = await loop.run();
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      failure = error;
      if (failure.code === 'E_DIVERGED') status = 'diverged';
    } finally {
      clearInterval(ticker);
      signal?.removeEventListener('abort', stop);
    }
    // Ranks that failed in the middle of an update leave parameters that belong to no step.
    const state = status === 'failed' ? undefined : engine.shared.snapshot();
    const { network, workers } = engine.plan;
    const summary: Summary = {
      ...recorder.summarise(engine.phaseSeconds()),
      id: this.#directory?.id ?? this.#experiment.name,
      status,
      directory: this.#directory?.path ?? null,
      workers,
      digest: state === undefined ? '' : modelDigest(network, state),
    };
    if (failure !== undefined) summary.error = errorOf(failure);
    if (loop.divergence !== undefined) await this.#write('diverged.json', `${JSON.stringify(loop.divergence, null, 2)}\n`);
    if (state !== undefined) await this.#writeModels(network, state);
    await this.#writeSummary(summary);
    if (failure !== undefined) throw this.#withKept(failure, recorder, loop.parametersOf);
    this.#emit({ type: 'end', summary });
    return summary;
  }

  async #writeSummary(summary: Summary): Promise<void> {
    await this.#write('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
  }

  async #writeModels(network: Network, state: TrainingState): Promise<void> {
    await this.#write('model.safetensors', encodeModel(network, state));
    const [parameters] = state.averages;
    const { type } = this.#experiment.train.average;
    if (parameters !== undefined) await this.#write(`model-${type}.safetensors`, encodeModel(network, { ...state, parameters }));
  }

  /** @param parametersOf  the step whose parameters are saved */
  #withKept(failure: GradloomError, recorder: Recorder, parametersOf: number | undefined): GradloomError {
    const parameters = parametersOf === undefined ? '' : `, the parameters of step ${parametersOf}`;
    const kept = this.#directory && `${this.#directory.path}, metrics up to step ${recorder.step}${parameters}`;
    return new GradloomError({ ...errorOf(failure), code: failure.code, kept, next: failure.next, cause: failure.cause });
  }

  async #write(name: string, content: string | Uint8Array): Promise<void> {
    if (this.#directory !== undefined) await writeFileAtomic(path.join(this.#directory.path, name), content);
  }

  #warnOversubscribed(workers: number, cores: Cores): void {
    if (workers <= cores.usable) return;
    const message = `${workers} workers on ${cores.usable} usable cores: slower, with the same result`;
    this.#emit({ type: 'warning', code: 'W_OVERSUBSCRIBED', message });
  }
}

function createLines({ path: directory }: RunDirectory): RunLines {
  const metrics = LineFile.create(path.join(directory, 'metrics.jsonl'));
  try {
    return { metrics, digests: LineFile.create(path.join(directory, 'digests.jsonl')) };
  } catch (error) {
    metrics.close();
    throw error;
  }
}

function rowsOf(dataset: Dataset): Record<SplitName, number> {
  const { train, val, test } = dataset.splits;
  return { train: train.length, val: val.length, test: test.length };
}

function errorOf({ code, where, message }: GradloomError): { code: string; where?: string; message: string } {
  return where === undefined ? { code, message } : { code, where, message };
}
