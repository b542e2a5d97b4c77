// Compiles kernels/ to WebAssembly. Part of `npm run build`.
import asc from 'assemblyscript/asc';

const MEMORY = '--importMemory --noExportMemory --sharedMemory --initialMemory 1 --maximumMemory 65536';
const OPTIONS = `${MEMORY} --runtime stub --noAssert -O3 --uncheckedBehavior always --use abort= --disableWarning 112`;
const FEATURES = ['--enable', 'simd,threads,bulk-memory'];

const args = ['kernels/index.ts', '-o', 'dist/kernels/kernels.wasm', ...FEATURES, ...OPTIONS.split(' ')];
const { error } = await asc.main(args, { stderr: process.stderr });
if (error) throw error;
