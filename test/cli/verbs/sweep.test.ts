import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Finished } from '../support/child.ts';
import { gradloom, SMALL, start, workplace } from '../support/run-cli.ts';

/** The only sweep of a test's directory. */
const sweepIn = (cwd: string): string => {
  const names = readdirSync(path.join(cwd, 'sweeps'));
  if (names.length !== 1) throw new Error(`${names.length} sweeps`);
  return path.join('sweeps', names[0]!);
};
/** A table of trials without what depends on time. */
const results = ({ stdout }: Finished): string[][] =>
  stdout
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))
    .map((cells) => cells.filter((_, i) => i !== 11));

test.serial(
  'a grid from the command line: a line a result, a table, one directory; then status, best, its experiment, exports, report',
  async (t) => {
    // Of the default optimizer the losses come too near 0 to be told in this form.
    const cwd = workplace(t, { 'small.yaml': `${SMALL}optimizer: sgd\n` });
    const grid = ['small.yaml', 'optimizer.lr=0.01,0.1,0.2', 'train.batch_size=16,32', 'metric.name=val.loss', 'train.epochs=2'];
    const run = await gradloom(['sweep', ...grid], { cwd });
    t.is(run.code, 0, run.stderr);
    t.regex(run.stderr, /^sweep: 6 trials, \d+ cores?, up to \d+ side by side; minimize val\.loss$/m);
    t.is(run.stderr.match(/^trial +\d {2}0\.\d{6} {2}finished {2}lr 0\.\d+, batch_size \d\d {2}/gm)?.length, 6);
    t.regex(run.stderr, /^best {2}trial \d: val\.loss 0\.\d{6}$/m);
    t.regex(run.stdout, /^\ntrial +val\.loss +status +lr +batch_size +seconds\n/);
    t.deepEqual(readdirSync(cwd).toSorted(), ['small.yaml', 'sweeps']);
    const directory = sweepIn(cwd);

    const csv = await gradloom(['sweep', 'export'], { cwd });
    t.is(csv.code, 0, csv.stderr);
    const [head, ...rows] = results(csv);
    t.is(head?.slice(-2).join(), 'optimizer.lr,train.batch_size');
    const sorted = rows.toSorted((a, b) => Number(a[3]) - Number(b[3]));
    t.is(rows.length, 6);

    const best = await gradloom(['sweep', 'best', directory], { cwd });
    const winner = sorted[0]!;
    t.true(best.stdout.startsWith(`trial ${winner[0]}: val.loss ${Number(winner[3]).toFixed(6)}\n`), best.stdout);
    t.regex(best.stdout, new RegExp(`^optimizer\\.lr +${winner.at(-2)}$`, 'm'));

    const config = await gradloom(['sweep', 'best', '--config'], { cwd });
    t.regex(config.stdout, new RegExp(`^ {2}lr: ${winner.at(-2)}$`, 'm'));
    t.true(config.stdout.startsWith(`# Trial ${winner[0]} of the sweep ${path.basename(directory)}: val.loss ${winner[3]}\n`));

    const report = await gradloom(['sweep', 'report', '--html', 'r.html'], { cwd });
    t.is(report.stdout, 'saved  r.html\n');
    t.is(readFileSync(path.join(cwd, 'r.html'), 'utf8').match(/<tr[^>]* data-t=/g)?.length, 6);

    // Six trials are too few for a forest.
    const importance = await gradloom(['sweep', 'importance'], { cwd });
    t.is(importance.code, 65);
    t.true(importance.stderr.includes('error[E_SWEEP_RESULT]  importance needs 8 trials with results that differ; got 6 results'));

    const again = await gradloom(['sweep', 'resume', '--json', '--quiet'], { cwd });
    t.is(again.code, 0, again.stderr);
    t.is((JSON.parse(again.stdout) as { trials: unknown[] }).trials.length, 6);
    t.deepEqual(results(await gradloom(['sweep', 'export', '--csv'], { cwd })), [head!, ...rows], 'a finished sweep stays as it is');
  },
);

test.serial('a random search with options before the file gives one JSON object, and --dir another place', async (t) => {
  const cwd = workplace(t);
  const args = ['sweep', '-n', '3', '--json', '--dir', 'else', '--cores', '1', 'small.yaml', 'optimizer.lr=loguniform(1e-3,0.5)'];
  const { code, stdout, stderr } = await gradloom([...args, 'train.epochs=1'], { cwd });
  t.is(code, 0, stderr);
  const found = JSON.parse(stdout) as { status: string; method: string; failed: number; trials: { assignment: Record<string, number> }[] };
  t.like(found, { status: 'finished', method: 'random', failed: 0 });
  const rates = found.trials.map(({ assignment }) => assignment['optimizer.lr']!);
  t.is(new Set(rates).size, 3);
  t.true(rates.every((lr) => lr >= 1e-3 && lr < 0.5));
  t.deepEqual(readdirSync(cwd).toSorted(), ['else', 'small.yaml']);
});

