import { existsSync } from 'node:fs';
import { printable } from '../../errors.ts';
import type { Arguments, Positionals } from './command.ts';

/** An experiment or another file that has keys, and changes to it. */
export const FILE_AND_OVERRIDES: Positionals = {
  notation: '<file> [overrides..]',
  describe: { file: 'experiment file (YAML)', overrides: 'key=value sets, +key=value adds, ~key removes' },
  problem: ([file, ...overrides], command) => {
    if (file === undefined || file === '') return `FILE is missing; expected gradloom ${command} FILE [key=value ...]`;
    if (/^(?:\+\+|\+|~)?\w[\w.]*=/.test(file) && !existsSync(file)) return `FILE is missing; ${printable(file)} is an override`;
    const odd = overrides.find((word) => !word.includes('=') && !word.startsWith('~'));
    return odd === undefined ? undefined : `${printable(odd)}: not an override; expected key=value, +key=value or ~key`;
  },
};

export const NO_WORDS: Positionals = {
  notation: '',
  describe: {},
  problem: ([first], command) => (first === undefined ? undefined : `${printable(first)}: gradloom ${command} takes no arguments`),
};

/** @param file  what the file is, for the help */
export function fileAndOverrides(file: string): Positionals {
  return { ...FILE_AND_OVERRIDES, describe: { ...FILE_AND_OVERRIDES.describe, file } };
}

/** The words of FILE_AND_OVERRIDES. */
export function fileOf(args: Arguments): { file: string; overrides: string[] } {
  return { file: args.text('file') ?? '', overrides: args.texts('overrides') };
}

/** `--workers N`, a number or auto. */
export function workersOf(args: Arguments): string | undefined {
  const given = args.text('workers');
  if (given === undefined || given === 'auto' || /^\d+$/.test(given)) return given;
  throw args.error(`--workers: expected a whole number or auto; got ${printable(given)}`);
}
