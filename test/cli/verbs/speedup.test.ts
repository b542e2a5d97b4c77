import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { countCores } from '../../../src/machine/cores.ts';
import type { SpeedupResult } from '../../../src/speedup/events.ts';
import { resultShape } from '../../../src/speedup/result-shape.ts';
import { isShaped } from '../../../src/storage/shape.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

const QUICK = ['--workers', '1,2', '--steps', '20', '--repeats', '3'];

test.serial('speedup prints a table and a verdict, writes the reports it was asked for, and nothing else', async (t) => {
  const cwd = workplace(t);
  const files = ['--csv', 's.csv', '--md', 's.md', '--svg', 's.svg', '--html', 's.html'];
  const { code, stdout, stderr } = await gradloom(['speedup', 'small.yaml', ...QUICK, ...files], { cwd });
  t.is(code, 0, stderr);
  t.regex(stdout, /^\nStrong scaling: 20 steps of 32 rows, 3 repetitions\n/);
  t.regex(stdout, /^sequential +[\d,]+ {2}/m);
  t.regex(stdout, /^2 workers +[\d,]+ {2}/m);
  t.regex(stdout, /^verdict {2}\S/m);
  t.regex(stderr, /^9\/9 {2}strong \w/m);
  t.true(stderr.includes('saved  s.html'));
  t.deepEqual(readdirSync(cwd).toSorted(), ['s.csv', 's.html', 's.md', 's.svg', 'small.yaml', 'speedups']);
  const [kept = '', ...others] = readdirSync(path.join(cwd, 'speedups'));
  t.deepEqual(others, []);
  t.regex(kept, /^small-\d{8}-\d{6}-[0-9a-f]{6}\.json$/);
  t.regex(stderr, new RegExp(`saved  speedups/${kept}\n$`));
  const result = JSON.parse(readFileSync(path.join(cwd, 'speedups', kept), 'utf8')) as SpeedupResult;
  t.true(isShaped(result, resultShape));
  t.like(result, { name: 'small', status: 'finished' });
  t.is(readFileSync(path.join(cwd, 's.csv'), 'utf8').split('\r\n').length, 5);
});

const unwritable: [title: string, place: (cwd: string) => string, text: RegExp][] = [
  [
    'a file is there',
    (cwd) => {
      writeFileSync(path.join(cwd, 'speedups'), '');
      return cwd;
    },
    /^warning\[W_STORAGE\] {2}speedups: not a directory; expected a directory; this result is kept as it is printed, and --no-save /m,
  ],
  [
    'a link is there',
    (cwd) => {
      symlinkSync(tmpdir(), path.join(cwd, 'speedups'));
      return cwd;
    },
    /^warning\[W_STORAGE\] {2}speedups: a symbolic link to .*, which is not followed; expected a directory; this result /m,
  ],
  // Nobody can make a folder there, whoever it is.
  ['nothing can be made there', () => '/proc', /^warning\[W_STORAGE\] {2}speedups: cannot be made: .*; this result /m],
];
for (const [title, place, text] of unwritable) {
  test.serial(`where the result cannot be kept because ${title}, it is printed with a warning, and that is no failure`, async (t) => {
    for (const isJson of [false, true]) {
      const own = workplace(t);
      const cwd = place(own);
      const finished = await gradloom(['speedup', path.join(own, 'small.yaml'), ...QUICK, ...(isJson ? ['--json'] : [])], { cwd });
      t.is(finished.code, 0, finished.stderr);
      t.regex(finished.stderr, text);
      if (isJson) t.is((JSON.parse(finished.stdout) as SpeedupResult).status, 'finished');
      else t.regex(finished.stdout, /^verdict {2}\S/m);
    }
  });
}

test.serial('--no-save keeps nothing', async (t) => {
  const cwd = workplace(t);
  const { code, stderr } = await gradloom(['speedup', 'small.yaml', ...QUICK, '--no-save'], { cwd });
  t.is(code, 0, stderr);
  t.notRegex(stderr, /saved/);
  t.deepEqual(readdirSync(cwd), ['small.yaml']);
});

test.serial('--json is one object, and Ctrl-C ends after the repetition at hand with 130', async (t) => {
  const { child, finished, says } = start(['speedup', 'small.yaml', '--json', '--workers', '1,2', '--steps', '200', '--repeats', '5000'], {
    cwd: workplace(t),
  });
  await says('10/15000  ');
  child.kill('SIGINT');
  const { code, stdout, stderr } = await finished;
  t.is(code, 130);
  t.true(stderr.includes('SIGINT: finishing the repetition; once more to stop at once'));
  const result = JSON.parse(stdout) as { status: string; tables: { repeats: number; rows: { same_work: boolean }[] }[]; verdict: object };
  t.is(result.status, 'interrupted');
  t.true(result.tables[0]!.repeats >= 3);
  t.true(result.tables[0]!.rows.every((row) => row.same_work));
});

