import path from 'node:path';
import { resolvedYaml } from '../config/resolved.ts';
import type { Experiment } from '../config/schema.ts';
import { checkTargets } from '../data/check.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { loadDataset } from '../data/load.ts';
import type { BatchPlan } from '../engine/batches.ts';
import { type Cores, countCores } from '../engine/cores.ts';
import { Engine, type EngineOptions, type Evaluation } from '../engine/engine.ts';
import { SEGMENT_STEPS } from '../engine/memory.ts';
import { type EnginePlan, planEngine } from '../engine/plan.ts';
import { GradloomError } from '../errors.ts';
import { initialParameters } from '../model/initializers.ts';
import { parameterCount } from '../model/network.ts';
import { readTensor } from '../model/parameters.ts';
import { encodeSafetensors } from '../model/safetensors.ts';
import { writeFileAtomic } from '../storage/atomic.ts';
import { createRunDirectory, type RunDirectory } from './directory.ts';
import { describeEnvironment } from './environment.ts';
import type { RunEvent, Summary } from './events.ts';
import { digestOf, MetricsFile } from './metrics.ts';
import { Recorder } from './recorder.ts';

const PROGRESS_MS = 100;

export interface TrainOptions {
  /** Aborting it finishes the step at hand, saves the run and ends with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** Write no files. @default false */
  dry?: boolean | undefined;
  /** For tests of worker faults: how the engine starts its threads. */
  engine?: EngineOptions | undefined;
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
    const dataset = await loadDataset(experiment.data, experiment.seed);
    const cores = countCores();
    const workers = chooseWorkers(experiment, cores);
    const plan = planEngine(experiment, dataset, workers, workers > cores.usable ? 0 : experiment.parallel.spin_us);
    checkTargets(dataset, plan.network.outputs, experiment.loss.type);
    const parameters = initialParameters(plan.network, experiment.model, experiment.seed);
    this.#warnOversubscribed(workers, cores);
    // Nothing is created on disk before everything that can be wrong with the experiment has been checked.
    if (this.#options.dry !== true) this.#directory = createRunDirectory(experiment.track.dir, experiment.name);
    const metrics = this.#directory && new MetricsFile(path.join(this.#directory.path, 'metrics.jsonl'));
    const recorder = new Recorder(experiment, plan.batches, dataset.target.kind === 'class', metrics, this.#emit);
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
      const engine = await this.#start(plan, dataset, parameters, recorder);
      try {
        return await this.#trainOn(engine, recorder);
      } finally {
        await engine.close();
      }
    } finally {
      metrics?.close();
    }
  }

  /** A run whose threads do not start has a summary that says so. */
  async #start(plan: EnginePlan, dataset: Dataset, parameters: Float32Array, recorder: Recorder): Promise<Engine> {
    try {
      return await Engine.start(plan, dataset, parameters, this.#options.engine);
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
      throw this.#withKept(error, recorder, false);
    }
  }

