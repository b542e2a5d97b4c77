// Fuzzes the config loader: `node scripts/fuzz-config.mjs [count] [seed] [accepted]`, after `npx tsc -p .`. Exits 1 on a failure.
//   count     random and mutated files that must be accepted, or refused with a position
//   accepted  random experiments whose resolved file must be the same experiment; a seed for every 1,000
import { fuzz, roundTrips } from '../dist/test/config/support/fuzz.js';

const AT_ONCE = 1000;
const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const experiments = Number(process.argv[4] ?? count);
console.log(`seed ${seed}, ${count} cases, ${experiments} experiments`);
tell(fuzz(seed, count));
for (let done = 0; done < experiments; done += AT_ONCE) {
  const next = Math.min(AT_ONCE, experiments - done);
  tell(roundTrips(seed + done / AT_ONCE, next), `${done + next}: `);
}

function tell({ accepted, rejected, slowestMs, failures }, lead = '') {
  console.log(`${lead}${accepted} accepted, ${rejected} rejected, slowest ${slowestMs.toFixed(1)} ms, ${failures.length} failures`);
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
