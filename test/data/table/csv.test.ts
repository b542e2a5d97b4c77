import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { readFeatures, streamFeatures } from '../../../src/data/table/stream.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { type CsvConfig, csvConfig, loadCsv, rows } from './support/load.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-csv-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function file(content: string | Uint8Array): string {
  const at = path.join(root, `${count++}.csv`);
  writeFileSync(at, content);
  return at;
}

const PLAIN = 'a,b,c\n1,2.5,x\n-3,4e-2,y\n5,+.5,x\n';
const EXPECTED = { features: [1, 2.5, -3, 0.04, 5, 0.5], names: ['x', 'y'], labels: [0, 1, 0] };

const FORMS: readonly { title: string; content: string | Uint8Array; more?: Partial<CsvConfig> }[] = [
  { title: 'as it is', content: PLAIN },
  { title: 'without a line end at the end', content: PLAIN.trimEnd() },
  { title: 'with Windows line ends and a byte order mark', content: `\ufeff${PLAIN.replaceAll('\n', '\r\n')}` },
  { title: 'with line ends of old Macs', content: PLAIN.replaceAll('\n', '\r') },
  { title: 'with tabs', content: PLAIN.replaceAll(',', '\t') },
  { title: 'with bars', content: PLAIN.replaceAll(',', '|') },
  { title: 'with single spaces', content: PLAIN.replaceAll(',', ' ') },
  { title: 'with semicolons and decimal commas', content: PLAIN.replaceAll(',', ';').replaceAll('.', ','), more: { decimal: ',' } },
  { title: 'with a delimiter that is given', content: PLAIN.replaceAll(',', ':'), more: { delimiter: ':' } },
  { title: 'with quotes around everything', content: PLAIN.replaceAll(/[^,\n]+/g, '"$&"') },
  { title: 'with spaces around everything', content: PLAIN.replaceAll(/[^,\n]+/g, '  $& ') },
  { title: 'with blank lines', content: PLAIN.replaceAll('\n', '\n\n  \n') },
  { title: 'as gzip', content: gzipSync(PLAIN) },
];

for (const { title, content, more } of FORMS) {
  test(`a table ${title} gives the same samples`, async (t) => {
    const samples = await loadCsv(csvConfig(file(content), 'c', more));
    const { features, input } = samples.featuresFor(rows(0, 3));
    t.deepEqual(
      { features: [...features], names: samples.targetNames, labels: samples.target.kind === 'class' ? [...samples.target.labels] : [] },
      { ...EXPECTED, features: EXPECTED.features.map(Math.fround) },
    );
    t.deepEqual(input.kind === 'table' ? input.columns.map(({ name }) => name) : [], ['a', 'b']);
    t.true(features.buffer instanceof SharedArrayBuffer);
  });
}

test('quotes hold delimiters, line ends and quotes, and lines are still counted', async (t) => {
  const at = file('"a, b",c\n"1","x, ""y""\r\nz"\n2,?\n');
  const error = await t.throwsAsync(loadCsv(csvConfig(at, 'c')), { instanceOf: GradloomError });
  t.is(error?.where, `${at}:4`);
  const samples = await loadCsv(csvConfig(file('"a, b",c\n"1","x, ""y""\r\nz"\n2,d\n'), 'c'));
  t.deepEqual(samples.targetNames, ['d', 'x, "y"\r\nz']);
});

test('a file without names has x0, x1 ..., and one whose names only count has those', async (t) => {
  const bare = await loadCsv(csvConfig(file('1,2,x\n3,4,y\n'), 'x2'));
  t.deepEqual([bare.sampleCount, bare.targetNames], [2, ['x', 'y']]);
  const counted = await loadCsv(csvConfig(file('0,1,2\n1,2,7\n3,4,8\n'), '2'));
  t.deepEqual([counted.sampleCount, counted.targetNames], [2, ['7', '8']]);
});

