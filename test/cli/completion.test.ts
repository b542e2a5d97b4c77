import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { complete } from '../../src/cli/completion/complete.ts';
import { COMPLETE } from '../../src/cli/terminal/shells.ts';
import { bundledNames } from '../../src/config/text/bundled.ts';
import { EXIT } from '../../src/errors.ts';
import { gradloom, MAIN, SMALL, workplace } from './support/run-cli.ts';
import { atTerminal, hasTerminals } from './support/terminal.ts';

const isOnTerminal = await hasTerminals();
const RUN = 'small-20260101-120000-0a1b2c';

const texts = (...words: string[]): string[] => complete(words).candidates.map(({ text }) => text);

const cases: [words: string[], expected: string[]][] = [
  [['comp'], ['compare', 'completion']],
  [['runs', 'e'], ['export']],
  [['train', 'a.yaml', '--ne'], ['--needed']],
  [['runs', 'ls', '--status', 'fin'], ['finished']],
  [['check', '--as', 'm'], ['mermaid']],
  [['check', '--as=m'], ['--as=mermaid']],
  [['runs', 'ls', '--status=fin'], ['--status=finished']],
  [['train', 'a.yaml', '--dir='], []],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['train', 'a.yaml', 'optimizer.lr'],
    ['optimizer.lr=', 'optimizer.lr_decay='],
  ],
  [
    ['train', 'a.yaml', 'optimizer.type=adam'],
    ['optimizer.type=adam', 'optimizer.type=adamw'],
  ],
  [
    ['train', 'a.yaml', 'optim'],
    ['optimizer.', 'optimizer='],
  ],
  [['train', 'a.yaml', 'optimizer=rad'], ['optimizer=radam']],
  [
    ['train', 'a.yaml', 'model.layers.1.activ'],
    ['model.layers.1.activation.', 'model.layers.1.activation='],
  ],
  [
    ['train', 'a.yaml', 'model.layers.1.layers.0.residual.layers.2.activ'],
    ['model.layers.1.layers.0.residual.layers.2.activation.', 'model.layers.1.layers.0.residual.layers.2.activation='],
  ],
  [
    ['train', 'a.yaml', 'model.layers.0.padding='],
    ['model.layers.0.padding=same', 'model.layers.0.padding=valid'],
  ],
  [
    ['train', 'a.yaml', 'model.layers.2.repeat.'],
    ['model.layers.2.repeat.times=', 'model.layers.2.repeat.layers.', 'model.layers.2.repeat.layers='],
  ],
  [
    ['train', 'a.yaml', 'data.drop_last='],
    ['data.drop_last=true', 'data.drop_last=false'],
  ],
  [
    ['train', 'a.yaml', '~train.early'],
    ['~train.early_stop.', '~train.early_stop'],
  ],
  [['sweep', 'search.yaml', 'met'], ['metrics=']],
  [['train', 'a.yaml', 'nothing.at.all='], []],
  [['train', 'a.yaml', '__proto__.'], []],
  [['nothing', ''], []],
];
for (const [words, expected] of cases) {
  test(`behind gradloom ${words.join(' ')} may come ${expected.join(', ') || 'nothing'}`, (t) => {
    const found = texts(...words);
    t.deepEqual(words.includes('met') ? found.filter((text) => text === 'metrics=') : found, expected);
  });
}

test('an experiment may be a file, or one that comes with gradloom', (t) => {
  t.deepEqual(texts('train', ''), bundledNames());
  t.true(complete(['train', '']).files);
  t.false(complete(['train', 'a.yaml', '']).files);
  t.true(complete(['evaluate', 'run', '--data', '']).files);
});

function place(t: ExecutionContext): string {
  const cwd = workplace(t, { 'small.yaml': SMALL });
  mkdirSync(path.join(cwd, 'runs', RUN), { recursive: true });
  mkdirSync(path.join(cwd, 'runs', 'other-20260102-120000-ffffff'));
  mkdirSync(path.join(cwd, 'runs', 'no run'));
  return cwd;
}

