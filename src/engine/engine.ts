import { Piscina } from 'piscina';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { type ErrorDetails, GradloomError } from '../errors.ts';
import { compileKernels } from '../kernels/kernels.ts';
import { batchAt } from './batches.ts';
import { abort, type PhaseSeconds, rankClocks, rankWords, WORD } from './control.ts';
import { evalBatchRows, type Region, reserveMemory, SEGMENT_STEPS, SUM_BYTES } from './memory.ts';
import type { EnginePlan } from './plan.ts';
import { compileProgram } from './program.ts';
import type { RankResult, RankSetup, RankTask } from './rank.ts';
import { type Hang, hangLimitMs, Supervisor } from './supervisor.ts';

const START_MS = 10_000;
/** How long ranks get to notice an abort before their threads are ended. */
const QUIESCE_MS = 500;
const MAX_CAUSE = 65_536;

const ext = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const RANK_ENTRY = new URL(`../../workers/rank.${ext}`, import.meta.url);

export interface EngineOptions {
  /** The module that piscina runs in each thread. @default workers/rank */
  entry?: URL;
  /** How long no rank may show a sign of life. @default from the plan, at least 10,000 */
  hangMs?: number;
}

/** Loss and accuracy over a whole split, each sample once. */
export interface Evaluation {
  loss: number;
  accuracy: number;
  rows: number;
}

/** Mean loss of a step's batch before its update, and how many of its rows were classified correctly. */
export interface StepRecord {
  step: number;
  loss: number;
  correct: number;
  rows: number;
}

type TaskBody = RankTask extends infer T ? (T extends RankTask ? Omit<T, 'rank'> : never) : never;

/**
 * The coordinator: owns the shared memory and the pool of threads, hands out segments of steps, and watches. It never computes and
 * never blocks, so signals, progress and errors stay alive. A broken engine stays broken: close it and start anew.
 */
export class Engine {
  readonly plan: EnginePlan;
  readonly #memory: WebAssembly.Memory;
  readonly #control: Int32Array;
  readonly #pool: Piscina;
  readonly #options: EngineOptions;
  readonly #splitRows: Record<SplitName, number>;
  /** First step of the segment under way, or of the last one. */
  #segmentStart = 0;
  /** Steps of the segment that `takeSteps` has handed out. */
  #taken = 0;
  #broken: GradloomError | undefined;
  /** The end of all threads, once it was ordered. */
  #ended: Promise<void> | undefined;
  #terminateTimer: NodeJS.Timeout | undefined;

