import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SourceConfig } from '../../../src/config/schema/schema.ts';
import { sortedClasses } from '../../../src/data/images/folder.ts';
import { pictureBatches } from '../../../src/data/images/read.ts';
import type { Samples } from '../../../src/data/samples.ts';
import { dataSource } from '../../../src/data/sources/index.ts';
import { type ErrorCode, EXIT, GradloomError } from '../../../src/errors.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { greyPng } from './support/png.ts';

type ImagesConfig = Extract<SourceConfig, { type: 'images' }>;

// No cache: every test decodes.
process.env['GRADLOOM_CACHE_DIR'] = '/dev/null/none';

/** A folder with these files; undefined makes an empty folder. */
function folder(t: ExecutionContext, files: Record<string, Uint8Array | string | undefined>): string {
  const root = temporary(t);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(content === undefined ? file : path.dirname(file), { recursive: true });
    if (content !== undefined) writeFileSync(file, content);
  }
  return root;
}

const READING = { seed: 1, problem: 'classification', split: { train: 'rest', val: 0, test: 0, by: 'order' } } as const;

async function load(config: Partial<ImagesConfig> & { path: string }): Promise<Samples> {
  return dataSource({ type: 'images', channels: 1, ...config }).load({ type: 'images', channels: 1, ...config }, READING);
}

/** A picture of one value. */
const plain = (value: number): Buffer => greyPng(2, 2, () => value);

test('samples stand class by class, in a class by name, whose numbers are the order of their folders', async (t) => {
  const root = folder(t, { '10/b.png': plain(4), '10/a.png': plain(3), '9/z.png': plain(2), '9/B.png': plain(1) });
  const { target, targetNames, featuresFor, sampleCount } = await load({ path: root });
  t.is(sampleCount, 4);
  t.deepEqual(targetNames, ['9', '10']);
  t.deepEqual(target.kind === 'class' && [...target.labels], [0, 0, 1, 1]);
  const { features, sampleShape, input, scaling } = featuresFor(new Uint32Array());
  t.deepEqual(
    [...features].filter((_, i) => i % 4 === 0),
    [1, 2, 3, 4],
  );
  t.deepEqual(sampleShape, [1, 2, 2]);
  t.deepEqual(input, { kind: 'images', channels: 1, size: [2, 2] });
  t.is(scaling, 'unit');
});

test('class names sort as numbers if all are, else by code point', (t) => {
  t.deepEqual(sortedClasses(['10', '9', '-1', '2.5']), ['-1', '2.5', '9', '10']);
  t.deepEqual(sortedClasses(['10', '9', 'x']), ['10', '9', 'x']);
  t.deepEqual(sortedClasses(['b', 'B', '\u{1f600}', '\uff01']), ['B', 'b', '\uff01', '\u{1f600}']);
});

test('hidden files are left out, and links are followed', async (t) => {
  const elsewhere = folder(t, { 'x.png': plain(7) });
  const root = folder(t, { 'a/1.png': plain(5), 'a/.DS_Store': 'x', 'a/Thumbs.db': 'x', '.git/config': 'x', b: undefined });
  symlinkSync(path.join(elsewhere, 'x.png'), path.join(root, 'b', '1.png'));
  const { featuresFor } = await load({ path: root });
  t.deepEqual([...featuresFor(new Uint32Array()).features], [5, 5, 5, 5, 7, 7, 7, 7]);
});

test('validation and test pictures follow, with the classes of the training pictures', async (t) => {
  const main = folder(t, { 'a/1.png': plain(1), 'b/1.png': plain(2) });
  const val = folder(t, { 'b/1.png': plain(3) });
  const more = folder(t, { 'a/1.png': plain(4), 'b/1.png': plain(5) });
  const samples = await load({ path: main, val_path: val, test_path: more });
  t.deepEqual(samples.target.kind === 'class' && [...samples.target.labels], [0, 1, 1, 0, 1]);
  t.is(samples.ownValCount, 1);
  t.is(samples.ownTestCount, 2);
});

