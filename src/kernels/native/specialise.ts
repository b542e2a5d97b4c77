import type { Assembler } from '../../native/assembler/assembler.ts';
import type { Isa } from '../../native/isa.ts';
import { forwardRoutine, forwardScratch } from '../../native/products/forward.ts';
import { gradientRoutine, gradientScratch } from '../../native/products/gradient.ts';
import type { Convention } from '../../native/routine.ts';
import { sparseForwardRoutine, sparseForwardScratch } from '../../native/sparse/forward.ts';
import { LEAST_COLUMNS, sparseGradientRoutine, sparseGradientScratch } from '../../native/sparse/gradient.ts';
import type { KernelCall, KernelName } from '../call.ts';
import type { Kernels } from '../kernels.ts';
import { listWords, scratchFloats } from '../sizes.ts';

/**
 * What a routine is given. `arg`: the argument of the kernel that it stands for. A pointer comes with how many f32 or i32 values it may
 * touch from there on: `read` is left as it is, `written` overwritten, `lists` of the first operand's non-zero columns are written to behind
 * them, `bounds` are those of leaves. A `schedule` is a table of the routine's own, made from such bounds.
 */
export type Operand =
  | { use: 'read' | 'written' | 'scratch'; arg: number; at: number; values: number }
  | { use: 'bounds'; arg: number; at: number; values: number; bounds: Int32Array }
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

type Specialise<K extends KernelName> = (isa: Isa, args: Readonly<Parameters<Kernels[K]>>, words: Int32Array) => Specialised | undefined;

const RELU = 1;
const LEAKY_RELU = 2;
const I32 = Int32Array.BYTES_PER_ELEMENT;
const inWords = (bytes: number): number => Math.ceil(bytes / I32);

/** What a product does with its sums. The slope is an f32, as the kernel's argument. */
function epilogue(activation: number, slope: number): { relu: boolean; slope?: number } {
  return activation === LEAKY_RELU ? { relu: false, slope: Math.fround(slope) } : { relu: activation === RELU };
}

/** The row bounds of a call's leaves: they stand in the memory, in tables that a program writes once. */
function boundsAt(words: Int32Array, at: number, leaves: number): Int32Array {
  return words.slice(at / I32, at / I32 + leaves + 1);
}

const TABLE: { [K in KernelName]?: Specialise<K> } = {
  dense_forward: (isa, [x, w, bias, y, m, n, k, activation, slope, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: bias !== 0, ...epilogue(activation, slope), isTransposed: false };
    return {
      key: `forward ${isa.name} ${m} ${n} ${k} ${shape.hasBias} ${shape.slope ?? shape.relu}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: m * k },
        { use: 'read', arg: 1, at: w, values: k * n },
        { use: 'read', arg: 2, at: bias, values: shape.hasBias ? n : 0 },
        { use: 'written', arg: 3, at: y, values: m * n },
        { use: 'scratch', arg: 9, at: scratch, values: inWords(forwardScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(m, k, n, 1),
      make: (convention) => forwardRoutine(isa, convention, shape),
    };
  },

  matmul_nt: (isa, [dz, w, dx, m, n, k, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: false, relu: false, isTransposed: true };
    return {
      key: `nt ${isa.name} ${m} ${n} ${k}`,
      operands: [
        { use: 'read', arg: 0, at: dz, values: m * k },
        { use: 'read', arg: 1, at: w, values: n * k },
        { use: 'read', arg: 1, at: w, values: 0 },
        { use: 'written', arg: 2, at: dx, values: m * n },
        { use: 'scratch', arg: 6, at: scratch, values: inWords(forwardScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(m, n, k, 1),
      make: (convention) => forwardRoutine(isa, convention, shape),
    };
  },

  dense_weight_gradient: (isa, [x, dz, dw, boundsPointer, leaves, i, o, xWidth, scratch], words) => {
    const bounds = boundsAt(words, boundsPointer, leaves);
    const rows = bounds[leaves] ?? 0;
    // The tree without the leaves that have no rows is another one.
    if (i === 0 || o === 0 || bounds.some((bound, leaf) => leaf > 0 && bound === bounds[leaf - 1])) return undefined;
    const shape = { i, o, rows, xWidth, leaves };
    return {
      key: `gradient ${isa.name} ${i} ${o} ${rows} ${xWidth} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: (rows - 1) * xWidth + i },
        { use: 'read', arg: 1, at: dz, values: rows * o },
        { use: 'written', arg: 2, at: dw, values: i * o },
        { use: 'schedule', arg: 3, bounds },
        { use: 'scratch', arg: 8, at: scratch, values: inWords(gradientScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(rows, xWidth, o, leaves),
      make: (convention) => gradientRoutine(isa, convention, shape),
    };
  },

  sparse_forward: (isa, [x, lists, w, bias, y, m, n, k, activation, slope, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: bias !== 0, ...epilogue(activation, slope), listWords: listWords(k) };
    return {
      key: `sparse forward ${isa.name} ${m} ${n} ${k} ${shape.hasBias} ${shape.slope ?? shape.relu}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: m * k },
        { use: 'read', arg: 2, at: w, values: k * n },
        { use: 'read', arg: 3, at: bias, values: shape.hasBias ? n : 0 },
        { use: 'written', arg: 4, at: y, values: m * n },
        { use: 'scratch', arg: 10, at: scratch, values: inWords(sparseForwardScratch(isa, shape)) },
        { use: 'lists', arg: 1, at: lists, values: m * shape.listWords, rows: m, columns: k },
      ],
      kernelScratch: scratchFloats(m, k, n, 1),
      make: (convention) => sparseForwardRoutine(isa, convention, shape),
    };
  },

  sparse_weight_gradient: (isa, [x, dz, dw, boundsPointer, leaves, i, o, xWidth, scratch], words) => {
    const bounds = boundsAt(words, boundsPointer, leaves);
    const rows = bounds[leaves] ?? 0;
    if (i < LEAST_COLUMNS || o === 0 || rows === 0) return undefined;
    const shape = { i, o, rows, xWidth, leaves };
    return {
      key: `sparse gradient ${isa.name} ${i} ${o} ${rows} ${xWidth} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: (rows - 1) * xWidth + i },
        { use: 'read', arg: 1, at: dz, values: rows * o },
        { use: 'written', arg: 2, at: dw, values: i * o },
        { use: 'bounds', arg: 3, at: boundsPointer, values: leaves + 1, bounds },
        { use: 'scratch', arg: 8, at: scratch, values: inWords(sparseGradientScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(rows, xWidth, o, leaves),
      make: (convention) => sparseGradientRoutine(isa, convention, shape),
    };
  },
};

/**
 * A kernel call as a routine for exactly its shape; undefined where there is none, and the kernel itself runs.
 *
 * @param words  the run's memory, with the program's tables in place
 */
export function specialise<K extends KernelName>(isa: Isa, { kernel, args }: KernelCall<K>, words: Int32Array): Specialised | undefined {
  return TABLE[kernel]?.(isa, args, words);
}
