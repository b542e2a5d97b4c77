import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { closest } from '../../config/text/closest.ts';
import { GradloomError, printable } from '../../errors.ts';
import { trialLogPath } from './log.ts';

const DEFAULT_SWEEPS = 'sweeps';
const LAST = ['@last', 'last'];
const SHOWN_MATCHES = 5;

/**
 * Finds a sweep as people name it: by path, by the name of its directory, by the start of it or the digits at its end that no other has,
 * or `@last` for the one that was worked on last.
 *
 * @param parent  where to look for names
 * @returns the path of its directory; a path given is taken as it is
 * @throws GradloomError E_SWEEP_NOT_FOUND naming what is close, or the candidates
 */
export function findSweep(word: string, parent: string = DEFAULT_SWEEPS): string {
  if (/[/\\]|^\.\.?$/.test(word) || isSweep(word)) return word;
  const names = existsSync(parent) ? readdirSync(parent).filter((name) => isSweep(path.join(parent, name))) : [];
  if (names.length === 0) throw notFound(word, `no sweeps in ${printable(parent)}`);
  if (LAST.includes(word)) {
    return path.join(
      parent,
      names.reduce((last, name) => (changedAt(parent, name) > changedAt(parent, last) ? name : last)),
    );
  }
  const exact = names.filter((name) => name === word || name.endsWith(`-${word}`));
  const matches = exact.length > 0 ? exact : names.filter((name) => name.startsWith(word));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return path.join(parent, match);
  if (matches.length > 1) {
    const shown = matches.slice(0, SHOWN_MATCHES).map((name) => printable(name));
    throw notFound(word, `${matches.length} sweeps are called so: ${shown.join(', ')}${matches.length > shown.length ? ', ...' : ''}`);
  }
  const near = closest(word, names);
  throw notFound(word, `no such sweep in ${printable(parent)}${near === undefined ? '' : `; did you mean ${near}?`}`);
}

function isSweep(directory: string): boolean {
  return directory !== '' && !directory.includes('\0') && existsSync(path.join(directory, 'sweep.yaml'));
}

function changedAt(parent: string, name: string): number {
  const directory = path.join(parent, name);
  return statSync(trialLogPath(directory), { throwIfNoEntry: false })?.mtimeMs ?? statSync(directory).mtimeMs;
}

function notFound(word: string, message: string): GradloomError {
  return new GradloomError({ code: 'E_SWEEP_NOT_FOUND', where: printable(word), message, next: 'name the directory of a sweep, or @last' });
}
