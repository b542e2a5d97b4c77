import type { Kernels } from './kernels.ts';

export type KernelName = {
  [K in keyof Kernels]: Kernels[K] extends (...args: number[]) => void ? K : never;
}[keyof Kernels];

/** One kernel call of a step's program: fixed pointers and sizes, so a program can be printed and tested. */
export interface KernelCall<K extends KernelName = KernelName> {
  kernel: K;
  args: Readonly<Parameters<Kernels[K]>>;
}

/** A call with exactly the arguments of its kernel. */
export function kernelCall<K extends KernelName>(kernel: K, ...args: Parameters<Kernels[K]>): KernelCall<K> {
  return { kernel, args };
}
