import type { Dataset, SplitName } from '../data/dataset.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { KernelCall } from '../model/layers/layer.ts';
import { f32Bytes } from '../model/parameters.ts';
import { optimizerType } from '../optim/index.ts';
import type { UpdateChunk } from '../optim/optimizer.ts';
import { permutation } from '../random/distributions.ts';
import { Aborted, Barrier } from './barrier.ts';
import { batchAt } from './batches.ts';
import { abort, rankClocks, rankWords, WORD } from './control.ts';
import { Gatherer } from './gather.ts';
import { type Addition, type Range, reduction } from './leaves.ts';
import { evalBatchRows, type Region, SUM_BYTES } from './memory.ts';
import type { EnginePlan } from './plan.ts';
import { type BatchKind, compileProgram, type RankProgram } from './program.ts';

/** What a thread receives once, at its start. */
export interface RankSetup {
  plan: EnginePlan;
  dataset: Dataset;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** What a thread is asked to do. All ranks get the same task with their own number. */
export type RankTask =
  | { kind: 'ready'; rank: number }
  | { kind: 'train'; rank: number; fromStep: number; toStep: number }
  | { kind: 'evaluate'; rank: number; split: SplitName };

/**
 * How a task ended. Failures travel as values: an error thrown across threads loses its own fields.
 * aborted: a peer or the coordinator declared the run broken.
 */
export type RankResult =
  | { status: 'done'; stepsDone: number }
  | { status: 'nonfinite'; step: number; loss: number }
  | { status: 'aborted' }
  | { status: 'failed'; step: number; kernel: string | undefined; trap: boolean; message: string };

/** Floats of a slice that go through reduce and update together: gradient, parameters and state stay in the first-level cache. */
const UPDATE_CHUNK = 2048;
/** Slices start at multiples of a cache line, so that no two ranks write one. */
const SLICE_FLOATS = 16;
const MAX_MESSAGE = 65_536;

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
  readonly #stepSums: Float64Array;
  readonly #barrier: Barrier;
  readonly #gatherer: Gatherer;
  readonly #additions: Addition[];
  /** This rank's slice of the parameters, in pieces. */
  readonly #chunks: UpdateChunk[];
  readonly #programs = new Map<string, RankProgram>();
  readonly #words: { arrived: number; beat: number; call: number; step: number };
  /** Sample of every position of the epoch in `#orderEpoch`; a thread works it out by itself, which costs less than sharing it. */
  #order: Uint32Array;
  #orderEpoch = -1;
  #step = 0;
  #kernel: string | undefined;

  constructor(rank: number, setup: RankSetup, kernels: Kernels) {
    const { plan, dataset, memory } = setup;
    const regions = plan.memory;
    const { buffer } = memory;
    this.#rank = rank;
    this.#plan = plan;
    this.#dataset = dataset;
    this.#kernels = kernels;
    this.#memory = memory;
    this.#control = new Int32Array(buffer, regions.control.at, regions.control.bytes / Int32Array.BYTES_PER_ELEMENT);
    this.#clocks = rankClocks(buffer, rank);
    this.#leafSums = new Float64Array(buffer, regions.leafSums.at, regions.leafSums.bytes / 8);
    this.#stepSums = new Float64Array(buffer, regions.stepSums.at, regions.stepSums.bytes / 8);
    this.#barrier = new Barrier(this.#control, rank, plan.workers, plan.spinUs);
    this.#gatherer = new Gatherer(plan, dataset, rank, memory, kernels);
    this.#additions = reduction(regions.nodes, plan.experiment.numerics.leaves);
    this.#chunks = updateChunks(plan, rank);
    this.#words = rankWords(rank);
    this.#order = dataset.splits.train;
  }

