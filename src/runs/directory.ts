import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from '../storage/errno.ts';

/** A run's own directory. */
export interface RunDirectory {
  /** `<name>-<UTC time>-<random>`: sorts by time, never taken twice. */
  id: string;
  path: string;
}

/**
 * Makes the directory of a new run, readable by its owner only.
 *
 * @throws GradloomError E_STORAGE
 */
export function createRunDirectory(parent: string, name: string, now = new Date()): RunDirectory {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const id = `${name}-${time}-${randomBytes(3).toString('hex')}`;
  const directory = path.resolve(parent, id);
  try {
    makeParents(path.dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
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
  return { id, path: directory };
}

/** One by one: mkdir's `recursive` never returns below a directory that refuses with ENOENT, as /proc does (seen on Node 20.20.2). */
function makeParents(directory: string): void {
  if (existsSync(directory)) return;
  makeParents(path.dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(directory)) throw error;
  }
}
