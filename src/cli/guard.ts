import { existsSync } from 'node:fs';
import { closestMatch } from 'leven';
import { isReserved } from '../config/reserved.ts';
import { GradloomError, printable } from '../errors.ts';
import {
  COMMANDS,
  FILE_POSITIONALS,
  GLOBAL_OPTIONS,
  HELP_OPTIONS,
  isVerb,
  type OptionSpec,
  SCHEMA_KINDS,
  VERBS,
  type Verb,
} from './options.ts';

const SHARED_OPTIONS: Record<string, OptionSpec> = { ...GLOBAL_OPTIONS, ...HELP_OPTIONS };
/** Wrong letters that a misspelling may have, for each of its letters. */
const NEAR = 0.4;

/** A usage error; `next` is the help that explains. */
export function usageError(message: string, verb?: Verb): GradloomError {
  return new GradloomError({ code: 'E_USAGE', message, next: verb === undefined ? 'gradloom --help' : `gradloom ${verb} --help` });
}

/**
 * Checks arguments before yargs sees them: it crashes on names of Object.prototype, and takes an empty, missing or repeated value,
 * or a value for a flag, without a word.
 *
 * @returns the same arguments with options last and written `--name=value`, which leaves yargs nothing to guess
 * @throws GradloomError E_USAGE naming the option or the command
 */
export function guardArguments(argv: readonly string[]): string[] {
  const separated = separate(argv);
  const asksHelp = separated.words[0] === 'help';
  const words = separated.words.slice(asksHelp ? 1 : 0);
  const pairs: Pair[] = asksHelp ? [...separated.pairs, ['help', undefined, 'help']] : separated.pairs;
  const [first] = words;
  const wantsText = pairs.some(([name]) => Object.hasOwn(HELP_OPTIONS, name));
  const verb = first !== undefined && isVerb(first) ? first : undefined;
  if (first !== undefined && verb === undefined) throw unknownCommand(first);
  const known: Record<string, OptionSpec> = { ...SHARED_OPTIONS, ...(verb && COMMANDS[verb].options) };
  const seen = new Set<string>();
  for (const [name, value, written] of pairs) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) throw unknownOption(written, name, known, verb);
    if (option.value === undefined) {
      if (value !== undefined) throw usageError(`${written}: takes no value; got ${printable(value)}`, verb);
      continue;
    }
    if (value === undefined || value === '')
      throw usageError(`${written}: the value is missing; expected ${written} ${option.value}`, verb);
    if (seen.has(name)) throw usageError(`${written}: given more than once`, verb);
    seen.add(name);
  }
  if (first === undefined && !wantsText) throw usageError(`no command; expected one of ${VERBS.join(', ')}`);
  if (verb !== undefined && !wantsText) checkWords(verb, words.slice(1));
  const dashed = words.find((word) => word.startsWith('-') && word !== '-');
  if (dashed !== undefined) throw usageError(`${printable(dashed)}: starts with a dash; write a file as ./${printable(dashed)}`, verb);
  return [...words, ...pairs.map(([name, value]) => (value === undefined ? `--${name}` : `--${name}=${value}`))];
}

type Pair = [name: string, value: string | undefined, written: string];

/** Options, which may stand anywhere, and words. After `--` there are only words. */
function separate(argv: readonly string[]): { pairs: Pair[]; words: string[] } {
  const pairs: Pair[] = [];
  const words: string[] = [];
  for (let i = 0; i < argv.length; i += 1) {
    const arg = argv[i] ?? '';
    if (arg === '--') return { pairs, words: [...words, ...argv.slice(i + 1)] };
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const [written = '', ...rest] = arg.split('=');
    const name = longName(written);
    // Only an option that takes a value takes the next argument, and never one that looks like an option.
    const next = argv[i + 1];
    const takesNext = rest.length === 0 && takesValue(name) && next !== undefined && !next.startsWith('--');
    pairs.push([name, takesNext ? next : rest.length > 0 ? rest.join('=') : undefined, written]);
    if (takesNext) i += 1;
  }
  return { pairs, words };
}

function longName(written: string): string {
  if (written.startsWith('--')) return written.slice(2);
  const short = written.slice(1);
  return Object.entries(SHARED_OPTIONS).find(([, option]) => option.short === short)?.[0] ?? written;
}

function takesValue(name: string): boolean {
  return Object.values<{ options: Record<string, OptionSpec> }>(COMMANDS).some(
    ({ options }) => Object.hasOwn(options, name) && options[name]?.value !== undefined,
  );
}

function nearest(word: string, words: readonly string[]): string | undefined {
  return closestMatch(word, words, { maxDistance: Math.max(1, Math.floor(word.length * NEAR)) });
}

/** How many words a command takes, and which. */
function checkWords(verb: Verb, words: readonly string[]): void {
  const { positionals } = COMMANDS[verb];
  const [first, second] = words;
  if (positionals === FILE_POSITIONALS) {
    if (first === undefined || first === '') throw usageError(`FILE is missing; expected gradloom ${verb} FILE [key=value ...]`, verb);
    if (/^(?:\+\+|\+|~)?\w[\w.]*=/.test(first) && !existsSync(first))
      throw usageError(`FILE is missing; ${printable(first)} is an override`, verb);
    const odd = words.slice(1).find((word) => !word.includes('=') && !word.startsWith('~'));
    if (odd !== undefined) throw usageError(`${printable(odd)}: not an override; expected key=value, +key=value or ~key`, verb);
    return;
  }
  if (positionals === '' && first !== undefined) throw usageError(`${printable(first)}: gradloom ${verb} takes no arguments`, verb);
  if (first !== undefined && !SCHEMA_KINDS.some((kind) => kind === first))
    throw usageError(`no schema of ${printable(first)}; expected ${SCHEMA_KINDS.join(' or ')}`, verb);
  if (second !== undefined) throw usageError(`${printable(second)}: gradloom ${verb} takes one argument`, verb);
}

function unknownCommand(word: string): GradloomError {
  const near = nearest(word, VERBS);
  const hint = near === undefined ? `expected one of ${VERBS.join(', ')}` : `did you mean ${near}?`;
  return usageError(`unknown command ${printable(word)}; ${hint}`);
}

function unknownOption(written: string, name: string, known: Record<string, OptionSpec>, verb: Verb | undefined): GradloomError {
  if (name.split('.').some(isReserved)) return usageError(`${printable(written)}: reserved name`, verb);
  const owners = Object.entries<{ options: Record<string, OptionSpec> }>(COMMANDS)
    .filter(([, { options }]) => Object.hasOwn(options, name))
    .map(([owner]) => owner);
  if (owners.length > 0) {
    const have = owners.length === 1 ? 'has' : 'have';
    return usageError(`${printable(written)}: only gradloom ${owners.join(' and ')} ${have} this option`, verb);
  }
  const near = nearest(name, Object.keys(known));
  const hint = near === undefined ? '' : `; did you mean --${near}?`;
  // Who comes from other tools writes --lr 0.1.
  const override =
    verb !== undefined && COMMANDS[verb].positionals === FILE_POSITIONALS ? '; values of the experiment are changed by key=value' : '';
  return usageError(`unknown option ${printable(written)}${hint === '' ? override : hint}`, verb);
}
