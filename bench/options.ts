import { parseArgs } from 'node:util';
import { GradloomError } from '../src/errors.ts';
import { countCores } from '../src/machine/cores.ts';
import { parseCounts } from '../src/speedup/schema.ts';

/** Intervals of fewer rounds mean nothing. */
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 1000;

export const QUESTIONS = ['step', 'small-batches', 'oversubscription', 'start', 'queue', 'kernels'] as const;
export type Question = (typeof QUESTIONS)[number];

/** How results are printed. */
export type Format = 'text' | 'json' | 'md';

interface CommonOptions {
  format: Format;
  rounds: number;
  /** Of the experiments, in Hydra's grammar. */
  overrides: readonly string[];
  /** Part of a name: W2. */
  only: string;
}

export interface BenchOptions extends CommonOptions {
  workers: readonly number[];
  questions: readonly Question[];
  save?: string;
  compare?: string;
}

export interface PeersOptions extends CommonOptions {
  /** Names, or beginnings of names; empty for all. */
  peers: readonly string[];
  /** A Python to try before those on PATH. */
  python?: string;
  install: boolean;
}

const COMMON = {
  json: { type: 'boolean' },
  md: { type: 'boolean' },
  rounds: { type: 'string' },
  set: { type: 'string', multiple: true },
  only: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const COMMON_HELP = `  --only TEXT       only workloads whose name holds TEXT: --only W2
  --rounds N        interleaved rounds, default 9
  --set KEY=VALUE   override of the experiments, for example --set parallel.code=wasm; may stand more than once
  --json            print one JSON object on stdout
  --md              print Markdown tables on stdout`;

export const BENCH_HELP = `npm run bench -- [options]: how fast this build is, beside the rate of its own innermost loop

  --questions LIST  of ${QUESTIONS.join(', ')}; default all
  --workers LIST    worker counts, such as 1,4 or 1..4; default 1 and the usable cores
  --save FILE       keep the figures
  --compare FILE    against figures kept before: ratios with intervals
${COMMON_HELP}`;

export const PEERS_HELP = `npm run bench:peers -- [options]: gradloom beside other trainers, same network, data, batches and weights, in one run

  --peers LIST      of torch, torch-manual, torch-ddp, numpy, tfjs-wasm, tfjs-cpu, brain, gradloom; a name stands for all that begin with it
  --python FILE     a Python that has torch and numpy, where those on PATH have not
  --install         first installs the npm peers into bench/peers (about 100 MB)
${COMMON_HELP}`;

/** @throws GradloomError E_USAGE; undefined asks for the help text */
export function parseBenchOptions(argv: readonly string[]): BenchOptions | undefined {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...COMMON,
        questions: { type: 'string' },
        workers: { type: 'string' },
        save: { type: 'string' },
        compare: { type: 'string' },
      },
    }),
  );
  if (values.help === true) return undefined;
  const asked = listOf(values.questions);
  const wrong = asked.find((name) => !QUESTIONS.some((question) => question === name));
  if (wrong !== undefined) throw usage(`--questions: unknown question ${wrong}; expected ${QUESTIONS.join(', ')}`);
  const workers = values.workers === undefined ? [...new Set([1, countCores().usable])] : parseCounts(values.workers, 64);
  if (workers === undefined) throw usage(`--workers: expected numbers such as 1,2,4 or a range such as 1..4; got ${values.workers}`);
  return {
    ...commonOf(values),
    workers,
    questions: QUESTIONS.filter((question) => asked.length === 0 || asked.includes(question)),
    ...(values.save !== undefined && { save: values.save }),
    ...(values.compare !== undefined && { compare: values.compare }),
  };
}

/** @throws GradloomError E_USAGE; undefined asks for the help text */
export function parsePeersOptions(argv: readonly string[], known: readonly string[]): PeersOptions | undefined {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: { ...COMMON, peers: { type: 'string' }, python: { type: 'string' }, install: { type: 'boolean' } },
    }),
  );
  if (values.help === true) return undefined;
  const peers = listOf(values.peers);
  const wrong = peers.find((name) => !known.some((peer) => peer.startsWith(name)));
  if (wrong !== undefined) throw usage(`--peers: unknown peer ${wrong}; expected ${known.join(', ')}`);
  return {
    ...commonOf(values),
    peers,
    install: values.install === true,
    ...(values.python !== undefined && { python: values.python }),
  };
}

interface CommonValues {
  json?: boolean | undefined;
  md?: boolean | undefined;
  rounds?: string | undefined;
  set?: string[] | undefined;
  only?: string | undefined;
}

function commonOf({ json, md, rounds = '9', set = [], only = '' }: CommonValues): CommonOptions {
  if (json === true && md === true) throw usage('--json and --md: give one of the two');
  const count = /^\d{1,4}$/.test(rounds) ? Number(rounds) : Number.NaN;
  if (!(count >= MIN_ROUNDS && count <= MAX_ROUNDS))
    throw usage(`--rounds: expected a number from ${MIN_ROUNDS} to ${MAX_ROUNDS}; got ${rounds}`);
  return { format: json === true ? 'json' : md === true ? 'md' : 'text', rounds: count, overrides: set, only };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parse<T>(read: () => { values: T }): T {
  try {
    return read().values;
  } catch (cause) {
    // node:util throws plain errors whose first sentence says what is wrong.
    throw usage(cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : String(cause));
  }
}

function usage(message: string): GradloomError {
  return new GradloomError({ code: 'E_USAGE', message, next: 'add --help for the options' });
}
