import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { readError } from '../../storage/read.ts';
import { byCodePoint } from '../files/paths.ts';

/** Pictures in folders, one a class. */
export interface PictureFolder {
  /** Names of the folders: class c is `classes[c]`. */
  classes: readonly string[];
  /** Sorted by class, then by name. */
  files: readonly PictureFile[];
}

export interface PictureFile {
  path: string;
  /** Number of its class. */
  label: number;
}

/** What desktops leave behind in folders. */
const LITTER = /^(?:\..*|Thumbs\.db|desktop\.ini)$/i;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const LAYOUT = 'put the pictures of each class into a folder named as the class: train/cat/1.png, train/dog/2.png';

/**
 * The pictures of a folder that holds a folder for each class, in an order that is the same on every machine: classes sorted as numbers by
 * value if all are numbers, else by code point, and the files of each by code point. Hidden files are left out; links are followed, also to
 * elsewhere.
 *
 * @param known  the classes that there are to be; without it, the names of the folders
 * @throws GradloomError E_DATA_READ, E_DATA_EMPTY if there is no class or a class has no picture, E_DATA_MISMATCH for what is no class
 */
export function listClasses(root: string, known?: readonly string[]): PictureFolder {
  const names = namesIn(root).map((entry) => entry.name);
  const stray = names.find((name) => !isFolder(path.join(root, name)));
  if (stray !== undefined) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(path.join(root, stray)),
      message: 'a file beside the folders; expected folders only, one a class',
      next: LAYOUT,
    });
  }
  if (names.length === 0) {
    throw new GradloomError({ code: 'E_DATA_EMPTY', where: printable(root), message: 'holds no folder with pictures', next: LAYOUT });
  }
  const classes = known ?? sortedClasses(names);
  const foreign = names.find((name) => !classes.includes(name));
  if (foreign !== undefined) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(path.join(root, foreign)),
      message: `a class that the training pictures do not have; theirs are ${printable(classes.join(', '))}`,
      next: 'rename the folder, or add the class to the training pictures',
    });
  }
  const present = classes.map((name, label) => ({ name, label })).filter(({ name }) => names.includes(name));
  return { classes, files: present.flatMap(({ name, label }) => filesOf(path.join(root, name)).map((file) => ({ path: file, label }))) };
}

/**
 * The pictures that lie in a folder, by code point of their names.
 *
 * @throws GradloomError E_DATA_READ; E_DATA_EMPTY if there is none; E_DATA_MISMATCH if there is a folder
 */
export function filesOf(folder: string): string[] {
  const files = namesIn(folder).map(({ name }) => path.join(folder, name));
  if (files.length === 0) {
    const next = 'put pictures into it, or remove the folder';
    throw new GradloomError({ code: 'E_DATA_EMPTY', where: printable(folder), message: 'a folder without a picture', next });
  }
  return files;
}

/** Names that are not hidden, by code point. */
function namesIn(folder: string): Dirent[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOTDIR') throw readError(folder, cause);
    throw new GradloomError({ code: 'E_DATA_READ', where: printable(folder), message: 'a file; expected a folder', next: LAYOUT });
  }
  return entries.filter(({ name }) => !LITTER.test(name)).sort((a, b) => byCodePoint(a.name, b.name));
}

/**
 * The pictures that lie in a folder and in the folders below it, in the order of their names; links to folders are not followed.
 *
 * @throws GradloomError E_DATA_READ; E_DATA_EMPTY if there is none
 */
export function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const list = (at: string): void => {
    for (const entry of namesIn(at)) {
      if (entry.isDirectory()) list(path.join(at, entry.name));
      else files.push(path.join(at, entry.name));
    }
  };
  list(folder);
  if (files.length > 0) return files;
  throw new GradloomError({
    code: 'E_DATA_EMPTY',
    where: printable(folder),
    message: 'a folder without a picture',
    next: 'name a folder with PNG or JPEG pictures',
  });
}

/** Whether a path is that of a folder, not of a picture. @throws GradloomError E_DATA_READ if it cannot be looked at */
export function isFolder(at: string): boolean {
  try {
    return statSync(at).isDirectory();
  } catch (cause) {
    throw readError(at, cause);
  }
}

/** Numbers by value where all are numbers, else by code point. */
export function sortedClasses(names: readonly string[]): string[] {
  const areNumbers = names.every((name) => NUMBER.test(name));
  return names.toSorted((a, b) => (areNumbers ? Number(a) - Number(b) : 0) || byCodePoint(a, b));
}
