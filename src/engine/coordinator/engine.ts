import type { Dataset, SplitName } from '../../data/dataset.ts';
import { targetSquares } from '../../data/targets.ts';
import { GradloomError } from '../../errors.ts';
import { compileKernels } from '../../kernels/module.ts';
import type { NativeCode } from '../../kernels/native/bind.ts';
import type { specialise } from '../../kernels/native/specialise.ts';
import { refusalError, reserveMemory } from '../../machine/refusal.ts';
import type { InitialState } from '../../model/initializers.ts';
import { stepAt } from '../plan/batches.ts';
import { abort, type PhaseSeconds, rankClocks, WORD } from '../plan/control.ts';
import { SEGMENT_STEPS } from '../plan/memory.ts';
import type { EnginePlan } from '../plan/plan.ts';
import type { Evaluation } from '../rank/evaluation.ts';
import { lossLimitAfter, type RankSetup } from '../rank/rank.ts';
import type { StepRates } from '../rank/update.ts';
import type { Team } from '../team/team.ts';
import { Crew } from './crew.ts';
import { LateCode } from './late-code.ts';
import { type CodeUse, codeUse, prepareCode } from './native.ts';
import { SharedState } from './shared-state.ts';
import { Threads } from './threads.ts';

/** A failing thread says so at once; a busy machine may need long to start many. */
const START_MS = 30_000;

export interface EngineOptions {
  /** Threads shared with other engines; they go on when this one closes. @default threads of its own, which end with it */
  threads?: Threads;
  /** The module that threads of its own run. @default workers/rank */
  entry?: URL;
  /** How long no rank may show a sign of life. @default from the plan, at least 10,000 */
  hangMs?: number;
  /** How long threads may take to start. @default 30,000 */
  startMs?: number;
  /** For tests of wrong machine code: what makes it. */
  specialise?: typeof specialise;
  /** Threads of its own that are up already; what it does not need of them is not its own. */
  warm?: Threads | undefined;
  /** Steps begin on WebAssembly, while machine code for them is made: see `isCodeDue`. @default false: code is there before the first step */
  codeLater?: boolean | undefined;
  /** The processes that train together, for a plan of theirs. */
  team?: Team | undefined;
}

/** Mean loss of a step's rows before its update, how many of them were classified correctly, and what the gradient was like. */
export interface StepRecord {
  step: number;
  loss: number;
  correct: number;
  rows: number;
  /** Sum of the rows' weights, by which the loss is a mean; the number of rows where nothing is weighted. */
  weight: number;
  /** Norm of the averaged gradient, penalties included, before clipping by it; undefined in steps that are not logged and not clipped. */
  gradientNorm: number | undefined;
  /** L1 and L2 penalties, which are not in `loss`. */
  penalty: number;
}

/** What evaluations and rollbacks have made of the schedule's learning rate. */
export type Rates = Omit<StepRates, 'step'>;
const UNCHANGED: Rates = { plateauFactor: 1, lrFactor: 1 };

/** How a segment ended. */
export interface SegmentEnd {
  /** Steps done. */
  steps: number;
  /** The step whose loss or gradient is not finite, or whose loss is above its limit; it was left before its update. */
  diverged?: { step: number; loss: number };
}

/**
 * The coordinator: owns the shared memory and leases the threads, hands out segments of steps, and watches. It never computes and
 * never blocks, so signals, progress and errors stay alive. A broken engine stays broken: close it and start anew.
 */
export class Engine {
  readonly plan: EnginePlan;
  readonly #memory: WebAssembly.Memory;
  /** What the ranks leave for the coordinator, and the parameters. */
  readonly shared: SharedState;
  readonly #control: Int32Array;
  readonly #crew: Crew;
  readonly #options: EngineOptions;
  readonly #dataset: Dataset;
  readonly #module: WebAssembly.Module;
  #code: CodeUse;
  readonly #lateCode: LateCode<Awaited<ReturnType<typeof prepareCode>>> | undefined;
  /** Of the targets alone, so worked out once a split. */
  readonly #targetSquares = new Map<SplitName, Float64Array>();
  /** First step of the segment under way, or of the last one. */
  #segmentStart = 0;
  /** Steps of the segment that `takeSteps` has handed out. */
  #taken = 0;
  #firstLoss: number | undefined;
  #closed: Promise<void> | undefined;

