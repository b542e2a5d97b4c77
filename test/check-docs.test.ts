import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { differs } from './tutorial/support/page.ts';

const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const run = promisify(execFile);
const check = (page: string, ...options: string[]): Promise<{ stdout: string }> =>
  run('node', ['scripts/check-docs.mjs', page, ...options], { cwd: root });

// All of README.md and the other pages are typed by .ci/run.
test('README.md: the error that it shows is the one that is printed', async (t) => {
  const { stdout } = await check('README.md', '--only=learning_rate');
  t.regex(stdout, /^ok {3}README\.md: 0 run, 1 compared, 0 not run/);
});

test('docs/use.md: every command does and prints what the page shows', async (t) => {
  t.timeout(180_000);
  const { stdout } = await check('docs/use.md');
  t.regex(stdout, /^ok {3}docs\/use\.md: \d+ run, [1-9]\d* compared, 0 not run/);
});

const WRONG = [
  { title: 'an output that is another', page: '```\n$ gradloom --version\n9.9.9\n```\n', told: 'not printed: 9.9.9' },
  { title: 'an output that goes on', page: '```\n$ echo one; echo two\none\n```\n', told: 'nothing more, but there is: two' },
  { title: 'a command that fails', page: '```sh\ngradloom check nothing.yaml   # a comment\n```\n', told: 'exit code 78' },
];

for (const { title, page, told } of WRONG) {
  test(`a page with ${title} is found`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-page-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'page.md');
    writeFileSync(file, page);
    const error = await t.throwsAsync<Error & { code?: number; stderr?: string }>(check(file));
    t.is(error.code, 1);
    t.true(error.stderr?.includes(told), error.stderr);
  });
}

const SAME = [
  [
    'time 1.8s, 100,680 samples/s with 2 workers; training 1m 1.5s, saving 9ms',
    'time 9ms, 1 samples/s with 1 worker; training 2.0s, saving 1s',
  ],
  ['saved  runs/mnist-20261129-094907-d39081', 'saved  runs/mnist-20270101-000000-000000'],
  ['The forest predicts 80 %. ...', 'The forest predicts 80 %. It has 64 trees.'],
  ['a\n...\nd', 'a\nb\nc\nd'],
] as const;

const OTHER = [
  ['val      loss 0.192759', 'val      loss 0.192758'],
  ['The forest predicts 80 %. ...', 'The forest predicts 81 %. It has 64 trees.'],
  ['a\nd', 'a\nb\nd'],
  ['a\n...\nd', 'a\nb'],
] as const;

test('times, rates and ids may be others, numbers of a result may not', (t) => {
  for (const [shown, printed] of SAME) t.is(differs(shown, printed), undefined, shown);
  for (const [shown, printed] of OTHER) t.not(differs(shown, printed), undefined, shown);
});
