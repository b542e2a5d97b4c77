/** One option of the command line; `value` names what it takes, a flag takes nothing. */
export interface OptionSpec {
  value?: string;
  short?: string;
  describe: string;
}

export interface CommandSpec {
  /** Positionals in yargs' notation. */
  positionals: string;
  describe: string;
  options: Record<string, OptionSpec>;
  examples: readonly (readonly [command: string, meaning: string])[];
}

/** The only kind of file with a schema so far. */
export const SCHEMA_KIND = 'experiment';
export const FILE_POSITIONALS = '<file> [overrides..]';

/** Options that every command knows. */
export const GLOBAL_OPTIONS: Record<string, OptionSpec> = {
  json: { describe: 'print one JSON object on stdout, all else on stderr' },
  quiet: { short: 'q', describe: 'print nothing but errors and what was asked for' },
  'no-color': { describe: 'no colours (also: NO_COLOR=1; FORCE_COLOR=1 for colours in pipes)' },
};

/** Those that yargs answers by itself. */
export const HELP_OPTIONS = {
  help: { short: 'h', describe: 'show help' },
  version: { describe: 'show the version' },
} satisfies Record<string, OptionSpec>;

export const COMMANDS = {
  train: {
    positionals: FILE_POSITIONALS,
    describe: 'Train an experiment and write its run directory',
    options: {
      workers: { value: 'N', describe: 'worker threads, or auto; the same as parallel.workers=N' },
      dir: { value: 'DIR', describe: 'parent of the run directory; the same as track.dir=DIR' },
    },
    examples: [
      ['$0 train configs/seed.yaml', 'train as the file says'],
      ['$0 train configs/seed.yaml optimizer.lr=3e-3 train.epochs=5', 'change values'],
      ['$0 train configs/seed.yaml model.layers.0.units=64 +tags.0=small', 'change an item of a list, add a key'],
      ['$0 train configs/seed.yaml --workers 2 --json > summary.json', 'two threads, the summary as JSON'],
    ],
  },
  check: {
    positionals: FILE_POSITIONALS,
    describe: 'Validate an experiment, load its data and show what a run would do',
    options: {},
    examples: [
      ['$0 check configs/seed.yaml', 'values and their origins, parameters, memory, batches'],
      ['$0 check configs/seed.yaml train.batch_size=256 --json', 'the same facts for programs'],
    ],
  },
  schema: {
    positionals: '[kind]',
    describe: 'Print the JSON Schema of an experiment file, for editors',
    options: {},
    examples: [['$0 schema experiment > experiment.json', 'then: # yaml-language-server: $schema=experiment.json']],
  },
  doctor: {
    positionals: '',
    describe: 'Check that this machine can train, and how fast',
    options: {},
    examples: [
      ['$0 doctor', 'one line a check, with what to do about a problem'],
      ['$0 doctor --json', 'the same for programs'],
    ],
  },
} satisfies Record<string, CommandSpec>;

export type Verb = keyof typeof COMMANDS;

export const VERBS = ['train', 'check', 'schema', 'doctor'] as const satisfies readonly Verb[];

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(COMMANDS, word);
}
