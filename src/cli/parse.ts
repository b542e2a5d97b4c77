import { EXIT } from '../errors.ts';
import { packageVersion } from '../machine/version.ts';
import { Arguments, type Command, type Invocation } from './arguments/command.ts';
import { type Given, guardArguments } from './guard.ts';
import { COMPLETE } from './terminal/shells.ts';

const HELP_WIDTH = 100;

/**
 * Understands the command line.
 *
 * @param argv  without node and script
 * @returns the command with its request; for help the command `help`, whose request is the command line, and for the version `version`
 * @throws GradloomError E_USAGE
 */
export function parseArguments(argv: readonly string[], columns = HELP_WIDTH): Invocation {
  if (argv[0] === COMPLETE) {
    return {
      command: 'complete',
      request: argv.slice(1),
      run: async (output) => {
        const { complete, completionLines } = await import('./completion/complete.ts');
        await output.piece(new TextEncoder().encode(completionLines(complete(argv.slice(1)))));
        return EXIT.ok;
      },
    };
  }
  const guarded = guardArguments(argv);
  if (guarded.kind === 'version') {
    return {
      command: 'version',
      request: undefined,
      run: async (output) => {
        output.answer(packageVersion());
        return EXIT.ok;
      },
    };
  }
  if (guarded.kind === 'help') {
    return {
      command: 'help',
      request: guarded.argv,
      run: async (output) => {
        // yargs takes longer to load than all else that a command begins with.
        const { helpText } = await import('./help.ts');
        output.answer(helpText(guarded.argv, Math.min(HELP_WIDTH, columns)));
        return EXIT.ok;
      },
    };
  }
  const { name, command, words, options } = guarded;
  return command.prepare(new Arguments(name, { ...namedWords(command, words), ...options }));
}

/** Words by their names in the notation: one each, and all that are left for a last one that ends in `..`. */
function namedWords({ positionals }: Command, words: Given['words']): Record<string, unknown> {
  const names = positionals.notation.split(' ').map((word) => word.replace(/[<>[\]]/g, ''));
  return Object.fromEntries(names.map((name, i) => (name.endsWith('..') ? [name.slice(0, -2), words.slice(i)] : [name, words[i]])));
}
