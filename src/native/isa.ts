import type { Width } from './assembler/instruction.ts';

/** A set of vector instructions, with what routines have to know of it. */
export interface Isa {
  name: 'avx512' | 'avx2';
  /** Bytes of a vector. */
  width: Extract<Width, 32 | 64>;
  /** f32 values of a vector. */
  lanes: 8 | 16;
  /** Vector registers. */
  registers: 16 | 32;
  /** A memory operand of an arithmetic instruction can be one f32 for all lanes, and lanes can be masked. */
  broadcasts: boolean;
}

export const AVX512: Isa = { name: 'avx512', width: 64, lanes: 16, registers: 32, broadcasts: true };
export const AVX2: Isa = { name: 'avx2', width: 32, lanes: 8, registers: 16, broadcasts: false };

/** The instruction set for so many columns: half of a vector that does twice as much is not faster. measured: 6 columns, 48 against 36 GFLOP/s. */
export function isaOf(best: Isa, columns: number): Isa {
  return columns <= AVX2.lanes ? AVX2 : best;
}

/** Cycles of a product of so many columns, in those of one vector of the best instruction set. measured: a vector of AVX2 takes 0.71 of one of AVX-512. */
export function costOfColumns(best: Isa, columns: number): number {
  return isaOf(best, columns) === best ? Math.ceil(columns / best.lanes) : 0.71;
}
