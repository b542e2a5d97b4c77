import { printable } from '../../errors.ts';
import type { Arguments, OptionSpec, Positionals } from './command.ts';

/** Options of commands that look runs up. */
export const RUNS_DIR: Readonly<Record<string, OptionSpec>> = {
  dir: { value: 'DIR', describe: 'directory of the runs; default ./runs' },
};

const RUN = 'a run: its path, its id, an unambiguous part of it as tables show it, or @last';

/** One run, or so many at least. */
export function runWords(atLeast: number, atMost = Number.POSITIVE_INFINITY): Positionals {
  const isOne = atMost === 1;
  const isExact = atLeast === atMost;
  const wanted = isOne ? 'RUN' : isExact ? Array.from({ length: atLeast }, (_, i) => 'AB'[i]).join(' ') : 'RUN...';
  return {
    notation: isOne ? '<run>' : '<runs..>',
    describe: isOne
      ? { run: RUN }
      : { runs: `${atLeast > 1 ? `${atLeast} runs, each ` : ''}${RUN}${isExact ? '' : '; "mnist-*" means all such'}` },
    problem: (words, command) => {
      const expected = `expected gradloom ${command} ${wanted}`;
      if (words.length < atLeast)
        return `${atLeast === 1 ? 'RUN is missing' : `${atLeast} runs are needed; got ${words.length}`}; ${expected}`;
      if (words.includes('')) return `a run's name is empty; ${expected}`;
      if (words.length > atMost) return `${printable(words[atMost] ?? '')}: one argument too many; ${expected}`;
      return undefined;
    },
  };
}

export function runsDirOf(args: Arguments): { dir?: string } {
  const dir = args.text('dir');
  return dir === undefined ? {} : { dir };
}

/** A positive whole number. */
export function countOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw args.error(`--${name}: expected a whole number from 1; got ${printable(text)}`);
  return Number(text);
}

/** One of some words. */
export function wordOf<Word extends string>(args: Arguments, name: string, words: readonly Word[]): Word | undefined {
  const text = args.text(name);
  const found = words.find((word) => word === text);
  if (text !== undefined && found === undefined) throw args.error(`--${name}: expected ${words.join(', ')}; got ${printable(text)}`);
  return found;
}

/** Comma-separated, each option's values after the other's. */
export function listOf(args: Arguments, name: string): string[] | undefined {
  const texts = args.texts(name);
  return texts.length === 0 ? undefined : texts.flatMap((text) => text.split(',').map((part) => part.trim()));
}