test('names of classes that are numbers are ordered by value, others by code point', async (t) => {
  t.deepEqual((await loadCsv(csvConfig(file('a,c\n1,10\n1,9\n1,-2\n'), 'c'))).targetNames, ['-2', '9', '10']);
  t.deepEqual((await loadCsv(csvConfig(file('a,c\n1,10\n1,9\n1,b\n1,\u{10000}\n1,\uffee\n'), 'c'))).targetNames, [
    '10',
    '9',
    'b',
    '\uffee',
    '\u{10000}',
  ]);
});

test('several columns are the targets of a regression, and a column the weights', async (t) => {
  const samples = await loadCsv(csvConfig(file('a,y,z,w\n1,2,3,0.5\n4,5,6,1\n'), ['z', 'y'], { weights: 'w' }), 'regression');
  t.deepEqual(samples.target.kind === 'value' && [...samples.target.values, samples.target.width], [3, 2, 6, 5, 2]);
  t.deepEqual(
    [samples.targetNames, [...(samples.weights ?? [])]],
    [
      ['z', 'y'],
      [0.5, 1],
    ],
  );
});

test('columns of the split give groups and parts, and are no features', async (t) => {
  const at = file('a,g,p,c\n1,u,train,x\n2,v,Validation,y\n3,u,test,x\n4,w,,y\n');
  const grouped = await loadCsv(csvConfig(at, 'c', { drop: ['p'] }), 'classification', { group: 'g' });
  t.deepEqual([...(grouped.groups ?? [])], [1, 2, 1, 3]);
  t.is(grouped.featuresFor(rows(0, 4)).featureCount, 1);
  const assigned = await loadCsv(csvConfig(at, 'c', { drop: ['g'] }), 'classification', { column: 'p' });
  t.deepEqual([...(assigned.assigned ?? [])], [0, 1, 2, 255]);
});

test('files of a list and own sets follow each other, with columns in any order', async (t) => {
  const config = csvConfig(file('a,b,c\n1,2,x\n3,4,y\n'), 'c', {
    test_path: file('c,a,b\ny,7,8\n'),
    val_path: file('b,c,a\n6,x,5\n'),
  });
  const samples = await loadCsv({ ...config, path: [config.path, file('c,b,a\nx,10,9\n')].flat() });
  t.deepEqual([samples.sampleCount, samples.ownValCount, samples.ownTestCount], [5, 1, 1]);
  t.deepEqual([...samples.featuresFor(rows(0, 3)).features], [1, 2, 3, 4, 9, 10, 5, 6, 7, 8]);
  t.deepEqual(samples.target.kind === 'class' && [...samples.target.labels], [0, 1, 0, 0, 1]);
});

test('categories, fills and indicators come from the training rows alone', async (t) => {
  const at = file('n,k,y\n1,b,0\nNA,a,1\n5,b,0\n?,,1\n100,c,0\n');
  const more: Partial<CsvConfig> = { categorical: ['k'], missing: 'mean', missing_indicator: true, unknown_category: 'zeros' };
  const samples = await loadCsv(csvConfig(at, 'y', more));
  const { features, input, featureCount } = samples.featuresFor(rows(0, 3));
  t.deepEqual(input, {
    kind: 'table',
    columns: [
      { type: 'number', name: 'n', fill: 3, indicator: true },
      { type: 'category', name: 'k', categories: ['a', 'b'], unknown: 'zeros', fill: 'b' },
    ],
    ignored: ['y'],
    dialect: { delimiter: ',', decimal: '.' },
  });
  t.is(featureCount, 4);
  t.deepEqual([...features], [1, 0, 0, 1, 3, 1, 1, 0, 5, 0, 0, 1, 3, 1, 0, 1, 100, 0, 0, 0]);
  // Other training rows, other categories: nothing is kept of what was learnt before.
  const again = samples.featuresFor(rows(2, 5));
  t.deepEqual(again.input.kind === 'table' && again.input.columns.map((column) => column.fill), [52.5, 'b']);
});

