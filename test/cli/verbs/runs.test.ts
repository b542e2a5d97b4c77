import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { gradloom, MAIN, start, workplace } from '../support/run-cli.ts';

const FIRST = 'mnist-20260101-000000-aaaaaa';
const SECOND = 'mnist-20260102-000000-bbbbbb';

/** A working directory with two runs. */
function twoRuns(t: Parameters<typeof workplace>[0]): string {
  const cwd = workplace(t);
  const runs = path.join(cwd, 'runs');
  writeRun(runs, FIRST, { config: { tags: ['x'], optimizer: { type: 'sgd', lr: 0.5 } } });
  writeRun(runs, SECOND, { summary: { best: {}, last: { 'train.loss': 0.25 }, digest: 'cd'.repeat(32) } });
  return cwd;
}

test.serial('runs ls prints a table for pipes, without escape codes', async (t) => {
  const { code, stdout, stderr } = await gradloom(['runs', 'ls', '--cols', 'status,optimizer.lr'], { cwd: twoRuns(t) });
  t.is(code, 0, stderr);
  t.is(stderr, '');
  t.is(stdout, 'run           status    optimizer.lr\nmnist-bbbbbb  finished          0.01\nmnist-aaaaaa  finished           0.5\n');
});

test.serial('runs ls --json has full ids and raw values', async (t) => {
  const { code, stdout } = await gradloom(['runs', 'ls', '--json', '--where', 'optimizer.lr>=0.5'], { cwd: twoRuns(t) });
  t.is(code, 0);
  const { runs } = JSON.parse(stdout) as { runs: Record<string, unknown>[] };
  t.is(runs.length, 1);
  t.like(runs[0], { id: FIRST, tags: 'x', 'best val.loss': 0.55, started: '2026-01-01T00:00:00Z' });
});

test.serial('runs ls says on stderr why it lists nothing', async (t) => {
  const cwd = workplace(t);
  t.deepEqual(await gradloom(['runs', 'ls'], { cwd }), { code: 0, stdout: '', stderr: 'no runs in ./runs\n' });
  writeRun(path.join(cwd, 'runs'), FIRST);
  t.deepEqual(await gradloom(['runs', 'ls', '--tag', 'none'], { cwd }), {
    code: 0,
    stdout: '',
    stderr: 'none of 1 runs in ./runs is so\n',
  });
});

test.serial('runs tag changes tags, dashes and all', async (t) => {
  const cwd = twoRuns(t);
  const { code, stdout } = await gradloom(['runs', 'tag', 'aaaaaa', '+good', '-x', '--json'], { cwd });
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), { id: FIRST, tags: ['good'] });
  t.is((await gradloom(['runs', 'ls', '--tag', 'good', '--cols', 'tags'], { cwd })).stdout, 'run           tags\nmnist-aaaaaa  good\n');
});

test.serial('runs rm asks, and where nobody can be asked wants --yes', async (t) => {
  const cwd = twoRuns(t);
  const refused = await gradloom(['runs', 'rm', '@last'], { cwd });
  t.is(refused.code, 64);
  t.is(refused.stderr, `error[E_USAGE]  --yes is needed where nobody can be asked\nnext: node ${MAIN} runs rm --help\n`);
  const { code, stderr } = await gradloom(['runs', 'rm', '@last', SECOND, '-y'], { cwd });
  t.is(code, 0);
  t.is(stderr, `removed  ${SECOND}\n`);
  t.deepEqual(
    readdirSync(path.join(cwd, 'runs')).filter((name) => !name.startsWith('.')),
    [FIRST],
  );
});

test.serial('a run at work is running, and runs rm refuses it with 75 and its owner', async (t) => {
  const cwd = workplace(t);
  const run = start(['train', 'small.yaml', 'train.epochs=100000000', 'train.eval.on=none'], { cwd });
  await run.says('saving to');
  const listed = await gradloom(['runs', 'ls', '--cols', 'status'], { cwd });
  const { code, stderr } = await gradloom(['runs', 'rm', '@last', '--yes'], { cwd });
  run.child.kill('SIGKILL');
  await run.finished;
  t.true(listed.stdout.includes('running'), listed.stdout);
  t.is(code, 75);
  t.true(stderr.includes(`error[E_BUSY]  in use by process ${run.child.pid} on `), stderr);
  t.true((await gradloom(['runs', 'ls', '--cols', 'status'], { cwd })).stdout.includes('killed'));
});

