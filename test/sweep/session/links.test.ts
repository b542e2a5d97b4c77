import { cpSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { loaded, played } from '../support/sweep-case.ts';

const onUnix = process.platform === 'win32' ? test.skip : test.serial;

onUnix('the trials of another sweep behind a link are not touched, nor a sweep that is a link', async (t) => {
  const directory = temporary(t);
  const [place, other, link] = ['sweep', 'other', 'link'].map((name) => path.join(directory, name)) as [string, string, string];
  await played(sweep(loaded(directory, '', ['run_cap=2']), { directory: place }));
  cpSync(place, other, { recursive: true });
  rmSync(path.join(other, 'trials'), { recursive: true });
  symlinkSync('../sweep/trials', path.join(other, 'trials'));
  symlinkSync('sweep', link);
  const contents = (): string[] => readdirSync(path.join(place, 'trials'), { recursive: true, encoding: 'utf8' }).toSorted();
  const before = contents();
  for (const [from, code] of [
    [other, 'E_RUN_FILE'],
    [link, 'E_SWEEP_READ'],
  ] as const) {
    const error = await t.throwsAsync(resumeSweep(from, { overrides: ['run_cap=4'] }).result, { instanceOf: GradloomError });
    t.is(error.code, code);
    t.is(error.exitCode, EXIT.data);
    t.regex(error.message, /^a symbolic link to .*, which is not followed/);
  }
  t.throws(() => readSweep(link), { code: 'E_SWEEP_READ' });
  t.deepEqual(contents(), before);
});

onUnix('a trial whose directory is a link to another one is trained in a directory of its own', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  await played(sweep(loaded(directory, '', ['run_cap=2']), { directory: place }));
  symlinkSync('0', path.join(place, 'trials', '2'));
  const before = readdirSync(path.join(place, 'trials', '0'), { recursive: true, encoding: 'utf8' }).toSorted();
  const { summary } = await played(resumeSweep(place, { overrides: ['run_cap=3'] }));
  t.deepEqual(
    summary.trials.map(({ status }) => status),
    ['finished', 'finished', 'finished'],
  );
  t.deepEqual(readdirSync(path.join(place, 'trials', '0'), { recursive: true, encoding: 'utf8' }).toSorted(), before);
});
