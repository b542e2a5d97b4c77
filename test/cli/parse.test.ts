import test from 'ava';
import { guardArguments } from '../../src/cli/guard.ts';
import { helpText } from '../../src/cli/help.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { allCommands, COMMANDS } from '../../src/cli/verbs/commands.ts';
import { GradloomError } from '../../src/errors.ts';

function usage(argv: readonly string[]): { message: string; next: string | undefined } | undefined {
  try {
    parseArguments(argv);
  } catch (error) {
    if (error instanceof GradloomError && error.code === 'E_USAGE' && error.exitCode === 64)
      return { message: error.message, next: error.next };
    throw error;
  }
  return undefined;
}

const understood: [argv: string[], command: string, request: unknown][] = [
  [['train', 'a.yaml'], 'train', { file: 'a.yaml', overrides: [] }],
  [
    ['train', 'a.yaml', 'optimizer.lr=-1', '~tags', '+a.b=v', '++c=1', 'x='],
    'train',
    { file: 'a.yaml', overrides: ['optimizer.lr=-1', '~tags', '+a.b=v', '++c=1', 'x='] },
  ],
  [['--json', 'check', '-q', 'a.yaml', 'a=1'], 'check', { file: 'a.yaml', overrides: ['a=1'] }],
  [['train', 'a.yaml', '--workers', '2'], 'train', { file: 'a.yaml', overrides: ['parallel.workers=2'] }],
  [['train', '--workers=auto', 'a.yaml', 'b=1'], 'train', { file: 'a.yaml', overrides: ['b=1', 'parallel.workers=auto'] }],
  [['train', 'a.yaml', '--dir', '1'], 'train', { file: 'a.yaml', overrides: ['track.dir="1"'] }],
  [['train', 'a.yaml', '--dir=x=y'], 'train', { file: 'a.yaml', overrides: ['track.dir="x=y"'] }],
  [['train', '12', 'a=true', '--json'], 'train', { file: '12', overrides: ['a=true'] }],
  [['train', '--', 'true', 'a=1'], 'train', { file: 'true', overrides: ['a=1'] }],
  [['train', '--json', 'true'], 'train', { file: 'true', overrides: [] }],
  [
    ['report', 'a', 'b*', '-o', 'x.html', '--smooth', '0.9', '--open', '--dir', 'd'],
    'report',
    { runs: ['a', 'b*'], dir: 'd', file: 'x.html', open: true, smooth: 0.9 },
  ],
  [['report', '@last'], 'report', { runs: ['@last'], file: undefined, open: false, smooth: 0.6 }],
  [['schema'], 'schema', 'experiment'],
  [['schema', 'experiment'], 'schema', 'experiment'],
  [['schema', 'speedup'], 'schema', 'speedup'],
  [
    ['speedup', 'a.yaml', 'seed=1', '--workers', '1..4', '--batch-sizes=16,64', '--steps', '9', '--html', 's.html'],
    'speedup',
    {
      file: 'a.yaml',
      overrides: ['seed=1'],
      settings: [
        { option: '--workers', key: 'workers', text: '1..4' },
        { option: '--steps', key: 'work.steps', text: '9' },
        { option: '--batch-sizes', key: 'batch_sizes', text: '16,64' },
      ],
      files: { html: 's.html' },
    },
  ],
  [['doctor', '--no-color'], 'doctor', {}],
  [['sweep', 'run', 'a.yaml', 'x=1,2'], 'sweep run', { file: 'a.yaml', overrides: ['x=1,2'], dir: undefined }],
  [['sweep', 'a.yaml', '-n', '3', '--dir', 'd'], 'sweep run', { file: 'a.yaml', overrides: ['run_cap=3'], dir: 'd' }],
  [
    ['sweep', '-n', '3', '--cores=max', 'a.yml', 'x=1', '--trials', 'auto', '--workers-per-trial', '2', '--order', 'arrival'],
    'sweep run',
    {
      file: 'a.yml',
      overrides: [
        'x=1',
        'run_cap=3',
        'execution.cores=max',
        'execution.trials=auto',
        'execution.workers_per_trial=2',
        'execution.order=arrival',
      ],
    },
  ],
  [['sweep', 'status'], 'sweep status', { sweep: '@last', queue: undefined }],
  [['sweep', 'status', 'a-7f3c1a'], 'sweep status', { sweep: 'a-7f3c1a', queue: undefined }],
  [
    ['sweep', 'resume', 'run_cap=9', '--cores', '1'],
    'sweep resume',
    { sweep: '@last', overrides: ['run_cap=9', 'execution.cores=1'], retryFailed: false },
  ],
  [['sweep', 'resume', 'a', '-n', '9'], 'sweep resume', { sweep: 'a', overrides: ['run_cap=9'], retryFailed: false }],
  [['sweep', 'resume', '--retry-failed'], 'sweep resume', { sweep: '@last', overrides: [], retryFailed: true }],
  [['runs', '-q', 'show', 'a', '--dir', 'b'], 'runs show', { run: 'a', dir: 'b' }],
  [['--dir=b', 'runs', 'show', 'a'], 'runs show', { run: 'a', dir: 'b' }],
  [['--yes', 'runs', 'rm', 'a', 'b'], 'runs rm', { runs: ['a', 'b'], yes: true }],
  [['runs', 'rm', '-y', '--', 'runs'], 'runs rm', { runs: ['runs'], yes: true }],
  [['runs', 'tag', 'a', '+x', '-y', '~z', '-q'], 'runs tag', { run: 'a', changes: ['+x', '~y', '~z'] }],
  [
    ['runs', 'ls', '--where', 'a<1', '--where=b=2', '--top', '3', '--status', 'finished,killed', '--cols', 'a, min b', '--cols=c', '--csv'],
    'runs ls',
    {
      query: { status: ['finished', 'killed'], tags: [], where: ['a<1', 'b=2'], top: 3, reverse: false },
      cols: ['a', 'min b', 'c'],
      onlyChanged: false,
      format: 'csv',
    },
  ],
  [['extend', 'a', '--epochs', '9', '--schedule', 'hold'], 'extend', { run: 'a', length: { epochs: 9, schedule: 'hold' } }],
  [['speedup', 'a.yaml', '--csv', 'b'], 'speedup', { file: 'a.yaml', overrides: [], settings: [], files: { csv: 'b' } }],
];
for (const [argv, command, request] of understood)
  test(`understands: ${argv.join(' ')}`, (t) => t.like(parseArguments(argv), { command, request } as never));

