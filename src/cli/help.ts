import yargs, { type Argv } from 'yargs';
import { printable } from '../errors.ts';
import { packageVersion } from '../machine/version.ts';
import { type Command, type CommandGroup, type OptionSpec, usageError } from './arguments/command.ts';
import { COMMANDS, GLOBAL_OPTIONS, HELP_OPTIONS, isGroup } from './verbs/commands.ts';

/**
 * What --help prints, as yargs lays it out.
 *
 * @param guarded  a command line that `guardArguments` has passed
 * @param columns  of the terminal
 * @throws GradloomError E_USAGE
 */
export function helpText(guarded: readonly string[], columns: number): string {
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
    .wrap(columns)
    .exitProcess(false)
    .showHelpOnFail(false)
    .strict();
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (isGroup(command)) addGroup(parser, name, command);
    else addCommand(parser, name, name, command);
  }
  // With a callback, yargs hands over what it would print and throws nothing.
  let text = '';
  parser.parseSync([...guarded], {}, (error, _argv, output) => {
    if (error) throw usageError(printable(error.message));
    text = output;
  });
  return text;
}

function addGroup(parser: Argv, name: string, group: CommandGroup): void {
  const build = (inner: Argv): Argv => {
    inner
      .usage(`$0 ${name} <command> [options]\n\n${group.describe}`)
      .epilogue(`gradloom ${name} <command> --help shows the options and examples of a command.`);
    for (const [sub, command] of Object.entries(group.commands)) addCommand(inner, sub, `${name} ${sub}`, command);
    return inner;
  };
  parser.command(`${name} <command>`, group.describe, build);
}

function addCommand(parser: Argv, name: string, fullName: string, command: Command): void {
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
  parser.command(`${name} ${notation}`.trim(), command.describe, build);
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
