import type { Backend } from '../backend.ts';
import { fusesEpilogue, lowerings, productScratch } from '../lowerings/index.ts';
import { lowerLoss } from '../lowerings/loss.ts';
import { bindKernels, compileKernels } from '../module.ts';

/** WebAssembly with plain SIMD: multiply, then add. The reference for all bits. */
export const wasm: Backend = {
  name: 'wasm',
  traits: { rowsIndependent: true, fixedBlocks: false, skipsZeros: true, portable: true },
  lowerings,
  lowerLoss,
  fuses: fusesEpilogue,
  scratchFloats: productScratch,
  load: () => ({ module: compileKernels() }),
  bind: ({ module }, memory) => bindKernels(module, memory),
};
