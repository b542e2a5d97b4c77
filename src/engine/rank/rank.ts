import type { Dataset, SplitName } from '../../data/dataset.ts';
import type { KernelCall } from '../../kernels/call.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { type NativeCalls, type NativeCode, nativeCalls } from '../../kernels/native/bind.ts';
import { elementwise } from '../../kernels/native/overlay.ts';
import { streamWords } from '../../random/stream.ts';
import { averageWeight } from '../plan/average.ts';
import { batchAt, batchCount, evalBatchRows } from '../plan/batches.ts';
import { abort, rankClocks, rankWords, WORD } from '../plan/control.ts';
import { rankLeaves } from '../plan/leaves.ts';
import { lowerProgram } from '../plan/lower/lower.ts';
import { callsOf, type ProgramKey, type RankProgram } from '../plan/lower/program.ts';
import { STEP, STREAM_BYTES, SUM_VALUES } from '../plan/memory.ts';
import { epochOrder } from '../plan/order.ts';
import type { Region } from '../plan/place.ts';
import type { EnginePlan } from '../plan/plan.ts';
import type { Verdict } from '../plan/records.ts';
import { type Link, TeamLost } from '../team/team.ts';
import { Aborted, Barrier } from './barrier.ts';
import { addSums, type LossSums, meanLoss } from './evaluation.ts';
import { Gatherer } from './gather.ts';
import { Peers } from './peers.ts';
import { ZeroSkipper } from './skip.ts';
import { Updater } from './update.ts';

/** What a thread receives once a run, when it becomes one of its ranks. */
export interface RankSetup {
  plan: EnginePlan;
  dataset: Dataset;
  memory: WebAssembly.Memory;
  /** The kernels: compiled once, for all threads. */
  module: WebAssembly.Module;
  /** Machine code for the run's calls, with the module's bits. */
  native?: NativeCode;
  /** Of a team: what a thread makes its link of. */
  link?: unknown;
}

/** What a thread is asked to do. All ranks get the same task with their own number. */
export type RankTask =
  | { kind: 'ready'; rank: number }
  /** Barriers with nothing between them; the time goes to the clock of waiting. */
  | { kind: 'meet'; rank: number; times: number }
  | { kind: 'train'; rank: number; fromStep: number; toStep: number; plateauFactor: number; lrFactor: number; lossLimit: number }
  | { kind: 'evaluate'; rank: number; split: SplitName; averaged: boolean };

/**
 * How a task ended. Failures travel as values: an error thrown across threads loses its own fields.
 * lost: the other members of the team did not come. diverged: the step was left before its update, because a loss or gradient is not finite or the loss above its limit. aborted: a peer or the coordinator declared the run broken.
 */
export type RankResult =
  | { status: 'done'; stepsDone: number }
  | { status: 'diverged'; step: number; loss: number }
  | { status: 'aborted' }
  | { status: 'failed'; step: number; kernel: string | undefined; trap: boolean; lost: boolean; message: string };

const MAX_MESSAGE = 65_536;
const F64 = Float64Array.BYTES_PER_ELEMENT;

/** Sums over a step's batches. */
interface StepSums extends LossSums {
  rows: number;
}

/** One rank's side of a run: the program of a step, executed in lock-step with its peers. */
export class Rank {
  readonly #rank: number;
  readonly #plan: EnginePlan;
  readonly #dataset: Dataset;
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  readonly #control: Int32Array;
  readonly #clocks: Float64Array;
  readonly #leafSums: Float64Array;
  readonly #stepValues: Float64Array;
  readonly #streams: Uint32Array;
  /** Numbers of the streams that ops draw from. */
  readonly #drawn: readonly number[];
  /** Running statistics, which rank 0 updates in the compute phase, and what they were before: a step that diverges leaves no trace. */
  readonly #statistics: Float32Array;
  readonly #statisticsBefore: Float32Array;
  readonly #barrier: Barrier;
  readonly #gatherer: Gatherer;
  readonly #updater: Updater;
  readonly #skipper: ZeroSkipper;
  /** Of rank 0 in a team. */
  readonly #peers: Peers | undefined;
  /** A member of the team was asked to leave after the step at hand. */
  #isTeamAsked = false;
  readonly #programs = new Map<number, RankProgram>();
  readonly #native: NativeCalls | undefined;
  /** Calls that machine code does. */
  readonly #runs = new Map<KernelCall, () => void>();
  readonly #words: { arrived: number; beat: number; call: number; step: number };
  /** Milliseconds of the step at hand spent at barriers. */
  #waited = 0;
  /** Sample of every position of the epoch in `#orderEpoch`; a thread works it out by itself, which costs less than sharing it. */
  #order: Uint32Array;
  #orderEpoch = -1;
  #step = 0;
  #kernel: string | undefined;

