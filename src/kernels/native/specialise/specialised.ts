import type { Window } from '../../../graph/window.ts';
import type { Assembler } from '../../../native/assembler/assembler.ts';
import type { Isa } from '../../../native/isa.ts';
import type { Convention } from '../../../native/routine.ts';
import type { KernelName } from '../../call.ts';
import type { Kernels } from '../../kernels.ts';

/**
 * What a routine is given. `arg`: the argument of the kernel that it stands for. A pointer comes with how many f32 or i32 values it may
 * touch from there on: `read` is left as it is, `written` overwritten, `lists` of the first operand's non-zero columns are written to behind
 * them, `bounds` are those of leaves, `pixels` name one pixel of each window, channel by channel. A `schedule` is a table of the routine's own, made from such bounds.
 */
export type Operand =
  | { use: 'read' | 'written' | 'scratch'; arg: number; at: number; values: number }
  | { use: 'bounds'; arg: number; at: number; values: number; bounds: Int32Array }
  | { use: 'pixels'; arg: number; at: number; values: number; window: Window }
  | { use: 'lists'; arg: number; at: number; values: number; rows: number; columns: number }
  | { use: 'schedule'; arg: number; bounds: Int32Array };

/** A kernel call as a routine for its shape. */
export interface Specialised {
  /** Kernel, instruction set and shape: equal keys have equal code. */
  key: string;
  operands: readonly Operand[];
  /** f32 values of scratch that the kernel itself needs for the shape. */
  kernelScratch: number;
  make(convention: Convention): Assembler;
}

/** Makes routines for calls of a kernel; undefined for a shape that has none. `words` is the memory that bounds of leaves stand in. */
export type Specialise<K extends KernelName> = (
  isa: Isa,
  args: Readonly<Parameters<Kernels[K]>>,
  words: Int32Array,
) => Specialised | undefined;

const RELU = 1;
const LEAKY_RELU = 2;
const I32 = Int32Array.BYTES_PER_ELEMENT;
export const inWords = (bytes: number): number => Math.ceil(bytes / I32);

/** What a product does with its sums. The slope is an f32, as the kernel's argument. */
export function epilogue(activation: number, slope: number): { relu: boolean; slope?: number } {
  return activation === LEAKY_RELU ? { relu: false, slope: Math.fround(slope) } : { relu: activation === RELU };
}

/** The row bounds of a call's leaves: they stand in the memory, in tables that a program writes once. */
export function boundsAt(words: Int32Array, at: number, leaves: number): Int32Array {
  return words.slice(at / I32, at / I32 + leaves + 1);
}

/** Whether a leaf has no rows: the tree without it is another one. */
export function hasEmptyLeaf(bounds: Int32Array): boolean {
  return bounds.some((bound, leaf) => leaf > 0 && bound === bounds[leaf - 1]);
}

/** How calls of some kernels become routines. */
export type Specialisers = { [K in KernelName]?: Specialise<K> };