  /** Runs a task to its end, or to the first failure of any rank; never throws. */
  run(task: RankTask): RankResult {
    try {
      if (task.kind === 'train') return this.#train(task.fromStep, task.toStep);
      if (task.kind === 'evaluate') this.#evaluate(task.split);
      else this.#barrier.wait();
      return { status: 'done', stepsDone: 0 };
    } catch (error) {
      if (error instanceof Aborted) return { status: 'aborted' };
      abort(this.#control, this.#rank);
      const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
      const trap = error instanceof WebAssembly.RuntimeError;
      return { status: 'failed', step: this.#step, kernel: this.#kernel, trap, message };
    }
  }

  #train(fromStep: number, toStep: number): RankResult {
    const control = this.#control;
    // An unshuffled full batch is the same rows every step: gathered once.
    const fixedBatch = this.#plan.batches.stepsPerEpoch === 1 && this.#plan.experiment.data.shuffle === 'none';
    for (let step = fromStep; step < toStep; step++) {
      this.#step = step;
      control[this.#words.step] = step - fromStep;
      const started = performance.now();
      const rows = this.#compute(step, !fixedBatch || step === fromStep);
      const computed = performance.now();
      this.#barrier.wait();
      const met = performance.now();
      const loss = this.#sumLosses(step - fromStep, rows);
      if (!Number.isFinite(loss)) return { status: 'nonfinite', step, loss };
      this.#applyUpdate(rows, step);
      if (this.#rank === 0 && Atomics.load(control, WORD.stopRequest) !== 0) Atomics.store(control, WORD.stopAgreed, 1);
      const applied = performance.now();
      this.#barrier.wait();
      const ended = performance.now();
      this.#clock(computed - started, met - computed + ended - applied, applied - met);
      if (this.#rank === 0) Atomics.store(control, WORD.stepsDone, step - fromStep + 1);
      if (Atomics.load(control, WORD.stopAgreed) !== 0) return { status: 'done', stepsDone: step - fromStep + 1 };
    }
    return { status: 'done', stepsDone: toStep - fromStep };
  }

  /** split, compute: forward, loss and backward of this rank's leaves; leaf gradients end in its slabs. */
  #compute(step: number, gather: boolean): number {
    const batch = batchAt(this.#plan.batches, step);
    const program = this.#program(batch.rows, batch.rows === this.#plan.batches.batchRows ? 'full' : 'last');
    if (gather) this.#gatherer.gather(this.#epochOrder(batch.epoch), batch.first, program.rows.from, program.rows.to);
    this.#execute(program.calls);
    return batch.rows;
  }

  /** average and apply: the tree's remaining additions, 1/rows and the update rule, on this rank's slice. */
  #applyUpdate(rows: number, step: number): void {
    const kernels = this.#kernels;
    const { optimizer: config } = this.#plan.experiment;
    const optimizer = optimizerType(config);
    const slabs = this.#plan.memory.slabs;
    for (const chunk of this.#chunks) {
      const offset = chunk.parameters - this.#plan.memory.parameters.at;
      for (const { into, from } of this.#additions) {
        kernels.add((slabs[into] as Region).at + offset, (slabs[from] as Region).at + offset, chunk.count);
      }
      kernels.scale(chunk.gradient, 1 / rows, chunk.count);
      optimizer.apply(kernels, config, chunk, config.lr, step);
    }
  }

  /** Mean loss of the batch, from the leaves in leaf order: every rank finds the same number. Rank 0 keeps it for the coordinator. */
  #sumLosses(index: number, rows: number): number {
    let loss = 0;
    let correct = 0;
    for (let i = 0; i < this.#leafSums.length; i += 2) {
      loss += this.#leafSums[i] as number;
      correct += this.#leafSums[i + 1] as number;
    }
    if (this.#rank === 0) {
      this.#stepSums[2 * index] = loss / rows;
      this.#stepSums[2 * index + 1] = correct;
    }
    return loss / rows;
  }

  #evaluate(split: SplitName): void {
    const samples = this.#dataset.splits[split];
    const regions = this.#plan.memory;
    const size = evalBatchRows(this.#plan.experiment, samples.length);
    const sums = new Float64Array(this.#memory.buffer, regions.evalSums.at, regions.evalSums.bytes / 8);
    const perBatch = this.#leafSums.length;
    for (let first = 0, batch = 0; first < samples.length; first += size, batch++) {
      const rows = Math.min(size, samples.length - first);
      // A smaller last batch moves the ranks' rows: wait until nobody works on the old ones.
      if (rows < size) this.#barrier.wait();
      const program = this.#program(rows, 'evaluate');
      this.#gatherer.gather(samples, first, program.rows.from, program.rows.to);
      this.#execute(program.calls);
      const [from, to] = [(program.leaves.from * SUM_BYTES) / 8, (program.leaves.to * SUM_BYTES) / 8];
      sums.set(this.#leafSums.subarray(from, to), batch * perBatch + from);
    }
  }

  #program(rows: number, kind: BatchKind): RankProgram {
    const key = `${kind} ${rows}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const program = compileProgram(this.#plan, this.#rank, rows, kind);
    for (const { at, words } of program.tables) new Int32Array(this.#memory.buffer, at, words.length).set(words);
    this.#programs.set(key, program);
    return program;
  }

  #execute(calls: readonly KernelCall[]): void {
    const { beat, call } = this.#words;
    for (let i = 0; i < calls.length; i++) {
      const { kernel, args } = calls[i] as KernelCall;
      this.#kernel = kernel;
      // Plain stores: the watchdog needs to see them some time, not at once.
      this.#control[call] = i;
      this.#control[beat] = ((this.#control[beat] as number) + 1) | 0;
      const run: (...values: number[]) => void = this.#kernels[kernel];
      run(...args);
    }
    this.#kernel = undefined;
  }

  #epochOrder(epoch: number): Uint32Array {
    if (this.#plan.experiment.data.shuffle === 'none' || epoch === this.#orderEpoch) return this.#order;
    const { train } = this.#dataset.splits;
    if (this.#orderEpoch === -1) this.#order = new Uint32Array(train.length);
    permutation(this.#plan.experiment.seed, epoch, train.length, this.#order);
    for (let i = 0; i < train.length; i++) this.#order[i] = train[this.#order[i] as number] as number;
    this.#orderEpoch = epoch;
    return this.#order;
  }

  #clock(compute: number, wait: number, reduce: number): void {
    const clocks = this.#clocks;
    clocks[0] = (clocks[0] as number) + compute / 1000;
    clocks[1] = (clocks[1] as number) + wait / 1000;
    clocks[2] = (clocks[2] as number) + reduce / 1000;
  }
}

function updateChunks(plan: EnginePlan, rank: number): UpdateChunk[] {
  const { memory, network, workers } = plan;
  const slice = sliceOf(rank, workers, network.vectorFloats);
  const chunks: UpdateChunk[] = [];
  for (let from = slice.from; from < slice.to; from += UPDATE_CHUNK) {
    const offset = f32Bytes(from);
    chunks.push({
      parameters: memory.parameters.at + offset,
      gradient: (memory.slabs[0] as Region).at + offset,
      state: memory.optimizerState.map((region) => region.at + offset),
      count: Math.min(UPDATE_CHUNK, slice.to - from),
    });
  }
  return chunks;
}

/** The contiguous block of the parameter vector that a rank reduces and updates. */
function sliceOf(rank: number, workers: number, floats: number): Range {
  const lines = Math.ceil(floats / SLICE_FLOATS);
  const bound = (r: number): number => Math.min(floats, Math.floor((r * lines) / workers) * SLICE_FLOATS);
  return { from: bound(rank), to: bound(rank + 1) };
}
