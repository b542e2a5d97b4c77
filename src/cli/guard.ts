import { existsSync } from 'node:fs';
import { closestMatch } from 'leven';
import { bundledConfig } from '../config/text/bundled.ts';
import { isReserved } from '../config/text/reserved.ts';
import { type GradloomError, printable } from '../errors.ts';
import { type Command, type CommandGroup, type OptionSpec, usageError } from './arguments/command.ts';
import { FILE_AND_OVERRIDES } from './arguments/positionals.ts';
import { allCommands, COMMANDS, GLOBAL_OPTIONS, HELP_OPTIONS, isGroup } from './verbs/commands.ts';

const SHARED_OPTIONS: Record<string, OptionSpec> = { ...GLOBAL_OPTIONS, ...HELP_OPTIONS };
/** Wrong letters that a misspelling may have, for each of its letters. */
const NEAR = 0.4;

/** Where the words of the command line have led so far. */
interface Place {
  /** The words that name it, such as `runs ls`; empty at the start. */
  name: string;
  command?: Command;
  group?: CommandGroup;
}

type Pair = [name: string, value: string | undefined, written: string];

/** The command line taken apart. */
interface Parts {
  place: Place;
  asksHelp: boolean;
  /** What follows the command's name. */
  words: readonly string[];
  pairs: readonly Pair[];
}

/** A command line that is understood: a command with what was given to it, a question for the version, or one for help, in words for yargs. */
export type Guarded = Given | { kind: 'version' } | { kind: 'help'; argv: readonly string[] };

export interface Given {
  kind: 'command';
  /** `runs ls` */
  name: string;
  command: Command;
  words: readonly string[];
  /** By name: true for a flag, a list for an option that repeats. */
  options: Readonly<Record<string, true | string | readonly string[]>>;
}

/**
 * Takes the command line apart, and refuses what yargs would crash on or take without a word: names of Object.prototype, and an empty,
 * missing or repeated value, or a value for a flag.
 *
 * @throws GradloomError E_USAGE naming the option or the command
 */
export function guardArguments(argv: readonly string[]): Guarded {
  const { place, asksHelp, words, pairs } = separate(argv);
  const { name, command, group } = place;
  const within = name === '' ? undefined : name;
  const [first] = words;
  if (command === undefined && first !== undefined) throw unknownCommand(first, place);
  checkOptions(pairs, place);
  const wantsHelp = asksHelp || pairs.some(([option]) => option === 'help');
  const wantsText = wantsHelp || pairs.some(([option]) => option === 'version');
  if (command === undefined && !wantsText) {
    const missing = within === undefined ? 'no command' : `gradloom ${within}: no command`;
    throw usageError(`${missing}; expected one of ${Object.keys(group?.commands ?? COMMANDS).join(', ')}`, within);
  }
  const problem = wantsText ? undefined : command?.positionals.problem(words, name);
  if (problem !== undefined) throw usageError(problem, within);
  const dashed = words.find((word) => word.startsWith('-') && word !== '-');
  if (dashed !== undefined) throw usageError(`${printable(dashed)}: starts with a dash; write a file as ./${printable(dashed)}`, within);
  if (command !== undefined && !wantsText) return { kind: 'command', name, command, words, options: optionsOf(command, pairs) };
  if (!wantsHelp) return { kind: 'version' };
  const options = pairs.map(([option, value]) => (value === undefined ? `--${option}` : `--${option}=${value}`));
  return { kind: 'help', argv: [...name.split(' ').filter(Boolean), ...words, ...options, ...(asksHelp ? ['--help'] : [])] };
}

function optionsOf(command: Command, pairs: readonly Pair[]): Given['options'] {
  const known: Record<string, OptionSpec> = { ...SHARED_OPTIONS, ...command.options };
  const valuesOf = (name: string): string[] => pairs.flatMap(([other, value]) => (other === name && value !== undefined ? [value] : []));
  return Object.fromEntries(pairs.map(([name, value]) => [name, known[name]?.repeats === true ? valuesOf(name) : (value ?? true)]));
}

/** @throws GradloomError E_USAGE for an option that is unknown here, or has a value too many or too few */
function checkOptions(pairs: readonly Pair[], { name: place, command }: Place): void {
  const within = place === '' ? undefined : place;
  const known: Record<string, OptionSpec> = { ...SHARED_OPTIONS, ...command?.options };
  const seen = new Set<string>();
  for (const [name, value, written] of pairs) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) throw unknownOption(written, name, known, { name: place, ...(command && { command }) });
    if (option.value === undefined) {
      if (value !== undefined) throw usageError(`${written}: takes no value; got ${printable(value)}`, within);
      continue;
    }
    if (value === undefined || value === '')
      throw usageError(`${written}: the value is missing; expected ${written} ${option.value}`, within);
    if (seen.has(name) && option.repeats !== true) throw usageError(`${written}: given more than once`, within);
    seen.add(name);
  }
}