test.serial('--predict 64 adds a prediction that says it is one, in every format, or says that one core is too few for it', async (t) => {
  const cwd = workplace(t);
  const files = ['--csv', 's.csv', '--md', 's.md', '--svg', 's.svg', '--html', 's.html'];
  const { code, stdout, stderr } = await gradloom(['speedup', 'small.yaml', ...QUICK, '--predict', '2,64', '--json', ...files], { cwd });
  if (countCores().usable < 2) {
    t.is(code, 78);
    t.true(stderr.includes('and this process may use 1 core'), stderr);
    return;
  }
  t.is(code, 0, stderr);
  const { prediction } = JSON.parse(stdout) as SpeedupResult;
  t.deepEqual(
    prediction?.rows.map(({ workers, ranks }) => [workers, ranks]),
    [
      [2, 2],
      [64, 16],
    ],
  );
  for (const { speedup, samples_per_second: rate, microseconds, barriers_per_step: barriers } of prediction!.rows) {
    t.true(speedup.low <= speedup.value && speedup.value <= speedup.high && speedup.low > 0);
    t.true(rate.value > 0);
    t.true(Object.values(microseconds).every((part) => part >= 0));
    t.is(barriers, 3);
  }
  t.deepEqual(
    prediction!.checks.map(({ workers }) => workers),
    [2],
  );
  const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8');
  t.regex(stderr, /^Prediction, not measured: .*\n +workers /m);
  t.regex(stderr, /^ *64 \(16 work\) /m);
  t.regex(stderr, /^Predicted, not measured: 64 workers are /m);
  t.regex(read('s.md'), /^## Prediction, not measured: .*\n\n\| workers \|/m);
  t.regex(read('s.html'), /<h2>Prediction, not measured: /);
  t.regex(read('s.svg'), /class="line s1 predicted"/);
  t.is(read('s.csv').match(/^prediction,predicted,(?:2|64),/gm)?.length, 2);
});

const usage: [args: string[], code: number, text: string][] = [
  [[], 64, 'FILE is missing; expected gradloom speedup FILE [key=value ...]'],
  [['small.yaml', '--worker', '2'], 64, 'unknown option --worker; did you mean --workers?'],
  [['small.yaml', '--workers'], 64, '--workers: the value is missing; expected --workers LIST'],
  [['small.yaml', '--steps', '1', '--seconds', '1'], 64, '--steps and --seconds: give one of the two'],
  [['small.yaml', '--workers', '0'], 78, 'command line: --workers=0  error[E_CONFIG_RANGE]  workers: out of range; got 0;'],
  [['small.yaml', '--workers', '4..1'], 78, 'error[E_CONFIG_VALUE]  workers: not understood; got 4..1;'],
  [['small.yaml', '--workers', 'two'], 78, 'error[E_CONFIG_VALUE]  workers: not understood; got two;'],
  [['small.yaml', '--workers', '1..17'], 78, 'error[E_CONFIG_RANGE]  17 workers, but numerics.leaves is 16;'],
  [['small.yaml', '--repeats', '2'], 78, 'repeats: out of range; got 2; expected an integer from 3 to 10000'],
  [['small.yaml', '--seconds', '0'], 78, 'work.seconds: out of range; got 0; expected a number above 0, at most 86400'],
  [['small.yaml', '--batch-sizes', '801'], 78, 'error[E_CONFIG_RANGE]  a batch of 801 rows; the training set has 800'],
  [['small.yaml', '--predict', '0'], 78, 'command line: --predict=0  error[E_CONFIG_RANGE]  predict: out of range; got 0;'],
  [['small.yaml', '--predict', '-4'], 78, 'error[E_CONFIG_RANGE]  predict: out of range; got -4;'],
  [['small.yaml', '--predict', '1e9'], 78, 'error[E_CONFIG_RANGE]  predict: out of range; got 1e9;'],
  [['small.yaml', '--predict', '4097'], 78, 'error[E_CONFIG_RANGE]  predict: out of range; got 4097;'],
  [['small.yaml', '--predict', '2.5'], 78, 'predict: '],
  [['small.yaml', '--predict', 'many'], 78, 'error[E_CONFIG_VALUE]  predict: not understood; got many;'],
  [['small.yaml', '--predict', '64..2'], 78, 'error[E_CONFIG_VALUE]  predict: not understood; got 64..2;'],
  [['small.yaml', '--predict'], 64, '--predict: the value is missing; expected --predict LIST'],
  [
    ['small.yaml', '--predict', '64', '--workers', '1'],
    78,
    'error[E_CONFIG_RANGE]  a prediction needs two worker counts that have a core each',
  ],
  [
    ['small.yaml', '--predict', '64', '--mode', 'weak', '--workers', '1,2'],
    78,
    'error[E_CONFIG_VALUE]  a prediction is one of strong scaling',
  ],
  [['small.yaml', '--mode', 'weka'], 78, 'mode: unknown value; got weka; expected one of strong, weak, both; did you mean weak?'],
  [['small.yaml', 'train.lr=1'], 78, 'train.lr: unknown key; did you mean optimizer.lr?'],
  [['none.yaml'], 78, 'none.yaml  error[E_CONFIG_READ]  cannot read the experiment: no such file'],
];
for (const [args, code, text] of usage) {
  test.serial(`speedup ${args.join(' ')}: exit ${code}, ${text}`, async (t) => {
    const finished = await gradloom(['speedup', ...args], { cwd: workplace(t) });
    t.is(finished.code, code);
    t.true(finished.stderr.includes(text), finished.stderr);
    t.is(finished.stdout, '');
  });
}

test.serial('schema speedup prints its JSON Schema', async (t) => {
  const { code, stdout } = await gradloom(['schema', 'speedup']);
  t.is(code, 0);
  t.is((JSON.parse(stdout) as { title: string }).title, 'gradloom speedup');
});
