import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { type Fence, syncDirectory } from '../storage/atomic.ts';
import { errnoText } from '../storage/errno.ts';

/** A run's own directory. */
export interface RunDirectory {
  /** Its name: `<name>-<UTC time>-<random>`, which sorts by time and is never taken twice, unless it was chosen. */
  id: string;
  path: string;
}

/**
 * Makes the directory of a new run, readable by its owner only, so that a power loss does not undo it.
 *
 * @throws GradloomError E_STORAGE
 */
export function createRunDirectory(parent: string, name: string, now = new Date()): Promise<RunDirectory> {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const id = `${name}-${time}-${randomBytes(3).toString('hex')}`;
  return makeRunDirectory(path.resolve(parent, id));
}

/**
 * `createRunDirectory` for a path that was chosen.
 *
 * @param outer  the right to write where it is made, asked before
 * @throws GradloomError E_STORAGE, also where it exists; that of the fence
 */
export async function makeRunDirectory(directory: string, outer?: Fence): Promise<RunDirectory> {
  outer?.check();
  try {
    const changed = makeParents(path.dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
    for (const place of [path.dirname(directory), ...changed]) await syncDirectory(place);
  } catch (cause) {
    const next = 'choose another place with track.dir=DIR';
    throw new GradloomError({
      code: 'E_STORAGE',
      where: printable(directory),
      message: `cannot make the run directory: ${errnoText(cause)}`,
      next,
      cause,
    });
  }
  return { id: path.basename(directory), path: directory };
}

/**
 * One by one: mkdir's `recursive` never returns below a directory that refuses with ENOENT, as /proc does (seen on Node 20.20.2).
 *
 * @returns the directories in which one was made
 */
function makeParents(directory: string): string[] {
  if (existsSync(directory)) return [];
  const changed = makeParents(path.dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(directory)) throw error;
  }
  return [path.dirname(directory), ...changed];
}
