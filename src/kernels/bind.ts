import type { Kernels } from './kernels.ts';

/** Binds the kernels to the shared memory of a run. */
export function bindKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
