import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { runsPlace, writeRun } from '../../runs/support/stored-runs.ts';
import { gradloom, workplace } from '../support/run-cli.ts';

const ID = 'mnist-20260101-000000-aaaaaa';

test('report writes the page of a run into its directory, of several where it is called', async (t) => {
  const cwd = workplace(t, {});
  const runs = path.join(cwd, 'runs');
  const directory = writeRun(runs, ID);
  writeRun(runs, 'mnist-20260102-000000-bbbbbb');
  t.deepEqual(await gradloom(['report', 'aaaaaa'], { cwd }), { code: 0, stdout: `saved  runs/${ID}/report.html\n`, stderr: '' });
  t.true(readFileSync(path.join(directory, 'report.html'), 'utf8').startsWith('<!doctype html>'));
  const both = await gradloom(['report', '*', '--json'], { cwd });
  t.is(both.code, 0, both.stderr);
  t.deepEqual(JSON.parse(both.stdout), { runs: ['mnist-20260102-000000-bbbbbb', ID], file: path.join(cwd, 'report.html') });
});

test('report --smooth is where the slider begins', async (t) => {
  const cwd = workplace(t, {});
  writeRun(path.join(cwd, 'runs'), ID, { metrics: [0, 1, 2].map((step) => ({ step, epoch: 0, 'train.loss': step })) });
  const { code } = await gradloom(['report', '@last', '--smooth', '.25', '-o', 'page.html'], { cwd });
  t.is(code, 0);
  t.true(readFileSync(path.join(cwd, 'page.html'), 'utf8').includes('step="0.01" value="0.25"'));
});

const REFUSED: [args: string[], code: number, says: RegExp][] = [
  [['report'], 64, /^error\[E_USAGE\] {2}RUN is missing; expected gradloom report RUN\.\.\.\n/],
  [['report', 'zzz'], 64, /zzz {2}error\[E_RUN_NOT_FOUND\] {2}no such run in \.\/runs/],
  [['report', '@last', '--smooth', '1'], 64, /--smooth: expected a number from 0 to 0\.99; got 1\n/],
  [['report', '@last', '--smooth', 'much'], 64, /--smooth: expected a number from 0 to 0\.99; got much\n/],
  [['report', './link'], 65, /error\[E_RUN_READ\] {2}a symbolic link to .*, which is not followed\nnext: name the run itself\n/],
  [
    ['report', '@last', '-o', 'nowhere/a.html'],
    74,
    /nowhere\/a\.html {2}error\[E_STORAGE\] {2}cannot be written: ENOENT.*\nnext: create the directory/,
  ],
];
for (const [args, code, says] of REFUSED) {
  test(`${args.join(' ')}: ends with ${code} and says why`, async (t) => {
    const cwd = workplace(t, {});
    symlinkSync(writeRun(path.join(cwd, 'runs'), ID), path.join(cwd, 'link'));
    const found = await gradloom(args, { cwd });
    t.is(found.code, code, found.stderr);
    t.regex(found.stderr, says);
  });
}

test('report --open gives the page to $BROWSER, and a browser that is not there is no failure', async (t) => {
  const cwd = runsPlace(t);
  mkdirSync(path.join(cwd, 'bin'));
  const browser = path.join(cwd, 'bin', 'browser');
  const told = path.join(cwd, 'told');
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > "${told}.part" && mv "${told}.part" "${told}"\n`);
  chmodSync(browser, 0o755);
  const page = path.join(writeRun(path.join(cwd, 'runs'), ID), 'report.html');
  t.is((await gradloom(['report', '@last', '--open'], { cwd, env: { BROWSER: browser } })).code, 0);
  while (!existsSync(told)) await new Promise((resolve) => setTimeout(resolve, 10));
  t.is(readFileSync(told, 'utf8'), page);
  const missing = await gradloom(['report', '@last', '--open'], { cwd, env: { BROWSER: path.join(cwd, 'none') } });
  t.is(missing.code, 0);
  t.true(
    missing.stderr.startsWith(`cannot open a browser: ${path.join(cwd, 'none')}: `) && missing.stderr.includes('ENOENT'),
    missing.stderr,
  );
});