  /** @param link  of rank 0 in a team: to the other members */
  constructor(rank: number, setup: RankSetup, bound: Kernels, link?: Link) {
    const { plan, dataset, memory } = setup;
    const native = setup.native && elementwise(setup.native, bound, memory);
    const kernels = native?.kernels ?? bound;
    const regions = plan.memory;
    const { buffer } = memory;
    const streams = regions.streams[rank] ?? { at: 0, bytes: 0 };
    this.#rank = rank;
    this.#plan = plan;
    this.#dataset = dataset;
    this.#kernels = kernels;
    this.#memory = memory;
    this.#control = new Int32Array(buffer, regions.control.at, regions.control.bytes / Int32Array.BYTES_PER_ELEMENT);
    this.#clocks = rankClocks(buffer, rank);
    this.#leafSums = new Float64Array(buffer, regions.leafSums.at, regions.leafSums.bytes / F64);
    this.#stepValues = new Float64Array(buffer, regions.stepValues.at, regions.stepValues.bytes / F64);
    this.#streams = new Uint32Array(buffer, streams.at, streams.bytes / Uint32Array.BYTES_PER_ELEMENT);
    this.#drawn = plan.network.graph.ops.flatMap((op) => (op.type === 'dropout' ? [op.stream] : []));
    this.#statistics = new Float32Array(buffer, regions.statistics.at, plan.network.statisticFloats);
    this.#statisticsBefore = this.#statistics.slice();
    this.#barrier = new Barrier(this.#control, rank, plan);
    this.#gatherer = new Gatherer(plan, dataset, rank, memory, kernels, native?.gatherer);
    this.#updater = new Updater(plan, rank, memory, kernels, streams.at + plan.network.graph.streams * STREAM_BYTES);
    this.#skipper = new ZeroSkipper(plan, memory, kernels);
    if (rank === 0 && plan.team.members > 1) this.#peers = new Peers(plan, memory, kernels, link);
    this.#words = rankWords(rank);
    const scratch = regions.scratch[rank];
    if (setup.native !== undefined && scratch !== undefined) this.#native = nativeCalls(setup.native, memory, scratch);
    this.#order = dataset.splits.train;
  }