/** Options, which may stand anywhere, and words, the first of which name the command. After `--` there are only words. */
function separate(argv: readonly string[]): Parts {
  const pairs: Pair[] = [];
  const words: string[] = [];
  let place: Place = { name: '' };
  let asksHelp = false;
  const addWord = (word: string): void => {
    const next = words.length > 0 ? undefined : stepInto(place, word);
    if (next === undefined && words.length === 0 && isFileName(word)) place = forFile(place);
    if (next !== undefined) place = next;
    else if (word === 'help' && place.name === '' && words.length === 0 && !asksHelp) asksHelp = true;
    else words.push(word);
  };
  for (let i = 0; i < argv.length; i += 1) {
    const arg = argv[i] ?? '';
    if (arg === '--') {
      for (const word of argv.slice(i + 1)) addWord(word);
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      addWord(arg);
      continue;
    }
    const [written = '', ...rest] = arg.split('=');
    // Before a file's name, its command's options count.
    const { command } = forFile(place);
    const name = longName(written, command);
    if (place.command?.positionals.dashRemoves === true && !arg.startsWith('--') && !Object.hasOwn(SHARED_OPTIONS, name)) {
      words.push(`~${arg.slice(1)}`);
      continue;
    }
    // Only an option that takes a value takes the next argument, and never one that looks like an option or names the command.
    const next = argv[i + 1];
    const isFree = next !== undefined && !next.startsWith('--') && stepInto(place, next) === undefined;
    const takesNext = rest.length === 0 && isFree && takesValue(name, command);
    pairs.push([name, takesNext ? next : rest.length > 0 ? rest.join('=') : undefined, written]);
    if (takesNext) i += 1;
  }
  return { place, asksHelp, words, pairs };
}

/** Where a word leads from a place; undefined if it names no command there. */
function stepInto({ name, command, group }: Place, word: string): Place | undefined {
  const commands: Readonly<Record<string, Command | CommandGroup>> = command !== undefined ? {} : (group?.commands ?? COMMANDS);
  const found = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (found === undefined) return undefined;
  return { name: `${name} ${word}`.trim(), ...(isGroup(found) ? { group: found } : { command: found }) };
}

/** The command that is meant if a file's name stands next; the place itself where that is no matter of course. */
function forFile(place: Place): Place {
  const { name, command, group } = place;
  const meant = command === undefined && group?.forFile !== undefined ? group.commands[group.forFile] : undefined;
  return meant === undefined ? place : { name: `${name} ${group?.forFile}`, command: meant };
}

function isFileName(word: string): boolean {
  return /\.ya?ml$/i.test(word) || existsSync(word) || bundledConfig(word) !== undefined;
}

function longName(written: string, command: Command | undefined): string {
  if (written.startsWith('--')) return written.slice(2);
  const short = written.slice(1);
  return Object.entries({ ...SHARED_OPTIONS, ...command?.options }).find(([, option]) => option.short === short)?.[0] ?? written;
}

/** Whether an option takes a value: as the command says or, before the command's name or where it knows no such option, as any does. */
function takesValue(name: string, command: Command | undefined): boolean {
  const takes = ({ options }: Command): boolean => Object.hasOwn(options, name) && options[name]?.value !== undefined;
  if (command !== undefined && Object.hasOwn(command.options, name)) return takes(command);
  return allCommands().some(([, other]) => takes(other));
}

function nearest(word: string, words: readonly string[]): string | undefined {
  // In a short word, two letters swapped are too many changes.
  const lettersOf = (text: string): string => text.split('').toSorted().join('');
  const swapped = words.find((other) => lettersOf(other) === lettersOf(word));
  if (swapped !== undefined) return swapped;
  return closestMatch(word, words, { maxDistance: Math.max(1, Math.floor(word.length * NEAR)) });
}

function unknownCommand(word: string, { name, group }: Place): GradloomError {
  const words = Object.keys(group?.commands ?? COMMANDS);
  const full = (last: string): string => `${name} ${last}`.trim();
  const near = nearest(word, words);
  const hint = near === undefined ? `expected one of ${words.join(', ')}` : `did you mean ${full(near)}?`;
  return usageError(`unknown command ${full(printable(word))}; ${hint}`, name === '' ? undefined : name);
}

function unknownOption(written: string, name: string, known: Record<string, OptionSpec>, { name: place, command }: Place): GradloomError {
  const within = place === '' ? undefined : place;
  if (name.split('.').some(isReserved)) return usageError(`${printable(written)}: reserved name`, within);
  const owners = allCommands()
    .filter(([, { options }]) => Object.hasOwn(options, name))
    .map(([owner]) => owner);
  if (owners.length > 0) {
    const all = [owners.slice(0, -1).join(', '), ...owners.slice(-1)].filter(Boolean).join(' and ');
    return usageError(`${printable(written)}: only gradloom ${all} ${owners.length === 1 ? 'has' : 'have'} this option`, within);
  }
  const near = nearest(name, Object.keys(known));
  if (near !== undefined) return usageError(`unknown option ${printable(written)}; did you mean --${near}?`, within);
  // Who comes from other tools writes --lr 0.1.
  const isChangeable = command?.positionals.notation === FILE_AND_OVERRIDES.notation;
  return usageError(
    `unknown option ${printable(written)}${isChangeable ? '; values of the experiment are changed by key=value' : ''}`,
    within,
  );
}
