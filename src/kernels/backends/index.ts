import type { BackendName } from '../../config/names/backends.ts';
import type { Backend } from '../backend.ts';
import { blas } from './blas.ts';
import { wasm } from './wasm.ts';
import { wasmFma } from './wasm-fma.ts';

const backends: Record<BackendName, Backend> = { wasm, 'wasm-fma': wasmFma, blas };

/** The backend that an experiment names in `numerics.engine`. */
export function backendOf({ engine }: { engine: BackendName }): Backend {
  return backends[engine];
}
