import type { Isa } from '../../native/isa.ts';
import type { KernelCall, KernelName } from '../call.ts';
import { CONVOLUTIONS } from './specialise/convolutions.ts';
import { POOLS } from './specialise/pools.ts';
import { PRODUCTS } from './specialise/products.ts';
import type { Specialised, Specialisers } from './specialise/specialised.ts';

const TABLE: Specialisers = { ...PRODUCTS, ...CONVOLUTIONS, ...POOLS };

/**
 * A kernel call as a routine for exactly its shape; undefined where there is none, and the kernel itself runs.
 *
 * @param words  the run's memory, with the program's tables in place
 */
export function specialise<K extends KernelName>(isa: Isa, { kernel, args }: KernelCall<K>, words: Int32Array): Specialised | undefined {
  return TABLE[kernel]?.(isa, args, words);
}
