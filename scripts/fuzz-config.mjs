// Fuzzes the config loader: `node scripts/fuzz-config.mjs [count] [seed] [accepted]`, after `npx tsc -p .`. Exits 1 on a failure.
//   count     random and mutated files that must be accepted, or refused with a position
//   accepted  random experiments whose resolved file must be the same experiment
import { fuzz, roundTrips } from '../dist/test/config/fuzz.js';

const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const experiments = Number(process.argv[4] ?? count);
console.log(`seed ${seed}, ${count} cases, ${experiments} experiments`);
for (const { accepted, rejected, slowestMs, failures } of [fuzz(seed, count), roundTrips(seed, experiments)]) {
  console.log(`${accepted} accepted, ${rejected} rejected, slowest ${slowestMs.toFixed(1)} ms, ${failures.length} failures`);
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
