import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { parseArguments } from '../../src/cli/parse.ts';
import { EXIT } from '../../src/errors.ts';
import { MAIN, SMALL, workplace } from './support/run-cli.ts';

const SOURCES = fileURLToPath(new URL('../../../src', import.meta.url));
const PACKAGE = path.resolve(path.dirname(MAIN), '../../..');
const SEARCH = `version: 1
name: search
base: ./small.yaml
method: grid
metric: {name: val.loss, goal: minimize}
parameters: {optimizer.lr: {values: [0.1, 0.01]}}
`;

/** Types a line into a shell. @returns the commands that it says come next */
function typed(t: ExecutionContext, line: string, cwd: string, code: number = EXIT.ok): string[] {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd, encoding: 'utf8', timeout: 60_000 });
  t.is(status, code, `${line}\n${stderr}`);
  return [...`${stdout}${stderr}`.matchAll(/^next: (.*)$/gm)].map(([, next = '']) => next);
}

const places: [title: string, program: string, prepare: (cwd: string) => void][] = [
  ['node and the file', `node '${MAIN}'`, () => undefined],
  [
    'npx',
    'npx gradloom',
    (cwd) => {
      mkdirSync(path.join(cwd, 'node_modules/.bin'), { recursive: true });
      symlinkSync(PACKAGE, path.join(cwd, 'node_modules/gradloom'));
      chmodSync(MAIN, 0o755);
      symlinkSync(path.join('..', 'gradloom/dist/src/cli/main.js'), path.join(cwd, 'node_modules/.bin/gradloom'));
    },
  ],
];
for (const [title, program, prepare] of places) {
  test.serial(`what is said to come next can be typed as it stands, where gradloom was started by ${title}`, (t) => {
    const cwd = workplace(t, { 'small.yaml': SMALL, 'search.yaml': SEARCH, 'it is.csv': `x,kind\n${'1,a\n2,b\n'.repeat(30)}` });
    prepare(cwd);
    const drafted = typed(t, `${program} init 'it is.yaml' --data 'it is.csv'`, cwd);
    t.is(drafted.length, 1);
    const searched = typed(t, `${program} sweep search.yaml`, cwd);
    t.is(searched.length, 2);
    const missed = typed(t, `${program} runs show nothing`, cwd, EXIT.usage);
    t.is(missed.length, 1);
    for (const next of [...drafted, ...searched, ...missed]) {
      t.true(next.startsWith(program.split(' ')[0] ?? ''), next);
      for (const further of typed(t, next, cwd)) typed(t, further, cwd);
    }
  });
}

test('every command that stands in the source as what comes next is understood', (t) => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const commands = files.flatMap((file) => {
    const text = readFileSync(path.join(SOURCES, file), 'utf8');
    return [...text.matchAll(/\bnext(?::| =)\s*'gradloom ([^']*)'/g)].map(([, words = '']) => words);
  });
  t.true(commands.length > 5);
  for (const words of commands) t.notThrows(() => parseArguments(words.split(' ')), words);
});
