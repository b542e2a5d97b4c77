import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { CrossValidation } from '../../../src/sweep/folds/result.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

const FOLDED = ['small.yaml', 'data.split.folds=3', 'data.split.by=stratify', 'data.split.test=0.1'];

function only(cwd: string): string {
  const [id = '', ...others] = readdirSync(path.join(cwd, 'runs')).filter((name) => !name.startsWith('.'));
  if (others.length > 0) throw new Error(`more than one: ${[id, ...others].join(', ')}`);
  return path.join('runs', id);
}

test.serial(
  'train with folds prints each fold, their mean and its interval; JSON has the values; other commands name its runs',
  async (t) => {
    t.timeout(120_000);
    const cwd = workplace(t);
    const { code, stdout, stderr } = await gradloom(['train', ...FOLDED, '--workers', '2'], { cwd });
    t.is(code, 0, stderr);
    t.regex(stderr, /^small: 3 folds, 2 cores; maximize val\.accuracy\nsaving to runs\/small-/m);
    for (const fold of [0, 1, 2]) t.regex(stderr, new RegExp(`^fold ${fold}  \\d+\\.\\d\\d %  `, 'm'));
    t.regex(stdout, /^mean +val\.accuracy \d+\.\d\d %\nstd +\d+\.\d\d %\n95 % +\S+ % to \S+ %, of the mean \(Student's t\)$/m);
    const place = only(cwd);
    const resumed = await gradloom(['resume', '@last', '--json'], { cwd });
    t.is(resumed.code, 0, resumed.stderr);
    t.true(resumed.stderr.startsWith('finished already: nothing to do\n'), resumed.stderr);
    const { status, folds } = JSON.parse(resumed.stdout) as CrossValidation;
    t.is(status, 'finished');
    t.is(folds.metric, 'val.accuracy');
    t.deepEqual([folds.values.length, folds.digests.length], [3, 3]);
    t.is(folds.mean, folds.values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / 3);
    const list = await gradloom(['runs', 'ls'], { cwd });
    t.regex(list.stderr, /^cross-validation {2}small-\S+ {2}val\.accuracy \d+\.\d\d %, std \d+\.\d\d %, 3 folds$/m);
    for (const word of [place, path.basename(place), path.basename(place).slice(-6), path.basename(place).slice(0, -3), '@last']) {
      const verified = await gradloom(['verify', word], { cwd });
      t.is(verified.code, 64);
      t.true(
        verified.stderr.includes('error[E_RUN_NOT_FOUND]  a sweep or cross-validation of 3 runs, and no run itself\n'),
        verified.stderr,
      );
      t.true(verified.stderr.includes(`next: name one of its runs, as ${place.replace(/^\.\//, '')}/trials/0-fold-0`), verified.stderr);
    }
    const one = await gradloom(['verify', path.join(place, 'trials', '0-fold-1')], { cwd });
    t.is(one.code, 0, one.stderr);
    const alone = await gradloom(['train', ...FOLDED, 'data.split.fold=1', '--json', '-q', '--dir', 'alone'], { cwd });
    t.is((JSON.parse(alone.stdout) as { digest: string }).digest, folds.digests[1] ?? '');
  },
);

test.serial('Ctrl-C saves the folds and prints the command that goes on, to the result of an undisturbed one', async (t) => {
  t.timeout(120_000);
  const cwd = workplace(t);
  const long = [...FOLDED, 'train.epochs=600', 'train.eval.every.epochs=100', '--workers', '1'];
  const run = start(['train', ...long], { cwd });
  await run.says('fold 0');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.finished;
  t.is(code, 130, stderr);
  t.true(stderr.includes('SIGINT: saving the folds that run; once more to stop at once'), stderr);
  const [, command = ''] = /^next: node \S+\/main\.js (.*)$/m.exec(stderr) ?? [];
  t.is(command, `resume ${only(cwd)}`);
  const resumed = await gradloom([...command.split(' '), '--workers', '2', '--json'], { cwd });
  t.is(resumed.code, 0, resumed.stderr);
  const calm = await gradloom(['train', ...long, '--json', '-q', '--dir', 'calm'], { cwd });
  t.deepEqual((JSON.parse(resumed.stdout) as CrossValidation).folds, (JSON.parse(calm.stdout) as CrossValidation).folds);
});

test.serial('check shows the run of the first fold, and what does not go with folds is refused', async (t) => {
  const cwd = workplace(t);
  const { code, stdout, stderr } = await gradloom(['check', ...FOLDED], { cwd });
  t.is(code, 0, stderr);
  t.true(stderr.includes('notice  data.split.folds: 3 runs, one a fold; what follows is the run of fold 0'), stderr);
  t.true(stdout.includes('train 600, val 300, test 100'), stdout);
  const needed = await gradloom(['train', ...FOLDED, '--needed'], { cwd });
  t.is(needed.code, 64);
  t.true(needed.stderr.includes('--needed is for one run, and data.split.folds asks for one a fold'), needed.stderr);
  const group = await gradloom(['train', 'small.yaml', 'data.split.by={group: patient}'], { cwd });
  t.is(group.code, 78);
  t.true(group.stderr.includes('only tables have columns, and data.source is synthetic'), group.stderr);
  t.deepEqual(
    readdirSync(cwd).filter((name) => name === 'runs'),
    [],
  );
  t.true(readFileSync(path.join(cwd, 'small.yaml'), 'utf8').startsWith('name: small'));
});