  async #trainOn(engine: Engine, recorder: Recorder): Promise<Summary> {
    const { signal } = this.#options;
    const stop = (): void => engine.requestStop();
    signal?.addEventListener('abort', stop);
    const ticker = setInterval(() => {
      recorder.take(engine.takeSteps());
      this.#emit(recorder.progress(engine.phaseSeconds()));
    }, PROGRESS_MS);
    let failure: GradloomError | undefined;
    try {
      if (signal?.aborted === true) stop();
      await this.#steps(engine, recorder);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      failure = error;
    } finally {
      clearInterval(ticker);
      signal?.removeEventListener('abort', stop);
    }
    const keepsParameters = failure === undefined || failure.code === 'E_DIVERGED';
    const tensors = keepsParameters ? this.#tensors(engine) : undefined;
    const status =
      failure === undefined ? (recorder.isComplete ? 'finished' : 'interrupted') : failure.code === 'E_DIVERGED' ? 'diverged' : 'failed';
    const summary: Summary = {
      ...recorder.summarise(engine.phaseSeconds()),
      id: this.#directory?.id ?? this.#experiment.name,
      status,
      directory: this.#directory?.path ?? null,
      workers: engine.plan.workers,
      digest: tensors === undefined ? '' : digestOf([...tensors].map(([, { data }]) => data)),
    };
    if (failure !== undefined) summary.error = errorOf(failure);
    if (tensors !== undefined) await this.#write('model.safetensors', encodeSafetensors(tensors, { format: 'pt' }));
    await this.#writeSummary(summary);
    if (failure !== undefined) throw this.#withKept(failure, recorder, keepsParameters);
    this.#emit({ type: 'end', summary });
    return summary;
  }

  /** Segment after segment, with evaluations between them. */
  async #steps(engine: Engine, recorder: Recorder): Promise<void> {
    const { eval: evaluation } = this.#experiment.train;
    const { totalSteps } = engine.plan.batches;
    const every = evaluationSteps(this.#experiment, engine.plan.batches);
    let step = 0;
    while (step < totalSteps) {
      const due = Math.min(totalSteps, (Math.floor(step / every) + 1) * every);
      const target = Math.min(due, step + SEGMENT_STEPS);
      let done = 0;
      try {
        done = await engine.train(step, target);
      } finally {
        recorder.take(engine.takeSteps());
      }
      step += done;
      if (evaluation.on !== 'none' && step === due) recorder.evaluated(evaluation.on, await this.#evaluate(engine, evaluation.on, step));
      recorder.flushEpoch();
      // Fewer steps than asked for: somebody requested a stop.
      if (step < target || this.#options.signal?.aborted === true) break;
    }
    if (step < totalSteps) return;
    for (const split of ['train', 'val', 'test'] as const) {
      if (!recorder.isEvaluated(split)) recorder.evaluated(split, await this.#evaluate(engine, split, step));
    }
    recorder.finish();
  }

  async #evaluate(engine: Engine, split: SplitName, step: number): Promise<Evaluation | undefined> {
    const result = await engine.evaluate(split);
    if (result === undefined || Number.isFinite(result.loss)) return result;
    throw new GradloomError({
      code: 'E_DIVERGED',
      where: `step ${step}`,
      message: `the ${split} loss became ${result.loss}`,
      next: 'lower optimizer.lr, or check the data for extreme values',
    });
  }

  #tensors(engine: Engine): Map<string, { dtype: 'F32'; shape: readonly number[]; data: Float32Array }> {
    const vector = engine.parameters();
    return new Map(
      engine.plan.network.parameters.map((tensor) => [
        tensor.name,
        { dtype: 'F32', shape: tensor.shape, data: readTensor(vector, tensor) },
      ]),
    );
  }

  #withKept(failure: GradloomError, recorder: Recorder, parameters: boolean): GradloomError {
    const kept =
      this.#directory === undefined
        ? failure.kept
        : `${this.#directory.path}, metrics up to step ${recorder.step}${parameters ? ', the parameters before the failed step' : ''}`;
    return new GradloomError({ ...errorOf(failure), code: failure.code, kept, next: failure.next, cause: failure.cause });
  }

  async #writeSummary(summary: Summary): Promise<void> {
    await this.#write('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
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

/** How many workers `parallel.workers` means on this machine. */
export function chooseWorkers(experiment: Experiment, cores: Cores): number {
  const { workers } = experiment.parallel;
  return workers === 'auto' ? Math.min(cores.usable, experiment.numerics.leaves) : workers;
}

/** Steps between evaluations; without any, only the end counts. */
function evaluationSteps(experiment: Experiment, batches: BatchPlan): number {
  const { on, every } = experiment.train.eval;
  if (on === 'none') return batches.totalSteps;
  return 'steps' in every ? every.steps : every.epochs * batches.stepsPerEpoch;
}

function rowsOf(dataset: Dataset): Record<SplitName, number> {
  const { train, val, test } = dataset.splits;
  return { train: train.length, val: val.length, test: test.length };
}

function errorOf({ code, where, message }: GradloomError): { code: string; where?: string; message: string } {
  return where === undefined ? { code, message } : { code, where, message };
}