  /** Runs a task to its end, or to the first failure of any rank; never throws. */
  run(task: RankTask): RankResult {
    this.#skipper.forgetWeights();
    try {
      if (task.kind === 'train') return this.#train(task);
      if (task.kind === 'evaluate') this.#evaluate(task.split, task.averaged);
      else if (task.kind === 'meet') this.#measureMeeting(task.times);
      else this.#barrier.wait();
      return { status: 'done', stepsDone: 0 };
    } catch (error) {
      if (error instanceof Aborted) return { status: 'aborted' };
      abort(this.#control, this.#rank);
      const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
      const trap = error instanceof WebAssembly.RuntimeError;
      return { status: 'failed', step: this.#step, kernel: this.#kernel, trap, lost: error instanceof TeamLost, message };
    }
  }

  #train({ fromStep, toStep, plateauFactor, lrFactor, ...task }: Extract<RankTask, { kind: 'train' }>): RankResult {
    const control = this.#control;
    let { lossLimit } = task;
    for (let step = fromStep; step < toStep; step++) {
      this.#step = step;
      control[this.#words.step] = step - fromStep;
      this.#waited = 0;
      const started = performance.now();
      if (this.#rank === 0) this.#statisticsBefore.set(this.#statistics);
      // split, compute
      const sums = this.#compute(step, step === fromStep, step === toStep - 1);
      const computed = performance.now();
      const waitedInCompute = this.#waited;
      // average
      this.#updater.reduce(sums.weight === 0 ? 0 : 1 / sums.weight, this.#plan.batches.batchesPerStep > 1, this.#wantsNorm(step));
      this.#wait();
      const verdict = this.#updater.verdict();
      if (this.#rank === 0) this.#keep(step - fromStep, sums, verdict);
      const loss = meanLoss(sums);
      if (step === 0) lossLimit = lossLimitAfter(this.#plan, loss);
      // NaN is not below any limit.
      if (!(loss <= lossLimit && Number.isFinite(loss) && verdict.isFinite)) {
        if (this.#rank === 0) this.#statistics.set(this.#statisticsBefore);
        return { status: 'diverged', step, loss };
      }
      // apply
      this.#updater.apply({ step, plateauFactor, lrFactor }, verdict, step === toStep - 1, () => this.#wait());
      if (this.#rank === 0 && this.#isAskedToStop()) Atomics.store(control, WORD.stopAgreed, 1);
      this.#wait();
      this.#finish(step);
      const wholeStep = performance.now() - started;
      this.#clock(computed - started - waitedInCompute, this.#waited, wholeStep - (computed - started) - (this.#waited - waitedInCompute));
      if (this.#rank === 0) Atomics.store(control, WORD.stepsDone, step - fromStep + 1);
      if (Atomics.load(control, WORD.stopAgreed) !== 0) return { status: 'done', stepsDone: step - fromStep + 1 };
    }
    return { status: 'done', stepsDone: toStep - fromStep };
  }

  /** Forward, loss and backward of this rank's leaves, batch after batch; gradients end in slabs and slice, or summed over the batches. */
  #compute(step: number, isFirst: boolean, isLast: boolean): StepSums {
    const { batches: plan, experiment } = this.#plan;
    // A batch that is the same rows every step is gathered once.
    const isFixed = plan.batchesPerEpoch === 1 && experiment.data.shuffle === 'none' && experiment.data.augment === undefined;
    const count = batchCount(plan, step);
    const sums: StepSums = { loss: 0, correct: 0, weight: 0, rows: 0 };
    this.#seedStreams(step);
    for (let index = 0; index < count; index++) {
      const batch = batchAt(plan, step, index);
      const kind = batch.rows === plan.batchRows ? 'full' : 'last';
      const program = this.#program({ kind, batchRows: batch.rows, stepRow: sums.rows, averaged: false });
      if (isFirst || !isFixed)
        this.#gatherer.gather(this.#epochOrder(batch.epoch), batch.first, program.rows.from, program.rows.to, batch.epoch);
      this.#skipper.begin(program, isFirst || !isFixed, kind === 'full');
      const calls = this.#execute(program);
      if (isLast) this.#call(program.activity);
      this.#wait();
      this.#call(program.slice, calls);
      if (this.#plan.team.members > 1) this.#meetTeam(program.shared.at(-1) ?? [], isLast);
      this.#addLosses(sums, batch.rows);
      if (Number.isFinite(sums.loss)) this.#call(program.afterwards);
      if (plan.batchesPerStep > 1) {
        const isLastBatch = index === count - 1;
        this.#updater.accumulate(index, isLastBatch);
        // Before the next batch overwrites slabs and sums.
        if (!isLastBatch) this.#wait();
      }
    }
    return sums;
  }

  /** Behind the batch of all its members: the gradient's sum, and what is per leaf. */
  #meetTeam(shared: readonly Region[], withActivity: boolean): void {
    this.#updater.addLeaves();
    this.#wait();
    this.#together((peers) => {
      this.#isTeamAsked = peers.shareBatch(shared, Atomics.load(this.#control, WORD.stopRequest) !== 0, withActivity);
    });
    this.#wait();
  }

  /** What rank 0 does with the other members; the others wait for it at the next barrier. */
  #together(work: (peers: Peers) => void): void {
    if (this.#peers === undefined) return;
    const started = performance.now();
    work(this.#peers);
    const took = performance.now() - started;
    this.#waited += took;
    this.#clocks[3] = (this.#clocks[3] as number) + took / 1000;
  }

  #isAskedToStop(): boolean {
    return this.#peers === undefined ? Atomics.load(this.#control, WORD.stopRequest) !== 0 : this.#isTeamAsked;
  }

  /** After the update: what needs the parameters of other ranks' slices, and what needs the final ones. */
  #finish(step: number): void {
    if (this.#plan.experiment.regularization.max_norm !== undefined) {
      this.#updater.limitNorms();
      this.#wait();
    }
    this.#skipper.seeUpdate();
    const weight = averageWeight(this.#plan.experiment, this.#plan.batches, step);
    if (weight > 0) this.#updater.average(weight);
  }

  /** The gradient's norm costs a pass over it: only where clipping needs it or it is logged. */
  #wantsNorm(step: number): boolean {
    const { regularization, track } = this.#plan.experiment;
    return regularization.clip_global_norm !== undefined || step % track.log_every.steps === 0;
  }

  /** Adds the losses of a batch, in leaf order: every rank finds the same numbers. */
  #addLosses(sums: StepSums, rows: number): void {
    addSums(sums, this.#leafSums, 0, this.#leafSums.length);
    sums.rows += rows;
  }

  #keep(index: number, sums: StepSums, { gradientSquares, penalty }: Verdict): void {
    const at = index * STEP.size;
    this.#stepValues[at + STEP.loss] = meanLoss(sums);
    this.#stepValues[at + STEP.correct] = sums.correct;
    this.#stepValues[at + STEP.weight] = sums.weight;
    this.#stepValues[at + STEP.gradientSquares] = gradientSquares;
    this.#stepValues[at + STEP.penalty] = penalty;
  }

  /** A barrier behind which all leaves' values are there. */
  #meet(shared: readonly Region[]): void {
    this.#wait();
    if (this.#plan.team.members === 1 || shared.length === 0) return;
    this.#together((peers) => peers.shareLeaves(shared));
    this.#wait();
  }

  #measureMeeting(times: number): void {
    // Until all are here, however late their tasks came.
    this.#barrier.wait();
    this.#waited = 0;
    for (let i = 0; i < times; i++) this.#wait();
    this.#clock(0, this.#waited, 0);
  }

  #evaluate(split: SplitName, averaged: boolean): void {
    const samples = this.#dataset.splits[split];
    const regions = this.#plan.memory;
    const size = evalBatchRows(this.#plan.experiment, this.#plan.network, samples.length);
    const sums = new Float64Array(this.#memory.buffer, regions.evalSums.at, regions.evalSums.bytes / F64);
    const perBatch = this.#leafSums.length;
    this.#clearMetrics();
    for (let first = 0, batch = 0; first < samples.length; first += size, batch++) {
      const batchRows = Math.min(size, samples.length - first);
      // A smaller last batch moves the ranks' rows: wait until nobody works on the old ones.
      if (batchRows < size) this.#wait();
      const program = this.#program({ kind: 'evaluate', batchRows, stepRow: 0, averaged });
      this.#gatherer.gather(samples, first, program.rows.from, program.rows.to);
      this.#skipper.begin(program, true, false);
      this.#execute(program);
      const [from, to] = [program.leaves.from * SUM_VALUES, program.leaves.to * SUM_VALUES];
      sums.set(this.#leafSums.subarray(from, to), batch * perBatch + from);
    }
    if (this.#plan.team.members === 1) return;
    this.#wait();
    this.#together((peers) => peers.shareEvaluation(Math.ceil(samples.length / size)));
  }

  /** What this rank alone writes: its counts and its leaves' sums. */
  #clearMetrics(): void {
    const { memory, metrics, workers, team, experiment } = this.#plan;
    const { from, to } = rankLeaves(this.#rank, workers, experiment.numerics.leaves, team);
    const counts = memory.metricCounts[this.#rank];
    if (counts !== undefined) new Float64Array(this.#memory.buffer, counts.at, metrics.countLength).fill(0);
    new Float64Array(this.#memory.buffer, memory.metricSums.at + from * metrics.sumLength * F64, (to - from) * metrics.sumLength).fill(0);
  }

  #program(key: ProgramKey): RankProgram {
    const number = numberOf(key);
    const known = this.#programs.get(number);
    if (known !== undefined) return known;
    const program = lowerProgram(this.#plan, this.#rank, key);
    this.#skipper.adopt(program);
    for (const { at, words } of program.tables) new Int32Array(this.#memory.buffer, at, words.length).set(words);
    if (this.#native !== undefined) for (const call of callsOf(program)) this.#bind(call, this.#native);
    this.#programs.set(number, program);
    return program;
  }

  #bind(call: KernelCall, native: NativeCalls): void {
    const run = native.runOf(call);
    if (run !== undefined) this.#runs.set(call, run);
  }

  /** @returns the number of calls */
  #execute({ phases, shared }: RankProgram): number {
    let done = 0;
    for (let i = 0; i < phases.length; i++) {
      const calls = phases[i] as KernelCall[];
      if (i > 0) this.#meet(shared[i - 1] as readonly Region[]);
      this.#call(calls, done);
      done += calls.length;
    }
    return done;
  }

  /** @param before  calls of the program that came before these */
  #call(calls: readonly KernelCall[], before = 0): void {
    const { beat, call } = this.#words;
    for (let i = 0; i < calls.length; i++) {
      const entry = calls[i] as KernelCall;
      const { kernel, args } = entry;
      this.#kernel = kernel;
      // Plain stores: the watchdog needs to see them some time, not at once.
      this.#control[call] = before + i;
      this.#control[beat] = ((this.#control[beat] as number) + 1) | 0;
      const run: (...values: number[]) => void = this.#runs.get(entry) ?? this.#kernels[kernel];
      if (this.#skipper.isTrying) this.#skipper.time(entry, run);
      else run(...args);
    }
    this.#kernel = undefined;
  }

  #wait(): void {
    const started = performance.now();
    this.#barrier.wait();
    this.#waited += performance.now() - started;
  }

  /** The addresses of this step's random numbers: a stream per op that drops values, and one for the gradient's noise. */
  #seedStreams(step: number): void {
    const { experiment, network } = this.#plan;
    const { streams } = network.graph;
    for (const stream of this.#drawn) {
      this.#streams.set(streamWords(experiment.seed, 'dropout', step * streams + stream), (stream * STREAM_BYTES) / 4);
    }
    if (experiment.regularization.noise === undefined) return;
    this.#streams.set(streamWords(experiment.seed, 'noise', step), (streams * STREAM_BYTES) / 4);
  }

  #epochOrder(epoch: number): Uint32Array {
    if (epoch !== this.#orderEpoch) {
      this.#order = epochOrder(this.#plan.experiment, this.#dataset.splits.train, epoch);
      this.#orderEpoch = epoch;
    }
    return this.#order;
  }

  #clock(compute: number, wait: number, reduce: number): void {
    const clocks = this.#clocks;
    clocks[0] = (clocks[0] as number) + compute / 1000;
    clocks[1] = (clocks[1] as number) + wait / 1000;
    clocks[2] = (clocks[2] as number) + reduce / 1000;
  }
}

/** A program's key as a number: looked up every step, without garbage. Batches of a step differ by their first row, evaluations by their size. */
function numberOf({ kind, batchRows, stepRow, averaged }: ProgramKey): number {
  if (kind === 'evaluate') return 4 * batchRows + (averaged ? 1 : 0);
  return 4 * stepRow + (kind === 'full' ? 2 : 3);
}

/** Above it a loss counts as diverged; it follows from the loss before the first step, and a first loss that is not finite sets none. */
export function lossLimitAfter({ experiment }: EnginePlan, firstLoss: number): number {
  const { max_loss_ratio: ratio } = experiment.train;
  return ratio === 0 || !Number.isFinite(firstLoss) ? Number.POSITIVE_INFINITY : ratio * (1 + firstLoss);
}
