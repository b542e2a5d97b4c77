import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { Dice } from '../../engine/support/samples.ts';
import { ASHA, digests, sweepFile, table } from './sweep-case.ts';

const CHILD = fileURLToPath(new URL('./sweep-child.js', import.meta.url));

/** What came of a sweep whose process was killed again and again. */
export interface Killed {
  kills: number;
  problems: string[];
}

/**
 * Runs a small sweep in a process that is killed (SIGKILL) at random moments, and resumed, until it is over or `kills` are spent, which
 * then lets it end undisturbed; compares it with a sweep that nobody disturbed.
 *
 * @param seed   of the sweep and of the moments
 */
export async function killedSweep(seed: number, kills: number): Promise<Killed> {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-kill-'));
  const dice = new Dice(seed);
  try {
    const file = sweepFile(place, dice.next() < 0.5 ? ASHA : `seeds: 2\n${ASHA}`);
    const overrides = [`seed=${seed}`, 'run_cap=6', 'execution.cores=2'];
    const text = loadSweep(file, { overrides });
    const calm = path.join(place, 'calm');
    const expected = await sweep(text, { directory: calm }).result;
    const [began, longest] = [path.join(calm, 'sweep.yaml'), 1000 * expected.seconds];
    const directory = path.join(place, 'sweep');
    let done = 0;
    while (!(await session(began, directory, done < kills ? dice.int(0, Math.ceil(longest / 3)) : undefined))) done++;
    return { kills: done, problems: compare(directory, calm) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function compare(directory: string, calm: string): string[] {
  const [state, expected] = [readSweep(directory), readSweep(calm)];
  const problems: string[] = [];
  if (state.status !== 'finished') problems.push(`status ${state.status}`);
  if (!isDeepStrictEqual(table(state), table(expected)))
    problems.push(`another table:\n${JSON.stringify(table(state))}\nexpected\n${JSON.stringify(table(expected))}`);
  if (!isDeepStrictEqual(digests(directory, state), digests(calm, expected))) problems.push('other weights');
  const results = readTrialLog(directory).entries.flatMap((entry) =>
    entry.type === 'run' ? [`trial ${entry.trial} rung ${entry.rung} replicate ${entry.replicate}`] : [],
  );
  const twice = results.find((result, i) => results.indexOf(result) !== i);
  if (twice !== undefined) problems.push(`two results of ${twice}`);
  return problems;
}

/** @param killMs  after the sweep has begun; undefined: never. @returns whether the sweep is over */
async function session(file: string, directory: string, killMs: number | undefined): Promise<boolean> {
  // A kill before the files were there leaves nothing to resume.
  if (!existsSync(path.join(directory, 'sweep.yaml'))) rmSync(directory, { recursive: true, force: true });
  const child = spawn(process.execPath, [CHILD, file, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = exit(child);
  if (killMs !== undefined) {
    await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, killMs)), ended]);
    child.kill('SIGKILL');
  }
  const { code, signal } = await ended;
  if (signal === 'SIGKILL') return false;
  if (code !== 0) throw new Error(`the sweep's process ended with ${code ?? signal}: ${told}`);
  return true;
}

function exit(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}
