import test from 'ava';
import { parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import type { SplitConfig } from '../../../src/config/schema/schema.ts';
import { parse, problemsOf } from '../support/experiments.ts';

const MODEL = 'model: {layers: [{type: dense, units: 3}]}\n';
const OWN_TEST = '{type: idx, images: a, labels: b, test_images: c, test_labels: d}';

/** `split` starts at 3:10. */
const text = (split: string, source = 'mnist') => `data:\n  source: ${source}\n  split: ${split}\n${MODEL}`;

const read: { title: string; split: string; source?: string; is: Partial<SplitConfig> }[] = [
  { title: '1.0 with empty others is every row', split: '{train: 1.0, val: 0, test: 0}', is: { train: 'rest', val: 0, test: 0 } },
  { title: '1e0 is a fraction too', split: '{train: 1e0, val: 0, test: 0}', is: { train: 'rest' } },
  { title: '1 stays one row', split: '{train: 1, val: 0, test: 0}', is: { train: 1 } },
  { title: '+1 stays one row', split: '{train: +1, val: 1, test: 1}', is: { train: 1, val: 1, test: 1 } },
  { title: '1.0 beside a test set of its own', split: '{train: 1.0, val: 0}', source: OWN_TEST, is: { train: 'rest', test: 'auto' } },
  { title: '1.0 of a test set of its own', split: '{train: 0.9, test: 1.0}', source: OWN_TEST, is: { train: 0.9, test: 'auto' } },
];
for (const { title, split, source, is } of read) {
  test(`${title}, and so it is when the resolved file is read`, (t) => {
    const loaded = parse(text(split, source));
    t.like(loaded.experiment.data.split, is);
    t.deepEqual(parseExperiment(resolvedYaml(loaded), { file: 'a.yaml' }).experiment, loaded.experiment);
  });
}

test('1.0 in an argument is every row', (t) => {
  const { experiment } = parse(text('{val: 0, test: 0}'), ['data.split.train=1.0']);
  t.is(experiment.data.split.train, 'rest');
});

const refused: { split: string; source?: string; problem: string }[] = [
  {
    split: '{train: 1.0}',
    problem:
      '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (auto) and test (auto); expected rest, or val: 0 and test: 0',
  },
  {
    split: '{train: 1.0, val: 5, test: 0}',
    problem: '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (5); expected rest, or val: 0',
  },
  {
    split: '{train: 1.0, test: 0.5}',
    source: OWN_TEST,
    problem: '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (auto); expected rest, or val: 0',
  },
  {
    split: '{val: 1.0, test: 0}',
    problem:
      '16 [E_CONFIG_RANGE] data.split.val: 1.0 is every row, which leaves none for train (rest); expected a fraction below 1, or 1 for one row',
  },
  {
    split: '{val: 0, test: 1.}',
    problem:
      '25 [E_CONFIG_RANGE] data.split.test: 1.0 is every row, which leaves none for train (rest); expected a fraction below 1, or 1 for one row',
  },
  {
    split: '{train: 1.0, val: 1.0, test: 0}',
    problem: '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (1.0); expected rest, or val: 0',
  },
];
for (const { split, source, problem } of refused) {
  test(`${split} of ${source === undefined ? 'one set' : 'two sets'} is refused: no row is left for the others`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(text(split, source))),
      [`a.yaml:3:${problem}`],
    );
  });
}

const wrong: { split: string; source?: string; more?: string; problem: string }[] = [
  {
    split: '{by: {group: patient}}',
    problem:
      '3:23 [E_CONFIG_VALUE] data.split.by.group: only tables have columns, and data.source is mnist; expected order, shuffle, stratify or files',
  },
  {
    split: '{by: {column: part}}',
    source: OWN_TEST,
    problem:
      '3:24 [E_CONFIG_VALUE] data.split.by.column: only tables have columns, and data.source is idx; expected order, shuffle, stratify or files',
  },
  {
    split: '{by: random}',
    problem:
      '3:15 [E_CONFIG_VALUE] data.split.by: unknown value; got random; expected one of order, shuffle, stratify, files, or a map with group or column',
  },
  {
    split: '{by: {grup: a}}',
    problem: '3:16 [E_CONFIG_UNKNOWN_KEY] data.split.by.grup: unknown key; did you mean data.split.by.group?',
  },
  {
    split: '{fold: 1}',
    problem:
      '3:11 [E_CONFIG_MISSING] data.split.folds: missing; data.split.fold: 1 is one of them | add data.split.folds, the number of all',
  },
  {
    split: '{folds: 5, fold: 5}',
    problem: '3:27 [E_CONFIG_RANGE] data.split.fold: there is no such fold; got 5; expected 0 to 4, as data.split.folds is 5',
  },
  { split: '{folds: 1}', problem: '3:18 [E_CONFIG_RANGE] data.split.folds: out of range; got 1; expected an integer from 2 to 1000' },
  {
    split: '{folds: 5, by: files}',
    problem:
      '3:25 [E_CONFIG_VALUE] data.split.by: with data.split.folds rows are shared out; expected order, shuffle, stratify or {group: column}',
  },
  {
    split: '{folds: 5}',
    more: 'train: {eval: {on: test}}\n',
    problem: '5:20 [E_CONFIG_VALUE] train.eval.on: the folds of data.split are held out as val; got test; expected val',
  },
];
for (const { split, source, more = '', problem } of wrong) {
  test(`${split}${source === undefined ? '' : ' of files'}${more.trim() && ` with ${more.trim()}`} is refused`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(text(split, source) + more)),
      [`a.yaml:${problem}`],
    );
  });
}

test('a map in place of a word, and another map in place of the first, by an argument', (t) => {
  const table = 'data:\n  source: mnist\n  split: {by: stratify}\n';
  for (const override of ['data.split.by.group=patient', 'data.split.by={group: patient}'])
    t.regex(problemsOf(() => parse(table + MODEL, [override]))[0] ?? '', /data\.split\.by\.group: only tables have columns/);
});

test('val: 0 says nothing of a fold, so what watches val may be asked for', (t) => {
  const { experiment } = parse(`${text('{val: 0, folds: 3}')}train: {early_stop: {metric: val.loss}}\n`);
  t.like(experiment.data.split, { val: 0, folds: 3, by: 'shuffle' });
  t.is(experiment.data.split.fold, undefined);
});

test('what version 1 leaves out is a tenth for val, from now on as from before', (t) => {
  t.is(parse(`version: 1\n${text('{test: 0}')}`).experiment.data.split.val, 0.1);
  t.is(parse(text('{test: 0}')).experiment.data.split.val, 'auto');
});
