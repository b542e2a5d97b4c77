// Fuzzes the sweep loader: `node scripts/fuzz-sweep.mjs [count] [seed]`, after `npx tsc -p .`. Exits 1 on a failure.
import { fuzzSweeps } from '../dist/test/sweep/support/fuzz.js';

const count = Number(process.argv[2] ?? 2000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}, ${count} cases`);
const { accepted, rejected, slowestMs, failures } = fuzzSweeps(seed, count);
console.log(`${accepted} accepted, ${rejected} rejected, slowest ${slowestMs.toFixed(1)} ms, ${failures.length} failures`);
for (const failure of failures.slice(0, 20)) console.log(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
