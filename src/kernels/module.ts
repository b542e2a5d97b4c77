import { fileURLToPath } from 'node:url';
import { readFileBytes } from '../storage/read.ts';

/** Changes whenever a kernel change alters a bit of any result; part of a run's identity and of the CHANGELOG. */
export const KERNEL_VERSION = 2;

const MODULE_LIMIT_BYTES = 2 ** 24;

/** Compiles the kernels; the module is shared by all threads of a run. */
export function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(readFileBytes(fileURLToPath(new URL('../../kernels/kernels.wasm', import.meta.url)), MODULE_LIMIT_BYTES));
}
