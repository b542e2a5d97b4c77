import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from '../storage/errno.ts';
import { lockOwner } from '../storage/lock.ts';
import { filesBelow } from './describe.ts';
import { TRASH } from './remove.ts';
import { DEFAULT_RUNS, listRuns, type StoredRun } from './store.ts';

/** Something that nothing needs any more. */
export interface Garbage {
  /** Absolute path of a file or directory. */
  path: string;
  why: 'half removed' | 'temporary' | 'older checkpoint' | 'damaged checkpoint';
  bytes: number;
}

/** A temporary file beside runs belongs to whoever writes the index: nobody takes so long. */
const TEMPORARY_MS = 3_600_000;
const TEMPORARY = /^\.tmp-/;
const CHECKPOINT = /^step-\d+\.safetensors$/;

/**
 * Finds what crashes and finished runs have left in a directory of runs: runs whose removal was cut off, temporary files, and of finished
 * runs all checkpoints but the newest. Runs at work are left alone.
 *
 * @throws GradloomError E_STORAGE
 */
export async function findGarbage(parent: string = DEFAULT_RUNS): Promise<Garbage[]> {
  const runs = await listRuns(parent);
  return [...besideRuns(path.resolve(parent)), ...runs.filter(isIdle).flatMap(garbageOf)];
}

/** @throws GradloomError E_STORAGE at the first that cannot be removed */
export function removeGarbage(garbage: readonly Garbage[]): void {
  for (const { path: place } of garbage) {
    try {
      rmSync(place, { recursive: true, force: true });
    } catch (cause) {
      throw new GradloomError({ code: 'E_STORAGE', where: printable(place), message: `cannot be removed: ${errnoText(cause)}`, cause });
    }
  }
}

function isIdle({ record, directory }: StoredRun): boolean {
  return record.status !== 'running' && lockOwner(directory) === undefined;
}

function besideRuns(parent: string): Garbage[] {
  const old = Date.now() - TEMPORARY_MS;
  return namesIn(parent).flatMap((name): Garbage[] => {
    const place = path.join(parent, name);
    const stats = statSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (name.startsWith(TRASH) && stats.isDirectory()) {
      return [{ path: place, why: 'half removed', bytes: filesBelow(place).reduce((sum, { bytes }) => sum + bytes, 0) }];
    }
    return TEMPORARY.test(name) && stats.isFile() && stats.mtimeMs < old ? [{ path: place, why: 'temporary', bytes: stats.size }] : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function garbageOf({ directory, record }: StoredRun): Garbage[] {
  const files = filesBelow(directory);
  const checkpoints = files.filter(({ name }) => path.dirname(name) === 'checkpoints');
  const steps = checkpoints.filter(({ name }) => CHECKPOINT.test(path.basename(name)));
  const older = record.status === 'finished' ? steps.slice(0, -1) : [];
  const damaged = record.status === 'finished' ? checkpoints.filter(({ name }) => name.endsWith('.bad')) : [];
  const temporary = files.filter(({ name }) => TEMPORARY.test(path.basename(name)));
  const as = (found: typeof files, why: Garbage['why']): Garbage[] =>
    found.map(({ name, bytes }) => ({ path: path.join(directory, name), why, bytes }));
  return [...as(temporary, 'temporary'), ...as(older, 'older checkpoint'), ...as(damaged, 'damaged checkpoint')];
}
