import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from '../storage/errno.ts';
import { DirectoryLock } from '../storage/lock.ts';
import type { StoredRun } from './store.ts';

/** What a run is called while it is being removed; who is killed then leaves it to `collectGarbage`. */
export const TRASH = '.trash-';

/**
 * Removes a run with all its files. It is gone at once for everybody else, never half there.
 *
 * @throws GradloomError E_BUSY if a process is at work in it; E_STORAGE
 */
export function removeRun({ directory, record }: StoredRun): void {
  DirectoryLock.acquire(directory);
  const trash = path.join(path.dirname(directory), `${TRASH}${record.id}-${randomBytes(3).toString('hex')}`);
  try {
    renameSync(directory, trash);
    rmSync(trash, { recursive: true, force: true });
  } catch (cause) {
    const next = 'make the directory and the one above it writable';
    throw new GradloomError({
      code: 'E_STORAGE',
      where: printable(directory),
      message: `cannot be removed: ${errnoText(cause)}`,
      next,
      cause,
    });
  }
}
