import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { type Dataset, SPLITS, type SplitName } from '../../../src/data/dataset.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261129);

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-split-columns-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function file(lines: readonly (readonly string[])[]): string {
  const at = path.join(root, `${count++}.csv`);
  writeFileSync(at, lines.map((line) => `${line.join(',')}\n`).join(''));
  return at;
}

interface Told {
  source: Record<string, unknown>;
  split: Record<string, unknown>;
  loss?: string;
}

function load({ source, split, loss = 'auto' }: Told): Promise<Dataset> {
  const model = { layers: [{ type: 'dense', units: 1 }] };
  const input = { data: { source: { type: 'csv', target: 'y', ...source }, split }, model, ...(loss !== 'auto' && { loss }) };
  return loadDataset(experimentFromObject(input).experiment);
}

const featuresOf = ({ preprocess: { input } }: Dataset): string[] => (input.kind === 'table' ? input.columns.map(({ name }) => name) : []);
const splitsOf = ({ splits }: Dataset): Record<SplitName, number[]> => ({
  train: [...splits.train],
  val: [...splits.val],
  test: [...splits.test],
});

/** Rows of patients: `a` is the number of the row. */
function visits(draw: (bound: number) => number, rows: number): { who: string[]; lines: string[][] } {
  const who = Array.from({ length: rows }, () => `p ${draw(12)}`);
  return { who, lines: [['a', 'who', 'y'], ...who.map((one, row) => [`${row}`, one, 'uvw'.charAt(draw(3))])] };
}

for (const folds of [undefined, 4]) {
  test(`rows of a group stand in one split${folds === undefined ? '' : ' of each fold'}, and the column is no feature (seed ${SEED})`, async (t) => {
    const stream = new RandomStream(SEED, 'noise');
    const { who, lines } = visits((bound) => nextBelow(stream, bound), 200);
    const source = { path: file(lines) };
    const held = new Map<number, number>();
    for (const fold of folds === undefined ? [undefined] : [0, 1, 2, 3]) {
      const split = { by: { group: 'who' }, test: 0.2, ...(folds === undefined ? { val: 0.2 } : { folds, fold }) };
      const dataset = await load({ source, split });
      t.deepEqual(featuresOf(dataset), ['a']);
      const splits = splitsOf(dataset);
      t.deepEqual(
        SPLITS.flatMap((name) => splits[name]).toSorted((a, b) => a - b),
        who.map((_, row) => row),
      );
      const placesOf = new Map<string, Set<string>>();
      for (const name of SPLITS)
        for (const row of splits[name]) {
          const one = who[row] as string;
          placesOf.set(one, (placesOf.get(one) ?? new Set()).add(name));
        }
      t.true([...placesOf.values()].every((places) => places.size === 1));
      t.true(SPLITS.every((name) => splits[name].length > 0));
      for (const row of splits.val) held.set(row, (held.get(row) ?? 0) + 1);
      if (folds !== undefined) t.true(splits.test.every((row) => !held.has(row)));
    }
    t.true([...held.values()].every((times) => times === 1));
    if (folds !== undefined)
      t.is(
        held.size,
        who.length - splitsOf(await load({ source, split: { by: { group: 'who' }, test: 0.2, folds, fold: 0 } })).test.length,
      );
  });
}

const PARTS = ['train', 'VAL', 'Test', '', 'validation', 'training', 'valid', 'NA'];

test('a column says which split a row is in, in the order of the file, and is no feature; rows that it leaves empty are in none', async (t) => {
  const lines = [['a', 'part', 'y'], ...PARTS.map((part, row) => [`${row}`, part, 'uv'.charAt(row % 2)])];
  const dataset = await load({ source: { path: file(lines) }, split: { by: { column: 'part' } } });
  t.deepEqual(splitsOf(dataset), { train: [0, 5], val: [1, 4, 6], test: [2] });
  t.deepEqual(featuresOf(dataset), ['a']);
  t.deepEqual([...(dataset.normalization.kind === 'affine' ? dataset.normalization.center : [])], [2.5]);
});

