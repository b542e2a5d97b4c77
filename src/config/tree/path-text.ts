import { homedir } from 'node:os';
import { isAbsolute, join, parse, resolve, sep } from 'node:path';
import { printable } from '../../errors.ts';
import type { Source } from '../text/source.ts';
import type { PathReading } from './plain.ts';

const HOME = /^~(?=$|[/\\])/;
const OTHER_HOME = /^~[^/\\]/;
/** What a shell would replace: `$HOME`, `${HOME}`, `$(pwd)`. */
const VARIABLE = /\$[A-Za-z_{(]/;

/**
 * What is wrong with a path as it is written; a `./` in it makes everything else in it a name.
 *
 * @param isBelow  only a path relative to the file's directory is allowed there
 */
export function pathFault(text: string, kind: Source['kind'], isBelow = false): string | undefined {
  if (isLiteral(text)) return undefined;
  const whole = isBelow ? 'a relative path' : 'the whole path';
  const instead = (cure: string) =>
    `got ${printable(text, 80)}; expected ${cure}, or ${printable(literalPath(text), 80)} for a file of that very name`;
  if (OTHER_HOME.test(text)) return `only your own home directory is known, as ~/; ${instead(whole)}`;
  if (HOME.test(text) && homeDirectory() === undefined) return `your home directory is not known; ${instead(whole)}`;
  // A program has replaced its variables, and an absolute path may lie in a directory that is named so.
  if (VARIABLE.test(text) && !(kind === 'object' && isAbsolute(text))) {
    return `variables are not replaced in paths; ${instead(isBelow ? whole : `${whole}, or ~/ for your home directory`)}`;
  }
  return undefined;
}

/** The path with a leading `~` replaced by the user's home directory. */
export function expandHome(text: string): string {
  return HOME.test(text) ? join(homeDirectory() ?? '~', text.slice(1)) : text;
}

/** Paths as this machine's system has them. */
export const SYSTEM_PATHS: PathReading = {
  fault: pathFault,
  absolute: (directory, text) => resolve(directory, expandHome(text)),
  expanded: expandHome,
};

/** A path as a file must say it, where it means itself: `./~` for a directory named `~`, and `/./tmp/$x`. */
export function literalPath(path: string): string {
  if (isLiteral(path) || !(VARIABLE.test(path) || path.startsWith('~'))) return path;
  const { root } = parse(path);
  return `${root}.${sep}${path.slice(root.length)}`;
}

function isLiteral(path: string): boolean {
  return path.split(/[/\\]/).includes('.');
}

function homeDirectory(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    // A user without an entry in the system's list, and no HOME.
    return undefined;
  }
}