  private constructor(plan: EnginePlan, dataset: Dataset, options: EngineOptions, module: WebAssembly.Module) {
    this.plan = plan;
    this.#options = options;
    this.#dataset = dataset;
    this.#module = module;
    this.#code = codeUse(plan.experiment.parallel);
    this.#memory = options.threads?.takeMemory(plan.memory) ?? reserveMemory(plan.memory);
    this.shared = new SharedState(plan, this.#memory);
    this.#control = new Int32Array(this.#memory.buffer, plan.memory.control.at, plan.memory.control.bytes / Int32Array.BYTES_PER_ELEMENT);
    if (options.codeLater === true && this.#code.name !== 'wasm') {
      const hasStepped = (): boolean => Atomics.load(this.#control, WORD.stepsDone) > 0;
      this.#lateCode = new LateCode({ make: () => this.#makeCode(), hasStepped, onDue: () => this.requestStop() });
    }
    this.#crew = new Crew(plan, this.#control, options.threads ?? options.warm ?? new Threads(options.entry), options.hangMs);
  }

  /**
   * Starts the threads and waits until all of them have met.
   *
   * @throws GradloomError E_LIMIT, E_POOL_START, E_ENGINE
   */
  static async start(plan: EnginePlan, dataset: Dataset, initial: InitialState, options: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine(plan, dataset, options, compileKernels());
    engine.shared.begin(initial, dataset.normalization);
    const native = engine.#lateCode === undefined ? await engine.#codeAtOnce() : undefined;
    try {
      await engine.#begin(native);
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code === 'E_POOL_START') throw error;
      const refusal = refusalError(error);
      if (refusal !== undefined) throw refusal;
      throw new GradloomError({ code: 'E_POOL_START', message: `the worker threads did not start: ${error.message}`, cause: error });
    }
    return engine;
  }

  /** Makes the threads ranks of this run. */
  async #begin(native: NativeCode | undefined): Promise<void> {
    const { startMs = START_MS } = this.#options;
    const late = setTimeout(() => {
      const message = `not all ${this.plan.workers} worker threads started within ${startMs / 1000} s`;
      this.#crew.break({ code: 'E_POOL_START', message });
    }, startMs);
    try {
      const setup: RankSetup = { plan: this.plan, dataset: this.#dataset, memory: this.#memory, module: this.#module };
      const { team } = this.#options;
      await this.#crew.run({ kind: 'begin', setup: { ...setup, ...(native && { native }), ...(team && { link: team.link }) } });
    } finally {
      clearTimeout(late);
    }
  }

  #makeCode(): ReturnType<typeof prepareCode> {
    return prepareCode(this.plan, this.#dataset, this.#memory, this.#module, this.#options.specialise);
  }

  async #codeAtOnce(): Promise<NativeCode | undefined> {
    try {
      const { use, native } = await this.#makeCode();
      this.#code = use;
      return native;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Machine code is there, and the ranks do not have it yet: the segment under way ends for it after the step at hand. */
  get isCodeDue(): boolean {
    return this.#lateCode?.isDue ?? false;
  }

  /** What computes will go on computing: no machine code is to come. */
  get hasItsCode(): boolean {
    return this.#lateCode?.isOver ?? true;
  }

  /**
   * Gives the ranks the machine code that is due, between two segments; no bit changes by it.
   *
   * @throws GradloomError E_WORKER... when a thread fails
   */
  async takeCode(): Promise<void> {
    if (!this.isCodeDue || this.#lateCode === undefined) return;
    const { use, native } = this.#lateCode.take();
    this.#code = use;
    if (native !== undefined) await this.#begin(native);
  }

  /**
   * Trains steps [fromStep, toStep), at most SEGMENT_STEPS of them; ends earlier where `requestStop` was called, or before the update of
   * a step that diverged.
   *
   * @throws GradloomError E_WORKER... when a thread fails
   */
  async train(fromStep: number, toStep: number, rates: Rates = UNCHANGED): Promise<SegmentEnd> {
    if (toStep - fromStep > SEGMENT_STEPS) throw new RangeError(`a segment has at most ${SEGMENT_STEPS} steps, got ${toStep - fromStep}`);
    Atomics.store(this.#control, WORD.stepsDone, 0);
    Atomics.store(this.#control, WORD.stopAgreed, 0);
    Atomics.store(this.#control, WORD.stopRequest, 0);
    this.#segmentStart = fromStep;
    this.#taken = 0;
    const lossLimit = this.#firstLoss === undefined ? Number.POSITIVE_INFINITY : lossLimitAfter(this.plan, this.#firstLoss);
    const training = this.#crew.run({
      kind: 'train',
      fromStep,
      toStep,
      plateauFactor: rates.plateauFactor,
      lrFactor: rates.lrFactor,
      lossLimit,
    });
    this.#lateCode?.start();
    const result = await training;
    if (fromStep === 0) this.#firstLoss = this.shared.stepValues(0).loss;
    if (result.status === 'done') return { steps: result.stepsDone };
    return { steps: result.step - fromStep, diverged: { step: result.step, loss: result.loss } };
  }

  /** What computes. */
  get code(): CodeUse {
    return this.#code;
  }

  /** Loss before the first step, from which the limit of later losses follows; undefined before it. An engine that goes on in the middle is told. */
  get firstLoss(): number | undefined {
    return this.#firstLoss;
  }

  set firstLoss(loss: number | undefined) {
    this.#firstLoss = loss;
  }

  /** Asks the ranks to leave together after the step at hand; of no effect between segments. */
  requestStop(): void {
    Atomics.store(this.#control, WORD.stopRequest, 1);
  }

  /** The steps finished since the last call, without disturbing the ranks; also after a failure. */
  takeSteps(): StepRecord[] {
    const done = Atomics.load(this.#control, WORD.stepsDone);
    const records: StepRecord[] = [];
    for (let i = this.#taken; i < done; i++) {
      const step = this.#segmentStart + i;
      records.push({ step, rows: stepAt(this.plan.batches, step).rows, ...this.shared.stepValues(i) });
    }
    this.#taken = done;
    return records;
  }

  /**
   * Loss, accuracy and metrics over a split; undefined for an empty one.
   *
   * @param averaged  of the averaged parameters, in place of the raw ones
   */
  async evaluate(split: SplitName, averaged = false): Promise<Evaluation | undefined> {
    const rows = this.#dataset.splits[split].length;
    if (rows === 0) return undefined;
    await this.#crew.run({ kind: 'evaluate', split, averaged });
    return this.shared.evaluation(rows, () => this.#targetSquaresOf(split));
  }

  #targetSquaresOf(split: SplitName): Float64Array {
    const known = this.#targetSquares.get(split) ?? targetSquares(this.#dataset, this.#dataset.splits[split], this.plan.network.outputs);
    this.#targetSquares.set(split, known);
    return known;
  }

  /** Seconds that a barrier takes by itself, as the mean of so many. */
  async measureBarrier(times: number): Promise<number> {
    const before = this.phaseSeconds()[0]?.wait ?? 0;
    await this.#crew.run({ kind: 'meet', times });
    return ((this.phaseSeconds()[0]?.wait ?? 0) - before) / times;
  }

  /** Where each rank's time went since the start. */
  phaseSeconds(): PhaseSeconds[] {
    return Array.from({ length: this.plan.workers }, (_, rank) => {
      const [compute = 0, wait = 0, reduce = 0] = rankClocks(this.#memory.buffer, rank);
      return { compute, wait, reduce };
    });
  }

  /** The part of rank 0's waiting that went into the exchange with other members of a team, in seconds since the start. */
  teamSeconds(): number {
    return rankClocks(this.#memory.buffer, 0)[3] ?? 0;
  }

  /**
   * Ends its threads, or hands them back if they are shared; returns when they are gone or free. Then `shared` of an engine on shared
   * threads is no longer its own.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { threads } = this.#options;
    this.#lateCode?.close();
    abort(this.#control, this.plan.workers);
    if (threads === undefined || this.#crew.isBroken) await this.#crew.end();
    else await this.#crew.release();
    threads?.keepMemory(this.#memory);
  }
}
