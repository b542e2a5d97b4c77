import { readdirSync } from 'node:fs';
import path from 'node:path';
import { bundledNames } from '../../config/text/bundled.ts';
import { printable } from '../../errors.ts';
import type { Command, CommandGroup, OptionSpec } from '../arguments/command.ts';
import { COMMANDS, GLOBAL_OPTIONS, HELP_OPTIONS, isGroup } from '../verbs/commands.ts';
import { type Candidate, overrideCandidates } from './keys.ts';

/** What the shell offers besides: names of files. */
export interface Completion {
  candidates: readonly Candidate[];
  files: boolean;
}

/** More runs than this are not offered; the latest are. */
const MOST_RUNS = 200;
const MAX_DESCRIBE = 70;
/** Options whose value is no file. */
const NO_FILE = /^(?:N|S|C|MODE|LIST|WHICH|COL|COND|TAG|GLOB|FORM|FORMAT|URL|METRIC=VALUE|COLUMN|NAME)$/;

/**
 * What may come next on a command line.
 *
 * @param words  all behind the program's name; the last is what was begun, perhaps empty
 */
export function complete(words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const begun = words.at(-1) ?? '';
  const place = placeOf(before);
  if (place === undefined) return { candidates: [], files: false };
  const all = completionAt(begun, place, before);
  return { files: all.files, candidates: all.candidates.filter(({ text }) => text.startsWith(begun)) };
}

/** The lines that a shell reads: candidates with what they mean behind a tab, then perhaps a request for files. */
export function completionLines({ candidates, files }: Completion): string {
  const lines = candidates.map(({ text, describe }) => {
    const meaning = describe === undefined ? '' : `\t${printable(describe, MAX_DESCRIBE)}`;
    return `${printable(text, Number.POSITIVE_INFINITY)}${meaning}`;
  });
  return [...lines, ...(files ? [':files'] : [])].map((line) => `${line}\n`).join('');
}

interface Place {
  command: Command | undefined;
  group: CommandGroup | undefined;
  /** Words given to the command. */
  given: number;
  /** Whose value comes next. */
  option: (OptionSpec & { name: string }) | undefined;
}

/** @returns undefined behind a word that is no command */
function placeOf(before: readonly string[]): Place | undefined {
  let command: Command | undefined;
  let group: CommandGroup | undefined;
  let given = 0;
  let option: Place['option'];
  for (const word of before) {
    if (option !== undefined) option = undefined;
    else if (word.startsWith('-')) option = takingValue(word, command);
    else if (command !== undefined) given += 1;
    else {
      const commands: Readonly<Record<string, Command | CommandGroup>> = group?.commands ?? COMMANDS;
      const found = Object.hasOwn(commands, word) ? commands[word] : undefined;
      if (found !== undefined && isGroup(found)) group = found;
      else command = found;
      // `sweep FILE` is `sweep run FILE`.
      if (found === undefined && group?.forFile === undefined) return undefined;
      if (found === undefined && group?.forFile !== undefined) [command, given] = [group.commands[group.forFile], 1];
    }
  }
  return { command, group, given, option };
}

function takingValue(word: string, command: Command | undefined): Place['option'] {
  const [written = '', value] = word.split('=', 2);
  if (value !== undefined) return undefined;
  const options: Readonly<Record<string, OptionSpec>> = command?.options ?? {};
  const [name, spec] = Object.entries(options).find(([long, { short }]) => written === `--${long}` || written === `-${short}`) ?? [];
  return name === undefined || spec?.value === undefined ? undefined : { ...spec, name };
}

function completionAt(begun: string, { command, group, given, option }: Place, before: readonly string[]): Completion {
  if (option !== undefined) {
    const candidates = (option.values ?? []).map((text) => ({ text }));
    return { candidates, files: option.values === undefined && !NO_FILE.test(option.value ?? '') };
  }
  if (begun.startsWith('-')) return { candidates: [...optionsOf(command), ...joinedValues(begun, command)], files: false };
  if (command === undefined) {
    const commands: Readonly<Record<string, Command | CommandGroup>> = group?.commands ?? COMMANDS;
    const candidates = Object.entries(commands).map(([text, { describe }]) => ({ text, describe }));
    return { candidates, files: group?.forFile !== undefined };
  }
  const notation = command.positionals.notation.split(' ').map((word) => word.replace(/[<>[\]]/g, ''));
  const wanted = notation[given] ?? notation.findLast((word) => word.endsWith('..'));
  switch (wanted) {
    case 'run':
    case 'runs..':
      return { candidates: runsIn(dirOf(before) ?? 'runs'), files: true };
    case 'sweep':
      return { candidates: runsIn('sweeps'), files: true };
    case 'overrides..':
      return { candidates: overrideCandidates(begun), files: false };
    case 'file':
      return { candidates: bundledNames().map((text) => ({ text, describe: 'comes with gradloom' })), files: true };
    case undefined:
      return { candidates: [], files: false };
    default:
      return { candidates: (command.positionals.values ?? []).map((text) => ({ text })), files: command.positionals.values === undefined };
  }
}

function optionsOf(command: Command | undefined): Candidate[] {
  const all: Readonly<Record<string, OptionSpec>> = { ...command?.options, ...GLOBAL_OPTIONS, ...HELP_OPTIONS };
  return Object.entries(all).map(([name, { describe }]) => ({ text: `--${name}`, describe }));
}

/** `--to=onnx`: what an option takes, behind its `=`. */
function joinedValues(begun: string, command: Command | undefined): Candidate[] {
  const name = /^(?<name>--?[\w-]+)=/.exec(begun)?.groups?.['name'];
  const option = name === undefined ? undefined : takingValue(name, command);
  return (option?.values ?? []).map((value) => ({ text: `${name}=${value}` }));
}

/** The value of `--dir`. */
function dirOf(before: readonly string[]): string | undefined {
  const at = before.lastIndexOf('--dir');
  return at < 0 ? before.find((word) => word.startsWith('--dir='))?.slice('--dir='.length) : before[at + 1];
}

/** Ids of runs or sweeps, the latest first; none where the directory cannot be read. */
function runsIn(directory: string): Candidate[] {
  const latest = { text: '@last', describe: `the latest in ${path.basename(directory)}` };
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  const timeOf = (id: string): string => /-(\d{8}-\d{6})-[0-9a-f]{6}$/.exec(id)?.[1] ?? '';
  const ids = names
    .filter((name) => timeOf(name) !== '' && printable(name) === name)
    .toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)));
  return [...(ids.length === 0 ? [] : [latest]), ...ids.slice(0, MOST_RUNS).map((text) => ({ text }))];
}
