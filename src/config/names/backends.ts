/** What computes the products: the values of numerics.engine. */
export const BACKENDS = ['wasm', 'wasm-fma', 'blas'] as const;
export type BackendName = (typeof BACKENDS)[number];
