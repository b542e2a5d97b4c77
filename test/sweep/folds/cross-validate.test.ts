import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { ofFold } from '../../../src/config/folds.ts';
import { experimentFromObject } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { type ErrorCode, EXIT, GradloomError } from '../../../src/errors.ts';
import { train } from '../../../src/runs/training/train.ts';
import { verify } from '../../../src/runs/training/verify.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { crossValidate, resumeCrossValidation } from '../../../src/sweep/folds/cross-validate.ts';
import { readCrossValidation } from '../../../src/sweep/folds/result.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { deviation, mean, studentQuantile } from '../../../src/sweep/space/values.ts';
import { Dice } from '../../engine/support/samples.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { FOLDED, folded, killedFolds, runBytes } from '../support/folds-case.ts';
import { sweepFile } from '../support/sweep-case.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261129);

test.serial('V1 a cross-validation has the same values, weights and metrics for any number of cores', async (t) => {
  t.timeout(60_000);
  const [first, ...others] = await Promise.all(
    ['1', '2', '3', 'auto'].map(async (workers) => {
      const directory = path.join(temporary(t), 'folds');
      return crossValidate(folded(`parallel.workers=${workers}`), { directory }).result;
    }),
  );
  if (first === undefined) throw new Error('nothing was trained');
  t.is(first.status, 'finished');
  t.is(new Set(first.folds.digests).size, 4);
  t.true(new Set(first.folds.values).size > 1);
  for (const other of others) {
    t.deepEqual(other.folds, first.folds);
    t.deepEqual(runBytes(other), runBytes(first));
  }
});

test.serial('its mean, deviation and interval are those of the values, and each value is that of the run of its fold', async (t) => {
  t.timeout(60_000);
  const directory = path.join(temporary(t), 'folds');
  const { folds } = await crossValidate(folded(), { directory }).result;
  const values = folds.values.map(Number);
  t.like(folds, { metric: 'val.accuracy', goal: 'maximize', mean: mean(values), std: deviation(values) });
  const half = (studentQuantile(0.95, 3) * deviation(values)) / 2;
  t.true(Math.abs((folds.interval?.[1] ?? 0) - (mean(values) + half)) < 1e-12);
  for (const [fold, value] of values.entries()) {
    const alone = await train({ experiment: ofFold(folded().experiment, fold) }, { directory: path.join(temporary(t), 'alone') }).result;
    t.is(alone.last['val.accuracy'], value);
    t.true(alone.digest === folds.digests[fold], `fold ${fold}`);
    const verification = verify(path.join(directory, folds.runs[fold] ?? ''));
    t.is((await verification.result).status, 'same');
  }
  const summary = readFileSync(path.join(directory, folds.runs[1] ?? '', 'config.yaml'), 'utf8');
  t.regex(summary, /folds: 4\n {4}fold: 1\n/);
});

test.serial('folds are compared by what the best checkpoint goes by, at its best', async (t) => {
  t.timeout(60_000);
  const overrides = ['train.checkpoint.best.metric=val.loss', 'optimizer.lr=1.5', 'train.epochs=8'];
  const { folds, directory } = await crossValidate(folded(...overrides), { directory: path.join(temporary(t), 'folds') }).result;
  t.like(folds, { metric: 'val.loss', goal: 'minimize' });
  for (const [fold, run] of folds.runs.entries()) {
    const { best } = JSON.parse(readFileSync(path.join(directory, run, 'summary.json'), 'utf8')) as {
      best: Record<string, { value: number }>;
    };
    t.is(folds.values[fold], best['val.loss']?.value);
  }
});

test.serial(`V1 SIGKILLs at random moments change nothing of a cross-validation (seed ${SEED})`, async (t) => {
  t.timeout(180_000);
  const place = temporary(t);
  const file = path.join(place, 'folded.yaml');
  writeFileSync(file, resolvedYaml(folded('train.epochs=60', 'train.checkpoint.every.epochs=5', 'parallel.workers=2')));
  const calm = path.join(place, 'calm');
  await killedFolds(file, calm, []);
  const expected = readCrossValidation(calm);
  const dice = new Dice(SEED);
  t.log(`seed ${SEED}`);
  const directory = path.join(place, 'killed');
  const longest = Math.ceil((1000 * expected.seconds) / 4);
  const kills = await killedFolds(
    file,
    directory,
    Array.from({ length: 5 }, () => dice.int(0, longest)),
  );
  t.true(kills > 0);
  const found = readCrossValidation(directory);
  t.is(found.status, 'finished');
  t.deepEqual(found.folds, expected.folds);
  t.deepEqual(runBytes(found), runBytes(expected));
});

