import test from 'ava';
import { goalOf } from '../../../src/config/names/metrics.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { EXIT } from '../../../src/errors.ts';
import { errorOf, parse, problemsOf } from '../support/experiments.ts';

const HEAD = `data: {source: {type: synthetic, kind: blobs, samples: 300, features: 4, classes: 3}}
model: {layers: [{type: dense, units: 3}]}
`;

for (const [names, goal] of [
  [['loss', 'val.loss', 'train.eval_loss', 'train.eval_ema_loss', 'test.swa_loss', 'train.penalty', 'val.mae', 'val.ema_rmse'], 'minimize'],
  [
    ['accuracy', 'val.accuracy', 'test.top5_accuracy', 'val.swa_macro_f1', 'train.micro_recall', 'val.macro_precision', 'val.r2'],
    'maximize',
  ],
  [['lr', 'grad_norm', 'val.confusion', 'layers.0.weight.norm', 'val.losses', 'constructor', ''], undefined],
] as const) {
  test(`${names.join(', ')}: ${goal ?? 'no way is better'}`, (t) => {
    for (const name of names) t.is(goalOf(name), goal, name);
  });
}

const WATCHERS = [
  { key: 'train.early_stop', yaml: (metric: string, goal: string) => `train: {early_stop: {metric: ${metric}${goal}}}` },
  { key: 'train.checkpoint.best', yaml: (metric: string, goal: string) => `train: {checkpoint: {best: {metric: ${metric}${goal}}}}` },
  { key: 'schedule', yaml: (metric: string, goal: string) => `schedule: {type: plateau, metric: ${metric}${goal}}` },
];
for (const { key, yaml } of WATCHERS) {
  for (const [metric, natural, other] of [
    ['val.accuracy', 'maximize', 'minimize'],
    ['val.macro_f1', 'maximize', 'minimize'],
    ['val.loss', 'minimize', 'maximize'],
    ['val.ema_accuracy', 'maximize', 'minimize'],
  ] as const) {
    const metrics = `${HEAD}metrics: [accuracy, macro_f1]\n`;
    const average = metric.includes('ema_') ? ['+train.average=ema'] : [];
    const goalIn = (text: string): string | undefined => /^ *goal: (\w+)$/m.exec(text)?.[1];

    test(`${key} of ${metric} without a goal is to ${natural}, and the resolved file says so`, (t) => {
      const loaded = parse(`${metrics}${yaml(metric, '')}\n`, average);
      t.is(goalIn(resolvedYaml(loaded)), natural);
      t.is(resolvedYaml(parse(resolvedYaml(loaded))), resolvedYaml(loaded));
      t.is(loaded.origins.get(`${key}.goal`)?.kind, 'default');
      t.deepEqual(loaded.notices, []);
    });

    test(`${key} of ${metric} keeps a goal of ${other}, as files of older versions have it, with a notice`, (t) => {
      const loaded = parse(`${metrics}${yaml(metric, `, goal: ${other}`)}\n`, average);
      t.is(goalIn(resolvedYaml(loaded)), other);
      t.deepEqual(loaded.notices, [`${key}.goal: ${other} looks for the worst ${metric}; leave it out, or say ${natural}`]);
    });
  }
}

test('a resolved goal stands where it stood in the files of older versions: the hash of a config is over its text', (t) => {
  const text = `${HEAD}schedule: {type: plateau}\ntrain: {early_stop: {}, checkpoint: {best: {}}}\n`;
  const { experiment } = parse(text);
  t.deepEqual(Object.keys(experiment.schedule).slice(0, 4), ['type', 'metric', 'goal', 'factor']);
  t.deepEqual(Object.keys(experiment.train.early_stop ?? {}), ['metric', 'goal', 'patience', 'min_delta', 'restore_best']);
  t.deepEqual(Object.keys(experiment.train.checkpoint.best ?? {}), ['metric', 'goal']);
});

