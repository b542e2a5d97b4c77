import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { EXIT } from '../../../src/errors.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

test('gradloom ui prints one line with its address, answers whoever has the token, and ends in order', async (t) => {
  const cwd = workplace(t);
  writeRun(path.join(cwd, 'runs'), 'a');
  const { child, finished } = start(['ui', '--port', '0', '--no-open'], { cwd });
  const line = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (data: Buffer) => resolve(String(data)));
  });
  t.regex(line, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  const { origin, searchParams } = new URL(line.trim());
  t.is((await fetch(origin)).status, 401);
  const first = await fetch(line.trim());
  t.is(first.status, 200);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  const runs = (await (await fetch(`${origin}/api/runs`, { headers: { cookie } })).json()) as { found: number };
  t.is(runs.found, 1);
  t.not(searchParams.get('token'), null);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await finished;
  t.deepEqual([code, stdout, stderr], [EXIT.ok, line, 'SIGINT: closing the page; trainings go on\n']);
});

test('a wrong port, directory or option of gradloom ui is told with exit 64, a port that is taken with 75', async (t) => {
  const cwd = workplace(t);
  for (const [args, said] of [
    [['--port', 'x'], /--port: expected a number from 0 to 65535; got x/],
    [['--port', '70000'], /--port: expected a number from 0 to 65535; got 70000/],
    [['none'], /none {2}error\[E_USAGE\] {2}no such directory/],
    [['small.yaml'], /small\.yaml {2}error\[E_USAGE\] {2}not a directory/],
    [['a', 'b'], /b: one argument too many/],
    [['--open', '--no-open'], /--open and --no-open: give one of the two/],
    [['--host', '0.0.0.0'], /--host/],
  ] as const) {
    const { code, stderr } = await gradloom(['ui', ...args], { cwd });
    t.is(code, EXIT.usage, args.join(' '));
    t.regex(stderr, said);
  }
  const { child, finished } = start(['ui', '--port', '0', '--json'], { cwd });
  const { port, pid } = JSON.parse(
    await new Promise<string>((resolve) => {
      child.stdout?.once('data', (data: Buffer) => resolve(String(data)));
    }),
  ) as { port: number; pid: number };
  t.is(child.pid, pid);
  const second = await gradloom(['ui', '--port', String(port)], { cwd });
  t.is(second.code, EXIT.busy);
  t.regex(second.stderr, /error\[E_BUSY\] {2}cannot listen on 127\.0\.0\.1:\d+/);
  child.kill('SIGTERM');
  t.is((await finished).code, EXIT.ok);
});

test('--open hands the browser a file of the user alone, not the token', async (t) => {
  const cwd = workplace(t);
  const seen = path.join(cwd, 'seen');
  const browser = path.join(cwd, 'browser');
  writeFileSync(browser, `#!/bin/sh\n{ echo "$@"; stat -c %a "$1"; cat "$1"; } > ${seen}.new && mv ${seen}.new ${seen}\n`, { mode: 0o755 });
  const { child, finished } = start(['ui', '--port', '0', '--open'], { cwd, env: { BROWSER: browser } });
  const line = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (data: Buffer) => resolve(String(data)));
  });
  while (!existsSync(seen)) await sleep(20);
  const [args = '', mode, content = ''] = readFileSync(seen, 'utf8').split('\n');
  t.false(args.includes('token'));
  t.is(mode, '600');
  t.true(content.includes(`url=${line.trim()}"`));
  child.kill('SIGINT');
  t.is((await finished).code, EXIT.ok);
  t.false(existsSync(args));
});
