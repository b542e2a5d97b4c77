import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { GradloomError } from '../errors.ts';
import { readFileBytes } from '../storage/read.ts';
import type { Kernels } from './kernels.ts';

/** Changes whenever a kernel change alters a bit of any result; part of a run's identity and of the CHANGELOG. */
export const KERNEL_VERSION = 2;

/** V8 of Node 20 has relaxed SIMD behind a flag, which later ones do not know. */
const FLAGGED_NODE = 20;
const MODULE_LIMIT_BYTES = 2 ** 24;

/** Compiles the kernels; the module is shared by all threads of a run. */
export function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(readKernels('kernels'));
}

/**
 * Compiles the kernels with relaxed multiply-add.
 *
 * @throws GradloomError E_ENGINE where this Node has no relaxed SIMD
 */
export function compileRelaxedKernels(): WebAssembly.Module {
  if (Number.parseInt(process.versions.node, 10) === FLAGGED_NODE) setFlagsFromString('--experimental-wasm-relaxed-simd');
  try {
    return new WebAssembly.Module(readKernels('kernels-fma'));
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new GradloomError({
      code: 'E_ENGINE',
      where: 'numerics.engine',
      message: `the engine wasm-fma needs relaxed SIMD, which Node ${process.versions.node} does not compile here`,
      next: 'use Node 20 or newer without flags that switch it off, or set numerics.engine: wasm',
      cause,
    });
  }
}

function readKernels(name: string): Uint8Array<ArrayBuffer> {
  return readFileBytes(fileURLToPath(new URL(`../../kernels/${name}.wasm`, import.meta.url)), MODULE_LIMIT_BYTES);
}

/** Binds the kernels to the shared memory of a run. */
export function bindKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
