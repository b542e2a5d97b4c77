import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT } from '../../src/errors.ts';
import { gradloom, SMALL, start, workplace } from './support/run-cli.ts';

const LONG = `${SMALL.replace('epochs: 3', 'epochs: 100000').replace('name: small', 'name: long')}parallel: {workers: 1}\n`;
const statusesIn = (cwd: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path.join(cwd, 'runs')).map((id) => {
      const summary = JSON.parse(readFileSync(path.join(cwd, 'runs', id, 'summary.json'), 'utf8')) as { name: string; status: string };
      return [summary.name, summary.status];
    }),
  );

test.serial('train --watch trains again when the file is saved, saves what is under way, and Ctrl-C leaves', async (t) => {
  const cwd = workplace(t, { 'a.yaml': LONG });
  const { child, finished, says } = start(['train', 'a.yaml', '--watch'], { cwd });
  await says('epoch ');
  // Not yet whole, then as an editor puts a new file in its place.
  writeFileSync(path.join(cwd, 'a.yaml'), 'name: [');
  await says('error[E_YAML_SYNTAX]');
  writeFileSync(path.join(cwd, 'b'), SMALL);
  renameSync(path.join(cwd, 'b'), path.join(cwd, 'a.yaml'));
  await new Promise<void>((resolve) => child.stdout?.on('data', (text: string) => text.includes('small: finished') && resolve()));
  // Wherever it is with that: a signal that comes when a work has just ended is not lost.
  child.kill('SIGINT');
  t.is((await finished).code, EXIT.interrupted);
  t.deepEqual(statusesIn(cwd), { long: 'interrupted', small: 'finished' });
});

test.serial('Ctrl-C while a watched training goes on saves it and leaves', async (t) => {
  const cwd = workplace(t, { 'a.yaml': LONG });
  const { child, finished, says } = start(['train', 'a.yaml', '--watch'], { cwd });
  await says('epoch ');
  child.kill('SIGINT');
  t.is((await finished).code, EXIT.interrupted);
  t.deepEqual(statusesIn(cwd), { long: 'interrupted' });
});

test.serial('check --watch shows each state of the file once', async (t) => {
  const cwd = workplace(t, { 'a.yaml': 'name: [' });
  const { child, finished, says } = start(['check', 'a.yaml', '--watch'], { cwd });
  await says('watching a.yaml');
  writeFileSync(path.join(cwd, 'a.yaml'), 'name: [');
  writeFileSync(path.join(cwd, 'a.yaml'), SMALL.replace('samples: 1000', 'samples: 9'));
  await says('error[E_');
  writeFileSync(path.join(cwd, 'a.yaml'), SMALL);
  await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  child.kill('SIGINT');
  const { stdout } = await finished;
  t.regex(stdout, /^name: small/m);
});

test.serial(
  'a change is one of the file behind a link, of a file that it extends, of one that was away, and of one that could not be read',
  async (t) => {
    const named = (name: string): string => SMALL.replace('name: small', `name: ${name}`);
    const cwd = workplace(t, {});
    mkdirSync(path.join(cwd, 'inner'));
    const [link, file, base] = ['a.yaml', 'inner/a.yaml', 'inner/base.yaml'].map((name) => path.join(cwd, name)) as [
      string,
      string,
      string,
    ];
    symlinkSync('inner/a.yaml', link);
    const { child, finished, says } = start(['check', 'inner/a.yaml', '--watch'], { cwd });
    await says('no such file');
    writeFileSync(file, 'extends: ./base.yaml\n');
    await says('cannot read ./base.yaml');
    const shows = (name: string): Promise<void> =>
      new Promise((resolve) => child.stdout?.on('data', (text: string) => text.includes(`name: ${name}`) && resolve()));
    const change = async (name: string, save: (text: string) => void): Promise<void> => {
      const shown = shows(name);
      save(named(name));
      await shown;
    };
    await change('made', (text) => writeFileSync(base, text));
    await change('replaced', (text) => {
      writeFileSync(`${base}~`, text);
      renameSync(`${base}~`, base);
    });
    rmSync(file);
    await change('back', (text) => writeFileSync(file, text));
    child.kill('SIGINT');
    t.is((await finished).code, EXIT.interrupted);
    const linked = start(['check', 'a.yaml', '--watch'], { cwd });
    await linked.says('watching a.yaml');
    const second = new Promise<void>((resolve) =>
      linked.child.stdout?.on('data', (text: string) => text.includes('name: linked') && resolve()),
    );
    writeFileSync(file, named('linked'));
    await second;
    linked.child.kill('SIGTERM');
    t.is((await linked.finished).code, EXIT.terminated);
  },
);

for (const [args, message] of [
  [['train', 'a.yaml', '--watch', '--json'], /--watch and --json: there would be more than one object/],
  [['train', 'a.yaml', '--watch', '--hosts', 'a:1,b:1'], /--watch and --hosts: only a training by one process can be watched/],
] as const) {
  test(`refused: ${args.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await gradloom(args, { cwd: workplace(t, { 'a.yaml': SMALL }) });
    t.is(code, EXIT.usage);
    t.regex(stdout + stderr, message);
  });
}