test('runs are offered by their ids, the latest first', async (t) => {
  const { stdout } = await gradloom([COMPLETE, 'resume', ''], { cwd: place(t) });
  t.deepEqual(
    stdout.split('\n').map((line) => line.split('\t')[0]),
    ['@last', 'other-20260102-120000-ffffff', RUN, ':files', ''],
  );
  t.is((await gradloom([COMPLETE, 'resume', ''], { cwd: workplace(t) })).stdout, ':files\n');
});

test('no completion is printed for a shell that is not known', async (t) => {
  const { code, stderr } = await gradloom(['completion', 'tcsh']);
  t.is(code, EXIT.usage);
  t.regex(stderr, /^error\[E_USAGE\] {2}no completion for tcsh; expected bash, zsh, fish$/m);
});

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const typed: [keys: string, becomes: string][] = [
  ['gradloom comple', 'completion'],
  ['gradloom train small.yaml --nee', '--needed'],
  ['gradloom resume other', 'other-20260102-120000-ffffff'],
  ['gradloom train small.yaml optimizer.weight_decay_', 'optimizer.weight_decay_on='],
  ['gradloom train small.yaml schedule.type=one', 'schedule.type=one_cycle'],
];
/** What each shell does when Tab is pressed, and prints what it would put in place of the last word. */
const ASKING: Readonly<Record<string, (line: string) => string[]>> = {
  bash: (line) => [
    '--norc',
    '-c',
    `eval "$(node '${MAIN}' completion bash)"; COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}; _gradloom; printf '%s\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (line) => [
    '-f',
    '-c',
    `compdef() { :; }; compadd() { print -l -- "\${(@P)@[-1]}"; }; _files() { :; }
     eval "$(node '${MAIN}' completion zsh)"; words=(${line}); CURRENT=\${#words}; _gradloom`,
  ],
  fish: (line) => ['--no-config', '-c', `node '${MAIN}' completion fish | source; complete -C '${line}'`],
};
for (const [shell, asking] of Object.entries(ASKING)) {
  const inShell = has(shell) ? test.serial : test.serial.skip;
  inShell(`${shell} completes commands, options, runs, keys and values`, (t) => {
    const cwd = place(t);
    for (const [line, becomes] of typed) {
      const found = execFileSync(shell, asking(line), { cwd, env: { ...process.env, HOME: cwd } }).toString();
      // bash replaces only what stands behind the =.
      const expected = shell === 'bash' && line.includes('=') ? becomes.slice(becomes.indexOf('=') + 1) : becomes;
      t.deepEqual(
        [
          ...new Set(
            found
              .trimEnd()
              .split('\n')
              .map((one) => one.split('\t')[0]),
          ),
        ],
        [expected],
        found,
      );
    }
  });
}

/** How each shell is started with nothing of its user's, and learns to complete. */
const AT_TERMINAL: Readonly<Record<string, { args: readonly string[]; learn: string }>> = {
  bash: { args: ['--norc', '--noprofile', '-i'], learn: '' },
  zsh: { args: ['-f', '-i'], learn: "autoload -Uz compinit; compinit -u; PS1='>'; " },
};
for (const [shell, { args, learn }] of Object.entries(AT_TERMINAL)) {
  const inShell = isOnTerminal && has(shell) ? test.serial : test.serial.skip;
  inShell(`at a terminal of ${shell}, Tab writes the rest of a word`, async (t) => {
    const cwd = place(t);
    const { lines } = await atTerminal([shell, ...args], {
      cwd,
      columns: 200,
      env: { TERM: 'dumb', PS1: '>', HOME: cwd, ZDOTDIR: cwd },
      acts: [
        { keys: `${learn}eval "$(node '${MAIN}' completion ${shell})"; gradloom() { echo "given: $*"; }; echo rea''dy\r` },
        { after: 'ready\r\n', keys: 'gradloom train sma\t' },
        { after: 'small.yaml ', keys: 'optimizer.type=adag\t' },
        { after: 'adagrad', keys: '\r' },
        { after: 'given: ', keys: 'exit\r' },
      ],
    });
    t.regex(lines.join('\n'), /^given: train small\.yaml optimizer\.type=adagrad$/m);
  });
}
