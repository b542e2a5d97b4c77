import { type KernelCall, kernelCall } from '../../../kernels/call.ts';
import type { Emit, SkippablePair } from '../../../kernels/site.ts';
import type { Range } from '../leaves.ts';
import type { Region } from '../place.ts';

/** A place in a program whose call may skip the zeros of the network's inputs. */
export interface SkippableSlot extends SkippablePair {
  calls: KernelCall[];
  index: number;
}

/** What one rank does with its leaves of one batch. */
export interface RankProgram {
  /** Rows of the batch that are this rank's. */
  rows: Range;
  leaves: Range;
  /** Forward, loss and backward: phases with a barrier between them, the same number on every rank. */
  phases: KernelCall[][];
  /** f64 [leaves, n] of each phase: what all members of a team need of all leaves behind it. */
  shared: Region[][];
  /** Gradients of this rank's slice that need all ranks' rows, when all ranks are through. */
  slice: KernelCall[];
  /** Calls of rank 0 alone, when all ranks are through. */
  afterwards: KernelCall[];
  /** Sums over the outputs of every layer, leaf by leaf, for whoever wants to know. */
  activity: KernelCall[];
  /** i32 tables that the calls read; written once before the first step. */
  tables: { at: number; words: number[] }[];
  /** Calls in phases and slice that have a twin which skips zeros, and what makes its lists: nothing where none has. */
  skippable: SkippableSlot[];
  listing: KernelCall[];
}

/** What a program is lowered for. */
export interface ProgramKey {
  /** Batch sizes of training have tables of leaf bounds of their own. */
  kind: 'full' | 'last' | 'evaluate';
  batchRows: number;
  /** Number of the batch's first row in its step. */
  stepRow: number;
  /** Evaluate the averaged parameters in place of the raw ones. */
  averaged: boolean;
}

/** All calls that a program may make. */
export function callsOf({ phases, slice, afterwards, activity, skippable, listing }: RankProgram): KernelCall[] {
  const pairs = skippable.flatMap(({ dense, skipping }) => [dense, skipping]);
  return [...new Set([...phases.flat(), ...slice, ...afterwards, ...activity, ...pairs, ...listing])];
}

/** Appends calls to a list. */
export function emitTo(calls: KernelCall[]): Emit {
  return (kernel, ...args) => void calls.push(kernelCall(kernel, ...args));
}

/** Grows a program, call by call. */
export class ProgramWriter {
  readonly program: RankProgram;
  #phase: KernelCall[] = [];
  #shared: Region[] = [];

  constructor(rows: Range, leaves: Range) {
    this.program = {
      rows,
      leaves,
      phases: [this.#phase],
      shared: [this.#shared],
      slice: [],
      afterwards: [],
      activity: [],
      tables: [],
      skippable: [],
      listing: [],
    };
  }

  /** Appends a call to the phase at hand. */
  readonly emit: Emit = (kernel, ...args) => void this.#phase.push(kernelCall(kernel, ...args));

  /** Begins the phase behind the next barrier. */
  readonly barrier = (): void => {
    this.#phase = [];
    this.program.phases.push(this.#phase);
    this.#shared = [];
    this.program.shared.push(this.#shared);
  };

  /** What the phase at hand leaves for all leaves. */
  readonly share = (region: Region): void => void this.#shared.push(region);

  /** Appends a pair of calls of which each batch runs one: to the phase at hand, or to the slice. */
  readonly pushPair = (pair: SkippablePair): void => this.#pushPair(pair, this.#phase);
  readonly pushSlicePair = (pair: SkippablePair): void => this.#pushPair(pair, this.program.slice);

  #pushPair(pair: SkippablePair, calls: KernelCall[]): void {
    this.program.skippable.push({ ...pair, calls, index: calls.length });
    calls.push(pair.dense);
  }
}