test.serial(
  'Ctrl-C saves and exits with 130; resumed, the table is that of an undisturbed sweep, which nobody else may touch meanwhile',
  async (t) => {
    const cwd = workplace(t);
    const long = [
      'small.yaml',
      'optimizer.lr=0.05,0.1,0.2',
      'train.batch_size=8,16',
      'train.epochs=150',
      'metric.name=val.loss',
      '--quiet',
    ];
    const { child, finished, says } = start(['sweep', ...long.slice(0, -1)], { cwd });
    await says('saving to ');
    const busy = await gradloom(['sweep', 'resume'], { cwd });
    t.is(busy.code, 75, busy.stderr);
    t.regex(busy.stderr, /error\[E_BUSY\]/);
    await says('trial ');
    child.kill('SIGINT');
    const stopped = await finished;
    t.is(stopped.code, 130, stopped.stderr);
    t.true(stopped.stderr.includes('SIGINT: saving the trials that run; once more to stop at once'));
    t.regex(stopped.stderr, /^next: node \S+\/main\.js sweep resume sweeps\/sweep-/m);
    t.regex((await gradloom(['sweep', 'status'], { cwd })).stdout, /^status +interrupted: grid/m);
    // Those that had begun are interrupted, those that had not are queued.
    t.regex(stopped.stdout, /^trials +6: .*\d (?:interrupted|queued)/m);
    t.false(/\brunning\b/.test(stopped.stdout));
    const resumed = await gradloom(['sweep', 'resume', '-q'], { cwd });
    t.is(resumed.code, 0, resumed.stderr);
    const elsewhere = workplace(t);
    t.is((await gradloom(['sweep', ...long], { cwd: elsewhere })).code, 0);
    const [mine, undisturbed] = [await gradloom(['sweep', 'export'], { cwd }), await gradloom(['sweep', 'export'], { cwd: elsewhere })];
    t.deepEqual(results(mine), results(undisturbed));
  },
);

test.serial('V6: a sweep in which a trial failed goes on and exits with 82', async (t) => {
  const cwd = workplace(t);
  // 800 + 300 + 100 rows of 1,000.
  const args = ['small.yaml', 'data.split.train=500,800', 'data.split.val=100,300', 'data.split.test=100', 'train.epochs=1'];
  const { code, stdout, stderr } = await gradloom(['sweep', ...args, 'metric.name=val.loss'], { cwd });
  t.is(code, 82, stderr);
  t.regex(stderr, /^trial +3 {2}failed {2}.*E_DATA_SPLIT/m);
  t.true(stdout.includes('trials  4: 3 finished, 1 failed'), stdout);
});

test.serial('sweep plan shows a grid and writes its trials, and nothing else', async (t) => {
  const cwd = workplace(t);
  const { code, stdout, stderr } = await gradloom(['sweep', 'plan', 'small.yaml', 'optimizer.lr=0.1,0.2', '--save-trials', 't.yaml'], {
    cwd,
  });
  t.is(code, 0, stderr);
  t.regex(stdout, /^budget +2x3 = 6 epochs$/m);
  t.regex(stdout, /^trial +lr\n +0 +0\.1\n +1 +0\.2\n$/m);
  t.is(readFileSync(path.join(cwd, 't.yaml'), 'utf8'), 'enqueue:\n  - optimizer.lr: 0.1\n  - optimizer.lr: 0.2\n');
  t.false(existsSync(path.join(cwd, 'sweeps')));
});

const refused: [args: string[], code: number, text: string][] = [
  [
    [],
    64,
    'gradloom sweep: no command; expected one of run, plan, resume, status, ls, cancel, retry-failed, best, importance, report, export',
  ],
  [['stauts'], 64, 'unknown command sweep stauts; did you mean sweep status?'],
  [['run'], 64, 'FILE is missing; expected gradloom sweep run FILE [key=value ...]'],
  [['none.yaml'], 78, 'none.yaml  error[E_CONFIG_READ]'],
  [['small.yaml'], 78, 'error[E_CONFIG_MISSING]  parameters: nothing varies'],
  [['small.yaml', 'optimizer.lr=0.1,x'], 78, 'optimizer.lr'],
  [['small.yaml', 'a=1,2', '--cores', 'two'], 64, '--cores: expected a whole number from 1, or max; got two'],
  [['small.yaml', 'a=1,2', '-n', '0'], 64, '--run-cap: expected a whole number from 1; got 0'],
  [['small.yaml', 'a=1,2', '--order', 'fast'], 64, '--order: expected logical or arrival; got fast'],
  [['small.yaml', '--colour'], 64, 'unknown option --colour'],
  [['status'], 64, '@last  error[E_SWEEP_NOT_FOUND]  no sweeps in sweeps'],
  [['best', './no'], 65, 'error[E_SWEEP_READ]  not the directory of a sweep: it has no sweep.yaml'],
  [['best', 'a', 'b'], 64, 'b: one argument too many; expected gradloom sweep best SWEEP'],
  [['best', '--config', '--json'], 64, '--config and --json: give one of them'],
  [['export', '--csv', '--md'], 64, '--csv, --md and --json: give one of them'],
  [['resume', 'a', 'b'], 64, 'b: not an override; expected gradloom sweep resume SWEEP [key=value ...]'],
];
for (const [args, code, text] of refused) {
  test.serial(`sweep ${args.join(' ')}: exit ${code}, ${text}`, async (t) => {
    const cwd = workplace(t);
    const finished = await gradloom(['sweep', ...args], { cwd });
    t.is(finished.code, code, finished.stderr);
    const told = args.includes('--json') ? finished.stdout : finished.stderr;
    t.true(told.includes(text), told);
    t.deepEqual(readdirSync(cwd), ['small.yaml']);
  });
}

test.serial('schema sweep prints its JSON Schema', async (t) => {
  const { code, stdout } = await gradloom(['schema', 'sweep']);
  t.is(code, 0);
  t.is((JSON.parse(stdout) as { title: string }).title, 'gradloom sweep');
});
