import { lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';
import { targetOf } from './read.ts';

/** What is at a path; links are not followed. undefined: nothing, or nothing that can be reached. */
export function kindAt(path: string): 'file' | 'directory' | 'link' | 'other' | undefined {
  const stats = statsAt(path);
  if (stats === undefined) return undefined;
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** Of a link those of itself. undefined: nothing is there, or nothing that can be reached. */
export function statsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Below something that is no directory, or not ours to look at.
    return undefined;
  }
}

/**
 * Whether there is a folder of gradloom's own. One that is a link would lead to what belongs to somebody else, as the checkpoints of
 * another run, and is never followed.
 *
 * @throws GradloomError E_RUN_FILE if something else is in its place
 */
export function hasFolder(path: string): boolean {
  const kind = kindAt(path);
  if (kind === undefined || kind === 'directory') return kind !== undefined;
  const found = kind === 'link' ? `a symbolic link${targetOf(path)}, which is not followed` : 'not a directory';
  const next = kind === 'link' ? 'put the directory itself in the place of the link' : 'restore it from a copy';
  throw new GradloomError({ code: 'E_RUN_FILE', where: printable(path), message: `${found}; expected a directory`, next });
}

/** The names in a folder of gradloom's own; none where it is missing. @throws GradloomError E_RUN_FILE as `hasFolder`, E_STORAGE */
export function namesInFolder(path: string): string[] {
  if (!hasFolder(path)) return [];
  try {
    return readdirSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new GradloomError({
      code: 'E_STORAGE',
      where: printable(path),
      message: `cannot be read: ${errnoText(cause)}`,
      next: 'check the disk, the permissions and the file system',
      cause,
    });
  }
}

/**
 * Makes a folder for the owner only, unless it is there; never the one above it.
 *
 * @returns whether it was made
 * @throws GradloomError E_RUN_FILE as `hasFolder`; what the operating system says
 */
export function makeFolder(path: string): boolean {
  if (hasFolder(path)) return false;
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !hasFolder(path)) throw error;
    return false;
  }
}