test('pictures of a folder come in the order of their names, some at a time', async (t) => {
  const root = folder(t, { 'c.png': plain(3), 'a.png': plain(1), 'b.png': plain(2) });
  const batches = [];
  for await (const batch of pictureBatches(root, { channels: 3, size: [1, 1] }, 2)) batches.push(batch);
  t.deepEqual(
    batches.map(({ files }) => files.map((file) => path.basename(file))),
    [['a.png', 'b.png'], ['c.png']],
  );
  t.deepEqual([...(batches[0]?.features ?? [])], [1, 1, 1, 2, 2, 2]);
  for await (const { features } of pictureBatches(path.join(root, 'c.png'), { channels: 1, size: [2, 2] }, 9)) t.is(features[0], 3);
});

interface Refused {
  title: string;
  files: Record<string, Uint8Array | string | undefined>;
  test?: Record<string, Uint8Array | string | undefined>;
  size?: [number, number];
  code: ErrorCode;
  /** Behind the folder. */
  where: string;
  message: RegExp;
  next: RegExp;
}

const REFUSED: Refused[] = [
  {
    title: 'pictures without folders',
    files: { '1.png': plain(1) },
    code: 'E_DATA_MISMATCH',
    where: '/1.png',
    message: /^a file beside the folders; expected folders only, one a class$/,
    next: /put the pictures of each class into a folder/,
  },
  {
    title: 'an empty folder',
    files: {},
    code: 'E_DATA_EMPTY',
    where: '',
    message: /^holds no folder with pictures$/,
    next: /one|each class/,
  },
  {
    title: 'a class without a picture',
    files: { 'a/1.png': plain(1), b: undefined },
    code: 'E_DATA_EMPTY',
    where: '/b',
    message: /^a folder without a picture$/,
    next: /remove the folder/,
  },
  {
    title: 'a file that is no picture',
    files: { 'a/1.png': plain(1), 'a/notes.txt': 'hello' },
    size: [2, 2],
    code: 'E_DATA_MAGIC',
    where: '/a/notes.txt:0',
    message: /^no picture; expected PNG or JPEG$/,
    next: /take it out of the folder/,
  },
  {
    title: 'a damaged picture',
    files: { 'a/1.png': plain(1).subarray(0, 40) },
    code: 'E_DATA_IMAGE',
    where: '/a/1.png:40',
    message: /^ends before its last chunk$|goes beyond the end/,
    next: /save the picture again/,
  },
  {
    title: 'pictures of several sizes without a size',
    files: { 'a/1.png': plain(1), 'a/2.png': greyPng(3, 4) },
    code: 'E_DATA_MISMATCH',
    where: '/a/2.png',
    message: /^4 x 3 pixels, but .*\/a\/1\.png has 2 x 2$/,
    next: /size: \[2, 2\] in data\.source/,
  },
  {
    title: 'a folder in the folder of a class',
    files: { 'a/b/1.png': plain(1) },
    code: 'E_DATA_READ',
    where: '/a/b',
    message: /^not a regular file$/,
    next: /^/,
  },
  {
    title: 'a class that only the test pictures have',
    files: { 'a/1.png': plain(1) },
    test: { 'c/1.png': plain(1) },
    code: 'E_DATA_MISMATCH',
    where: '/c',
    message: /^a class that the training pictures do not have; theirs are a$/,
    next: /rename the folder/,
  },
];

for (const { title, files, test: more, size, code, where, message, next } of REFUSED) {
  test(`${title}: the error names the file and what to do`, async (t) => {
    const root = folder(t, files);
    const other = more && folder(t, more);
    const config = { path: root, ...(size && { size }), ...(other !== undefined && { test_path: other }) };
    const error = await t.throwsAsync(load(config), { instanceOf: GradloomError, message });
    t.is(error?.code, code);
    t.is(error?.exitCode, EXIT.data);
    t.is(error?.where, `${other ?? root}${where}`);
    t.regex(error?.next ?? '', next);
  });
}

test('a missing folder, and a file in its place, are told', async (t) => {
  const root = folder(t, { 'a/1.png': plain(1) });
  rmSync(path.join(root, 'none'), { force: true });
  for (const [name, message] of [
    ['none', /^cannot be read: no such file or directory|^cannot be read: ENOENT/],
    ['a/1.png', /^a file; expected a folder$/],
  ] as const) {
    const error = await t.throwsAsync(load({ path: path.join(root, name) }), { instanceOf: GradloomError, message });
    t.is(error?.code, 'E_DATA_READ');
    t.is(error?.where, path.join(root, name));
  }
});
