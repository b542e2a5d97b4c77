import test from 'ava';
import type { SplitConfig } from '../../../src/config/schema/schema.ts';
import type { Samples } from '../../../src/data/samples.ts';
import { largestRemainder } from '../../../src/data/split/deal.ts';
import { splitSamples } from '../../../src/data/split/split.ts';
import { GradloomError } from '../../../src/errors.ts';
import { labelled } from '../support/labelled.ts';

/** The last `ownTestCount` are the source's test set. */
const samplesOf = (labels: readonly number[], ownTestCount = 0): Samples => ({ ...labelled(labels), ownTestCount });

const turns = (count: number, classes = 3): number[] => Array.from({ length: count }, (_, i) => i % classes);
const split = (config: Partial<SplitConfig>, count = 100, ownTestCount = 0, seed = 1): Record<'train' | 'val' | 'test', number[]> => {
  const splits = splitSamples(
    samplesOf(turns(count), ownTestCount),
    { train: 'rest', val: 0.1, test: 'auto', by: 'shuffle', ...config },
    seed,
  );
  return { train: [...splits.train], val: [...splits.val], test: [...splits.test] };
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const sizes = ({ train, val, test: tested }: ReturnType<typeof split>): number[] => [train.length, val.length, tested.length];

test('by order: first train, then val, then test; the rest in none', (t) => {
  t.deepEqual(split({ train: 50, val: 20, test: 10, by: 'order' }), { train: range(0, 50), val: range(50, 70), test: range(70, 80) });
});

const counted: { config: Partial<SplitConfig>; count?: number; ownTestCount?: number; expected: number[] }[] = [
  { config: {}, expected: [80, 10, 10] },
  { config: {}, ownTestCount: 20, expected: [72, 8, 20] },
  { config: { val: 0, test: 0 }, expected: [100, 0, 0] },
  { config: { val: 0, test: 0 }, count: 1, expected: [1, 0, 0] },
  { config: { train: 0.7, val: 0.29, test: 0.01 }, expected: [70, 29, 1] },
  { config: { train: 5, val: 1, test: 1 }, expected: [5, 1, 1] },
  { config: {}, count: 3, expected: [1, 1, 1] },
  { config: { train: 0.5, val: 0.25, test: 0.25 }, count: 10, expected: [5, 2, 2] },
  { config: { test: 5 }, ownTestCount: 20, expected: [72, 8, 5] },
  { config: { test: 0.5 }, ownTestCount: 20, expected: [72, 8, 10] },
  { config: { train: 80, val: 0, test: 0 }, ownTestCount: 20, expected: [80, 0, 0] },
];
for (const { config, count = 100, ownTestCount = 0, expected } of counted) {
  const title = `${JSON.stringify(config)} of ${count} samples, ${ownTestCount} of them the source's test set: ${expected.join(', ')}`;
  test(title, (t) => {
    for (const by of ['order', 'shuffle', 'stratify'] as const) t.deepEqual(sizes(split({ ...config, by }, count, ownTestCount)), expected);
  });
}

for (const by of ['order', 'shuffle', 'stratify'] as const) {
  test(`by ${by}: no sample is in two splits, and test samples come from the source's test set`, (t) => {
    const { train, val, test: tested } = split({ val: 20, by }, 200, 60);
    t.is(new Set([...train, ...val, ...tested]).size, 200);
    t.deepEqual(
      [...tested].sort((a, b) => a - b),
      range(140, 200),
    );
    t.true([...train, ...val].every((row) => row < 140));
  });
}

for (const by of ['shuffle', 'stratify'] as const) {
  test(`by ${by}: a function of the seed, and mixed`, (t) => {
    t.deepEqual(split({ by }, 100, 0, 5), split({ by }, 100, 0, 5));
    t.notDeepEqual(split({ by }, 100, 0, 5), split({ by }, 100, 0, 6));
    t.notDeepEqual(
      [...split({ by }).train].sort((a, b) => a - b),
      split({ by }).train,
    );
  });
}

test('stratify gives each class its share of each split, to one sample', (t) => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i < 700 ? 0 : i < 930 ? 1 : i < 993 ? 2 : 3));
  const splits = splitSamples(samplesOf(labels), { train: 500, val: 300, test: 150, by: 'stratify' }, 3);
  for (const [name, size] of [
    ['train', 500],
    ['val', 300],
    ['test', 150],
  ] as const) {
    t.is(splits[name].length, size);
    for (const [label, total] of [
      [0, 700],
      [1, 230],
      [2, 63],
      [3, 7],
    ] as const) {
      const found = [...splits[name]].filter((row) => labels[row] === label).length;
      t.true(Math.abs(found - (total * size) / 1000) < 1.5, `${name} has ${found} of class ${label}`);
    }
  }
  t.is(new Set([...splits.train, ...splits.val, ...splits.test]).size, 950);
});

