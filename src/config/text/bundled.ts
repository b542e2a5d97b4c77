import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { printable } from '../../errors.ts';
import { closest } from './closest.ts';

/** Files that come with gradloom, seen from the compiled code. */
export const FOLDER = fileURLToPath(new URL('../../../../configs', import.meta.url));
/** `mnist`, `mnist.yaml`, `configs/mnist.yaml`: with the folder as the README writes it, or without. */
const NAME = /^(?:\.[\\/])?(?:configs[\\/])?(?<stem>[\w-]+)(?:\.ya?ml)?$/;

export interface FoundConfig {
  /** The file to read: as it was named, or one that comes with gradloom. */
  file: string;
  /** What to tell the user where it is not the file that was named. */
  notice?: string;
}

/** The names by which the files that come with gradloom are found. */
export function bundledNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.basename(name, '.yaml'))
    .toSorted();
}

/**
 * The file that a word means: the one at that path or, where none is, one of those that come with gradloom, by its name.
 *
 * @param word  a path, or a name such as `mnist` or `configs/mnist.yaml`
 */
export function findConfig(word: string): FoundConfig {
  const file = isFile(word) ? undefined : bundledConfig(word);
  if (file === undefined) return { file: word };
  const inside = path.relative(process.cwd(), file);
  const shown = inside.startsWith('..') || path.isAbsolute(inside) ? file : inside;
  return {
    file: shown,
    notice: `${printable(word)} is not a file here: taking the one that comes with gradloom, ${printable(shown, 500)}`,
  };
}

/** The path of a file that comes with gradloom; undefined if a word names none. */
export function bundledConfig(word: string): string | undefined {
  const stem = NAME.exec(word)?.groups?.['stem'];
  return stem !== undefined && bundledNames().includes(stem) ? path.join(FOLDER, `${stem}.yaml`) : undefined;
}

/** What to do about a file that is not there: a name beside it that is close, or those that need no file. */
export function aboutMissing(file: string): string {
  const name = path.basename(file);
  const beside = closest(name, yamlFilesIn(path.dirname(file)));
  if (beside !== undefined) return `did you mean ${printable(path.join(path.dirname(file), beside))}?`;
  const names = bundledNames();
  const near = closest(name.replace(/\.ya?ml$/, ''), names);
  if (near !== undefined)
    return `did you mean ${near}? These come with gradloom and are found by their names from anywhere: ${names.join(', ')}`;
  return `check the path, or name one of those that come with gradloom: ${names.join(', ')}`;
}

function yamlFilesIn(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
}

function isFile(word: string): boolean {
  const found = statSync(word, { throwIfNoEntry: false });
  return found !== undefined && !found.isDirectory();
}
