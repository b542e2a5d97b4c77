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

/** The kinds of file with a schema; the first is the default. */
export const SCHEMA_KINDS = ['experiment', 'speedup'] as const;
export type SchemaKind = (typeof SCHEMA_KINDS)[number];
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
  speedup: {
    positionals: FILE_POSITIONALS,
    describe: 'Measure what more workers buy: the same work at each worker count; FILE is an experiment or a speedup file',
    options: {
      workers: { value: 'LIST', describe: 'worker counts, such as 1..4 or 1,2,4; default 1 to the usable cores' },
      mode: { value: 'MODE', describe: 'strong (the same batch), weak (the batch grows with the workers) or both' },
      steps: { value: 'N', describe: 'parameter updates of one repetition' },
      seconds: { value: 'S', describe: 'in place of --steps: as many updates as one worker does in S seconds; default 1' },
      repeats: { value: 'N', describe: 'repetitions of each row; default 8' },
      'batch-sizes': { value: 'LIST', describe: 'also a map of batch sizes against worker counts' },
      confidence: { value: 'C', describe: 'of the intervals; default 0.95' },
      csv: { value: 'FILE', describe: 'write all numbers' },
      md: { value: 'FILE', describe: 'write the tables as Markdown' },
      svg: { value: 'FILE', describe: 'write the charts' },
      html: { value: 'FILE', describe: 'write a report of one page' },
    },
    examples: [
      ['$0 speedup configs/mnist.yaml --workers 1..4', 'one to four workers, about half a minute'],
      ['$0 speedup configs/mnist.yaml --batch-sizes 16,64,256,1024', 'when does a second core pay?'],
      ['$0 speedup configs/speedup-mnist.yaml --html speedup.html', 'as the speedup file says, with a report'],
    ],
  },
  schema: {
    positionals: '[kind]',
    describe: 'Print the JSON Schema of a kind of file, for editors',
    options: {},
    examples: [
      ['$0 schema experiment > experiment.json', 'then: # yaml-language-server: $schema=experiment.json'],
      ['$0 schema speedup', 'of files for gradloom speedup'],
    ],
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

export const VERBS = ['train', 'check', 'speedup', 'schema', 'doctor'] as const satisfies readonly Verb[];

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(COMMANDS, word);
}