test.serial('an interrupted one tells what it has, and is resumed with other cores to the same result', async (t) => {
  t.timeout(60_000);
  const overrides = ['train.epochs=40', 'parallel.workers=1'];
  const expected = await crossValidate(folded(...overrides), { directory: path.join(temporary(t), 'calm') }).result;
  const directory = path.join(temporary(t), 'folds');
  const abort = new AbortController();
  const run = crossValidate(folded(...overrides), { directory, signal: abort.signal });
  for await (const event of run) if (event.type === 'run') abort.abort();
  const interrupted = await run.result;
  t.is(interrupted.status, 'interrupted');
  t.is(interrupted.folds.mean, null);
  t.true(interrupted.folds.values.some((value) => value !== null) && interrupted.folds.values.includes(null));
  const resumed = await resumeCrossValidation(directory, { workers: 2 }).result;
  t.deepEqual(resumed.folds, expected.folds);
  t.deepEqual(runBytes(resumed), runBytes(expected));
  const again = await resumeCrossValidation(directory).result;
  t.deepEqual(again, resumed);
});

test.serial('a sweep over an experiment with folds ranks its trials by the mean over them', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const base = resolvedYaml(folded());
  const text =
    'name: ranked\nbase: ./base.yaml\nmethod: grid\nmetric: {name: val.accuracy, summary: last}\nparameters:\n  optimizer.lr: {values: [0.001, 0.1]}\n';
  const loaded = loadSweep(sweepFile(directory, '', { base, sweep: text }));
  t.is(loaded.settings.folds, 4);
  const { trials, best, directory: place } = await sweep(loaded, { directory: path.join(directory, 'ranked') }).result;
  t.is(trials.length, 2);
  for (const { value, values, std, digests, runs } of trials) {
    t.is(values.length, 4);
    t.is(value, mean(values));
    t.is(std, deviation(values));
    t.is(new Set(digests).size, 4);
    t.deepEqual(
      runs.map((run) => run.replace(/^trials\/\d/, '')),
      ['-fold-0', '-fold-1', '-fold-2', '-fold-3'],
    );
    t.true(runs.every((run) => existsSync(path.join(place, run, 'summary.json'))));
  }
  t.is(best, (trials[0]?.value ?? 0) > (trials[1]?.value ?? 0) ? 0 : 1);
  const { folds } = await crossValidate(folded(), { directory: path.join(temporary(t), 'folds') }).result;
  t.deepEqual(trials[1]?.digests, folds.digests);
});

test.serial('on two seeds a trial has the folds of each', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const text = 'name: seeded\nbase: ./base.yaml\nmethod: grid\nseeds: 2\nparameters:\n  optimizer.lr: {values: [0.1]}\n';
  const base = resolvedYaml(folded('data.split.folds=2'));
  const { trials } = await sweep(loadSweep(sweepFile(directory, '', { base, sweep: `${text}  train.batch_size: {values: [20, 40]}\n` })), {
    directory: path.join(directory, 'seeded'),
  }).result;
  t.deepEqual(trials[0]?.runs, ['trials/0-0-fold-0', 'trials/0-0-fold-1', 'trials/0-1-fold-0', 'trials/0-1-fold-1']);
  t.is(new Set(trials.flatMap(({ digests }) => digests)).size, 8);
});

test('folds do not vary in a sweep', (t) => {
  for (const key of ['data.split.folds', 'data.split.fold']) {
    const text = `name: a\nbase: ./base.yaml\nmethod: grid\nparameters:\n  ${key}: {values: [2, 3]}\n`;
    const error = t.throws(() => loadSweep(sweepFile(temporary(t), '', { base: resolvedYaml(folded()), sweep: text })), {
      instanceOf: GradloomError,
    });
    t.is(error?.exitCode, EXIT.config);
    t.true(error?.problems.some(({ message }) => message.includes('folds do not vary: trials on other folds can not be compared')));
  }
});

