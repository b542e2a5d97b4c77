import yargs, { type Argv } from 'yargs';
import { EXIT, printable } from '../errors.ts';
import { packageVersion } from '../machine/version.ts';
import { Arguments, type Command, type CommandGroup, type Invocation, type OptionSpec, usageError } from './arguments/command.ts';
import { guardArguments } from './guard.ts';
import { COMMANDS, GLOBAL_OPTIONS, HELP_OPTIONS, isGroup } from './verbs/commands.ts';

const HELP_WIDTH = 100;

type Choose = (invocation: Invocation) => void;

/**
 * Understands the command line.
 *
 * @param argv  without node and script
 * @returns the command with its request; for help and version the command `help`, whose request is the text
 * @throws GradloomError E_USAGE
 */
export function parseArguments(argv: readonly string[], columns = HELP_WIDTH): Invocation {
  const guarded = guardArguments(argv);
  let chosen: Invocation | undefined;
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
  for (const [name, command] of Object.entries(COMMANDS)) {
    const choose: Choose = (invocation) => (chosen = invocation);
    if (isGroup(command)) addGroup(parser, name, command, choose);
    else addCommand(parser, name, name, command, choose);
  }
  // With a callback, yargs hands over what it would print and throws nothing.
  let text = '';
  parser.parseSync([...guarded], {}, (error, _argv, output) => {
    if (error)
      throw usageError(
        printable(error.message),
        Object.keys(COMMANDS).find((name) => name === guarded[0]),
      );
    text = output;
  });
  if (text !== '') return { command: 'help', request: text, run: (output) => Promise.resolve(output.answer(text)).then(() => EXIT.ok) };
  if (chosen === undefined) throw usageError('no command');
  return chosen;
}

function addGroup(parser: Argv, name: string, group: CommandGroup, choose: Choose): void {
  const build = (inner: Argv): Argv => {
    inner
      .usage(`$0 ${name} <command> [options]\n\n${group.describe}`)
      .epilogue(`gradloom ${name} <command> --help shows the options and examples of a command.`);
    for (const [sub, command] of Object.entries(group.commands)) addCommand(inner, sub, `${name} ${sub}`, command, choose);
    return inner;
  };
  parser.command(`${name} <command>`, group.describe, build);
}

function addCommand(parser: Argv, name: string, fullName: string, command: Command, choose: Choose): void {
  const { notation, describe } = command.positionals;
  const build = (inner: Argv): Argv => {
    inner
      .usage(`$0 ${fullName} ${notation} [options]\n\n${command.describe}`.replace('  ', ' '))
      .options(yargsOptions(command.options))
      .epilogue(renderExamples(command));
    for (const [word, meaning] of Object.entries(describe)) {
      inner.positional(word, { type: 'string', describe: meaning, ...(notation.includes(`${word}..`) && { array: true }) });
    }
    return inner;
  };
  parser.command(`${name} ${notation}`.trim(), command.describe, build, (args) => choose(command.prepare(new Arguments(fullName, args))));
}

/** yargs' own list of examples has two columns, too narrow for commands. */
function renderExamples({ examples }: Command): string {
  return ['Examples:', ...examples.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`])].join('\n');
}

interface YargsOption {
  describe: string;
  type: 'string' | 'boolean';
  alias?: string;
  array?: true;
}

function yargsOptions(options: Readonly<Record<string, OptionSpec>>): Record<string, YargsOption> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, repeats, short, describe }]) => [
      name,
      {
        describe,
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short !== undefined && { alias: short }),
        ...(repeats === true && { array: true as const }),
      },
    ]),
  );
}
