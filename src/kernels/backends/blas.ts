import { BACKEND_TRAITS } from '../../config/names/backends.ts';
import type { Backend } from '../backend.ts';
import { findBlas, withBlas } from '../blas.ts';
import { bindKernels } from '../module.ts';
import { wasm } from './wasm.ts';

/** The system's BLAS for the products of dense layers, WebAssembly for the rest. How it sums depends on the shape of a whole product. */
export const blas: Backend = {
  ...wasm,
  name: 'blas',
  traits: BACKEND_TRAITS.blas,
  load: () => ({ ...wasm.load(), library: findBlas() }),
  bind({ module, library }, memory) {
    const kernels = bindKernels(module, memory);
    return library === undefined ? kernels : withBlas(kernels, memory, library.path);
  },
};