const refused: { title: string; overrides: string[]; code: ErrorCode; message: RegExp; next: RegExp }[] = [
  {
    title: 'an experiment without folds',
    overrides: ['~data.split.folds'],
    code: 'E_CONFIG_MISSING',
    message: /a cross-validation has some/,
    next: /data\.split\.folds: 5/,
  },
  {
    title: 'an experiment of one fold',
    overrides: ['data.split.fold=2'],
    code: 'E_CONFIG_MISSING',
    message: /2 is one run of a cross-validation/,
    next: /leave data\.split\.fold out/,
  },
  {
    title: 'more folds than samples',
    overrides: ['data.split.folds=200'],
    code: 'E_DATA_SPLIT',
    message: /200 folds of 163 samples/,
    next: /lower data\.split\.folds/,
  },
  { title: 'what diverges in a fold', overrides: ['optimizer.lr=1e30'], code: 'E_DIVERGED', message: /^fold 0: /, next: /optimizer\.lr/ },
];
for (const { title, overrides, code, message, next } of refused) {
  test.serial(`${title} is refused: ${code}`, async (t) => {
    const directory = path.join(temporary(t), 'folds');
    const error = await t.throwsAsync(crossValidate(folded(...overrides), { directory }).result, { instanceOf: GradloomError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
    t.regex(error?.next ?? '', next);
    t.is(existsSync(directory), code === 'E_DIVERGED');
  });
}

test.serial('train by itself says that it needs to know the fold, and makes nothing', async (t) => {
  const parent = temporary(t);
  const error = await t.throwsAsync(train(folded(`track.dir=${JSON.stringify(parent)}`)).result, { instanceOf: GradloomError });
  t.like(error, { code: 'E_CONFIG_MISSING', exitCode: EXIT.config });
  t.regex(error?.message ?? '', /data\.split\.folds: 4 are 4 runs/);
  t.deepEqual(readdirSync(parent), []);
});

test.serial('a sweep is not resumed as a cross-validation', async (t) => {
  const directory = temporary(t);
  await sweep(loadSweep(sweepFile(directory, '', {}), { overrides: ['run_cap=1'] }), { directory: path.join(directory, 's') }).result;
  const error = await t.throwsAsync(resumeCrossValidation(path.join(directory, 's')).result, { instanceOf: GradloomError });
  t.like(error, { code: 'E_SWEEP_READ', message: 'a sweep, and no cross-validation' });
});

test.serial('rows that a program passes are those of every fold, and are passed again to go on', async (t) => {
  t.timeout(60_000);
  const ROWS = 90;
  const x = Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.sin(i));
  const y = Int32Array.from({ length: ROWS }, (_, i) => i % 3);
  const { data: _synthetic, ...rest } = FOLDED;
  const loaded = experimentFromObject({ ...rest, data: { split: { folds: 3, by: 'stratify' } } }, { data: { x, y } });
  const { folds } = await crossValidate(loaded, { directory: path.join(temporary(t), 'folds') }).result;
  t.is(new Set(folds.digests).size, 3);
  const alone = await train({ ...loaded, experiment: ofFold(loaded.experiment, 1) }, { directory: path.join(temporary(t), 'alone') })
    .result;
  t.is(alone.digest, folds.digests[1] ?? '');

  const directory = path.join(temporary(t), 'paused');
  const abort = new AbortController();
  const run = crossValidate(loaded, { directory, signal: abort.signal });
  for await (const event of run) if (event.type === 'start') abort.abort();
  t.is((await run.result).status, 'interrupted');
  const without = await t.throwsAsync(resumeCrossValidation(directory).result, { instanceOf: GradloomError });
  t.is(without?.code, 'E_SWEEP_FAILED');
  t.regex(without?.message ?? '', /arrays are what a program passes, and none were passed/);
  t.deepEqual((await resumeCrossValidation(directory, { data: { x, y } }).result).folds, folds);
});