test('rows read for a model have the bits that training had, from a file, a stream and batches of any size', async (t) => {
  const lines = Array.from({ length: 500 }, (_, i) => `${i / 7},${i % 11 === 0 ? '' : i * 1e-3},k${i % 5},${i % 2}`);
  const at = file(`a,b,k,y\n${lines.join('\n')}\n`);
  const samples = await loadCsv(csvConfig(at, 'y', { categorical: ['k'], missing: 'median', missing_indicator: true }));
  const { features, input } = samples.featuresFor(rows(100, 400));
  if (input.kind !== 'table') return t.fail();
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(`k,b,a\n${lines.map((line) => line.split(',').slice(0, 3).toReversed().join(',')).join('\n')}`);
    for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7);
  };
  for (const batches of [
    readFeatures(at, input),
    readFeatures(at, input, { rows: 3 }),
    streamFeatures('stdin', stream(), input, { rows: 64 }),
  ]) {
    const found: number[] = [];
    const first: number[] = [];
    for await (const batch of batches) {
      found.push(...batch.features);
      first.push(batch.firstLine);
    }
    t.deepEqual(found, [...features]);
    t.is(first[0], 2);
  }
});

interface Fault {
  title: string;
  content: string | Uint8Array;
  more?: Partial<CsvConfig>;
  target?: string | string[];
  problem?: 'classification' | 'regression';
  code: ErrorCode;
  line?: number;
  message: string | RegExp;
  next?: string | RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    title: 'a column that is not there',
    content: PLAIN,
    target: 'cc',
    code: 'E_TABLE_COLUMN',
    message: 'no column cc',
    next: 'name one of those that there are: a, b, c',
  },
  {
    title: 'a name that is nearly right',
    content: 'alpha,b,species\n1,2,x\n',
    target: 'specis',
    code: 'E_TABLE_COLUMN',
    message: 'no column specis; did you mean species?',
  },
  {
    title: 'names where there are none',
    content: '1,2,x\n3,4,y\n',
    code: 'E_TABLE_COLUMN',
    message: 'no column c',
    next: /x0, x1, x2; if the first row has their names, set data.source.header: true/,
  },
  {
    title: 'a header taken for a row',
    content: PLAIN,
    target: 'x2',
    more: { header: false },
    code: 'E_TABLE_VALUE',
    line: 1,
    message: 'column x0: "a"; expected a number',
  },
  {
    title: 'a row taken for a header',
    content: '1,2,x\n3,4,y\n',
    more: { header: true },
    code: 'E_TABLE_COLUMN',
    message: 'no column c',
    next: 'name one of those that there are: 1, 2, x',
  },
  {
    title: 'names that stand twice',
    content: 'a,c,a\n1,2,3\n',
    code: 'E_TABLE_COLUMN',
    line: 1,
    message: 'columns 1 and 3 have the same name: a',
  },
  {
    title: 'a name that is empty',
    content: ',b,c\n0,1,x\n',
    code: 'E_TABLE_COLUMN',
    line: 1,
    message: 'column 1 has no name',
    next: /to_csv\(FILE, index=False\)/,
  },
  {
    title: 'a word among numbers',
    content: 'a,c\n1,x\n\n2,y\nthree,x\n',
    code: 'E_TABLE_VALUE',
    line: 5,
    message: 'column a: "three"; expected a number',
    next: 'add a to data.source.categorical, or to data.source.drop',
  },
  {
    title: 'words in several columns, all told at once but the column with a stray one and those that are no features',
    content: 'a,sex,n,island,c,d\n1,male,1,Biscoe,x,u\n2,female,2,Dream,y,v\n3,,oops,Dream,x,w\n4,male,4,Dream,x,w\n',
    more: { drop: ['d'] },
    code: 'E_TABLE_VALUE',
    line: 2,
    message: 'columns sex, island: words, as "male"; expected numbers',
    next: 'add sex, island to data.source.categorical, or to data.source.drop',
  },
  {
    title: 'words in several columns, the first of them below missing values, and a fault further down',
    content: 'a,k,l,c\n1,,,x\n,,u,x\n1,v,w,x\n1,2\n',
    more: { missing: 'mean' },
    code: 'E_TABLE_VALUE',
    line: 3,
    message: 'columns k, l: words, as "u"; expected numbers',
    next: 'add k, l to data.source.categorical, or to data.source.drop',
  },
  {
    title: 'words beside decimal commas',
    content: 'k;a;c\nu;1,5;x\nv;2,5;y\n',
    more: { delimiter: ';' },
    code: 'E_TABLE_VALUE',
    line: 2,
    message: 'column k: "u"; expected a number',
    next: 'add k to data.source.categorical, or to data.source.drop',
  },
  {
    title: 'a decimal comma',
    content: 'a;c\n1,5;x\n',
    more: { delimiter: ';' },
    code: 'E_TABLE_VALUE',
    line: 2,
    message: 'column a: "1,5"; expected a number',
    next: 'set data.source.decimal: ","',
  },
  {
    title: 'a decimal point',
    content: 'a;c\n1.5;x\n',
    more: { decimal: ',' },
    code: 'E_TABLE_VALUE',
    line: 2,
    message: 'column a: "1.5"; expected a number',
    next: 'set data.source.decimal: "."',
  },
  {
    title: 'infinity',
    content: 'a,c\n1,x\n-inf,y\n',
    code: 'E_DATA_NONFINITE',
    line: 3,
    message: 'column a: "-inf"; expected a number that f32 can hold, up to 3.4e38',
  },
  {
    title: 'a number beyond f32',
    content: 'a,c\n1e39,x\n',
    code: 'E_DATA_NONFINITE',
    line: 2,
    message: 'column a: "1e39"; expected a number that f32 can hold, up to 3.4e38',
  },
  {
    title: 'a missing number',
    content: 'a,c\n1,x\nNaN,y\n',
    code: 'E_TABLE_VALUE',
    line: 3,
    message: 'column a: a missing value; expected one in every row',
    next: 'set data.source.missing: mean, median or a number, or drop the column',
  },
  {
    title: 'a missing class',
    content: 'a,c\n1,x\n2,\n',
    code: 'E_TABLE_VALUE',
    line: 3,
    message: 'column c: a missing value; expected one in every row',
    next: 'fill it, or remove the row',
  },
  {
    title: 'a missing category',
    content: 'k,c\nu,x\n,y\n',
    more: { categorical: ['k'], missing: 3 },
    code: 'E_TABLE_VALUE',
    line: 3,
    message: 'column k: a missing value; expected one in every row',
  },
  {
    title: 'classes where numbers are to be predicted',
    content: PLAIN,
    problem: 'regression',
    code: 'E_TABLE_VALUE',
    line: 2,
    message: 'column c: "x"; expected a number',
    next: 'correct it; for classes set loss: softmax_cross_entropy',
  },
  {
    title: 'several targets of a classification',
    content: PLAIN,
    target: ['b', 'c'],
    code: 'E_DATA_MISMATCH',
    message: '2 columns; a classification has one, of class names',
  },
  {
    title: 'too few fields',
    content: 'a,b,c\n1,2,x\n3,y\n',
    code: 'E_TABLE_FORMAT',
    line: 3,
    message: '2 fields; expected 3, as there are columns',
  },
  {
    title: 'too many fields',
    content: 'a,b,c\n1,2,x\n3,4,y,5\n',
    code: 'E_TABLE_FORMAT',
    line: 3,
    message: '4 fields; expected 3, as there are columns',
  },
  {
    title: 'a quote that is not closed',
    content: 'a,c\n1,x\n2,"y\n3,x\n',
    code: 'E_TABLE_FORMAT',
    line: 3,
    message: 'a quote is opened in this row and never closed',
  },
  {
    title: 'text behind a quote',
    content: 'a,c\n1,"x"y\n',
    code: 'E_TABLE_FORMAT',
    line: 2,
    message: 'column c: text behind a closing quote; expected the delimiter or the end of the line',
  },
  { title: 'a NUL byte', content: 'a,c\n1,x\n2,\0\n', code: 'E_TABLE_FORMAT', line: 3, message: 'a NUL byte; expected text' },
  {
    title: 'UTF-16',
    content: Buffer.from('\ufeffa,c\n1,x\n', 'utf16le'),
    code: 'E_DATA_MAGIC',
    message: 'this is UTF-16 text; expected a table in text (CSV)',
    next: /iconv -f utf-16 -t utf-8/,
  },
  {
    title: 'latin1',
    content: Buffer.from('a,c\n1,x\n2,h\xfcte\n', 'latin1'),
    code: 'E_TABLE_FORMAT',
    line: 3,
    message: 'column c: not UTF-8',
    next: /iconv -f latin1 -t utf-8/,
  },
  {
    title: 'latin1 in a name',
    content: Buffer.from('h\xfcte,c\n1,x\n', 'latin1'),
    code: 'E_TABLE_FORMAT',
    line: 1,
    message: 'the name "h\xfcte" is not UTF-8',
  },
  {
    title: 'nothing',
    content: '',
    code: 'E_DATA_EMPTY',
    message: 'holds no rows',
    next: 'name a file with a row of names and a row for each sample',
  },
  {
    title: 'blank lines only',
    content: '\n \n\r\n',
    code: 'E_DATA_EMPTY',
    message: 'holds no rows',
    next: 'name a file with a row of names and a row for each sample',
  },
  {
    title: 'a header only',
    content: 'a,c\n',
    code: 'E_DATA_EMPTY',
    message: 'holds a header and no rows',
    next: 'add rows below the names, or name another file',
  },
  { title: 'JSON', content: '[{"a": 1, "c": 2}]', code: 'E_DATA_MAGIC', message: 'this is JSON; expected a table in text (CSV)' },
  {
    title: 'a Parquet file',
    content: 'PAR1....PAR1',
    code: 'E_DATA_MAGIC',
    message: 'this is a Parquet table; expected a table in text (CSV)',
    next: 'set data.source.type: parquet',
  },
  { title: 'no column for a feature', content: 'c\nx\n', code: 'E_TABLE_COLUMN', message: 'no column is left to be a feature' },
  {
    title: 'a column with two uses',
    content: PLAIN,
    more: { drop: ['c'] },
    code: 'E_TABLE_COLUMN',
    message: 'column c stands in data.source.target and in data.source.drop',
  },
  {
    title: 'a category that is no feature',
    content: PLAIN,
    more: { features: ['a'], categorical: ['b'] },
    code: 'E_TABLE_COLUMN',
    message: 'column b: categorical, but not among data.source.features',
  },
  {
    title: 'a weight below 0',
    content: 'a,w,c\n1,1,x\n2,-1,y\n',
    more: { weights: 'w' },
    code: 'E_WEIGHT_RANGE',
    line: 3,
    message: 'column w: -1; expected 0, or 1e-30 to 1e+20',
  },
];

