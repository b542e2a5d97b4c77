// Compiles kernels/ twice: for the engine wasm, and for wasm-fma, where products may round once (kernels/vector/lanes.ts). Part of `npm run build`.
import asc from 'assemblyscript/asc';

const MODULES = { 'dist/kernels/kernels.wasm': 'simd', 'dist/kernels/kernels-fma.wasm': 'simd,relaxed-simd' };
const MEMORY = '--importMemory --noExportMemory --sharedMemory --initialMemory 1 --maximumMemory 65536';
const OPTIONS = `${MEMORY} --runtime stub --noAssert -O3 --uncheckedBehavior always --use abort= --disableWarning 112`;

for (const [file, features] of Object.entries(MODULES)) {
  const args = ['kernels/index.ts', '-o', file, '--enable', `${features},threads,bulk-memory`, ...OPTIONS.split(' ')];
  const { error } = await asc.main(args, { stderr: process.stderr });
  if (error) throw error;
}
