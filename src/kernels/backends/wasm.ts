import { BACKEND_TRAITS } from '../../config/names/backends.ts';
import type { Backend } from '../backend.ts';
import { lowerings } from '../lowerings/index.ts';
import { bindKernels, compileKernels } from '../module.ts';

/** WebAssembly with plain SIMD: multiply, then add. The reference for all bits. */
export const wasm: Backend = {
  name: 'wasm',
  traits: BACKEND_TRAITS.wasm,
  ...lowerings,
  load: () => ({ module: compileKernels() }),
  bind: ({ module }, memory) => bindKernels(module, memory),
};