test('files say which split a row is in, and those need no column to split by', async (t) => {
  const part = (from: number, rows: number): string =>
    file([['a', 'y'], ...Array.from({ length: rows }, (_, row) => [`${from + row}`, 'uv'.charAt(row % 2)])]);
  const source = { path: [part(0, 3), part(3, 2)], val_path: part(5, 2), test_path: part(7, 3) };
  const dataset = await load({ source, split: { by: 'files' } });
  t.deepEqual(splitsOf(dataset), { train: [0, 1, 2, 3, 4], val: [5, 6], test: [7, 8, 9] });
  t.deepEqual([...dataset.features], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('files of val and test may lack the column to group by; where they have it, a group in two files is refused', async (t) => {
  const main = file([
    ['a', 'who', 'y'],
    ['0', 'p', 'u'],
    ['1', 'p', 'v'],
    ['2', 'q', 'u'],
  ]);
  const bare = (value: string): string =>
    file([
      ['a', 'y'],
      [value, 'u'],
      ['8', 'v'],
    ]);
  const split = { by: { group: 'who' } };
  const dataset = await load({ source: { path: main, val_path: bare('3'), test_path: bare('4') }, split });
  t.deepEqual(
    [dataset.splits.train.toSorted(), dataset.splits.val.toSorted(), dataset.splits.test.toSorted()].map((rows) => [...rows]),
    [
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ],
  );
  const shared = file([
    ['a', 'who', 'y'],
    ['5', 'q', 'u'],
  ]);
  const error = await t.throwsAsync(load({ source: { path: main, test_path: shared }, split: { ...split, val: 0 } }), {
    instanceOf: GradloomError,
  });
  t.is(error?.message, "group who: 1 of the 1 groups in the source's own test set are in other files too");
});

const LINES = [
  ['a', 'who', 'part', 'y', 'w'],
  ['0', 'p', 'train', '1', '1'],
  ['1', 'q', 'test', '2', '1'],
  ['2', 'r', 'val', '1', '1'],
];
/** LINES with another value in a row. */
const withValue = (row: number, column: number, value: string): string[][] =>
  LINES.map((line, i) => (i === row ? line.map((old, j) => (j === column ? value : old)) : line));

const refused: {
  title: string;
  lines?: string[][];
  told: Omit<Told, 'source'> & { source?: Record<string, unknown> };
  code: ErrorCode;
  line?: number;
  says: string;
}[] = [
  {
    title: 'a word that names no split',
    lines: withValue(2, 2, 'tset'),
    told: { split: { by: { column: 'part' } } },
    code: 'E_TABLE_VALUE',
    line: 3,
    says: 'column part: "tset"; expected train, val or test, or nothing for a row that is left out',
  },
  {
    title: 'a number for a split',
    lines: withValue(3, 2, '1'),
    told: { split: { by: { column: 'part' } } },
    code: 'E_TABLE_VALUE',
    line: 4,
    says: 'column part: "1"; expected train, val or test, or nothing for a row that is left out',
  },
  {
    title: 'a row without a group',
    lines: withValue(3, 1, ''),
    told: { split: { by: { group: 'who' } } },
    code: 'E_TABLE_VALUE',
    line: 4,
    says: 'column who: a missing value; expected one in every row',
  },
  {
    title: 'a group column that is not there',
    told: { split: { by: { group: 'whom' } } },
    code: 'E_TABLE_COLUMN',
    says: 'no column whom; did you mean who?',
  },
  {
    title: 'a split column that is not there',
    told: { split: { by: { column: 'parts' } } },
    code: 'E_TABLE_COLUMN',
    says: 'no column parts; did you mean part?',
  },
  {
    title: 'the target as split column',
    told: { split: { by: { column: 'y' } } },
    code: 'E_TABLE_COLUMN',
    says: 'column y stands in data.source.target and in data.split.by',
  },
  {
    title: 'a target of numbers as groups',
    told: { split: { by: { group: 'y' } }, loss: 'mse' },
    code: 'E_TABLE_COLUMN',
    says: 'column y stands in data.source.target and in data.split.by',
  },
  {
    title: 'weights as groups',
    told: { source: { weights: 'w' }, split: { by: { group: 'w' } } },
    code: 'E_TABLE_COLUMN',
    says: 'column w stands in data.source.weights and in data.split.by',
  },
  {
    title: 'a feature as groups',
    told: { source: { features: ['a', 'who'] }, split: { by: { group: 'who' } } },
    code: 'E_TABLE_COLUMN',
    says: 'column who stands in data.split.by and in data.source.features',
  },
  {
    title: 'a column of categories as split column',
    told: { source: { categorical: ['part'] }, split: { by: { column: 'part' } } },
    code: 'E_TABLE_COLUMN',
    says: 'column part stands in data.split.by and in data.source.categorical',
  },
  {
    title: 'no row for train',
    lines: withValue(1, 2, 'val'),
    told: { split: { by: { column: 'part' } } },
    code: 'E_DATA_SPLIT',
    says: 'no sample is there for train: asked for train rest, val auto, test auto; by column part there are train 0, val 2, test 1',
  },
  {
    title: 'files without any',
    told: { split: { by: 'files' } },
    code: 'E_DATA_SPLIT',
    says: 'files: the source has no val and no test set of its own',
  },
  {
    title: 'fewer groups than splits',
    lines: LINES.map((line, i) => (i === 0 ? line : line.with(1, i < 3 ? 'p' : 'q'))),
    told: { split: { by: { group: 'who' } } },
    code: 'E_DATA_SPLIT',
    says: 'group who: 2 groups for 3 parts; each takes whole groups, at least one',
  },
];
for (const { title, lines = LINES, told, code, line, says } of refused) {
  test(`refused with its place: ${title}`, async (t) => {
    const at = file(lines);
    // The columns that a case does not speak of are numbers or words: only `a` is a feature.
    const source = { path: at, ...(!('categorical' in (told.source ?? {})) && { features: ['a'] }), ...told.source };
    const error = await t.throwsAsync(load({ ...told, source }), { instanceOf: GradloomError, code });
    t.is(error?.message, says);
    if (line !== undefined) t.is(error?.where, `${at}:${line}`);
  });
}
