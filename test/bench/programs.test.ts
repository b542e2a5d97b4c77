import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

function run(name: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const file = fileURLToPath(new URL(`../../bench/${name}.js`, import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], { env: { ...process.env, NO_COLOR: '1' } }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

for (const [name, line] of [
  ['run', 'npm run bench -- [options]:'],
  ['peers', 'npm run bench:peers -- [options]:'],
] as const) {
  test(`bench/${name} --help answers on stdout`, async (t) => {
    const { code, stdout, stderr } = await run(name, ['--help']);
    t.deepEqual([code, stderr], [0, '']);
    t.true(stdout.startsWith(line));
  });

  test(`bench/${name} tells a wrong option and ends with 64`, async (t) => {
    const { code, stdout, stderr } = await run(name, ['--rounds', '1']);
    t.deepEqual([code, stdout], [64, '']);
    t.is(stderr, 'error[E_USAGE]  --rounds: expected a number from 3 to 1000; got 1\nnext: add --help for the options\n');
  });

  test(`bench/${name} tells a wrong override before it measures, and ends with 78`, async (t) => {
    const { code, stdout, stderr } = await run(name, ['--only', 'W2', '--set', 'optimizer.lrate=1']);
    t.deepEqual([code, stdout], [78, '']);
    t.true(stderr.includes('error[E_CONFIG_UNKNOWN_KEY]  optimizer.lrate: unknown key'), stderr);
  });
}

test('a file to compare with that is none is told before anything is measured', async (t) => {
  const { code, stderr } = await run('run', ['--compare', fileURLToPath(import.meta.url)]);
  t.is(code, 64);
  t.true(stderr.includes('next: give a file that --save wrote'), stderr);
});
