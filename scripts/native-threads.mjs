// Starts and stops threads that call native code, half of them ended in the middle of a call: `node scripts/native-threads.mjs [count]`,
// after `npx tsc -p .`. Exits 1 on a wrong result or exit code, and where a thread leaves more mappings than koffi's own; a crash ends it.
import { startAndStop } from '../dist/test/native/support/threads.js';

/** Heaps that V8 has not given back yet, in mappings a thread. */
const SLACK = 0.5;
const count = Number(process.argv[2] ?? 10_000);
const start = performance.now();
const { threads, faults, keptByKoffi, kept } = await startAndStop(count, 1);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  `${threads} threads in ${seconds} s: ${faults.length} faults, ${kept.toFixed(2)} mappings stay for each, ${keptByKoffi.toFixed(2)} by koffi`,
);
for (const fault of faults.slice(0, 20)) console.log(fault);
if (faults.length > 0 || kept > keptByKoffi + SLACK) process.exitCode = 1;
