import { accessSync, constants, readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { matchesGlob } from './glob.ts';

/** What a glob may name: more is a slip, as a star over a whole disk. */
const MOST_FILES = 100_000;
/** Folders that one `**` looks into. */
const MOST_FOLDERS = 10_000;
const NEXT_MISSING = 'check the path: a relative one starts at the file that names it';

/**
 * The files that a key of a source names, in order: those of a list one after the other, those of a glob by code point of their whole
 * paths. In a glob `*` stands for any letters of a name, `?` for one, and `**` between slashes for any folders; names that begin with
 * a dot match only where the pattern has that dot. A file whose very name has a star is that file.
 *
 * @param given  paths as the process can open them
 * @param key    `data.source.path`, for errors
 * @returns at least one; each is a regular file that may be read, and stands once
 * @throws GradloomError E_DATA_READ at the key if a glob matches nothing, or a path is missing, a directory, or may not be read;
 *   E_DATA_MISMATCH if a file stands twice
 */
export function filesOf(given: string | readonly string[], key: string): string[] {
  const files: string[] = [];
  const known = new Set<string>();
  for (const pattern of typeof given === 'string' ? [given] : given) {
    const found = isGlob(pattern) ? matching(pattern, key) : [pattern];
    for (const file of found) {
      const identity = identityOf(file, key);
      if (known.has(identity)) throw twice(file, key);
      known.add(identity);
      files.push(file);
      if (files.length > MOST_FILES) throw tooMany(pattern, key);
    }
  }
  return files;
}

/** The one file that a key names. @throws GradloomError as `filesOf`, and E_DATA_MISMATCH if a glob matches several */
export function fileOf(given: string, key: string): string {
  const files = filesOf(given, key);
  if (files.length === 1) return files[0] as string;
  throw new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: key,
    message: `${printable(given)} matches ${files.length} files; expected one`,
    next: `name one of them, for example ${printable(files[0] as string)}`,
  });
}

/** Whether a path names files by a pattern; one that is there under that very name does not. */
function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern) && statsOf(pattern) === undefined;
}

function matching(pattern: string, key: string): string[] {
  const { root } = path.parse(pattern);
  const parts = pattern.slice(root.length).split(path.sep);
  let places = [root === '' ? '.' : root];
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    if (part === '' || part === '.') continue;
    if (part === '**') places = isLast ? filesBelow(places, pattern, key) : foldersBelow(places, pattern, key);
    else if (/[*?]/.test(part)) places = places.flatMap((place) => namesIn(place, part).map((name) => path.join(place, name)));
    else places = places.map((place) => path.join(place, part));
    if (places.length > MOST_FILES) throw tooMany(pattern, key);
  }
  const files = [...new Set(places)].filter((place) => statsOf(place)?.isFile() === true).toSorted(byCodePoint);
  if (files.length > 0) return files;
  const folders = places.some((place) => statsOf(place)?.isDirectory() === true);
  throw new GradloomError({
    code: 'E_DATA_READ',
    where: key,
    message: `no file matches ${printable(pattern)}${folders ? ', only directories' : ''}`,
    next: folders ? `name the files in them, as ${printable(`${pattern}${path.sep}*`)}` : NEXT_MISSING,
  });
}

/** Folders, and all below them; links to folders are not followed, so none is seen twice. */
function foldersBelow(places: readonly string[], pattern: string, key: string): string[] {
  const folders = places.filter((place) => statsOf(place)?.isDirectory() === true);
  // The list grows while it is gone through.
  for (const folder of folders) {
    for (const entry of entriesOf(folder))
      if (entry.isDirectory() && !entry.name.startsWith('.')) folders.push(path.join(folder, entry.name));
    if (folders.length > MOST_FOLDERS) throw tooMany(pattern, key);
  }
  return folders;
}

function filesBelow(places: readonly string[], pattern: string, key: string): string[] {
  return foldersBelow(places, pattern, key).flatMap((folder) => namesIn(folder, '*').map((name) => path.join(folder, name)));
}

function namesIn(folder: string, glob: string): string[] {
  const names = entriesOf(folder).map(({ name }) => name);
  return names.filter((name) => (glob.startsWith('.') || !name.startsWith('.')) && matchesGlob(glob, name));
}

function entriesOf(folder: string): { name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Not there, no folder, or not ours to look into: nothing in it matches.
    return [];
  }
}

/** UTF-8 has the order of code points; JavaScript's own comparison has not, beyond the first 65,536. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Device and inode: the same for every name of a file. */
function identityOf(file: string, key: string): string {
  let stats: Stats;
  try {
    stats = statSync(file);
    if (stats.isFile()) accessSync(file, constants.R_OK);
  } catch (cause) {
    throw unreadable(key, `${printable(file)} cannot be read: ${errnoText(cause)}`, `${NEXT_MISSING}, and its permissions`, cause);
  }
  if (stats.isDirectory()) {
    const next = `name the files in it, as ${printable(path.join(file, '*'))}; of folders only \`type: images\` is made`;
    throw unreadable(key, `${printable(file)} is a directory; expected a file`, next);
  }
  if (!stats.isFile()) throw unreadable(key, `${printable(file)} is not a regular file`, 'copy what it gives to a file, and name that');
  return stats.ino === 0 ? path.resolve(file) : `${stats.dev}:${stats.ino}`;
}

/** Whether a directory is there, or a link to one. */
export function isDirectory(file: string): boolean {
  return statsOf(file)?.isDirectory() === true;
}

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // Below something that is no directory, or not ours to look at.
    return undefined;
  }
}

function unreadable(key: string, message: string, next: string, cause?: unknown): GradloomError {
  return new GradloomError({ code: 'E_DATA_READ', where: key, message, next, cause });
}

function twice(file: string, key: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: key,
    message: `${printable(file)} stands twice, so its rows would count double and stand in two splits`,
    next: 'name each file once; a glob and a name beside it can mean the same one',
  });
}

function tooMany(pattern: string, key: string): GradloomError {
  const message = `${printable(pattern)} matches more than ${MOST_FILES} files, or looks into more than ${MOST_FOLDERS} folders`;
  return new GradloomError({ code: 'E_DATA_TOO_LARGE', where: key, message, next: 'name fewer files, or put their rows into larger ones' });
}
