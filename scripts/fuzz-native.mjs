// Random products of native code against the WebAssembly kernels, bit by bit: `node scripts/fuzz-native.mjs [count] [seed]`, after
// `npx tsc -p .`. Each instruction set that this processor has runs between guard pages (GRADLOOM_CPU=avx2 leaves out AVX-512); one that
// it has not, interpreted, with smaller shapes. Exits 1 on a difference, and where code touches what is not its own.
import { AVX2, AVX512 } from '../dist/src/native/isa.js';
import { fuzzInterpreted, fuzzNatively } from '../dist/test/native/support/fuzz.js';
import { nativeIsas } from '../dist/test/native/support/native.js';

const count = Number(process.argv[2] ?? 2000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}, ${count} products`);
const native = nativeIsas();
for (const isa of [AVX512, AVX2]) {
  const start = performance.now();
  const isNative = native.includes(isa);
  const faults = isNative ? await fuzzNatively(isa, seed, count) : fuzzInterpreted(isa, seed, count);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${isa.name} ${isNative ? 'between guard pages' : 'interpreted'}: ${faults.length} faults in ${seconds} s`);
  for (const fault of faults.slice(0, 20)) console.log(fault);
  if (faults.length > 0) process.exitCode = 1;
}
