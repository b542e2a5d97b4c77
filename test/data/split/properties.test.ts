import test from 'ava';
import type { SplitConfig } from '../../../src/config/schema/schema.ts';
import { SPLITS } from '../../../src/data/dataset.ts';
import type { Samples } from '../../../src/data/samples.ts';
import { splitSamples } from '../../../src/data/split/split.ts';
import { GradloomError } from '../../../src/errors.ts';
import { Dice } from '../../engine/support/samples.ts';
import { labelled } from '../support/labelled.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261129);
const CASES = 400;

type Lists = Record<'train' | 'val' | 'test', number[]>;

interface Case {
  samples: Samples;
  labels: number[];
  groups: number[];
  config: SplitConfig;
  seed: number;
  main: number;
}

function listsOf({ samples, config, seed }: Case, more: Partial<SplitConfig> = {}): Lists {
  const { train, val, test: tested } = splitSamples(samples, { ...config, ...more }, seed);
  return { train: [...train], val: [...val], test: [...tested] };
}

function randomCase(dice: Dice): Case {
  const count = dice.int(12, 300);
  const [ownVal, ownTest] = [dice.next() < 0.3, dice.next() < 0.3].map((is) => (is ? dice.int(1, Math.floor(count / 4)) : 0)) as [
    number,
    number,
  ];
  const main = count - ownVal - ownTest;
  const classes = dice.int(1, 5);
  const labels = Array.from({ length: count }, () => Math.min(dice.int(0, classes), dice.int(0, classes)));
  const groupCount = dice.int(4, Math.max(4, Math.floor(main / 2)));
  // A group of the source's own sets stands nowhere else.
  const groups = Array.from({ length: count }, (_, row) =>
    row < main ? Math.min(dice.int(0, groupCount), dice.int(0, groupCount)) : row < main + ownVal ? 1000 : 2000,
  );
  const by = ([...(['order', 'shuffle', 'stratify'] as const), { group: 'g' }] as const)[dice.int(0, 3)] ?? 'order';
  const share = (): number =>
    dice.next() < 0.5 ? dice.next() * 0.3 : dice.int(0, Math.floor(Math.min(main, ownVal || main, ownTest || main) / 4));
  const config: SplitConfig = {
    train: dice.next() < 0.7 ? 'rest' : Math.max(1, Math.floor(main / 4)),
    val: dice.next() < 0.4 ? 'auto' : share(),
    test: dice.next() < 0.4 ? 'auto' : share(),
    by,
  };
  const samples = { ...labelled(labels), ownValCount: ownVal, ownTestCount: ownTest, groups: Uint32Array.from(groups) };
  return { samples, labels, groups, config, seed: dice.int(0, 1_000_000), main };
}

/** Cases whose split is possible, as most are. */
function* possible(): Generator<{ one: Case; lists: Lists; title: string; dice: Dice }> {
  const dice = new Dice(SEED);
  let found = 0;
  for (let i = 0; i < CASES; i++) {
    const one = randomCase(dice);
    try {
      const lists = listsOf(one);
      found++;
      yield { one, lists, title: `seed ${SEED}, case ${i}: ${JSON.stringify(one.config)}`, dice };
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_DATA_SPLIT') throw error;
    }
  }
  if (found < CASES / 2) throw new Error(`only ${found} of ${CASES} splits are possible`);
}

const disjoint = ({ train, val, test: tested }: Lists): boolean =>
  new Set([...train, ...val, ...tested]).size === train.length + val.length + tested.length;
