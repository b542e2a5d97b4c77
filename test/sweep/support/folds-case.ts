import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { LoadedExperiment } from '../../../src/config/validate.ts';
import type { CrossValidation } from '../../../src/sweep/folds/result.ts';

const CHILD = fileURLToPath(new URL('./folds-child.js', import.meta.url));

/** Hard enough that folds differ; a fold takes some milliseconds. */
export const FOLDED = {
  name: 'folded',
  data: {
    source: { type: 'synthetic', kind: 'spirals', samples: 203, noise: 0.2 },
    split: { test: 0.2, folds: 4, by: 'stratify' },
  },
  model: {
    layers: [
      { type: 'dense', units: 8, activation: 'relu' },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: { type: 'sgd', lr: 0.1 },
  train: { epochs: 5, batch_size: 20 },
};

export function folded(...overrides: readonly string[]): LoadedExperiment {
  return experimentFromObject(FOLDED, { overrides });
}

/** All of a fold's run that must be the same however it was trained. */
export function runBytes({ directory, folds: { runs } }: CrossValidation): Buffer[] {
  const files = ['model.safetensors', 'metrics.jsonl', 'digests.jsonl'];
  return runs.flatMap((run) => files.map((file) => readFileSync(path.join(directory, run, file))));
}

/**
 * Works on a cross-validation in processes of which each is killed (SIGKILL) after its time; the one after these ends undisturbed.
 *
 * @returns how many were killed before they were done
 */
export async function killedFolds(file: string, directory: string, killsMs: readonly number[]): Promise<number> {
  let kills = 0;
  for (const killMs of [...killsMs, undefined]) {
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
    if (signal === 'SIGKILL') kills++;
    else if (code !== 0) throw new Error(`the process ended with ${code ?? signal}: ${told}`);
  }
  return kills;
}

function exit(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}