const PART = 'or evaluate another part: train.eval.on, and a metric of that part';
for (const { title, text, metric, why, next } of [
  {
    title: 'no rows',
    text: 'data.split.val=0',
    metric: 'val.loss',
    why: 'data.split.val is 0',
    next: `give data.split.val some rows, ${PART}`,
  },
  {
    title: 'no rows of another part',
    text: 'data.split.test=0',
    metric: 'test.accuracy',
    why: 'data.split.test is 0',
    next: `give data.split.test some rows, ${PART}`,
  },
  {
    title: 'no evaluation',
    text: 'train.eval.on=none',
    metric: 'val.loss',
    why: 'train.eval.on is none',
    next: 'name a part of the data in train.eval.on: train, val or test',
  },
  {
    title: 'another part',
    text: 'seed=0',
    metric: 'test.loss',
    why: 'train.eval.on is val',
    next: 'set train.eval.on: test, or name one of val.loss, val.accuracy',
  },
  {
    title: 'the loss of a batch',
    text: 'train.eval.on=train',
    metric: 'train.loss',
    why: 'it is the loss of one batch',
    next: 'name train.eval_loss, with train.eval.on: train',
  },
  {
    title: 'a metric that is not asked for',
    text: 'seed=0',
    metric: 'val.macro_f1',
    why: 'metrics does not list it',
    next: 'add macro_f1 to metrics',
  },
  {
    title: 'top 5 of 3 classes',
    text: 'seed=0',
    metric: 'val.top5_accuracy',
    why: 'always 1 of 3 outputs',
    next: 'name a k below 3, or one of val.loss, val.accuracy',
  },
  {
    title: 'an average that is not kept',
    text: 'seed=0',
    metric: 'val.ema_loss',
    why: 'train.average is none',
    next: 'set train.average: ema',
  },
  {
    title: 'a matrix',
    text: 'metrics=[accuracy,confusion]',
    metric: 'val.confusion',
    why: 'expected one of val.loss, val.accuracy',
    next: undefined,
  },
  {
    title: 'a misspelt name',
    text: 'seed=0',
    metric: 'val.acuracy',
    why: 'expected one of val.loss, val.accuracy; did you mean val.accuracy?',
    next: undefined,
  },
]) {
  for (const { key, yaml } of WATCHERS) {
    test(`${key} of a metric that is never there is refused where it is named: ${title}`, (t) => {
      const watcher = yaml(metric, '');
      const column = watcher.indexOf(metric) + 1;
      const message = `${key}.metric: not evaluated during training; got ${metric}; ${why}`;
      const line = `a.yaml:3:${column} [E_CONFIG_VALUE] ${message}${next === undefined ? '' : ` | ${next}`}`;
      const load = (): unknown => parse(`${HEAD}${watcher}\n`, [text]);
      t.deepEqual(problemsOf(load), [line]);
      t.is(errorOf(load).exitCode, EXIT.config);
    });
  }
}

test('a metric that is left to its default is refused at what watches it', (t) => {
  t.deepEqual(
    problemsOf(() => parse(`${HEAD}train: {early_stop: {patience: 3}, eval: {on: none}}\n`)),
    [
      'a.yaml:3:9 [E_CONFIG_VALUE] train.early_stop.metric: not evaluated during training; got val.loss; train.eval.on is none | name a part of the data in train.eval.on: train, val or test',
    ],
  );
});

test('what is watched is told of together with the other faults of a file, and not where its own keys are at fault', (t) => {
  const text = `${HEAD}optimizer: {lr: -1}\ntrain: {early_stop: {metric: val.los}}\n`;
  t.deepEqual(
    problemsOf(() => parse(text)).map((line) => line.split(' ')[2]),
    ['optimizer.lr:', 'train.early_stop.metric:'],
  );
  t.deepEqual(
    problemsOf(() => parse(`${HEAD}train: {early_stop: {metric: val.los}, eval: {on: valid}}\n`)).map((line) => line.split(' ')[2]),
    ['train.eval.on:'],
  );
});