for (const { title, content, more, target = 'c', problem, code, line, message, next } of FAULTS) {
  test(`${title}: ${code} with its place`, async (t) => {
    const at = file(content);
    const error = await t.throwsAsync(loadCsv(csvConfig(at, target, more), problem), { instanceOf: GradloomError });
    t.is(typeof message === 'string' ? error?.message : message.test(error?.message ?? ''), typeof message === 'string' ? message : true);
    t.is(error?.code, code);
    t.is(error?.exitCode, 65);
    if (line !== undefined) t.is(error?.where, `${at}:${line}`);
    if (typeof next === 'string') t.is(error?.next, next);
    else if (next !== undefined) t.regex(error?.next ?? '', next);
  });
}

test('a class that the training file does not have is an error at its line of the test file', async (t) => {
  const config = csvConfig(file(PLAIN), 'c', { test_path: file('a,b,c\n1,2,x\n1,2,z\n') });
  const error = await t.throwsAsync(loadCsv(config), { instanceOf: GradloomError });
  t.deepEqual([error?.code, error?.where], ['E_TABLE_VALUE', `${config.test_path}:3`]);
  t.is(error?.message, 'column c: class "z"; the training file has x, y');
});

test('a category that no training row has is an error at its line', async (t) => {
  const at = file('k,c\nu,x\nv,y\nw,x\n');
  const samples = await loadCsv(csvConfig(at, 'c', { categorical: ['k'] }));
  const error = t.throws(() => samples.featuresFor(rows(0, 2)), { instanceOf: GradloomError });
  t.deepEqual([error?.code, error?.where], ['E_TABLE_VALUE', `${at}:4`]);
  t.is(error?.message, 'column k: "w"; expected one of the categories of the training rows: u, v');
});

