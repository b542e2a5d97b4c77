// Kills the process of small sweeps at random moments and resumes them, and compares each with one that nobody disturbed.
//
//   npm run build && node scripts/kill-sweep.mjs [kills=100] [seed=random]
//
// Prints its seed.
import { killedSweep } from '../dist/test/sweep/support/kill-case.js';

const total = Number(process.argv[2] ?? 100);
const first = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${first}`);
let kills = 0;
let failures = 0;
for (let seed = first; kills < total; seed++) {
  const killed = await killedSweep(seed, total - kills);
  kills += killed.kills;
  failures += killed.problems.length > 0 ? 1 : 0;
  for (const problem of killed.problems) console.log(`seed ${seed}: ${problem}`);
  console.log(`${kills} kills, ${failures} sweeps that came out otherwise`);
}
process.exitCode = failures > 0 ? 1 : 0;