const EXPECTED =
  'expected one of init, train, check, data, resume, extend, verify, evaluate, predict, serve, export, runs, compare, diff, report, sweep, agent, speedup, ui, schema, completion, cache, doctor';
const refused: [argv: string[], message: string, help?: string][] = [
  [[], `no command; ${EXPECTED}`, 'gradloom --help'],
  [['--json'], `no command; ${EXPECTED}`, 'gradloom --help'],
  [['trian', 'a.yaml'], 'unknown command trian; did you mean train?', 'gradloom --help'],
  [['toString'], `unknown command toString; ${EXPECTED}`, 'gradloom --help'],
  [['__proto__', 'x'], `unknown command __proto__; ${EXPECTED}`, 'gradloom --help'],
  [['x\u001b[2J'], `unknown command x\\u001b[2J; ${EXPECTED}`, 'gradloom --help'],
  [['train'], 'FILE is missing; expected gradloom train FILE [key=value ...]'],
  [['train', ''], 'FILE is missing; expected gradloom train FILE [key=value ...]'],
  [['train', 'optimizer.lr=3'], 'FILE is missing; optimizer.lr=3 is an override'],
  [['train', 'a.yaml', 'optimizer.lr'], 'optimizer.lr: not an override; expected key=value, +key=value or ~key'],
  [['train', 'a.yaml', 'b.yaml'], 'b.yaml: not an override; expected key=value, +key=value or ~key'],
  [['train', 'a.yaml', '--worker', '2'], 'unknown option --worker; did you mean --workers?'],
  [['train', 'a.yaml', '--lr', '0.1'], 'unknown option --lr; values of the experiment are changed by key=value'],
  [['train', 'a.yaml', '-x'], 'unknown option -x; values of the experiment are changed by key=value'],
  [['train', 'a.yaml', '-1'], 'unknown option -1; values of the experiment are changed by key=value'],
  [['train', 'a.yaml', '--file', 'b'], 'unknown option --file; values of the experiment are changed by key=value'],
  [['train', 'a.yaml', '--no-json'], 'unknown option --no-json; values of the experiment are changed by key=value'],
  [['train', '--', '-a.yaml'], '-a.yaml: starts with a dash; write a file as ./-a.yaml'],
  [['schema', 'model'], 'no schema of model; expected experiment, speedup or sweep', 'gradloom schema --help'],
  [['schema', 'experiment', 'b'], 'b: gradloom schema takes one argument', 'gradloom schema --help'],
  [['doctor', 'x'], 'x: gradloom doctor takes no arguments', 'gradloom doctor --help'],
  [['doctor', '--jsn'], 'unknown option --jsn; did you mean --json?', 'gradloom doctor --help'],
  [
    ['check', 'a.yaml', '--workers', '2'],
    '--workers: only gradloom train, resume, verify, evaluate and speedup have this option',
    'gradloom check --help',
  ],
  [['runs'], 'gradloom runs: no command; expected one of ls, show, tag, export, rm, gc', 'gradloom runs --help'],
  [['runs', 'shwo', 'a'], 'unknown command runs shwo; did you mean runs show?', 'gradloom runs --help'],
  [['runs', 'toString'], 'unknown command runs toString; expected one of ls, show, tag, export, rm, gc', 'gradloom runs --help'],
  [['help', 'runs', 'shwo'], 'unknown command runs shwo; did you mean runs show?', 'gradloom runs --help'],
  [['ls'], `unknown command ls; ${EXPECTED}`, 'gradloom --help'],
  [['runs', '--top', '3'], '--top: only gradloom predict, runs ls and compare have this option', 'gradloom runs --help'],
  [['runs', 'ls', '--tpo', '3'], 'unknown option --tpo; did you mean --top?', 'gradloom runs ls --help'],
  [['runs', 'ls', 'a'], 'a: gradloom runs ls takes no arguments', 'gradloom runs ls --help'],
  [['runs', 'ls', '--top', '0'], '--top: expected a whole number from 1; got 0', 'gradloom runs ls --help'],
  [['runs', 'ls', '--top', '1', '--top', '2'], '--top: given more than once', 'gradloom runs ls --help'],
  [['runs', 'ls', '--where'], '--where: the value is missing; expected --where COND', 'gradloom runs ls --help'],
  [['runs', 'ls', '--csv=a'], '--csv: takes no value; got a', 'gradloom runs ls --help'],
  [['runs', 'ls', '--csv', '--md'], '--md, --csv and --json: give one of them', 'gradloom runs ls --help'],
  [['runs', 'show'], 'RUN is missing; expected gradloom runs show RUN', 'gradloom runs show --help'],
  [['runs', 'show', ''], "a run's name is empty; expected gradloom runs show RUN", 'gradloom runs show --help'],
  [['runs', 'show', 'a', 'b'], 'b: one argument too many; expected gradloom runs show RUN', 'gradloom runs show --help'],
  [['diff', 'a'], '2 runs are needed; got 1; expected gradloom diff A B', 'gradloom diff --help'],
  [['runs', 'tag', 'a'], 'a tag is missing; expected gradloom runs tag RUN +tag -tag', 'gradloom runs tag --help'],
  [['runs', 'tag'], 'RUN is missing; expected gradloom runs tag RUN +tag -tag', 'gradloom runs tag --help'],
  [['runs', 'tag', 'a', 'b'], 'b: neither +tag nor -tag; expected gradloom runs tag RUN +tag -tag', 'gradloom runs tag --help'],
  [['runs', 'rm', 'a', '-z'], 'unknown option -z', 'gradloom runs rm --help'],
  [['extend', 'a'], '--epochs N or --steps N: give one of the two', 'gradloom extend --help'],
  [['extend', 'a', '--epochs', '1', '--steps', '1'], '--epochs N or --steps N: give one of the two', 'gradloom extend --help'],
  [['extend', 'a', '--epochs', '1', '--schedule', 'x'], '--schedule: expected stretch, hold, restart; got x', 'gradloom extend --help'],
  // C16
  [['train', 'a.yaml', '--workers', ''], '--workers: the value is missing; expected --workers N'],
  [['train', 'a.yaml', '--workers='], '--workers: the value is missing; expected --workers N'],
  [['train', 'a.yaml', '--workers'], '--workers: the value is missing; expected --workers N'],
  [['train', 'a.yaml', '--dir', '--json'], '--dir: the value is missing; expected --dir DIR'],
  [['train', 'a.yaml', '--workers', 'abc'], '--workers: expected a whole number or auto; got abc'],
  [['train', 'a.yaml', '--workers', '-5'], '--workers: expected a whole number or auto; got -5'],
  [['train', 'a.yaml', '--workers', '1', '--workers', '2'], '--workers: given more than once'],
  [['train', 'a.yaml', '--json=1'], '--json: takes no value; got 1'],
  [['train', 'a.yaml', '-q=yes'], '-q: takes no value; got yes'],
];
for (const [argv, message, next = 'gradloom train --help'] of refused) {
  test(`refuses: ${JSON.stringify(argv)}`, (t) => t.deepEqual(usage(argv), { message, next }));
}

