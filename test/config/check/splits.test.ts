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
      '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (0.1) and test (auto); expected rest, or val: 0 and test: 0',
  },
  {
    split: '{train: 1.0, val: 5, test: 0}',
    problem: '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (5); expected rest, or val: 0',
  },
  {
    split: '{train: 1.0, test: 0.5}',
    source: OWN_TEST,
    problem: '18 [E_CONFIG_RANGE] data.split.train: 1.0 is every row, which leaves none for val (0.1); expected rest, or val: 0',
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