test('the categories that an error names are those of the training rows, and no others of the file', async (t) => {
  const samples = await loadCsv(csvConfig(file('k,c\nv,x\nu,y\nw,x\nz,y\n'), 'c', { categorical: ['k'] }));
  const error = t.throws(() => samples.featuresFor(rows(0, 2)), { instanceOf: GradloomError });
  t.is(error?.message, 'column k: "w"; expected one of the categories of the training rows: u, v');
});

test('a lacking column is one to rename where another has nearly its name, whatever case and punctuation, and no column stands for two', async (t) => {
  const samples = await loadCsv(csvConfig(file('bill_length,bill_depth,w,c\n1,2,7,x\n3,4,8,y\n'), 'c'));
  const { input } = samples.featuresFor(rows(0, 2));
  if (input.kind !== 'table') return t.fail();
  const next = async (header: string): Promise<string | undefined> => {
    const read = async (): Promise<void> => {
      for await (const _ of readFeatures(file(`${header}\n1,2,3\n`), input)) t.fail('a batch came');
    };
    return (await t.throwsAsync(read(), { instanceOf: GradloomError }))?.next;
  };
  t.is(
    await next('Bill Length,bill_dept,w'),
    'rename Bill Length to bill_length, bill_dept to bill_depth; the columns are Bill Length, bill_dept, w',
  );
  t.is(await next('W,bill_length,far'), 'rename W to w, and add a column bill_depth; the columns are W, bill_length, far');
  t.is(await next('bill_lenth,x,w'), 'rename bill_lenth to bill_length, and add a column bill_depth; the columns are bill_lenth, x, w');
  t.is(await next('a,b,e'), 'add columns bill_length, bill_depth, w; the columns are a, b, e');
});

