import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, SMALL, workplace } from '../support/run-cli.ts';

const WANDB = `program: train.py
project: demo
method: random
metric: {name: val_loss, goal: minimize}
parameters:
  learning_rate: {distribution: uniform, min: 0, max: 0.1}
  first_layer_size: {values: [4, 8]}
  epochs: {value: 1}
command: ["\${env}", "\${interpreter}", "\${program}", "\${args}"]
`;
const FILES = { 'my base.yaml': SMALL, 'wandb.yaml': WANDB };
const READ = ['--base', 'my base.yaml', '--rename', 'first_layer_size=model.layers.0.units'];

test.serial('a sweep file of W&B runs as it is with --base and --rename, and is resumed without them', async (t) => {
  const cwd = workplace(t, FILES);
  const plan = await gradloom(['sweep', 'plan', 'wandb.yaml', ...READ, '-n', '3'], { cwd });
  t.is(plan.code, 0, plan.stderr);
  t.regex(plan.stdout, /^trial +lr +units\n +0 +0\.0\d+ +[48]\n/m);
  const run = await gradloom(['sweep', 'wandb.yaml', ...READ, '-n', '3'], { cwd });
  t.is(run.code, 0, run.stderr);
  for (const notice of [
    'program, command, project: for W&B only, ignored',
    'parameters: learning_rate is read as optimizer.lr',
    'metric: val_loss is read as val.loss',
    'optimizer.lr: min 0 is just outside what it may be (above 0), and is read as 1e-7',
  ]) {
    t.true(run.stderr.includes(`notice  ${notice}\n`), run.stderr);
  }
  const [name = ''] = readdirSync(path.join(cwd, 'sweeps'));
  const copy = readFileSync(path.join(cwd, 'sweeps', name, 'sweep.yaml'), 'utf8');
  t.regex(copy, /^ {2}optimizer\.lr:$/m);
  t.notRegex(copy, /learning_rate|rename/);
  const more = await gradloom(['sweep', 'resume', '-n', '4', '--json'], { cwd });
  t.is(more.code, 0, more.stderr);
  t.is((JSON.parse(more.stdout) as { trials: unknown[] }).trials.length, 4);
});

const refused: [args: string[], code: number, texts: string[]][] = [
  [[], 78, ['wandb.yaml:1:1  error[E_CONFIG_MISSING]  base: missing', 'next: add base: ./experiment.yaml to the file, or run with --base']],
  [['--base', 'none.yaml'], 78, ['error[E_CONFIG_READ]  base: cannot read none.yaml: no such file']],
  [
    ['--base', 'my base.yaml'],
    78,
    [
      'wandb.yaml:7:3  error[E_CONFIG_UNKNOWN_KEY]  parameters.first_layer_size: the experiment has no such key; candidates: model.layers.0.units',
      'next: --rename first_layer_size=model.layers.0.units, or rename:',
    ],
  ],
  [['--rename', 'a'], 64, ['error[E_USAGE]  --rename: expected NAME=KEY such as learn_rate=optimizer.lr; got a']],
  [['--rename', 'a=b=c'], 64, ['error[E_USAGE]  --rename: expected NAME=KEY such as learn_rate=optimizer.lr; got a=b=c']],
  [['--rename', 'a=b,'], 64, ['error[E_USAGE]  --rename: expected NAME=KEY such as learn_rate=optimizer.lr; got ']],
  [
    [...READ, '--rename', 'rate=optimizer.lr'],
    78,
    [
      'command line: rename.rate=optimizer.lr  error[E_CONFIG_VALUE]  rename.rate: no parameter has this name; expected one of learning_rate',
    ],
  ],
  [
    [...READ, '--rename', 'epochs=optimizer.lr'],
    78,
    ['wandb.yaml:8:3  error[E_CONFIG_VALUE]  parameters.epochs: given twice: epochs and learning_rate are both optimizer.lr'],
  ],
];
for (const [args, code, texts] of refused) {
  test.serial(`sweep plan wandb.yaml ${args.join(' ')}: exit ${code}, ${texts[0]}`, async (t) => {
    const cwd = workplace(t, FILES);
    const finished = await gradloom(['sweep', 'plan', 'wandb.yaml', ...args], { cwd });
    t.is(finished.code, code, finished.stderr);
    for (const text of texts) t.true(finished.stderr.includes(text), finished.stderr);
    t.deepEqual(readdirSync(cwd).toSorted(), Object.keys(FILES));
  });
}

test.serial('an experiment that is swept by arguments has no other base: exit 78', async (t) => {
  const cwd = workplace(t, FILES);
  const { code, stderr } = await gradloom(['sweep', 'plan', 'my base.yaml', '--base', 'wandb.yaml', 'optimizer.lr=1,2'], { cwd });
  t.is(code, 78, stderr);
  t.true(
    stderr.includes('command line: base=wandb.yaml  error[E_OVERRIDE]  base: the file is an experiment itself, so it has no other base'),
    stderr,
  );
});

test.serial('--base finds an experiment that comes with gradloom by its name, and says so', async (t) => {
  const cwd = workplace(t, FILES);
  const { code, stderr } = await gradloom(['sweep', 'plan', 'wandb.yaml', '--base', 'mnits', ...READ.slice(2)], { cwd });
  t.is(code, 78, stderr);
  t.true(stderr.includes('base: cannot read mnits: no such file'), stderr);
  const found = await gradloom(['sweep', 'plan', 'wandb.yaml', '--base', 'mnist', ...READ.slice(2), '-n', '2', 'train.steps=1'], { cwd });
  t.is(found.code, 0, found.stderr);
  t.true(found.stderr.includes('notice  mnist is not a file here: taking the one that comes with gradloom, '), found.stderr);
});