const tally = (rows: readonly number[], of: readonly number[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(of[row] ?? -1, (counts.get(of[row] ?? -1) ?? 0) + 1);
  return counts;
};
const spread = (counts: readonly number[]): number => Math.max(...counts) - Math.min(...counts);
const isWhole = (parts: readonly (readonly number[])[], groups: readonly number[]): boolean => {
  const members = parts.map((rows) => new Set(rows.map((row) => groups[row])));
  return members.every((one, i) => members.slice(i + 1).every((other) => [...one].every((group) => !other.has(group))));
};

test(`V1 splits are disjoint, own sets stay apart, and whole groups stay together (seed ${SEED})`, (t) => {
  t.log(`seed ${SEED}`);
  for (const { one, lists, title } of possible()) {
    const { samples, groups, config, main } = one;
    const { ownValCount = 0, ownTestCount, sampleCount } = samples;
    t.true(disjoint(lists), title);
    t.true(
      lists.train.every((row) => row < main),
      title,
    );
    if (ownValCount > 0)
      t.true(
        lists.val.every((row) => row >= main && row < sampleCount - ownTestCount),
        title,
      );
    if (ownTestCount > 0)
      t.true(
        lists.test.every((row) => row >= sampleCount - ownTestCount),
        title,
      );
    if (ownValCount > 0 && config.val === 'auto' && typeof config.by === 'string') t.is(lists.val.length, ownValCount, title);
    if (typeof config.by === 'object') t.true(isWhole([lists.train, lists.val, lists.test], groups), title);
    t.deepEqual(listsOf(one), lists, title);
  }
});

test(`V1 folds are disjoint, cover train and val, and leave test as it is; sizes differ by one at most, per class by stratify (seed ${SEED})`, (t) => {
  t.log(`seed ${SEED}`);
  for (const { one, lists, title, dice } of possible()) {
    const { config, groups, labels } = one;
    const pool = [...lists.train, ...lists.val].toSorted((a, b) => a - b);
    const most = typeof config.by === 'object' ? new Set(pool.map((row) => groups[row])).size : pool.length;
    if (most < 2) continue;
    const folds = dice.int(2, Math.min(7, most));
    const cut = Array.from({ length: folds }, (_, fold) => listsOf(one, { folds, fold }));
    const held = cut.map(({ val }) => val);
    t.deepEqual(
      held.flat().toSorted((a, b) => a - b),
      pool,
      title,
    );
    for (const split of cut) {
      t.deepEqual(split.test, lists.test, title);
      t.deepEqual(
        [...split.train, ...split.val].toSorted((a, b) => a - b),
        pool,
        title,
      );
    }
    if (typeof config.by === 'object') t.true(isWhole(held, groups), title);
    else t.true(spread(held.map((rows) => rows.length)) <= 1, title);
    if (config.by === 'stratify')
      for (const label of new Set(labels)) t.true(spread(held.map((rows) => tally(rows, labels).get(label) ?? 0)) <= 1, title);
  }
});

test('many equal groups bring the sizes that are asked for', (t) => {
  const groups = Uint32Array.from({ length: 1000 }, (_, row) => row % 100);
  const samples = { ...labelled(Array.from(groups, () => 0)), groups };
  const { train, val, test: tested } = splitSamples(samples, { train: 0.7, val: 0.2, test: 0.1, by: { group: 'g' } }, 1);
  t.deepEqual([train.length, val.length, tested.length], [700, 200, 100]);
});

test('each part has a group, however large the others are', (t) => {
  const groups = Uint32Array.from({ length: 100 }, (_, row) => (row < 60 ? 7 : row < 90 ? 3 : 5));
  const samples = { ...labelled(Array.from(groups, () => 0)), groups };
  const { train, val, test: tested } = splitSamples(samples, { train: 'rest', val: 'auto', test: 'auto', by: { group: 'g' } }, 1);
  t.deepEqual([train.length, val.length, tested.length], [60, 30, 10]);
});

test('a column decides, and where it says nothing a file does', (t) => {
  const assigned = Uint8Array.from([0, 1, 2, 255, 0, 1, 255, 255]);
  const samples = { ...labelled(Array.from(assigned, () => 0)), assigned, ownValCount: 1, ownTestCount: 1 };
  const config: SplitConfig = { train: 'rest', val: 'auto', test: 'auto', by: { column: 'part' } };
  const lists = (more: Partial<SplitConfig>) =>
    Object.fromEntries(SPLITS.map((name) => [name, [...splitSamples(samples, { ...config, ...more }, 0)[name]]]));
  t.deepEqual(lists({}), { train: [0, 4], val: [1, 5, 6], test: [2, 7] });
  t.deepEqual(lists({ val: 1, train: 0.5 }), { train: [0], val: [1], test: [2, 7] });
});

test('by files the main part is train, and nothing is shared out', (t) => {
  const samples = { ...labelled(Array.from({ length: 10 }, () => 0)), ownValCount: 2, ownTestCount: 3 };
  const splits = splitSamples(samples, { train: 'rest', val: 'auto', test: 'auto', by: 'files' }, 0);
  t.deepEqual(
    SPLITS.map((name) => [...splits[name]]),
    [
      [0, 1, 2, 3, 4],
      [5, 6],
      [7, 8, 9],
    ],
  );
  const noVal = splitSamples({ ...samples, ownValCount: 0 }, { train: 'rest', val: 'auto', test: 'auto', by: 'files' }, 0);
  t.deepEqual(
    SPLITS.map((name) => noVal[name].length),
    [7, 0, 3],
  );
});

const plain = labelled(Array.from({ length: 12 }, (_, row) => row % 3));
const whole: SplitConfig = { train: 'rest', val: 'auto', test: 'auto', by: 'shuffle' };
const grouped = (groups: number[], more: Partial<Samples> = {}): Samples => ({ ...plain, groups: Uint32Array.from(groups), ...more });
const refused: {
  title: string;
  samples?: Samples;
  config: Partial<SplitConfig>;
  code?: string;
  where: string;
  message: string;
  next: RegExp;
}[] = [
  {
    title: 'groups of what has no columns',
    config: { by: { group: 'patient' } },
    where: 'data.split.by',
    message: 'group patient: only tables have columns to group by, and this source is none',
    next: /shuffle, stratify or order/,
  },
  {
    title: 'a column of what has none',
    config: { by: { column: 'part' } },
    where: 'data.split.by',
    message: 'column part: only tables have columns, and this source is none',
    next: /shuffle, stratify or order/,
  },
  {
    title: 'files where there is one',
    config: { by: 'files' },
    where: 'data.split.by',
    message: 'files: the source has no val and no test set of its own',
    next: /name their files in data\.source/,
  },
  {
    title: 'fewer groups than parts',
    samples: grouped(Array.from({ length: 12 }, (_, row) => row % 2)),
    config: { by: { group: 'patient' } },
    where: 'data.split',
    message: 'group patient: 2 groups for 3 parts; each takes whole groups, at least one',
    next: /test: 0/,
  },
  {
    title: 'fewer groups than folds',
    samples: grouped(Array.from({ length: 12 }, (_, row) => row % 3)),
    config: { by: { group: 'patient' }, test: 0, folds: 4, fold: 1 },
    where: 'data.split',
    message: 'group patient: 3 groups for 4 folds; each takes whole groups, at least one',
    next: /group by another column/,
  },
  {
    title: "a group in the main part and in the source's own test set",
    samples: grouped([0, 1, 2, 3, 0, 1, 2, 3, 0, 9, 9, 1], { ownTestCount: 3 }),
    config: { by: { group: 'patient' } },
    where: 'data.split.by',
    message: "group patient: 1 of the 2 groups in the source's own test set are in other files too",
    next: /leave the test file out/,
  },
  {
    title: 'more folds than samples',
    config: { folds: 13, fold: 0, test: 0 },
    where: 'data.split.folds',
    message: '13 folds of 12 samples; each needs at least one',
    next: /lower data\.split\.folds/,
  },
  {
    title: 'folds of which none is named',
    config: { folds: 3 },
    code: 'E_CONFIG_MISSING',
    where: 'data.split.fold',
    message: 'missing; data.split.folds: 3 are 3 runs, each with another fold as val',
    next: /data\.split\.fold: 0, or train all/,
  },
  {
    title: 'a column that leaves train empty',
    samples: { ...plain, assigned: new Uint8Array(12).fill(1) },
    config: { by: { column: 'part' } },
    where: 'data.split',
    message: 'no sample is there for train: asked for train rest, val auto, test auto; by column part there are train 0, val 12, test 0',
    next: /leave them out/,
  },
  {
    title: 'a share of what the column never says',
    samples: { ...plain, assigned: new Uint8Array(12) },
    config: { by: { column: 'part' }, test: 0.5 },
    where: 'data.split',
    message: 'no sample is there for test: asked for train rest, val auto, test 0.5; by column part there are train 12, val 0, test 0',
    next: /leave them out/,
  },
];
for (const { title, samples = plain, config, code = 'E_DATA_SPLIT', where, message, next } of refused) {
  test(`refuses ${title}`, (t) => {
    const error = t.throws(() => splitSamples(samples, { ...whole, ...config }, 0), { instanceOf: GradloomError });
    t.like(error, { code, where, message });
    t.regex(error.next ?? '', next);
  });
}