test.serial('runs gc --dry-run says what would go, runs gc removes it', async (t) => {
  const cwd = twoRuns(t);
  const left = path.join(cwd, 'runs', FIRST, '.tmp-1-aa');
  writeFileSync(left, 'x'.repeat(2048));
  const dry = await gradloom(['runs', 'gc', '--dry-run'], { cwd });
  t.is(dry.stdout, `would remove  runs/${FIRST}/.tmp-1-aa  temporary, 2 KiB\nwould remove 2 KiB in 1 place\n`);
  t.true(existsSync(left));
  const { stdout } = await gradloom(['runs', 'gc', '--json'], { cwd });
  t.like(JSON.parse(stdout), { removed: true, bytes: 2048 });
  t.false(existsSync(left));
  t.is((await gradloom(['runs', 'gc'], { cwd })).stdout, 'nothing to remove\n');
});

test.serial('runs show has the facts, the metrics and the files of a run, for people and for programs', async (t) => {
  const cwd = twoRuns(t);
  const { stdout } = await gradloom(['runs', 'show', 'aaaaaa'], { cwd });
  t.regex(stdout, /^status +finished$/m);
  t.regex(stdout, /^tags +x$/m);
  t.regex(stdout, /^val\.loss +0\.600000 +0\.550000$/m);
  t.regex(stdout, /^made by +gradloom unknown/m);
  const shown = JSON.parse((await gradloom(['runs', 'show', FIRST, '--json'], { cwd })).stdout) as Record<string, unknown>;
  t.like(shown, { id: FIRST, status: 'finished', environment: null });
  t.is((shown['config'] as Record<string, unknown>)['optimizer.lr'], 0.5);
});

test.serial('compare puts runs side by side, in the order asked for', async (t) => {
  const cwd = twoRuns(t);
  const { code, stdout } = await gradloom(['compare', 'aaaaaa', 'bbbbbb', '--sort-by', 'train.loss', '--cols', 'optimizer.lr,train.loss'], {
    cwd,
  });
  t.is(code, 0);
  t.is(stdout, 'run           optimizer.lr  train.loss\nmnist-bbbbbb          0.01    0.250000\nmnist-aaaaaa           0.5    0.500000\n');
});

test.serial('compare --only-changed --csv leaves out what is the same everywhere', async (t) => {
  const { stdout } = await gradloom(['compare', 'aaaaaa', 'bbbbbb', '--only-changed', '--csv', '--cols', 'steps,optimizer.lr'], {
    cwd: twoRuns(t),
  });
  t.is(stdout, `id,optimizer.lr\r\n${FIRST},0.5\r\n${SECOND},0.01\r\n`);
});

test.serial('compare --md is a table of Markdown', async (t) => {
  const { stdout } = await gradloom(['compare', 'aaaaaa', 'bbbbbb', '--md', '--cols', 'steps'], { cwd: twoRuns(t) });
  t.is(stdout, '| run | steps |\n| --- | ---: |\n| mnist-aaaaaa | 100 |\n| mnist-bbbbbb | 100 |\n');
});

test.serial('diff ends with 83 where results differ that must not', async (t) => {
  const cwd = twoRuns(t);
  t.is((await gradloom(['diff', 'aaaaaa', 'bbbbbb'], { cwd })).code, 0);
  const environment = { kernels: 1, basis: { data: 'd', init: {} } };
  writeRun(path.join(cwd, 'runs'), 'c', { environment });
  writeRun(path.join(cwd, 'runs'), 'd', { environment, summary: { digest: 'e' } });
  const { code, stdout } = await gradloom(['diff', 'c', 'd', '--json'], { cwd });
  t.is(code, 83);
  t.like(JSON.parse(stdout), { a: 'c', b: 'd', isBroken: true, expected: 'identical' });
});

const refused: [args: string[], message: string][] = [
  [
    ['runs', 'ls', '--status', 'fin'],
    '--status: expected running, finished, interrupted, paused, killed, diverged, failed, damaged; got fin',
  ],
  [['runs', 'show', 'zzz'], 'zzz  error[E_RUN_NOT_FOUND]  no such run in ./runs'],
  [['compare', 'aaaaaa', 'bbbbbb', '--cols', 'los'], 'los  error[E_USAGE]  no run has this field, config key or metric'],
  [['runs', 'tag', 'aaaaaa', '-none'], `-none  error[E_USAGE]  ${FIRST} has no such tag; it has x`],
];
for (const [args, message] of refused) {
  test.serial(`refuses with 64: gradloom ${args.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await gradloom(args, { cwd: twoRuns(t) });
    t.is(code, 64);
    t.is(stdout, '');
    t.true(stderr.includes(message), stderr);
  });
}
