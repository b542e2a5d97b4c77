// Injects random faults (traps, exceptions, exits, hangs, ...) at random steps and kernels of real training runs, and checks that each
// ends in time with the right code, worker and step, and leaves no thread behind.
//
//   npm run build && node scripts/fuzz-faults.mjs [cases=200] [seed=from the clock]
//
// Prints its seed; a case is a function of its own seed alone, so `node scripts/fuzz-faults.mjs 1 SEED` repeats one.
import { checkFaultCase } from '../dist/test/engine/support/fault-case.js';

const cases = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? Math.floor(Date.now() / 1000));
console.log(`${cases} faults, seeds from ${seed}`);

const started = performance.now();
const failures = [];
for (let i = 0; i < cases; i++) {
  const problem = await checkFaultCase(seed + i);
  if (problem !== undefined) {
    failures.push(problem);
    console.log(problem);
  }
  if ((i + 1) % 50 === 0) console.log(`${i + 1} done, ${failures.length} wrong, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
console.log(failures.length === 0 ? 'all as they should be' : `${failures.length} of ${cases} wrong`);
process.exitCode = failures.length === 0 ? 0 : 1;
