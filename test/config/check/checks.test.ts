import test from 'ava';
import { parse, problemsOf, VALID } from '../support/experiments.ts';

const refused: { title: string; text: string; problems: string[] }[] = [
  {
    title: 'epochs and steps together',
    text: `${VALID}train:\n  epochs: 3\n  steps: 4\n`,
    problems: ['5:10 [E_CONFIG_VALUE] train.steps: train.epochs is given too; expected one of the two'],
  },
  {
    title: 'an evaluation by epochs and by steps',
    text: `${VALID}train: {eval: {every: {epochs: 1, steps: 2}}}\n`,
    problems: ['3:35 [E_CONFIG_VALUE] train.eval.every: give epochs or steps, not both'],
  },
  {
    title: 'an evaluation by neither',
    text: `${VALID}train: {eval: {every: {}}}\n`,
    problems: ['3:16 [E_CONFIG_MISSING] train.eval.every: missing; expected epochs or steps'],
  },
  {
    title: 'an evaluation every 0 epochs',
    text: `${VALID}train: {eval: {every: {epochs: 0}}}\n`,
    problems: ['3:32 [E_CONFIG_RANGE] train.eval.every.epochs: out of range; got 0; expected an integer of 1 or more'],
  },
  {
    title: 'an evaluation with a key too many',
    text: `${VALID}train: {eval: {every: {epochs: 1, foo: 2}}}\n`,
    problems: ['3:35 [E_CONFIG_UNKNOWN_KEY] train.eval.every.foo: unknown key; the keys here are epochs, steps'],
  },
  {
    title: 'uniform with low above high',
    text: `data: {source: mnist}\nmodel:\n  init: {type: uniform, low: 1, high: 0.5}\n  layers: [{type: dense, units: 3}]\n`,
    problems: ['3:39 [E_CONFIG_RANGE] model.init.high: low must be below high; got low 1 and high 0.5'],
  },
  {
    title: 'uniform with low above the default of high, in a layer',
    text: 'data: {source: mnist}\nmodel:\n  layers: [{type: dense, units: 3, init: {type: uniform, low: 1}}]\n',
    problems: ['3:63 [E_CONFIG_RANGE] model.layers.0.init.low: low must be below high; got low 1 and high 0.05'],
  },
  {
    title: 'test images without labels',
    text: 'data: {source: {type: idx, images: a, labels: b, test_images: c}}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['1:50 [E_CONFIG_MISSING] data.source.test_labels: missing; test_images needs it'],
  },
  {
    title: 'test labels without images',
    text: 'data: {source: {type: idx, images: a, labels: b, test_labels: c}}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['1:50 [E_CONFIG_MISSING] data.source.test_images: missing; test_labels needs it'],
  },
  {
    title: 'more workers than leaves',
    text: `${VALID}parallel: {workers: 64}\n`,
    problems: ['3:21 [E_CONFIG_RANGE] parallel.workers: more workers than leaves; got 64; expected at most numerics.leaves, which is 16'],
  },
  {
    title: 'fractions that sum above 1',
    text: 'data:\n  source: mnist\n  split: {train: 0.8, val: 0.2, test: 0.1}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['3:39 [E_CONFIG_RANGE] data.split.test: the fractions of data.split sum to 1.1; expected at most 1'],
  },
  {
    title: 'a count of 1.5 rows',
    text: 'data:\n  source: mnist\n  split: {train: 1.5}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['3:18 [E_CONFIG_INTEGER] data.split.train: not an integer; got 1.5; expected a count of 1 or more, or a fraction below 1'],
  },
  {
    title: 'nesterov without momentum',
    text: `${VALID}optimizer: {type: sgd, nesterov: true}\n`,
    problems: ['3:34 [E_CONFIG_VALUE] optimizer.nesterov: nesterov needs momentum; expected optimizer.momentum above 0'],
  },
  {
    title: 'nesterov with dampening',
    text: `${VALID}optimizer: {type: sgd, nesterov: true, momentum: 0.9, dampening: 0.1}\n`,
    problems: ['3:66 [E_CONFIG_VALUE] optimizer.dampening: nesterov needs dampening 0; got 0.1'],
  },
  {
    title: 'a beta of 1',
    text: `${VALID}optimizer: {type: adam, betas: [0.9, 1]}\n`,
    problems: ['3:38 [E_CONFIG_RANGE] optimizer.betas.1: out of range; got 1; expected a number of 0 or more, below 1'],
  },
  {
    title: 'one beta for two',
    text: `${VALID}optimizer: {type: adam, betas: [0.9]}\n`,
    problems: ['3:25 [E_CONFIG_RANGE] optimizer.betas: out of range; got 1 items; expected a list of 2 items'],
  },
  {
    title: 'an eps of 0',
    text: `${VALID}optimizer: {type: adam, eps: 0}\n`,
    problems: ['3:30 [E_CONFIG_RANGE] optimizer.eps: out of range; got 0; expected a number from 1e-30 to 1'],
  },
  {
    title: 'momentum for adam',
    text: `${VALID}optimizer: {type: adam, momentum: 0.9}\n`,
    problems: ['3:25 [E_CONFIG_UNKNOWN_KEY] optimizer.momentum: unknown key; only type: sgd, rmsprop has it'],
  },
  {
    title: 'a group that matches nothing by its form',
    text: `${VALID}optimizer: {groups: [{match: "", lr: 1}]}\n`,
    problems: ['3:30 [E_CONFIG_VALUE] optimizer.groups.0.match: empty; got ""; expected text of 1 to 200 characters'],
  },
  {
    title: 'milestones that do not increase',
    text: `${VALID}schedule: {type: multistep, milestones: [30, 60, 60]}\n`,
    problems: ['3:50 [E_CONFIG_RANGE] schedule.milestones.2: milestones must increase; got 60 after 60'],
  },
  {
    title: 'a step schedule without every',
    text: `${VALID}schedule: step\n`,
    problems: ['3:1 [E_CONFIG_MISSING] schedule.every: missing; expected a map with epochs or steps'],
  },
  {
    title: 'a warmup in steps and in epochs',
    text: `${VALID}schedule: {type: cosine, warmup: {epochs: 1, steps: 5}}\n`,
    problems: ['3:53 [E_CONFIG_VALUE] schedule.warmup.steps: schedule.warmup.epochs is given too; expected one of the two'],
  },
  {
    title: 'a warmup without length',
    text: `${VALID}schedule: {type: cosine, warmup: {start_factor: 0}}\n`,
    problems: ['3:26 [E_CONFIG_MISSING] schedule.warmup: missing its length; expected epochs or steps'],
  },
  {
    title: 'a warmup as long as the horizon',
    text: `${VALID}schedule: {type: cosine, warmup: {steps: 50}, horizon: {steps: 50}}\ntrain: {steps: 10}\n`,
    problems: [
      '3:42 [E_CONFIG_RANGE] schedule.warmup.steps: a warmup that leaves nothing of the schedule; got 50; expected less than schedule.horizon.steps, which is 50',
    ],
  },
  {
    title: 'a warmup as long as the training that nothing gives a length',
    text: `${VALID}schedule: {type: cosine, warmup: {epochs: 10}}\n`,
    problems: [
      '3:43 [E_CONFIG_RANGE] schedule.warmup.epochs: a warmup that leaves nothing of the schedule; got 10; expected less than train.epochs, which is 10',
    ],
  },
  {
    title: 'a warmup as long as the training',
    text: `${VALID}schedule: {type: wsd, warmup: {epochs: 3}}\ntrain: {epochs: 3}\n`,
    problems: [
      '3:40 [E_CONFIG_RANGE] schedule.warmup.epochs: a warmup that leaves nothing of the schedule; got 3; expected less than train.epochs, which is 3',
    ],
  },
  {
    title: 'spirals with 5 features',
    text: 'data: {source: {type: synthetic, kind: spirals, features: 5}}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['1:59 [E_CONFIG_VALUE] data.source.features: spirals have 2 features; got 5'],
  },
  ...[
    '{type: csv, path: a.csv, target: y, missing: error, missing_indicator: true}',
    '{type: parquet, path: a.pq, target: y, missing_indicator: true}',
  ].map((source) => ({
    title: `an indicator of missing values that are errors (${source})`,
    text: `data: {source: ${source}}\nmodel: {layers: [{type: dense, units: 3}]}\n`,
    problems: [
      `1:${source.indexOf('true') + 16} [E_CONFIG_VALUE] data.source.missing_indicator: got true, which needs something to stand for missing values; missing: error lets none through | set data.source.missing: mean, median or a number, or leave missing_indicator out`,
    ],
  })),
];

