import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, MAIN, type RunOptions, workplace } from '../support/run-cli.ts';

const packageRoot = path.resolve(path.dirname(MAIN), '../../..');

async function nextOf(options: RunOptions): Promise<string> {
  const { code, stderr } = await gradloom(['runs', 'show', 'nothing'], options);
  return code === 64 ? (/^next: (.*)$/m.exec(stderr)?.[1] ?? stderr) : stderr;
}

test('where a project has gradloom installed, commands start with npx', async (t) => {
  const cwd = workplace(t);
  mkdirSync(path.join(cwd, 'node_modules'));
  mkdirSync(path.join(cwd, 'inner'));
  symlinkSync(packageRoot, path.join(cwd, 'node_modules/gradloom'));
  t.is(await nextOf({ cwd }), 'npx gradloom runs ls');
  t.is(await nextOf({ cwd: path.join(cwd, 'inner') }), 'npx gradloom runs ls');
});

test('where it is on the path, with its name; elsewhere with node and the file', async (t) => {
  const cwd = workplace(t);
  t.is(await nextOf({ cwd }), `node ${MAIN} runs ls`);
  const bin = path.join(cwd, 'bin');
  mkdirSync(bin);
  chmodSync(MAIN, 0o755);
  symlinkSync(MAIN, path.join(bin, 'gradloom'));
  t.is(await nextOf({ cwd, env: { PATH: `${bin}${path.delimiter}${process.env['PATH']}` } }), 'gradloom runs ls');
});

test('in its own repository as it was started', async (t) => {
  t.is(await nextOf({ cwd: packageRoot, env: { npm_command: '' } }), 'node dist/src/cli/main.js runs ls');
  t.is(await nextOf({ cwd: packageRoot, env: { npm_command: 'exec' } }), 'npx gradloom runs ls');
});

test('with --json, too', async (t) => {
  const { stdout } = await gradloom(['runs', 'show', 'nothing', '--json'], { cwd: workplace(t) });
  t.is((JSON.parse(stdout) as { error: { next: string } }).error.next, `node ${MAIN} runs ls`);
});
