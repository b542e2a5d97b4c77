import { type BlasLibrary, findBlas, withBlas } from './blas.ts';
import { bindKernels, compileKernels, type EngineName, type Kernels } from './kernels.ts';

/** The code of an engine, found once and handed to all threads of a run. */
export interface EngineCode {
  module: WebAssembly.Module;
  blas?: BlasLibrary;
}

/**
 * Finds the code of an engine.
 *
 * @throws GradloomError E_ENGINE where the machine lacks what the engine needs
 */
export function loadEngine(engine: EngineName): EngineCode {
  const module = compileKernels(engine);
  return engine === 'blas' ? { module, blas: findBlas() } : { module };
}

/** Binds an engine to the shared memory of a run, for the calling thread. */
export function bindEngine({ module, blas }: EngineCode, memory: WebAssembly.Memory): Kernels {
  const kernels = bindKernels(module, memory);
  return blas === undefined ? kernels : withBlas(kernels, memory, blas);
}
