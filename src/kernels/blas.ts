import { createRequire } from 'node:module';
import { GradloomError } from '../errors.ts';
import type { Kernels } from './kernels.ts';

/** A BLAS of this machine; every thread binds it by itself. */
export interface BlasLibrary {
  /** What the loader finds it by. */
  path: string;
  name: 'OpenBLAS' | 'BLIS' | 'MKL' | 'Accelerate' | 'BLAS';
}

/** What is used of koffi, which is an optional dependency. */
interface Koffi {
  load(path: string): { func(prototype: string): (...args: number[]) => unknown };
  address(view: Uint8Array): bigint;
}

/** Libraries looked for without GRADLOOM_BLAS, in this order. */
const CANDIDATES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so', 'libblis.so.4', 'libblis.so.3', 'libblis.so', 'libmkl_rt.so.2', 'libmkl_rt.so'],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: ['libopenblas.dll', 'mkl_rt.2.dll'],
};
/** How each keeps to one thread; the function also tells which one it is. */
const THREAD_SETTERS = [
  { name: 'OpenBLAS', prototype: 'void openblas_set_num_threads(int)' },
  { name: 'MKL', prototype: 'void MKL_Set_Num_Threads(int)' },
  { name: 'BLIS', prototype: 'void bli_thread_set_num_threads(int64_t)' },
] as const;
const SGEMM = 'void cblas_sgemm(int, int, int, int, int, int, float, uintptr_t, int, uintptr_t, int, float, uintptr_t, int)';
/** CBLAS_ORDER and CBLAS_TRANSPOSE. */
const [ROW_MAJOR, PLAIN, TRANSPOSED] = [101, 111, 112] as const;

const INSTALL: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'apt-get install libopenblas0, or the like',
  darwin: 'brew install openblas',
};

/**
 * Finds the system's BLAS: the library that GRADLOOM_BLAS names, or the first of OpenBLAS, BLIS, MKL and Accelerate that loads.
 *
 * @throws GradloomError E_ENGINE without koffi or a library; never another backend instead
 */
export function findBlas(named = process.env['GRADLOOM_BLAS']): BlasLibrary {
  const koffi = requireKoffi();
  const causes: string[] = [];
  for (const path of named ? [named] : (CANDIDATES[process.platform] ?? [])) {
    try {
      return { path, name: openBlas(koffi, path).name };
    } catch (error) {
      causes.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const install = INSTALL[process.platform] ?? 'install OpenBLAS';
  throw new GradloomError({
    code: 'E_ENGINE',
    where: 'numerics.engine',
    message: named
      ? `GRADLOOM_BLAS names no usable BLAS: ${causes.join('; ')}`
      : 'no BLAS found: looked for OpenBLAS, BLIS, MKL and Accelerate',
    next: `${install}; or name one with GRADLOOM_BLAS=/path/to/library; or set numerics.engine: wasm`,
  });
}

function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    throw new GradloomError({
      code: 'E_ENGINE',
      where: 'numerics.engine',
      message: 'the engine blas needs the npm package koffi, which is missing here or does not run on this platform',
      next: 'npm install koffi@3.3.4, or set numerics.engine: wasm',
      cause,
    });
  }
}

/** Loads a library and holds it to one thread for the calling thread: OpenMP builds count threads for each. */
function openBlas(koffi: Koffi, path: string): { name: BlasLibrary['name']; sgemm: (...args: number[]) => unknown } {
  // Accelerate reads it when it is loaded.
  process.env['VECLIB_MAXIMUM_THREADS'] ??= '1';
  const library = koffi.load(path);
  const sgemm = library.func(SGEMM);
  for (const { name, prototype } of THREAD_SETTERS) {
    let limitThreads: (...args: number[]) => unknown;
    try {
      limitThreads = library.func(prototype);
    } catch {
      continue; // another library: it has no such function
    }
    limitThreads(1);
    return { name, sgemm };
  }
  return { name: path.includes('Accelerate') ? 'Accelerate' : 'BLAS', sgemm };
}

/**
 * The kernels with a layer's three products done by a BLAS. How it sums an element depends on the shape of the whole product, so callers
 * give it pieces that the experiment alone decides.
 *
 * bound: |err| <= K * 2^-24 * sum|x w| as everywhere, in whatever order
 */
export function withBlas(kernels: Kernels, memory: WebAssembly.Memory, path: string): Kernels {
  const koffi = requireKoffi();
  const { sgemm } = openBlas(koffi, path);
  // Below 2^53, as all addresses of processes are: sums of numbers, no garbage.
  const base = Number(koffi.address(new Uint8Array(memory.buffer)));
  const words = new Int32Array(memory.buffer);
  return {
    ...kernels,
    dense_forward(x, w, bias, y, m, n, k, activation, slope, scratch) {
      // Of depth 0: the bias in each row, to which the product is added.
      kernels.dense_forward(x, w, bias, y, m, n, 0, 0, 0, scratch);
      if (m === 0) return;
      sgemm(ROW_MAJOR, PLAIN, PLAIN, m, n, k, 1, base + x, k, base + w, n, 1, base + y, n);
      if (activation === 1) kernels.relu_forward(y, y, m * n);
      if (activation === 2) kernels.leaky_relu_forward(y, y, m * n, slope);
    },
    matmul_nt(dz, w, dx, m, n, k) {
      if (m > 0) sgemm(ROW_MAJOR, PLAIN, TRANSPOSED, m, n, k, 1, base + dz, k, base + w, k, 0, base + dx, n);
    },
    dense_weight_gradient(x, dz, dw, bounds, leaves, i, o, xWidth) {
      const rows = words[bounds / Int32Array.BYTES_PER_ELEMENT + leaves] as number;
      sgemm(ROW_MAJOR, TRANSPOSED, PLAIN, i, o, rows, 1, base + x, xWidth, base + dz, o, 0, base + dw, o);
    },
  };
}