for (const { title, text, problems } of refused) {
  test(`${title} is refused`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(text)),
      problems.map((problem) => `a.yaml:${problem}`),
    );
  });
}

test('an indicator goes with everything that stands for a missing value', (t) => {
  for (const missing of ['mean', 'median', '0', '-1.5'])
    t.notThrows(() =>
      parse(
        `data: {source: {type: csv, path: a.csv, target: y, missing: ${missing}, missing_indicator: true}}\nmodel: {layers: [{type: dense, units: 3}]}\n`,
      ),
    );
});

test('fractions that sum to 1 only in decimal are accepted', (t) => {
  t.notThrows(() =>
    parse('data:\n  source: mnist\n  split: {train: 0.7, val: 0.2, test: 0.1}\nmodel: {layers: [{type: dense, units: 3}]}\n'),
  );
});

test('a warmup may be longer than the training where the horizon is longer still, or the schedule has no end', (t) => {
  t.notThrows(() => parse(`${VALID}schedule: {type: cosine, warmup: {steps: 50}, horizon: {steps: 100}}\ntrain: {steps: 10}\n`));
  t.notThrows(() => parse(`${VALID}schedule: {type: constant, warmup: {steps: 50}}\ntrain: {steps: 10}\n`));
});

test('a new type keeps the keys that it shares with the old one', (t) => {
  const text = `${VALID}optimizer: {type: sgd, lr: 0.2, momentum: 0.9, weight_decay: 0.1}\nschedule: {type: cosine, min_lr: 0.01, horizon: {steps: 9}}\n`;
  const { experiment, notices } = parse(text, ['optimizer.type=adamw', 'schedule.type=step', '+schedule.every.epochs=2']);
  t.like(experiment.optimizer, { type: 'adamw', lr: 0.2, weight_decay: 0.1, betas: [0.9, 0.999] });
  t.deepEqual(experiment.schedule, { type: 'step', every: { epochs: 2 }, gamma: 0.1 });
  t.deepEqual(notices, [
    'optimizer.type changes from sgd to adamw, which drops momentum',
    'schedule.type changes from cosine to step, which drops min_lr, horizon',
  ]);
});

test('C15 as many workers as leaves are accepted, whatever the machine has', (t) => {
  t.is(parse(`${VALID}parallel: {workers: 64}\nnumerics: {leaves: 64}\n`).experiment.parallel.workers, 64);
});
