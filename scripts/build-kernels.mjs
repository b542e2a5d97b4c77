// Compiles kernels/ to WebAssembly. Part of `npm run build`.
import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const MEMORY = '--importMemory --noExportMemory --sharedMemory --initialMemory 1 --maximumMemory 65536';
const OPTIONS = `${MEMORY} --runtime stub --noAssert -O3 --uncheckedBehavior always --use abort= --disableWarning 112`;
const FEATURES = ['--enable', 'simd,threads,bulk-memory'];

const args = ['kernels/index.ts', '-o', 'dist/kernels/kernels.wasm', ...FEATURES, ...OPTIONS.split(' ')];
const { error } = await asc.main(args, { stderr: process.stderr });
if (error) throw error;

// For where no file can be read: in a page, the module is part of the program.
const text = readFileSync('dist/kernels/kernels.wasm').toString('base64');
writeFileSync('dist/kernels/embedded.js', `export const KERNELS =\n  '${text}';\n`);
