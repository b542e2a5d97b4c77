import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { growingBlock } from '../../../src/data/table/rows/growing.ts';
import { csvConfig, loadCsv, rows } from './support/load.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-growing-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const WIDTHS = { features: 3, others: 1, texts: 0 };

/** Rows whose first ones are long: by them there seem to be far fewer than there are. */
function misleading(count: number): string {
  const line = (row: number): string => (row < 500 ? `${row}.${'0'.repeat(400)},${row}` : `${row % 10},1`);
  return `a,y\n${Array.from({ length: count }, (_, row) => line(row)).join('\n')}\n`;
}

for (const [title, write] of [
  ['a text', (file: string, text: string) => writeFileSync(file, text)],
  ['gzip', (file: string, text: string) => writeFileSync(file, gzipSync(text))],
] as const) {
  test(`${title} of far more rows than its start lets expect is read to its end`, async (t) => {
    const file = path.join(root, title);
    const count = 60_000;
    write(file, misleading(count));
    const samples = await loadCsv(csvConfig(file, 'y'), 'regression');
    const { features } = samples.featuresFor(rows(0, count));
    t.is(samples.sampleCount, count);
    t.deepEqual(
      [...features],
      Array.from({ length: count }, (_, row) => (row < 500 ? row : row % 10)),
    );
  });
}

test('what a block has stays where it is when it grows', async (t) => {
  const { block, grow } = await growingBlock(WIDTHS, { about: 10, most: 10_000, exact: () => Promise.resolve(10_000) }, 'x.csv');
  t.is(block.capacity, 10);
  const { features } = block;
  features.fill(7);
  await grow();
  t.true(block.capacity > 10);
  t.is(block.features.buffer, features.buffer);
  t.is(block.features.length, 3 * block.capacity);
  t.deepEqual([...block.features.subarray(0, 31)], [...Array.from({ length: 30 }, () => 7), 0]);
});

test('no more room is made than there can be rows', async (t) => {
  const { block, grow } = await growingBlock(WIDTHS, { about: 10, most: 12, exact: () => Promise.resolve(11) }, 'x.csv');
  await grow();
  t.is(block.capacity, 12);
});

test('where a guess does not fit, rows are counted before they are refused: E_DATA_TOO_LARGE with what they need', async (t) => {
  const huge = 2 ** 40;
  const { block } = await growingBlock(WIDTHS, { about: huge, most: huge, exact: () => Promise.resolve(5) }, 'x.csv');
  t.is(block.capacity, 5);
  await t.throwsAsync(growingBlock(WIDTHS, { about: huge, most: huge, exact: () => Promise.resolve(2 ** 31) }, 'x.csv'), {
    code: 'E_DATA_TOO_LARGE',
    message: `needs ${2 ** 31 * 12} bytes in one array; the limit is ${2 ** 32}`,
  });
});
