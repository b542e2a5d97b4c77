/** What is known of a backend without it: what the engine and the rules between keys have to know, and nothing else. */
export interface Traits {
  /** A row's bits do not depend on the rows computed beside it; else products go leaf by leaf. */
  rowsIndependent: boolean;
  /** A weight's gradient has to be computed in the same blocks of rows for any number of workers. */
  fixedBlocks: boolean;
  /** It has products that leave out the zeros of the network's inputs, with the same bits. */
  skipsZeros: boolean;
  /** Its bits are the same on every machine. */
  portable: boolean;
}

/** What computes a step, and what is true of it: the values of numerics.engine. */
export const BACKEND_TRAITS = {
  /** Plain SIMD: multiply, then add. */
  wasm: { rowsIndependent: true, fixedBlocks: false, skipsZeros: true, portable: true },
  /** Relaxed SIMD's multiply-add, whose rounding is the processor's. */
  'wasm-fma': { rowsIndependent: true, fixedBlocks: false, skipsZeros: true, portable: false },
  /** The system's BLAS. How it sums depends on the shape of a whole product. */
  blas: { rowsIndependent: false, fixedBlocks: true, skipsZeros: false, portable: false },
} as const satisfies Record<string, Traits>;

export type BackendName = keyof typeof BACKEND_TRAITS;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
export const BACKENDS = Object.keys(BACKEND_TRAITS) as BackendName[];

/** The traits of a backend by its name; undefined for what is none. */
export function traitsOf(name: unknown): Traits | undefined {
  return BACKENDS.map((backend) => ({ backend, traits: BACKEND_TRAITS[backend] })).find(({ backend }) => backend === name)?.traits;
}