test('stratify needs class labels', (t) => {
  const values = new Float32Array(new SharedArrayBuffer(40));
  const samples: Samples = { ...samplesOf(turns(10)), target: { kind: 'value', values, width: 1 } };
  t.throws(() => splitSamples(samples, { train: 'rest', val: 0, test: 0, by: 'stratify' }, 0), {
    instanceOf: GradloomError,
    message: /class labels/,
  });
});

const refused: { config: Partial<SplitConfig>; count?: number; ownTestCount?: number; message: string }[] = [
  { config: { train: 90, val: 10, test: 10 }, message: '10 samples too many: asked for train 90, val 10, test 10; there are 100 samples' },
  {
    config: { train: 75, val: 10, test: 10 },
    ownTestCount: 20,
    message: "5 samples too many: asked for train 75, val 10, test 10; there are 80 samples and 20 in the source's own test set",
  },
  { config: { val: 100, test: 0 }, message: 'no sample is left for train: asked for train rest, val 100, test 0; there are 100 samples' },
  { config: { val: 101 }, message: 'val alone asks for more: asked for train rest, val 101, test auto; there are 100 samples' },
  {
    config: { val: 1.5 },
    message: 'val: 1.5 is neither a whole count nor a fraction below 1: asked for train rest, val 1.5, test auto; there are 100 samples',
  },
  {
    config: { train: 0.9, val: 0.9, test: 0 },
    message: '80 samples too many: asked for train 0.9, val 0.9, test 0; there are 100 samples',
  },
  { config: {}, count: 1, message: 'no sample is left for train: asked for train rest, val 0.1, test auto; there are 1 samples' },
  {
    config: { test: 21 },
    ownTestCount: 20,
    message: "test alone asks for more: asked for train rest, val 0.1, test 21; there are 80 samples and 20 in the source's own test set",
  },
];
for (const { config, count = 100, ownTestCount = 0, message } of refused) {
  test(`refuses ${JSON.stringify(config)} of ${count} with ${ownTestCount}: ${message}`, (t) => {
    const error = t.throws(() => split(config, count, ownTestCount), { instanceOf: GradloomError });
    t.like(error, { code: 'E_DATA_SPLIT', where: 'data.split', message });
  });
}

test('largestRemainder shares out exactly, in proportion, ties to the lower index', (t) => {
  t.deepEqual(largestRemainder([50, 30, 20], 10), [5, 3, 2]);
  t.deepEqual(largestRemainder([1, 1, 1], 2), [1, 1, 0]);
  t.deepEqual(largestRemainder([7, 2, 1], 5), [4, 1, 0]);
  t.deepEqual(largestRemainder([0, 3], 3), [0, 3]);
  t.deepEqual(largestRemainder([0, 0], 0), [0, 0]);
  t.deepEqual(largestRemainder([2 ** 31 - 1, 2 ** 31 - 3], 2 ** 31), [2 ** 30 + 1, 2 ** 30 - 1]);
});
