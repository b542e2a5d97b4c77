import test from 'ava';
import { parse, problemsOf, VALID } from './support.ts';

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
    title: 'spirals with 5 features',
    text: 'data: {source: {type: synthetic, kind: spirals, features: 5}}\nmodel: {layers: [{type: dense, units: 3}]}\n',
    problems: ['1:59 [E_CONFIG_VALUE] data.source.features: spirals have 2 features; got 5'],
  },
];

for (const { title, text, problems } of refused) {
  test(`${title} is refused`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(text)),
      problems.map((problem) => `a.yaml:${problem}`),
    );
  });
}

test('fractions that sum to 1 only in decimal are accepted', (t) => {
  t.notThrows(() =>
    parse('data:\n  source: mnist\n  split: {train: 0.7, val: 0.2, test: 0.1}\nmodel: {layers: [{type: dense, units: 3}]}\n'),
  );
});

test('C15 as many workers as leaves are accepted, whatever the machine has', (t) => {
  t.is(parse(`${VALID}parallel: {workers: 64}\nnumerics: {leaves: 64}\n`).experiment.parallel.workers, 64);
});
