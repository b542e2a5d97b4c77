// Makes hostile run directories by changing real ones (links, FIFOs, devices, huge files, odd values, deep nesting, locks of odd names), runs
// every verb that reads runs on each, and checks: no hang, no memory above 300 MB, no exit code 70, no raw control character, no NaN or
// undefined in an answer, and nothing changed outside of the run.
//
//   npx tsc -p . && node scripts/fuzz-run-directories.mjs [cases=1000] [seed=from the clock]
//
// Prints its seed; a case is a function of its own seed. Exits 1 on a failure. Linux and macOS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkHostileRuns, trainOriginals } from '../dist/test/runs/support/hostile-case.js';

const AT_ONCE = 25;
const cases = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? Math.floor(Date.now() / 1000));
console.log(`${cases} run directories, seeds from ${seed}`);

const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-hostile-'));
let failures = 0;
try {
  const originals = await trainOriginals(parent);
  for (let done = 0; done < cases; done += AT_ONCE) {
    const report = await checkHostileRuns(seed + done, Math.min(AT_ONCE, cases - done), parent, originals);
    failures += report.failures.length;
    for (const failure of report.failures) console.log(failure);
    const { verbs, slowestMs, largestBytes } = report;
    console.log(
      `${done + report.cases} done: ${verbs} verbs, slowest ${Math.round(slowestMs)} ms, largest ${Math.round(largestBytes / 1e6)} MB, ${failures} wrong`,
    );
  }
} finally {
  rmSync(parent, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
