import type { OptionSpec } from './command.ts';

/** The option of commands that can be done again whenever their file changes. */
export const WATCH_OPTION: Readonly<Record<string, OptionSpec>> = {
  watch: { describe: 'again whenever the file is saved, until Ctrl-C; a training under way is saved first' },
};
