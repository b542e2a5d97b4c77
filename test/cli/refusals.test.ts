import { existsSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT } from '../../src/errors.ts';
import { gradloom, workplace } from './support/run-cli.ts';

const FILES = {
  'a.yaml': `data: {source: {type: synthetic, kind: blobs, samples: 100}, split: {train: 65, val: 0, test: 10}}
model: {layers: [{type: dense, units: 4, activation: relu, batch_norm: false}, {type: dense, units: 3}]}
train: {batch_size: 32, epochs: 2}
`,
  'r2.yaml': `data: {source: {type: synthetic, kind: linear, samples: 100}, split: {val: 1}}
model: {layers: [{type: dense, units: 3}]}
loss: mse
metrics: [r2]
train:
  epochs: 2
  checkpoint: {best: {metric: val.r2}}
`,
  'sweep.yaml': 'base: ./a.yaml\nmethod: grid\nmetric: {name: val.loss}\nparameters: {optimizer.lr: {values: [0.1, 0.2]}}\n',
  'norm.yaml':
    'base: ./a.yaml\nmethod: grid\nmetric: {name: train.eval_loss}\nparameters: {model.layers.0.batch_norm: {values: [false, true]}}\n',
};

for (const [args, code, where, message] of [
  [['a.yaml', '+train.early_stop={}'], EXIT.config, 'command line: +train.early_stop={}', 'data.split.val is 0'],
  [
    ['a.yaml', 'train.eval.on=train', 'model.layers.0.batch_norm=true'],
    EXIT.data,
    'a.yaml:3:21',
    'train.batch_size: the batch_norm of layers.0',
  ],
  [
    ['a.yaml', 'train.eval.on=train', 'model.layers.0.batch_norm=true', 'train.batch_size=1'],
    EXIT.config,
    'command line: train.batch_size=1',
    'one row a batch',
  ],
  [['r2.yaml'], EXIT.data, 'r2.yaml:7:31', 'val.r2 is never a number: it needs two rows, and val has one'],
] as const) {
  for (const verb of ['check', 'train']) {
    test(`${verb} ${args.join(' ')} is refused before anything is written`, async (t) => {
      const cwd = workplace(t, FILES);
      const { code: exitCode, stdout, stderr } = await gradloom([verb, ...args], { cwd });
      t.is(exitCode, code, stderr);
      t.is(stdout, '');
      t.true(stderr.startsWith(`${where}  error[`), stderr);
      t.true(stderr.includes(message), stderr);
      t.regex(stderr, /^next: /m);
      t.false(existsSync(path.join(cwd, 'runs')));
    });
  }
}

for (const [args, where, message] of [
  [['sweep', 'plan', 'sweep.yaml'], 'sweep.yaml:3:16', 'data.split.val is 0'],
  [['sweep', 'sweep.yaml'], 'sweep.yaml:3:16', 'data.split.val is 0'],
  [
    ['sweep', 'a.yaml', 'optimizer.lr=0.1,0.2', 'metric.name=val.accuracy'],
    'command line: metric.name=val.accuracy',
    'data.split.val is 0',
  ],
  [['speedup', 'a.yaml', '--workers', '1', '--time-to', 'val.loss=0.5'], 'time_to.metric', 'data.split.val is 0'],
] as const) {
  test(`${args.join(' ')} is refused: the metric is never there`, async (t) => {
    const cwd = workplace(t, FILES);
    const { code, stderr } = await gradloom(args, { cwd });
    t.is(code, EXIT.config, stderr);
    t.true(stderr.includes(`${where}  error[E_CONFIG_VALUE]`), stderr);
    t.true(stderr.includes(message), stderr);
    t.false(existsSync(path.join(cwd, 'sweeps')));
  });
}

test('sweep plan refuses a trial whose batch norm has a batch of one row', async (t) => {
  const { code, stderr } = await gradloom(['sweep', 'plan', 'norm.yaml', 'train.eval.on=train'], { cwd: workplace(t, FILES) });
  t.is(code, EXIT.data, stderr);
  t.regex(stderr, /error\[E_DATA_SPLIT\].*the last batch of an epoch has one: 65 rows in batches of 32/);
});

test('check and train say that a goal contradicts its metric, and train does as it is told', async (t) => {
  const cwd = workplace(t, FILES);
  const args = ['a.yaml', 'train.eval.on=train', '+train.early_stop={metric: train.accuracy, goal: minimize}'];
  const notice = 'notice  train.early_stop.goal: minimize looks for the worst train.accuracy; leave it out, or say maximize\n';
  for (const verb of ['check', 'train']) {
    const { code, stderr } = await gradloom([verb, ...args], { cwd });
    t.is(code, EXIT.ok, stderr);
    t.true(stderr.startsWith(notice), stderr);
  }
});

test('check shows the goal that a metric has by itself', async (t) => {
  const args = ['check', 'a.yaml', 'train.eval.on=train', '+train.early_stop.metric=train.accuracy'];
  const { code, stdout } = await gradloom(args, { cwd: workplace(t, FILES) });
  t.is(code, EXIT.ok);
  t.regex(stdout, /^ +goal: maximize +# default$/m);
});
