import { printable } from '../../errors.ts';
import type { SweepState } from '../../sweep/trial.ts';
import type { Arguments, OptionSpec, Positionals } from './command.ts';
import { countOf } from './runs.ts';

/** The directory of one sweep; without it the latest in ./sweeps. */
export const SWEEP_WORD: Positionals = {
  notation: '[sweep]',
  describe: { sweep: "a sweep's directory, its id or an unambiguous start of it; default @last, the latest in ./sweeps" },
  problem: ([first, second], command) => {
    if (first === '') return `the sweep's name is empty; expected gradloom ${command} SWEEP`;
    return second === undefined ? undefined : `${printable(second)}: one argument too many; expected gradloom ${command} SWEEP`;
  },
};

export function sweepOf(args: Arguments): string {
  return args.text('sweep') ?? '@last';
}

/** Finds the sweep and reads what its log says. */
export async function readSweepOf(word: string): Promise<SweepState> {
  const [{ findSweep }, { readSweep }] = await Promise.all([import('../../sweep/journal/find.ts'), import('../../sweep/session/read.ts')]);
  return readSweep(findSweep(word));
}

/** Options that are keys of a sweep file, with the key and what they take. */
const SETTINGS: readonly [option: string, key: string, word: 'auto' | 'max' | undefined][] = [
  ['run-cap', 'run_cap', undefined],
  ['cores', 'execution.cores', 'max'],
  ['trials', 'execution.trials', 'auto'],
  ['workers-per-trial', 'execution.workers_per_trial', 'auto'],
];
const ORDERS = ['logical', 'arrival'];

/** How trials share the cores. */
export const EXECUTION_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  cores: { value: 'N', describe: 'cores that the sweep uses, or max; the same as execution.cores=N' },
  trials: { value: 'N', describe: 'trials side by side, or auto; the same as execution.trials=N' },
  'workers-per-trial': { value: 'N', describe: 'worker threads of a trial, or auto; never changes a bit of a result' },
};

/** Options of commands that take a sweep file or an experiment. */
export const SEARCH_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  'run-cap': { value: 'N', short: 'n', describe: 'trials in all; the same as run_cap=N' },
  ...EXECUTION_OPTIONS,
  order: { value: 'ORDER', describe: 'logical (a sweep replays identically) or arrival (fastest)' },
  base: { value: 'FILE', describe: 'the experiment that a sweep file without base is about, as those of W&B; the same as base=FILE' },
  rename: {
    value: 'NAMES',
    repeats: true,
    describe: "names of the file for the experiment's keys: learn_rate=optimizer.lr,layer_1_size=model.layers.0.units",
  },
};

/** What the options say, as arguments in Hydra's grammar. */
export function settingsOf(args: Arguments): string[] {
  const settings = SETTINGS.flatMap(([option, key, word]) => {
    const text = args.text(option);
    if (text === undefined) return [];
    return [`${key}=${text === word ? text : countOrWord(args, option, word)}`];
  });
  settings.push(...renamesOf(args));
  const order = args.text('order');
  if (order === undefined) return settings;
  if (!ORDERS.includes(order)) throw args.error(`--order: expected ${ORDERS.join(' or ')}; got ${printable(order)}`);
  return [...settings, `execution.order=${order}`];
}

/** `--rename a=b,c=d`, also more than once. */
function renamesOf(args: Arguments): string[] {
  return args
    .texts('rename')
    .flatMap((list) => list.split(','))
    .map((pair) => {
      const [name = '', key = '', ...more] = pair.split('=').map((part) => part.trim());
      if (name !== '' && key !== '' && more.length === 0 && !/\s/.test(name)) return `rename.${name}=${asWord(key)}`;
      throw args.error(`--rename: expected NAME=KEY such as learn_rate=optimizer.lr; got ${printable(pair)}`);
    });
}

/** A key as a value in YAML. */
function asWord(key: string): string {
  return /^[A-Za-z_][\w.]*$/.test(key) ? key : JSON.stringify(key);
}

function countOrWord(args: Arguments, option: string, word: string | undefined): number | undefined {
  const text = args.text(option) ?? '';
  if (word !== undefined && !/^[1-9]\d{0,8}$/.test(text))
    throw args.error(`--${option}: expected a whole number from 1, or ${word}; got ${printable(text)}`);
  return countOf(args, option);
}
