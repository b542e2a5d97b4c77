import { BACKEND_TRAITS } from '../../config/names/backends.ts';
import type { Backend } from '../backend.ts';
import { compileRelaxedKernels } from '../module.ts';
import { wasm } from './wasm.ts';

/** The same with relaxed SIMD's multiply-add, whose rounding is the processor's. */
export const wasmFma: Backend = {
  ...wasm,
  name: 'wasm-fma',
  traits: BACKEND_TRAITS['wasm-fma'],
  load: () => ({ module: compileRelaxedKernels() }),
};
