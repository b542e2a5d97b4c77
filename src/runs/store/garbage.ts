import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { isTemporary } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt, statsAt } from '../../storage/folder.ts';
import { lockOwner } from '../../storage/lock.ts';
import { listCheckpoints } from '../checkpoint/files.ts';
import { readSummary } from '../files/file-shapes.ts';
import { isSetAside } from '../files/names.ts';
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

/**
 * Finds what crashes and finished runs have left in a directory of runs: runs whose removal was cut off, temporary files, and of finished
 * runs all checkpoints but the newest and the best. Runs at work are left alone.
 *
 * @param leave  told of each run that cannot be read, which is left as it is: nothing can be said about it
 * @throws GradloomError E_STORAGE
 */
export async function findGarbage(
  parent: string = DEFAULT_RUNS,
  leave: (directory: string, error: GradloomError) => void = () => undefined,
): Promise<Garbage[]> {
  const runs = await listRuns(parent);
  const garbageOrNone = (run: StoredRun): Garbage[] => {
    try {
      return isIdle(run) ? garbageOf(run) : [];
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      leave(run.directory, error);
      return [];
    }
  };
  return [...besideRuns(path.resolve(parent)), ...runs.flatMap(garbageOrNone)];
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
  return record.status !== 'running' && kindAt(directory) === 'directory' && lockOwner(directory) === undefined;
}

function besideRuns(parent: string): Garbage[] {
  const old = Date.now() - TEMPORARY_MS;
  return namesIn(parent).flatMap((name): Garbage[] => {
    const place = path.join(parent, name);
    const stats = statsAt(place);
    if (stats === undefined) return [];
    if (name.startsWith(TRASH) && stats.isDirectory()) {
      return [{ path: place, why: 'half removed', bytes: filesBelow(place).reduce((sum, { bytes }) => sum + bytes, 0) }];
    }
    return isTemporary(name) && stats.isFile() && stats.mtimeMs < old ? [{ path: place, why: 'temporary', bytes: stats.size }] : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function garbageOf(run: StoredRun): Garbage[] {
  const { directory, record } = run;
  const files = filesBelow(directory).map(({ name, bytes }) => ({ path: path.join(directory, name), bytes }));
  const as = (found: typeof files, why: Garbage['why']): Garbage[] => found.map((file) => ({ ...file, why }));
  const temporary = as(
    files.filter((file) => isTemporary(path.basename(file.path))),
    'temporary',
  );
  if (record.status !== 'finished') return temporary;
  const unneeded = olderCheckpoints(run);
  return [
    ...temporary,
    ...as(
      files.filter((file) => unneeded.has(file.path)),
      'older checkpoint',
    ),
    ...as(
      files.filter((file) => isSetAside(path.relative(directory, file.path))),
      'damaged checkpoint',
    ),
  ];
}

/** All but the newest, from which the run can be extended, and the best if the experiment asks for it. */
function olderCheckpoints(run: StoredRun): Set<string> {
  const metric = run.config()['train.checkpoint.best.metric'];
  const best = metric === undefined ? undefined : readSummary(run.directory)?.best[String(metric)]?.step;
  const older = listCheckpoints(run.directory).slice(1);
  return new Set(older.filter(({ step }) => step !== best).map((file) => file.path));
}
