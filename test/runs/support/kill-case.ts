import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { Dice } from '../../engine/support/samples.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import type { Doomed } from './kill-child.ts';
import { resultFiles, resumable } from './resume-case.ts';

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url));

/** The file calls of an atomic write; old checkpoints are pruned by `unlink`. */
export const FILE_CALLS = ['open', 'write', 'sync', 'close', 'rename', 'open directory', 'sync directory', 'unlink'] as const;
export type FileCall = (typeof FILE_CALLS)[number];

export interface Undisturbed {
  files: Record<string, string>;
  milliseconds: number;
}

/** What every killed run must come to in the end. */
export async function undisturbedRun(parent: string, others: Record<string, unknown> = {}): Promise<Undisturbed> {
  const started = performance.now();
  const { directory } = await train({ experiment: resumable(parent, others) }).result;
  return { files: resultFiles(directory ?? ''), milliseconds: performance.now() - started };
}

/**
 * Lets a child do it, and kills it `afterMs` after it is ready, if it is still there.
 *
 * @returns whether it came to its end
 */
export function runDoomed(doomed: Doomed, afterMs?: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, JSON.stringify(doomed)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (said === '' && afterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), afterMs);
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(said.includes('finished'));
      else reject(new Error(`the child ended with ${code ?? signal}: ${errors}`));
    });
  });
}

/** The first file that is not as it should be. */
export function wrongFile(directory: string, { files }: Undisturbed): string | undefined {
  const found = resultFiles(directory);
  return [...new Set([...Object.keys(files), ...Object.keys(found)])].find((name) => found[name] !== files[name]);
}

/**
 * A run that is killed up to three times at random instants and resumed each time, with other numbers of workers; a function of the seed,
 * but for the machine's own pace.
 *
 * @returns what was wrong in the end
 */
export async function checkKillCase(seed: number, parent: string, undisturbed: Undisturbed): Promise<string | undefined> {
  const dice = new Dice(seed);
  const directory = path.join(parent, `run-${seed}`);
  const kills = dice.int(1, 3);
  const instants: string[] = [];
  for (let i = 0; i < kills; i++) {
    const workers = dice.int(1, 3);
    const afterMs = dice.int(0, Math.ceil(undisturbed.milliseconds));
    const hasBegun = existsSync(path.join(directory, 'config.yaml'));
    // Killed before there was a config.yaml: there is no run, only the start of a directory.
    const place = hasBegun || !existsSync(directory) ? directory : `${directory}-${i}`;
    const experiment = hasBegun ? undefined : resumable(parent, { parallel: { workers } });
    const isFinished = await runDoomed({ ...(experiment && { experiment }), directory: place, workers }, afterMs);
    instants.push(`${afterMs} ms${isFinished ? ' (finished)' : ''}`);
    if (place !== directory) return undefined;
  }
  if (!existsSync(path.join(directory, 'config.yaml'))) return undefined;
  const context = `seed ${seed}, killed after ${instants.join(', ')}`;
  try {
    const { status } = await resume(directory, { workers: dice.int(1, 3), engine: { threads } }).result;
    if (status !== 'finished') return `${context}: ended as ${status}`;
  } catch (error) {
    return `${context}: ${String(error)}`;
  }
  const wrong = wrongFile(directory, undisturbed);
  return wrong === undefined ? undefined : `${context}: ${wrong} differs`;
}
