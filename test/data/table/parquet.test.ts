import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { experimentFromObject } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { parquet } from '../../../src/data/sources/parquet.ts';
import { GradloomError } from '../../../src/errors.ts';
import { csvConfig, reading } from './support/load.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-parquet-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const TABLE = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      { name: 'a', data: [1, 2, 3], type: 'DOUBLE' },
      { name: 'part', data: ['train', 'test', 'vall'], type: 'STRING' },
      { name: 'y', data: ['u', 'v', 'u'], type: 'STRING' },
    ],
  }),
);

test('a column whose name is damaged is told by its number', async (t) => {
  const file = path.join(root, 'nameless.parquet');
  const bytes = Buffer.from(TABLE);
  // Name of a column in the schema: field 4 of its element, text of 1 byte. As field 6 it is none.
  const at = bytes.indexOf('%\x02\x18\x01a', 0, 'latin1');
  t.true(at > 0);
  bytes[at + 2] = 0x38;
  writeFileSync(file, bytes);
  const error = await t.throwsAsync(
    async () => await parquet.load({ ...csvConfig(file, 'y'), type: 'parquet' }, reading('classification')),
    {
      instanceOf: GradloomError,
    },
  );
  t.deepEqual([error?.code, error?.where], ['E_DATA_LENGTH', file]);
  t.regex(error?.message ?? '', /column 1 has no name/);
});

test('a word that names no split is an error at its row', async (t) => {
  const file = path.join(root, 'table.parquet');
  writeFileSync(file, TABLE);
  const source = { type: 'parquet', path: file, target: 'y' };
  const input = { data: { source, split: { by: { column: 'part' } } }, model: { layers: [{ type: 'dense', units: 2 }] } };
  const error = await t.throwsAsync(loadDataset(experimentFromObject(input).experiment), { instanceOf: GradloomError });
  t.deepEqual([error?.code, error?.where], ['E_TABLE_VALUE', `${file}:3`]);
  t.is(error?.message, 'column part: "vall"; expected train, val or test, or nothing for a row that is left out');
});

test('columns of texts that would be features are all told at once, and not those with another use', async (t) => {
  const file = path.join(root, 'words.parquet');
  const text = (name: string) => ({ name, data: ['u', 'v', 'u'], type: 'STRING' as const });
  const columnData = [text('sex'), { name: 'n', data: [1, 2, 3], type: 'DOUBLE' as const }, text('island'), text('id'), text('y')];
  writeFileSync(file, Buffer.from(parquetWriteBuffer({ columnData })));
  const load = (more: object) => parquet.load({ ...csvConfig(file, 'y', more), type: 'parquet' }, reading('classification'));
  const both = await t.throwsAsync(async () => await load({ drop: ['id'] }), { instanceOf: GradloomError });
  t.is(both?.code, 'E_TABLE_VALUE');
  t.is(both?.message, 'columns sex, island: texts; expected numbers');
  t.is(both?.next, 'add sex, island to data.source.categorical, or to data.source.drop');
  const one = await t.throwsAsync(async () => await load({ drop: ['id', 'sex'] }), { instanceOf: GradloomError });
  t.is(one?.message, 'column island: texts; expected numbers');
  t.is(one?.next, 'add island to data.source.categorical, or to data.source.drop');
});
