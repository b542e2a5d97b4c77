import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { checkHostileRuns, trainOriginals } from './support/hostile-case.ts';

const SEED = 1;
const CASES = 12;

(process.platform === 'win32' ? test.skip : test)(
  `every verb bears ${CASES} hostile run directories (seed ${SEED}; more: scripts/fuzz-run-directories.mjs) (skipped on Windows: no mkfifo)`,
  async (t) => {
    t.timeout(300_000);
    const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-hostile-'));
    t.teardown(() => rmSync(parent, { recursive: true, force: true }));
    const { failures, verbs } = await checkHostileRuns(SEED, CASES, parent, await trainOriginals(parent));
    t.deepEqual(failures, []);
    t.true(verbs >= 10 * CASES);
  },
);
