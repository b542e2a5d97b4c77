import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { DirectoryLock } from '../../storage/lock.ts';
import type { StoredRun } from './store.ts';

/** What a run is called while it is being removed; who is killed then leaves it to `collectGarbage`. */
export const TRASH = '.trash-';

/**
 * Removes a run with all its files. It is gone at once for everybody else, never half there. Of a link to a run only the link is removed.
 *
 * @throws GradloomError E_BUSY if a process is at work in it; E_RUN_FILE if its lock cannot be read; E_STORAGE
 */
export function removeRun({ directory, record }: StoredRun): void {
  if (kindAt(directory) === 'link') {
    removing(directory, () => unlinkSync(directory));
    return;
  }
  const lock = DirectoryLock.acquire(directory);
  const trash = path.join(path.dirname(directory), `${TRASH}${record.id}-${randomBytes(3).toString('hex')}`);
  try {
    removing(directory, () => renameSync(directory, trash));
  } catch (error) {
    lock.release();
    throw error;
  }
  removing(trash, () => rmSync(trash, { recursive: true, force: true }));
}

function removing(place: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    const next = 'make the directory and the one above it writable';
    const message = `cannot be removed: ${errnoText(cause)}`;
    throw new GradloomError({ code: 'E_STORAGE', where: printable(place), message, next, cause });
  }
}
