import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { gradloom, MAIN, SMALL, workplace } from './support/run-cli.ts';

const ESCAPE = '\u001b';
const BAD = SMALL.replace('{epochs: 3, batch_size: 32}', '{learning_rate: 0.1}').concat('optimizr: sgd\n');

test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.deepEqual(await gradloom(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help goes to stdout and is in English whatever the locale', async (t) => {
  const { code, stdout, stderr } = await gradloom(['--help'], { env: { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' } });
  t.is(code, 0);
  t.is(stderr, '');
  for (const text of ['Commands:', 'gradloom train <file> [overrides..]', 'gradloom doctor', 'Options:', 'show help'])
    t.true(stdout.includes(text), text);
});

test('a usage error goes to stderr with code 64', async (t) => {
  t.deepEqual(await gradloom(['trian', 'a.yaml'], { cwd: workplace(t) }), {
    code: 64,
    stdout: '',
    stderr: `error[E_USAGE]  unknown command trian; did you mean train?\nnext: node ${MAIN} --help\n`,
  });
});

test('C8: reserved names are refused as options (64) and as keys (78)', async (t) => {
  const cwd = workplace(t);
  const option = await gradloom(['train', 'small.yaml', '--constructor', 'x'], { cwd });
  t.is(option.code, 64);
  t.true(option.stderr.startsWith('error[E_USAGE]  --constructor: reserved name\n'));
  const key = await gradloom(['train', 'small.yaml', '__proto__.x=1'], { cwd });
  t.is(key.code, 78);
  t.true(key.stderr.includes('error[E_CONFIG_RESERVED]  __proto__.x: reserved name'));
});

test('every problem of a config is shown with its place and frame, and nothing is written', async (t) => {
  const cwd = workplace(t, { 'bad.yaml': BAD });
  const { code, stdout, stderr } = await gradloom(['train', 'bad.yaml', 'seed=-1'], { cwd });
  t.is(code, 78);
  t.is(stdout, '');
  t.true(
    stderr.includes('bad.yaml:5:9  error[E_CONFIG_UNKNOWN_KEY]  train.learning_rate: unknown key; did you mean optimizer.lr?\n'),
    stderr,
  );
  t.regex(stderr, /> 5 \| train: \{learning_rate: 0\.1\}\n +\| +\^{13}\n/);
  t.true(stderr.includes('bad.yaml:6:1  error[E_CONFIG_UNKNOWN_KEY]  optimizr: unknown key; did you mean optimizer?\n'));
  t.true(stderr.includes('command line: seed=-1  error[E_CONFIG_RANGE]  seed: out of range; got -1;'));
  t.false(stderr.includes(ESCAPE));
  t.deepEqual(readdirSync(cwd), ['bad.yaml']);
});

test('C15: --workers 0 is an error of the config', async (t) => {
  const { code, stderr } = await gradloom(['train', 'small.yaml', '--workers', '0'], { cwd: workplace(t) });
  t.is(code, 78);
  t.true(stderr.includes('parallel.workers: out of range; got 0; expected an integer from 1 to 4096, or auto'));
});

test('with --json an error is one object on stdout', async (t) => {
  const { code, stdout, stderr } = await gradloom(['train', 'missing.yaml', '--json'], { cwd: workplace(t) });
  t.is(code, 78);
  t.is(stderr, '');
  const { error } = JSON.parse(stdout) as { error: { code: string; where: string; message: string; problems: unknown[] } };
  t.is(error.code, 'E_CONFIG_READ');
  t.is(error.where, 'missing.yaml');
  t.is(error.message, 'cannot read the experiment: no such file');
  t.is(error.problems.length, 1);
});

const colours: [given: string, args: string[], env: Record<string, string>, coloured: boolean][] = [
  ['in a pipe', [], {}, false],
  ['with FORCE_COLOR', [], { FORCE_COLOR: '1' }, true],
  ['with NO_COLOR over FORCE_COLOR', [], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ['with --no-color over FORCE_COLOR', ['--no-color'], { FORCE_COLOR: '1' }, false],
];
for (const [given, args, env, coloured] of colours) {
  test(`${given} errors ${coloured ? 'have' : 'have no'} colours`, async (t) => {
    const { stderr } = await gradloom(['train', 'missing.yaml', ...args], { cwd: workplace(t), env });
    t.is(stderr.includes(ESCAPE), coloured);
    t.false(stderr.includes('Warning'));
  });
}

test('check shows values with origins, parameters, memory and batches, and writes nothing', async (t) => {
  const cwd = workplace(t);
  const { code, stdout, stderr } = await gradloom(['check', 'small.yaml', 'optimizer.lr=3e-3', '~train.epochs'], { cwd });
  t.is(code, 0);
  t.is(stderr, '');
  t.regex(stdout, /^ {2}lr: 0\.003 +# command line: optimizer\.lr=3e-3$/m);
  t.regex(stdout, /^ {2}batch_size: 32 +# small\.yaml:5$/m);
  t.regex(stdout, /^seed: 0 +# default$/m);
  t.regex(stdout, /^0 dense +8 +24 +layers\.0\.weight +8 x 2$/m);
  t.regex(stdout, /^all +51$/m);
  t.regex(stdout, /^batches +32 rows; 25 steps an epoch, 250 in all$/m);
  t.regex(stdout, /^step +6\.66 kFLOP: 2\.56 kFLOP forward, 4\.1 kFLOP backward$/m);
  t.regex(stdout, /^workers +\d+ \(auto: /m);
  t.false(stdout.includes(ESCAPE));
  t.deepEqual(readdirSync(cwd), ['small.yaml']);
});

test('check --json has the same facts, and the parts of the memory sum to the whole', async (t) => {
  const { code, stdout } = await gradloom(['check', 'small.yaml', '--json', 'parallel.workers=3'], { cwd: workplace(t) });
  t.is(code, 0);
  const facts = JSON.parse(stdout) as {
    experiment: { name: string };
    origins: Record<string, { kind: string }>;
    parameters: number;
    batches: { totalSteps: number };
    workers: { count: number; reason: string };
    memory: { parts: Record<string, number>; shared: number; dataset: number };
  };
  t.is(facts.experiment.name, 'small');
  t.deepEqual(facts.origins['name'], { kind: 'file', file: 'small.yaml', line: 1, column: 7 } as never);
  t.is(facts.parameters, 51);
  t.is(facts.batches.totalSteps, 75);
  t.is(facts.workers.count, 3);
  t.true(facts.workers.reason.startsWith('parallel.workers says so'));
  t.is(
    Object.values(facts.memory.parts).reduce((sum, part) => sum + part, 0),
    facts.memory.shared,
  );
  // f32 features, i32 labels, u32 indices of the splits.
  t.is(facts.memory.dataset, 1000 * (2 * 4 + 4 + 4));
});

test('check --quiet says nothing of a valid experiment', async (t) => {
  t.deepEqual(await gradloom(['check', 'small.yaml', '-q'], { cwd: workplace(t) }), { code: 0, stdout: '', stderr: '' });
});

test('check shows what the rules of merging dropped', async (t) => {
  const { stderr } = await gradloom(['check', 'small.yaml', 'train.steps=5'], { cwd: workplace(t) });
  t.is(stderr, 'notice  train.steps replaces train.epochs\n');
});

test('schema prints a JSON Schema', async (t) => {
  const { code, stdout } = await gradloom(['schema']);
  t.is(code, 0);
  const schema = JSON.parse(stdout) as { title: string; properties: object };
  t.is(schema.title, 'gradloom experiment');
  t.true('extends' in schema.properties && 'model' in schema.properties);
});

test('doctor finds this machine fit to train', async (t) => {
  const { code, stdout } = await gradloom(['doctor', '--json'], { cwd: workplace(t) });
  t.is(code, 0);
  const { usable, checks } = JSON.parse(stdout) as { usable: boolean; checks: { id: string; status: string; value?: number }[] };
  t.true(usable);
  const status = Object.fromEntries(checks.map((check) => [check.id, check.status]));
  t.like(status, { node: 'ok', simd: 'ok', shared_memory: 'ok', kernels: 'ok', runs_directory: 'ok' });
  t.true((checks.find(({ id }) => id === 'speed')?.value ?? 0) > 0.5);
});

(existsSync('/dev/full') ? test : test.skip)('a full disk behind stdout is an error, not a success', (t) => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'schema'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  closeSync(full);
  t.is(status, 74);
  t.true(stderr.startsWith('stdout  error[E_STORAGE]  cannot be written: ENOSPC: no space left on device\n'));
});
