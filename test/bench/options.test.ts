import test from 'ava';
import { parseBenchOptions, parsePeersOptions, QUESTIONS } from '../../bench/options.ts';
import { countCores } from '../../src/machine/cores.ts';

const PEERS = ['gradloom', 'torch', 'torch-ddp', 'numpy'];

test('without arguments everything is asked, on one worker and on all cores, in nine rounds', (t) => {
  t.deepEqual(parseBenchOptions([]), {
    format: 'text',
    rounds: 9,
    overrides: [],
    only: '',
    workers: [...new Set([1, countCores().usable])],
    questions: [...QUESTIONS],
  });
  t.deepEqual(parsePeersOptions([], PEERS), { format: 'text', rounds: 9, overrides: [], only: '', peers: [], install: false });
});

test('questions keep their own order, workers may be a range, overrides may be many', (t) => {
  const argv = '--questions kernels,step --workers 1..3,8 --set a.b=1 --set=c=2 --only W2 --rounds 3 --json --save s.json --compare o.json';
  t.deepEqual(parseBenchOptions(argv.split(' ')), {
    format: 'json',
    rounds: 3,
    overrides: ['a.b=1', 'c=2'],
    only: 'W2',
    workers: [1, 2, 3, 8],
    questions: ['step', 'kernels'],
    save: 's.json',
    compare: 'o.json',
  });
  t.deepEqual(parsePeersOptions(['--peers', 'torch, numpy', '--python', 'py', '--install', '--md'], PEERS), {
    format: 'md',
    rounds: 9,
    overrides: [],
    only: '',
    peers: ['torch', 'numpy'],
    install: true,
    python: 'py',
  });
});

test('help is asked for by --help or -h', (t) => {
  t.is(parseBenchOptions(['--help']), undefined);
  t.is(parsePeersOptions(['-h'], PEERS), undefined);
});

const wrong: [argv: string, message: RegExp][] = [
  ['--round 3', /^Unknown option '--round'/],
  ['step', /^Unexpected argument 'step'/],
  ['--rounds 2', /^--rounds: expected a number from 3 to 1000; got 2$/],
  ['--rounds 1e1', /^--rounds: .* got 1e1$/],
  ['--workers 0', /^--workers: expected numbers such as 1,2,4 or a range such as 1\.\.4; got 0$/],
  ['--questions steps', /^--questions: unknown question steps; expected step, /],
  ['--json --md', /^--json and --md: give one of the two$/],
];
for (const [argv, message] of wrong) {
  test(`npm run bench -- ${argv} is a usage error`, (t) => {
    t.throws(() => parseBenchOptions(argv.split(' ')), { code: 'E_USAGE', message });
  });
}

test('an unknown peer is a usage error, a beginning of several names is not', (t) => {
  t.throws(() => parsePeersOptions(['--peers', 'jax'], PEERS), {
    code: 'E_USAGE',
    message: /^--peers: unknown peer jax; expected gradloom, /,
  });
  t.deepEqual(parsePeersOptions(['--peers', 'tor'], PEERS)?.peers, ['tor']);
});
