import yargs, { type Argv } from 'yargs';
import { printable } from '../errors.ts';
import type { ReportFiles } from '../report/speedup-files.ts';
import { packageVersion } from '../runs/environment.ts';
import type { SettingArgument } from '../speedup/load.ts';
import { guardArguments, usageError } from './guard.ts';
import {
  COMMANDS,
  type CommandSpec,
  FILE_POSITIONALS,
  GLOBAL_OPTIONS,
  HELP_OPTIONS,
  type OptionSpec,
  SCHEMA_KINDS,
  type SchemaKind,
  VERBS,
  type Verb,
} from './options.ts';

/** An experiment as the command line names it. */
export interface ExperimentRequest {
  verb: 'train' | 'check';
  file: string;
  overrides: readonly string[];
}

export interface SpeedupRequest {
  verb: 'speedup';
  file: string;
  overrides: readonly string[];
  settings: readonly SettingArgument[];
  files: ReportFiles;
}

export type Request =
  | ExperimentRequest
  | SpeedupRequest
  | { verb: 'schema'; kind: SchemaKind }
  | { verb: 'doctor' }
  | { verb: 'help'; text: string };

const HELP_WIDTH = 100;

/**
 * Understands the command line.
 *
 * @param argv  without node and script
 * @throws GradloomError E_USAGE
 */
export function parseArguments(argv: readonly string[], columns = HELP_WIDTH): Request {
  const guarded = guardArguments(argv);
  let request: Request | undefined;
  const parser = yargs()
    .scriptName('gradloom')
    .locale('en')
    .usage(
      'gradloom trains neural networks data-parallel on the cores of one machine, from a YAML experiment file.\n\n$0 <command> [options]',
    )
    .options(yargsOptions(GLOBAL_OPTIONS))
    .help('help', HELP_OPTIONS.help.describe)
    .alias(HELP_OPTIONS.help.short, 'help')
    .version('version', HELP_OPTIONS.version.describe, packageVersion())
    .epilogue('gradloom <command> --help shows the options and examples of a command.')
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'parse-positional-numbers': false, 'boolean-negation': false })
    .wrap(Math.min(HELP_WIDTH, columns))
    .exitProcess(false)
    .showHelpOnFail(false)
    .strict();
  for (const verb of VERBS) addCommand(parser, verb, COMMANDS[verb], (made) => (request = made));
  // With a callback, yargs hands over what it would print and throws nothing.
  let text = '';
  parser.parseSync([...guarded], {}, (error, _argv, output) => {
    if (error)
      throw usageError(
        printable(error.message),
        VERBS.find((verb) => verb === guarded[0]),
      );
    text = output;
  });
  if (text !== '') return { verb: 'help', text };
  if (request === undefined) throw usageError('no command');
  return request;
}

function addCommand(parser: Argv, verb: Verb, spec: CommandSpec, choose: (request: Request) => void): void {
  const build = (command: Argv): Argv => {
    command
      .usage(`$0 ${verb} ${spec.positionals} [options]\n\n${spec.describe}`)
      .options(yargsOptions(spec.options))
      .epilogue(renderExamples(spec));
    if (spec.positionals === FILE_POSITIONALS) {
      command
        .positional('file', { type: 'string', describe: 'experiment file (YAML)' })
        .positional('overrides', { type: 'string', array: true, describe: 'key=value sets, +key=value adds, ~key removes' });
    } else if (spec.positionals !== '') {
      command.positional('kind', { type: 'string', default: SCHEMA_KINDS[0], describe: 'kind of file' });
    }
    return command;
  };
  parser.command(`${verb} ${spec.positionals}`.trim(), spec.describe, build, (args) => choose(requestOf(verb, args)));
}

/** yargs' own list of examples has two columns, too narrow for commands. */
function renderExamples({ examples }: CommandSpec): string {
  return ['Examples:', ...examples.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`])].join('\n');
}

function requestOf(verb: Verb, args: Record<string, unknown>): Request {
  if (verb === 'doctor') return { verb };
  if (verb === 'schema') return { verb, kind: SCHEMA_KINDS.find((kind) => kind === args['kind']) ?? SCHEMA_KINDS[0] };
  const file = String(args['file']);
  const overrides = Array.isArray(args['overrides']) ? args['overrides'].map(String) : [];
  if (verb === 'speedup') return { verb, file, overrides, settings: settingsOf(args), files: filesOf(args) };
  const { workers, dir } = args;
  const sugar: string[] = [];
  if (typeof workers === 'string') sugar.push(`parallel.workers=${checkWorkers(workers)}`);
  // As a quoted text, so that a directory named 1 or ~ stays one.
  if (typeof dir === 'string') sugar.push(`track.dir=${JSON.stringify(dir)}`);
  return { verb, file, overrides: [...overrides, ...sugar] };
}

/** Options of `speedup` that are keys of its file, with the key. */
const SETTINGS: Record<string, string> = {
  workers: 'workers',
  mode: 'mode',
  steps: 'work.steps',
  seconds: 'work.seconds',
  repeats: 'repeats',
  'batch-sizes': 'batch_sizes',
  confidence: 'confidence',
};

function settingsOf(args: Record<string, unknown>): SettingArgument[] {
  if (args['steps'] !== undefined && args['seconds'] !== undefined)
    throw usageError('--steps and --seconds: give one of the two', 'speedup');
  return Object.entries(SETTINGS).flatMap(([name, key]) => {
    const text = args[name];
    return typeof text === 'string' ? [{ option: `--${name}`, key, text }] : [];
  });
}

function filesOf(args: Record<string, unknown>): ReportFiles {
  const file = (name: string): string | undefined => (typeof args[name] === 'string' ? args[name] : undefined);
  const [csv, md, svg, html] = ['csv', 'md', 'svg', 'html'].map(file);
  return { ...(csv && { csv }), ...(md && { md }), ...(svg && { svg }), ...(html && { html }) };
}

function checkWorkers(given: string): string {
  if (given === 'auto' || /^\d+$/.test(given)) return given;
  throw usageError(`--workers: expected a whole number or auto; got ${printable(given)}`, 'train');
}

function yargsOptions(
  options: Record<string, OptionSpec>,
): Record<string, { describe: string; type: 'string' | 'boolean'; alias?: string }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short, describe }]) => [
      name,
      { describe, type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { alias: short }) },
    ]),
  );
}