test('columns that a model lacks or does not know are named', async (t) => {
  const samples = await loadCsv(csvConfig(file('a,b,id,c\n1,2,7,x\n3,4,8,y\n'), 'c', { drop: ['id'] }));
  const { input } = samples.featuresFor(rows(0, 2));
  if (input.kind !== 'table') return t.fail();
  const read = async (content: string): Promise<number[]> => {
    const found: number[] = [];
    for await (const batch of readFeatures(file(content), input)) found.push(...batch.features);
    return found;
  };
  const lacking = await t.throwsAsync(read('a,c\n1,x\n'), { instanceOf: GradloomError });
  t.deepEqual([lacking?.code, lacking?.message], ['E_TABLE_COLUMN', 'a column is missing: b']);
  t.is(lacking?.next, 'add a column b; the columns are a, c');
  const extra = await t.throwsAsync(read('a,b,d,e\n1,2,3,4\n'), { instanceOf: GradloomError });
  t.deepEqual([extra?.code, extra?.message], ['E_TABLE_COLUMN', 'columns are not known to the model: d, e']);
  t.is(extra?.next, 'remove them; the model takes a, b');
  t.deepEqual(await read('id,b,a,c\n1,2,3,x\n'), [3, 2]);
  t.deepEqual(await read('1,2\n3,4\n'), [1, 2, 3, 4]);
});

test('a table of 100,000 columns is read', async (t) => {
  const names = Array.from({ length: 100_000 }, (_, i) => `c${i}`);
  const samples = await loadCsv(csvConfig(file(`${names.join()},y\n${names.map((_, i) => i).join()},u\n`), 'y'));
  const { features } = samples.featuresFor(rows(0, 1));
  t.deepEqual([features.length, features[99_999]], [100_000, 99_999]);
});
