import { existsSync, writeFileSync } from 'node:fs';
import type { ThreadTask } from '../../../src/engine/coordinator/threads.ts';
import { Rank, type RankResult, type RankSetup } from '../../../src/engine/rank/rank.ts';
import { bindKernels } from '../../../src/kernels/bind.ts';
import type { KernelName } from '../../../src/kernels/call.ts';
import type { Kernels } from '../../../src/kernels/kernels.ts';

/** What goes wrong, where: JSON in `track.notes` of the experiment. */
export interface Fault {
  kind: FaultKind;
  rank: number;
  /** The training step in which it happens; during an evaluation, the number of its batch. */
  step: number;
  /** The first call of this kernel in that step. @default the first forward product */
  kernel?: KernelName;
  during?: 'train' | 'evaluate';
  /** A file that is made when the fault strikes; where it exists, nothing goes wrong any more. */
  once?: string;
}

export type FaultKind =
  | 'trap'
  | 'throw'
  | 'throw text'
  | 'throw huge'
  | 'throw cyclic'
  | 'throw uncloneable'
  | 'exit'
  | 'overflow'
  | 'out of memory'
  | 'rejection'
  | 'loop'
  | 'sleep'
  | 'begin throws'
  | 'escape'
  | 'nan'
  | 'slow';

/** Of the run that the thread serves at present. */
let setup: RankSetup;
let fault: Fault;
let real: Kernels;

const HUGE = 10 * 2 ** 20;

/** Long enough for the peers to run as far ahead as the barriers let them. */
const SLOW_MS = 60;

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function sleepForever(): void {
  sleep(Infinity);
}

function overflow(depth: number): number {
  return overflow(depth + 1) + depth;
}

/** Does it. Returns for the faults that let the call go on. */
function strike(): void {
  if (fault.once !== undefined) {
    if (existsSync(fault.once)) return;
    writeFileSync(fault.once, '');
  }
  switch (fault.kind) {
    case 'trap':
      // A real kernel beyond the end of the memory.
      return real.scale(0xffff_ff00, 1, 1024);
    case 'throw':
      throw new Error('injected');
    case 'throw text':
      throw 'just text';
    case 'throw huge':
      throw new Error('x'.repeat(HUGE));
    case 'throw cyclic': {
      const error = new Error('cyclic');
      error.cause = error;
      throw error;
    }
    case 'throw uncloneable':
      throw Object.assign(new Error('uncloneable'), { callback: () => undefined });
    case 'exit':
      return process.exit(7);
    case 'overflow':
      overflow(0);
      return;
    case 'out of memory': {
      const kept: number[][] = [];
      for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => i + kept.length));
    }
    case 'rejection':
      void Promise.reject(new Error('nobody caught this'));
      return;
    case 'loop':
      for (;;) Math.random();
    case 'sleep':
      return sleepForever();
    case 'slow':
      return sleep(SLOW_MS);
    default:
      return;
  }
}

let current = -1;
let isArmed = false;

/** The kernels, with the fault in front of one call. */
function faultyKernels(): Kernels {
  const first = setup.plan.memory.x.at;
  const target: KernelName = fault.kernel ?? 'dense_forward';
  const wrapped: Record<string, unknown> = { ...real };
  wrapped['dense_forward'] = (...args: Parameters<Kernels['dense_forward']>) => {
    // The first layer's forward product begins a step.
    const isFirstLayer = args[0] >= first && args[0] < first + Math.max(1, setup.plan.memory.x.bytes);
    if (isFirstLayer) isArmed = ++current === fault.step;
    if (target === 'dense_forward') fire();
    real.dense_forward(...args);
  };
  if (target !== 'dense_forward') {
    const call: (...values: number[]) => unknown = real[target];
    wrapped[target] = (...args: number[]) => {
      fire();
      const result = call(...args);
      if (fault.kind === 'nan' && isStruck) poison(target, args);
      return result;
    };
  }
  return wrapped as unknown as Kernels;
}

let isStruck = false;

function fire(): void {
  if (!isArmed) return;
  isArmed = false;
  isStruck = true;
  strike();
}

/** Which argument of a kernel points to what it writes. */
const OUTPUT: Partial<Record<KernelName, number>> = { gelu_forward: 1, dense_weight_gradient: 2, dense_bias_gradient: 1, matmul_nt: 2 };

/** N3: puts a NaN into what the kernel has just written. */
function poison(kernel: KernelName, args: number[]): void {
  isStruck = false;
  new Float32Array(setup.memory.buffer, args[OUTPUT[kernel] ?? 0], 1)[0] = Number.NaN;
}

let rank: Rank | undefined;

/**
 * Faults wait for the dense kernels: this thread has neither lists nor machine code, so it calls no others. Its bits are those of its peers
 * all the same.
 */
function denseKernelsOnly({ plan, native: _native, ...others }: RankSetup): RankSetup {
  return { ...others, plan: { ...plan, memory: { ...plan.memory, lists: { at: 0, bytes: 0 } } } };
}

function begin(task: Extract<ThreadTask, { kind: 'begin' }>): Rank {
  setup = denseKernelsOnly(task.setup);
  fault = JSON.parse(setup.plan.experiment.track.notes) as Fault;
  if (fault.kind === 'begin throws') throw new Error('broken at the start');
  real = bindKernels(setup.module, setup.memory);
  isArmed = false;
  isStruck = false;
  return new Rank(task.rank, setup, task.rank === fault.rank ? faultyKernels() : real);
}

export default function runTask(task: ThreadTask): RankResult {
  if (task.kind === 'end') {
    rank = undefined;
    return { status: 'done', stepsDone: 0 };
  }
  if (task.kind === 'begin') {
    rank = begin(task);
    return rank.run({ kind: 'ready', rank: task.rank });
  }
  if (rank === undefined) throw new Error(`a task of kind ${task.kind} before its run began`);
  const isFaulty = task.rank === fault.rank && task.kind === (fault.during ?? 'train');
  const first = task.kind === 'train' ? task.fromStep : 0;
  if (isFaulty && fault.kind === 'escape' && first >= fault.step) throw new Error('thrown outside the rank');
  // An evaluation counts its own batches from 0.
  current = isFaulty ? first - 1 : Number.NEGATIVE_INFINITY;
  return rank.run(task);
}