// C8
for (const name of [...Object.getOwnPropertyNames(Object.prototype), 'prototype']) {
  test(`refuses the reserved name --${name} and leaves Object.prototype alone`, (t) => {
    for (const argv of [
      ['train', 'a.yaml', `--${name}`, 'x'],
      [`--${name}.x=1`, 'train', 'a.yaml'],
      ['train', 'a.yaml', `--a.${name}.x`],
    ]) {
      t.regex(usage(argv)?.message ?? '', /^--.*: reserved name$/);
    }
    t.is(usage([name, 'a.yaml'])?.message.startsWith(`unknown command ${name}`), true);
    t.false('x' in {});
  });
}

function helpOf(argv: readonly string[]): string {
  const guarded = guardArguments(argv);
  return guarded.kind === 'help' ? helpText(guarded.argv, 100) : '';
}

test('help comes in the way asked for, and in English', (t) => {
  const overview = helpOf(['--help']);
  t.true(overview.includes('Check that this machine can train'));
  t.is(helpOf(['help']), overview);
  t.is(helpOf(['-h']), overview);
  for (const [name] of [...allCommands(), ...Object.entries(COMMANDS)]) {
    t.is(helpOf(['help', ...name.split(' ')]), helpOf([...name.split(' '), '--help']));
  }
});

for (const [name, { examples, options }] of allCommands()) {
  test(`gradloom ${name} --help has examples that are understood, all options, and fits in 100 columns`, (t) => {
    const text = helpOf([...name.split(' '), '--help']);
    t.true(text.startsWith(`gradloom ${name}`));
    t.regex(text, new RegExp(`Examples:\\n  gradloom ${name}`));
    for (const option of Object.keys(options)) t.true(text.includes(`--${option}`), option);
    t.true(text.split('\n').every((line) => line.length <= 100));
    for (const [example] of examples) {
      // Of a pipe the part that is ours; of a client of a server nothing is.
      const own = example.split(' | ').find((part) => part.startsWith('$0 '));
      if (own === undefined) continue;
      const [, ...words] = own.replace(/ > .*/, '').match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
      t.is(parseArguments(words.map((word) => word.replace(/["']/g, ''))).command, name);
    }
  });
}
