// Sweeps through a queue, while agents are killed and frozen, the process that decides is killed, Redis is killed and started again, and the
// store is taken away, at random moments; each is compared with a local sweep that nobody disturbed.
//
//   npm run build && node scripts/fuzz-queue.mjs [faults=100] [seed=random] [trials=40]
//
// Needs redis-server or valkey-server. Prints its seed.
import { chaoticSweep } from '../dist/test/remote/support/chaos.js';

const total = Number(process.argv[2] ?? 100);
const first = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
const trials = Number(process.argv[4] ?? 40);
console.log(`seed ${first}`);
const all = {};
let done = 0;
let failures = 0;
for (let seed = first; done < total; seed++) {
  const endings = [];
  try {
    const { faults, problems } = await chaoticSweep({ teardown: (end) => endings.push(end) }, seed, { trials, faults: total - done });
    for (const [kind, count] of Object.entries(faults)) {
      all[kind] = (all[kind] ?? 0) + count;
      done += count;
    }
    failures += problems.length > 0 ? 1 : 0;
    for (const problem of problems) console.log(`seed ${seed}: ${problem}`);
  } finally {
    for (const end of endings.toReversed()) await end();
  }
  console.log(`${done} faults (${JSON.stringify(all)}), ${failures} sweeps that came out otherwise`);
}
process.exitCode = failures > 0 ? 1 : 0;
