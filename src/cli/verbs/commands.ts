import type { Command, CommandGroup, OptionSpec } from '../arguments/command.ts';
import { cache } from './cache/index.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { data } from './data.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { extend } from './extend.ts';
import { ui } from './page/ui.ts';
import { agent } from './queue/agent.ts';
import { report } from './report.ts';
import { resume } from './resume.ts';
import { runs } from './runs/index.ts';
import { schema } from './schema.ts';
import { completion } from './setup/completion.ts';
import { init } from './setup/init.ts';
import { speedup } from './speedup.ts';
import { sweep } from './sweep/index.ts';
import { train } from './train.ts';
import { evaluate } from './use/evaluate.ts';
import { exportCommand } from './use/export.ts';
import { predict } from './use/predict.ts';
import { serve } from './use/serve.ts';
import { verify } from './verify.ts';

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Command | CommandGroup>> = {
  init,
  train,
  check,
  data,
  resume,
  extend,
  verify,
  evaluate,
  predict,
  serve,
  export: exportCommand,
  runs,
  compare,
  diff,
  report,
  sweep,
  agent,
  speedup,
  ui,
  schema,
  completion,
  cache,
  doctor,
};

/** Options that every command knows. */
export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { describe: 'print one JSON object on stdout, all else on stderr' },
  quiet: { short: 'q', describe: 'print nothing but errors and what was asked for' },
  'no-color': { describe: 'no colours (also: NO_COLOR=1; FORCE_COLOR=1 for colours in pipes)' },
};

/** Those that yargs answers by itself. */
export const HELP_OPTIONS = {
  help: { short: 'h', describe: 'show help' },
  version: { describe: 'show the version' },
} satisfies Record<string, OptionSpec>;

export function isGroup(command: Command | CommandGroup): command is CommandGroup {
  return 'commands' in command;
}

/** All commands with their full names: `train`, `runs ls`. */
export function allCommands(): (readonly [name: string, command: Command])[] {
  return Object.entries(COMMANDS).flatMap(([name, command]) =>
    isGroup(command)
      ? Object.entries(command.commands).map(([sub, inner]) => [`${name} ${sub}`, inner] as const)
      : [[name, command] as const],
  );
}