  private constructor(plan: EnginePlan, dataset: Dataset, options: EngineOptions) {
    this.plan = plan;
    this.#options = options;
    const { train, val, test } = dataset.splits;
    this.#splitRows = { train: train.length, val: val.length, test: test.length };
    this.#memory = reserveMemory(plan.memory);
    this.#control = new Int32Array(this.#memory.buffer, plan.memory.control.at, plan.memory.control.bytes / Int32Array.BYTES_PER_ELEMENT);
    const setup: RankSetup = { plan, dataset, module: compileKernels(), memory: this.#memory };
    this.#pool = new Piscina({
      filename: (options.entry ?? RANK_ENTRY).href,
      // One thread a rank, all alive from the start: a barrier with fewer threads than ranks would never open.
      minThreads: plan.workers,
      maxThreads: plan.workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      workerData: setup,
    });
    // A thread that fails between tasks has no promise to reject.
    this.#pool.on('error', (cause) => {
      this.#break({ code: 'E_WORKER', message: `a worker thread failed: ${describe(cause)}`, cause });
    });
  }

  /**
   * Starts the threads and waits until all of them have met.
   *
   * @param parameters  initial parameter vector, shape [P]
   * @throws GradloomError E_MEMORY, E_POOL_START
   */
  static async start(plan: EnginePlan, dataset: Dataset, parameters: Float32Array, options: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine(plan, dataset, options);
    engine.#vector(plan.memory.parameters).set(parameters);
    if (dataset.normalization.kind === 'zscore') {
      const statistics = engine.#vector(plan.memory.statistics);
      statistics.set(dataset.normalization.mean, 0);
      statistics.set(dataset.normalization.std, dataset.featureCount);
    }
    const late = setTimeout(() => {
      engine.#break({ code: 'E_POOL_START', message: `not all ${plan.workers} worker threads started within ${START_MS / 1000} s` });
    }, START_MS);
    try {
      await engine.#dispatch({ kind: 'ready' });
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code === 'E_POOL_START') throw error;
      throw new GradloomError({ code: 'E_POOL_START', message: `the worker threads did not start: ${error.message}`, cause: error });
    } finally {
      clearTimeout(late);
    }
    return engine;
  }

  /**
   * Trains steps [fromStep, toStep), at most SEGMENT_STEPS of them; ends earlier where `requestStop` was called.
   *
   * @returns the number of steps done
   * @throws GradloomError E_DIVERGED before a non-finite loss reaches the parameters; E_WORKER... when a thread fails
   */
  async train(fromStep: number, toStep: number): Promise<number> {
    if (toStep - fromStep > SEGMENT_STEPS) throw new RangeError(`a segment has at most ${SEGMENT_STEPS} steps, got ${toStep - fromStep}`);
    Atomics.store(this.#control, WORD.stepsDone, 0);
    Atomics.store(this.#control, WORD.stopAgreed, 0);
    this.#segmentStart = fromStep;
    this.#taken = 0;
    const result = await this.#dispatch({ kind: 'train', fromStep, toStep });
    if (result.status === 'done') return result.stepsDone;
    throw new GradloomError({
      code: 'E_DIVERGED',
      where: `step ${result.step}`,
      message: `the loss became ${result.loss}`,
      kept: `the parameters before the update of step ${result.step}`,
      next: 'lower optimizer.lr, or check the data for extreme values',
    });
  }

  /** Asks the ranks to leave together after the step at hand. */
  requestStop(): void {
    Atomics.store(this.#control, WORD.stopRequest, 1);
  }

  /** The steps finished since the last call, without disturbing the ranks; also after a failure. */
  takeSteps(): StepRecord[] {
    const sums = new Float64Array(this.#memory.buffer, this.plan.memory.stepSums.at, this.plan.memory.stepSums.bytes / 8);
    const done = Atomics.load(this.#control, WORD.stepsDone);
    const records: StepRecord[] = [];
    for (let i = this.#taken; i < done; i++) {
      const step = this.#segmentStart + i;
      const { rows } = batchAt(this.plan.batches, step);
      records.push({ step, loss: sums[2 * i] as number, correct: sums[2 * i + 1] as number, rows });
    }
    this.#taken = done;
    return records;
  }

  /** Loss and accuracy of the present parameters over a split; undefined for an empty one. */
  async evaluate(split: SplitName): Promise<Evaluation | undefined> {
    const rows = this.#splitRows[split];
    if (rows === 0) return undefined;
    await this.#dispatch({ kind: 'evaluate', split });
    const sums = new Float64Array(this.#memory.buffer, this.plan.memory.evalSums.at, this.plan.memory.evalSums.bytes / 8);
    const pairs = Math.ceil(rows / evalBatchRows(this.plan.experiment, rows)) * this.plan.experiment.numerics.leaves;
    let loss = 0;
    let correct = 0;
    for (let i = 0; i < pairs; i++) {
      loss += sums[(i * SUM_BYTES) / 8] as number;
      correct += sums[(i * SUM_BYTES) / 8 + 1] as number;
    }
    return { loss: loss / rows, accuracy: correct / rows, rows };
  }

  /** A copy of the parameter vector, shape [P]; call it between segments. */
  parameters(): Float32Array {
    return this.#vector(this.plan.memory.parameters).slice();
  }

  /** Where each rank's time went since the start. */
  phaseSeconds(): PhaseSeconds[] {
    return Array.from({ length: this.plan.workers }, (_, rank) => {
      const [compute = 0, wait = 0, reduce = 0] = rankClocks(this.#memory.buffer, rank);
      return { compute, wait, reduce };
    });
  }

  /** Ends all threads; returns when they are gone. */
  async close(): Promise<void> {
    abort(this.#control, this.plan.workers);
    await this.#endThreads();
  }

  /** Once only: a second destroy() of piscina lets go of the first, and threads that end after it are replaced. */
  #endThreads(): Promise<void> {
    clearTimeout(this.#terminateTimer);
    this.#ended ??= this.#pool.destroy();
    return this.#ended;
  }

  #vector(region: Region): Float32Array {
    return new Float32Array(this.#memory.buffer, region.at, region.bytes / Float32Array.BYTES_PER_ELEMENT);
  }

  /** Runs one task on every rank and waits for all; the first failure releases the others and breaks the engine. */
  async #dispatch(body: TaskBody): Promise<Extract<RankResult, { status: 'done' | 'nonfinite' }>> {
    if (this.#broken !== undefined) throw this.#broken;
    // At the start the clock of START_MS counts: threads that load their modules give no sign of life.
    const hangMs = body.kind === 'ready' ? Infinity : (this.#options.hangMs ?? hangLimitMs(this.plan));
    const supervisor = new Supervisor(this.#control, this.plan.workers, hangMs, (hang) => this.#breakHung(hang, body));
    supervisor.start();
    const run = async (rank: number): Promise<RankResult> => {
      const result = await this.#runRank(rank, body);
      supervisor.ended(rank);
      return result;
    };
    const results = await Promise.all(Array.from({ length: this.plan.workers }, (_, rank) => run(rank)));
    supervisor.stop();
    if (this.#broken !== undefined) {
      await this.#endThreads();
      throw this.#broken;
    }
    const first = results[0];
    if (first?.status === 'done' || first?.status === 'nonfinite') return first;
    throw new GradloomError({ code: 'E_INTERNAL', message: `a task ended as ${first?.status} without a cause` });
  }

  async #runRank(rank: number, body: TaskBody): Promise<RankResult> {
    try {
      const result: RankResult = await this.#pool.run({ ...body, rank });
      if (result.status === 'failed') {
        const where = body.kind === 'train' ? `worker ${rank} step ${result.step}` : `worker ${rank}`;
        const place = result.kernel === undefined ? '' : `in ${result.kernel}: `;
        this.#break({ code: result.trap ? 'E_WORKER_TRAP' : 'E_WORKER', where, message: place + result.message });
      }
      return result;
    } catch (cause) {
      const where = body.kind === 'train' ? `worker ${rank} step ${this.#stepOf(rank)}` : `worker ${rank}`;
      this.#break({ code: 'E_WORKER_EXIT', where, message: describe(cause), cause });
      return { status: 'aborted' };
    }
  }

  /** The training step that a rank is in. */
  #stepOf(rank: number): number {
    return this.#segmentStart + Atomics.load(this.#control, rankWords(rank).step);
  }

  #breakHung(hang: Hang, body: TaskBody): void {
    const step = this.#stepOf(hang.rank);
    const { rows } = batchAt(this.plan.batches, step);
    const kernel = body.kind === 'train' ? compileProgram(this.plan, hang.rank, rows, 'full').calls[hang.call]?.kernel : undefined;
    this.#break({
      code: 'E_WORKER_HANG',
      where: body.kind === 'train' ? `worker ${hang.rank} step ${step}` : `worker ${hang.rank}`,
      message: `${kernel === undefined ? '' : `in ${kernel}: `}no sign of life for ${hang.seconds.toFixed(0)} s`,
    });
  }

  /** The first cause wins. Ranks get a moment to leave by themselves, then their threads are ended. */
  #break(details: ErrorDetails): void {
    this.#broken ??= new GradloomError(details);
    abort(this.#control, this.plan.workers);
    this.#terminateTimer ??= setTimeout(() => void this.#endThreads(), QUIESCE_MS);
  }
}

/** A cause in one line, however large or odd it is. */
function describe(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.slice(0, MAX_CAUSE);
}
