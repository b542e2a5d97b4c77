import { GradloomError } from '../../errors.ts';
import type { Output } from '../terminal/output.ts';

/** One option of the command line; `value` names what it takes, a flag takes nothing. */
export interface OptionSpec {
  value?: string;
  /** All that it may be, where these are few. */
  values?: readonly string[];
  /** May be given more than once, each time with a value. */
  repeats?: boolean;
  short?: string;
  describe: string;
}

/** The words a command takes besides its options. */
export interface Positionals {
  /** In yargs' notation: `<file> [overrides..]`. */
  notation: string;
  /** What each is, by its name in the notation. */
  describe: Readonly<Record<string, string>>;
  /** All that the first may be, where these are few. */
  values?: readonly string[];
  /** Words such as `-old` are no options but are handed over as `~old`, as overrides write a removal. */
  dashRemoves?: boolean;
  /** What is wrong with the words given; undefined if nothing is. */
  problem: (words: readonly string[], command: string) => string | undefined;
}

interface CommandSpec {
  describe: string;
  positionals: Positionals;
  options: Readonly<Record<string, OptionSpec>>;
  /** `$0` stands for gradloom. */
  examples: readonly (readonly [command: string, meaning: string])[];
}

/** What a command's file says: how to understand its arguments, and what to do then. */
interface CommandDefinition<Request> extends CommandSpec {
  /** @throws GradloomError E_USAGE, made by `args.error` */
  request: (args: Arguments) => Request;
  /**
   * @param exitNow  ends the process when the user does not want to wait
   * @returns the exit code
   */
  run: (request: Request, output: Output, exitNow: ExitNow) => Promise<number>;
}

export type ExitNow = (code: number) => void;

/** A command whose arguments are understood. */
export interface Invocation {
  /** Its name: `train`, `runs ls`. */
  command: string;
  request: unknown;
  run: (output: Output, exitNow: ExitNow) => Promise<number>;
}

export interface Command extends CommandSpec {
  prepare: (args: Arguments) => Invocation;
}

/** Commands that share their first word: `runs ls`, `runs rm`. */
export interface CommandGroup {
  describe: string;
  commands: Readonly<Record<string, Command>>;
  /** The command that is meant where a file stands in its place: `sweep mnist.yaml` is `sweep run mnist.yaml`. */
  forFile?: string;
}

/**
 * Makes a command of its definition. The file of a command is loaded with every command, so it imports what its work needs only when
 * `run` is called.
 */
export function defineCommand<Request>({ request: understand, run, ...spec }: CommandDefinition<Request>): Command {
  return {
    ...spec,
    prepare: (args) => {
      const request = understand(args);
      return { command: args.command, request, run: (output, exitNow) => run(request, output, exitNow) };
    },
  };
}

/** What was given to a command, by the names in its spec. */
export class Arguments {
  readonly command: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(command: string, values: Readonly<Record<string, unknown>>) {
    this.command = command;
    this.#values = values;
  }

  /** An option's value or a single word; undefined if not given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of an option that repeats, or a list of words. */
  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  error(message: string): GradloomError {
    return usageError(message, this.command);
  }
}

/** A usage error; `next` is the help that explains. */
export function usageError(message: string, command?: string): GradloomError {
  const next = command === undefined ? 'gradloom --help' : `gradloom ${command} --help`;
  return new GradloomError({ code: 'E_USAGE', message, next });
}
