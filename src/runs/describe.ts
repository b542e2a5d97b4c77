import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { objectOf } from './record.ts';
import type { StoredRun } from './store.ts';

/** Everything about one run. */
export interface RunDescription {
  run: StoredRun;
  /** env.json: the machine and the programs; null if it cannot be read. */
  environment: Record<string, unknown> | null;
  /** Files by path below the run's directory. */
  files: { name: string; bytes: number }[];
}

export function describeRun(run: StoredRun): RunDescription {
  return { run, environment: environmentOf(run.directory), files: filesBelow(run.directory) };
}

/** env.json of a run; null if it cannot be read. */
export function environmentOf(directory: string): Record<string, unknown> | null {
  try {
    return objectOf(JSON.parse(readFileSync(path.join(directory, 'env.json'), 'utf8'))) ?? null;
  } catch {
    // Missing, as in a run that was killed at its start, or damaged.
    return null;
  }
}

/** Regular files below a directory, links not followed. */
export function filesBelow(directory: string): { name: string; bytes: number }[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ name: path.relative(directory, file), bytes: statSync(file, { throwIfNoEntry: false })?.size ?? 0 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
