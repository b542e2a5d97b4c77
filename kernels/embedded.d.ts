/** kernels.wasm in base64; scripts/build-kernels.mjs writes it beside that file. */
export const KERNELS: string;
