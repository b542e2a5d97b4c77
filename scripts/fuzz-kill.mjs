// Kills training runs (Adam, dropout, batch norm, averages, early stopping) with SIGKILL at random instants, up to three times each, resumes
// them with other numbers of workers, and checks that metrics, digests and models come out byte-equal to an undisturbed run's.
//
//   npm run build && node scripts/fuzz-kill.mjs [kills=200] [seed=from the clock]
//
// Prints its seed; a case is a function of its own seed, but for the machine's own pace.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkKillCase, undisturbedRun } from '../dist/test/runs/support/kill-case.js';

const kills = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? Math.floor(Date.now() / 1000));
// Two kills a case on average.
const cases = Math.ceil(kills / 2);
console.log(`${cases} runs, about ${kills} kills, seeds from ${seed}`);

const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-kill-'));
const undisturbed = await undisturbedRun(parent);
let wrong = 0;
for (let i = 0; i < cases; i++) {
  const problem = await checkKillCase(seed + i, parent, undisturbed);
  if (problem !== undefined) {
    wrong++;
    console.log(problem);
  }
  if ((i + 1) % 25 === 0) console.log(`${i + 1} done, ${wrong} wrong`);
}
if (wrong === 0) rmSync(parent, { recursive: true });
console.log(wrong === 0 ? 'all byte-equal' : `${wrong} of ${cases} wrong, see ${parent}`);
process.exitCode = wrong === 0 ? 0 : 1;
