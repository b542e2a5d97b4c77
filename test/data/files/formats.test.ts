import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { openIdx } from '../../../src/data/arrays/idx.ts';
import { openNpy } from '../../../src/data/arrays/npy.ts';
import { openNpz } from '../../../src/data/arrays/npz.ts';
import { formatOf } from '../../../src/data/files/formats.ts';
import { GradloomError } from '../../../src/errors.ts';
import { idxBytes, ramp } from '../support/idx-file.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-foreign-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

const latin = (text: string): Buffer => Buffer.from(text.padEnd(64, '\x01'), 'latin1');
/** The start of a zip archive whose first entry has that name. */
function zip(entry: string): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(entry.length, 26);
  return Buffer.concat([header, Buffer.from(entry), Buffer.alloc(32)]);
}
const tar = Buffer.alloc(1024);
tar.write('images.idx');
tar.write('ustar', 257);

const npyStart = latin('\x93NUMPY\x01\x00v\x00{');

/** Files that a source reads. */
const read: { file: string; bytes: Uint8Array; type: string; name: string; cure: string }[] = [
  { file: 'x.npy', bytes: npyStart, type: 'npy', name: 'a NumPy array (.npy)', cure: 'source: {type: npy, x: ./x.npy, y: <labels.npy>}' },
  {
    file: 'x.npy.gz',
    bytes: gzipSync(npyStart),
    type: 'npy',
    name: 'a NumPy array (.npy)',
    cure: 'source: {type: npy, x: ./x.npy.gz, y: <labels.npy>}',
  },
  {
    file: 'x.npz',
    bytes: zip('X.npy'),
    type: 'npz',
    name: 'a NumPy archive (.npz)',
    cure: 'source: {type: npz, path: ./x.npz, x: <name>, y: <name>}',
  },
  {
    file: 'iris.csv',
    bytes: Buffer.from('0,0,12\n1,2,3\n'),
    type: 'csv',
    name: 'CSV',
    cure: 'source: {type: csv, path: ./iris.csv, target: <column>}',
  },
  {
    file: 'two words.csv',
    bytes: Buffer.from('\ufeffa;b;c\n1;2;3\n'),
    type: 'csv',
    name: 'CSV',
    cure: 'source: {type: csv, path: "./two words.csv", target: <column>}',
  },
  {
    file: 'x.tsv',
    bytes: Buffer.from('0\t0\t12\n'),
    type: 'csv',
    name: 'TSV',
    cure: 'source: {type: csv, path: ./x.tsv, target: <column>}',
  },
  {
    file: 'x.csv.gz',
    bytes: gzipSync(Buffer.from('1,2,3\n')),
    type: 'csv',
    name: 'CSV',
    cure: 'source: {type: csv, path: ./x.csv.gz, target: <column>}',
  },
  {
    file: 'one-column.csv',
    bytes: Buffer.from('5\n0\n4\n'),
    type: 'csv',
    name: 'CSV',
    cure: 'source: {type: csv, path: ./one-column.csv, target: <column>}',
  },
  {
    file: 'body.csv',
    bytes: Buffer.from('BMI,age\n21.5,40\n'),
    type: 'csv',
    name: 'CSV',
    cure: 'source: {type: csv, path: ./body.csv, target: <column>}',
  },
  {
    file: 'x.parquet',
    bytes: latin('PAR1\x15'),
    type: 'parquet',
    name: 'a Parquet table',
    cure: 'source: {type: parquet, path: ./x.parquet, target: <column>}',
  },
  {
    file: 'x.idx',
    bytes: idxBytes([2], ramp(2)),
    type: 'idx',
    name: 'IDX',
    cure: 'source: {type: idx, images: ./x.idx, labels: <labels>}',
  },
  {
    file: 'x.png',
    bytes: latin('\x89PNG\r\n\x1a\n'),
    type: 'images',
    name: 'a PNG picture',
    cure: 'source: {type: images, path: <folder with a folder a class>}',
  },
  {
    file: 'x.jpg',
    bytes: latin('\xff\xd8\xff\xe0'),
    type: 'images',
    name: 'a JPEG picture',
    cure: 'source: {type: images, path: <folder with a folder a class>}',
  },
];

/** Files that none reads. */
const foreign: { file: string; bytes: Uint8Array; name: string; cure: RegExp }[] = [
  {
    file: 'x.pt',
    bytes: zip('x/data.pkl'),
    name: 'a PyTorch file, a pickle that can run any code when it is read: it is refused',
    cure: /torch\.load\("x\.pt", weights_only=True\)/,
  },
  {
    file: 'old.pth',
    bytes: latin('\x80\x02\x8a'),
    name: 'a PyTorch file, a pickle that can run any code when it is read: it is refused',
    cure: /torch\.load/,
  },
  {
    file: 'x.pkl',
    bytes: latin('\x80\x04\x95'),
    name: 'a Python pickle, which can run any code when it is read: it is refused',
    cure: /pickle\.load\(open\("x\.pkl", "rb"\)\)/,
  },
  {
    file: 'text.pickle',
    bytes: Buffer.from('(lp0\nI1\na.'),
    name: 'a Python pickle, which can run any code when it is read: it is refused',
    cure: /pickle\.load/,
  },
  {
    file: 'x.xlsx',
    bytes: zip('[Content_Types].xml'),
    name: 'an Excel workbook',
    cure: /read_excel\("x\.xlsx"\)\.to_csv\("out\.csv", index=False\)$/,
  },
  { file: 'x.xls', bytes: latin('\xd0\xcf\x11\xe0'), name: 'an old Office document, as .xls', cure: /read_excel/ },
  { file: 'x.zip', bytes: zip('train-images'), name: 'a zip archive', cure: /^unpack it/ },
  {
    file: 'labels.txt',
    bytes: Buffer.from('5\n0\n4\n'),
    name: 'text',
    cure: /numpy\.save\("out\.npy", numpy\.loadtxt\("labels\.txt"\)\)$/,
  },
  { file: 'x.json', bytes: Buffer.from('[[0, 1], [2, 3]]'), name: 'JSON', cure: /json\.load/ },
  { file: 'x.arff', bytes: Buffer.from('% note\n@relation iris\n'), name: 'an ARFF table', cure: /loadarff\("x\.arff"\)/ },
  { file: 'page.idx', bytes: Buffer.from('<!DOCTYPE html><html>é</html>'), name: 'a web page or XML', cure: /^get the file again/ },
  {
    file: 'lfs.idx',
    bytes: Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
    name: 'a pointer of Git LFS, not the file itself',
    cure: /^git lfs pull$/,
  },
  {
    file: 'x.bmp',
    bytes: latin('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'),
    name: 'a BMP picture',
    cure: /PIL\.Image\.open\("x\.bmp"\)/,
  },
  { file: 'x.gif', bytes: latin('GIF89a'), name: 'a GIF picture', cure: /PIL\.Image\.open\("x\.gif"\)/ },
  {
    file: 'x.h5',
    bytes: latin('\x89HDF\r\n\x1a\n'),
    name: 'an HDF5 file',
    cure: /import numpy, h5py; numpy\.save\("out\.npy", h5py\.File\("x\.h5"\)/,
  },
  {
    file: 'x.mat',
    bytes: latin('MATLAB 5.0 MAT-file'),
    name: 'a MATLAB file (.mat)',
    cure: /import numpy, scipy\.io; .*scipy\.io\.loadmat/,
  },
  { file: 'x.feather', bytes: latin('ARROW1'), name: 'an Arrow table', cure: /to_parquet\("out\.parquet"\)$/ },
  { file: 'x.db', bytes: latin('SQLite format 3\0'), name: 'an SQLite database', cure: /read_sql/ },
  { file: 'x.tar', bytes: tar, name: 'a tar archive', cure: /^unpack it/ },
  { file: 'x.xz', bytes: latin('\xfd7zXZ\x00'), name: 'a file compressed by xz', cure: /^decompress it/ },
  { file: 'x.zst', bytes: latin('\x28\xb5\x2f\xfd'), name: 'a file compressed by zstd', cure: /^decompress it/ },
  {
    file: 'x.safetensors',
    bytes: latin('\x40\x00\x00\x00\x00\x00\x00\x00{"a"'),
    name: 'a safetensors file',
    cure: /import numpy, safetensors\.numpy; /,
  },
];

function write(file: string, bytes: Uint8Array): string {
  const at = path.join(directory, file);
  writeFileSync(at, bytes);
  return at;
}

const readers = {
  idx: (file: string) => openIdx(file, 'images'),
  npy: openNpy,
  npz: (file: string) => openNpz(file, 'x'),
};

for (const { file, bytes, type, name, cure } of read) {
  test(`${file} is told by its content, and whoever reads another format says how to name it`, async (t) => {
    const at = write(file, bytes);
    t.deepEqual(await formatOf(at), { type, name, cure } as Awaited<ReturnType<typeof formatOf>>);
    for (const [wanted, open] of Object.entries(readers)) {
      if (wanted === type) continue;
      const error = await t.throwsAsync(open(at), { instanceOf: GradloomError }, wanted);
      t.is(error.code, 'E_DATA_MAGIC');
      t.is(error.exitCode, 65);
      t.is(error.where, `${at}:0`);
      t.is(error.message, `${file} is ${name}: say \`type: ${type}\``);
      t.is(error.next, cure);
    }
  });
}

for (const { file, bytes, name, cure } of foreign) {
  test(`${file} is called ${name}, with a way to convert it`, async (t) => {
    const at = write(file, bytes);
    t.is((await formatOf(at))?.type, undefined);
    for (const [wanted, open] of Object.entries(readers)) {
      const error = await t.throwsAsync(open(at), { instanceOf: GradloomError }, wanted);
      t.is(error.code, 'E_DATA_MAGIC');
      t.is(error.where, `${at}:0`);
      t.true(error.message.startsWith(`this is ${name}; \`type: ${wanted}\` reads `), error.message);
      t.regex(error.next ?? '', cure);
    }
  });
}

test('a folder is one of pictures', async (t) => {
  t.is((await formatOf(directory))?.type, 'images');
});

test('unknown bytes are called nothing, and the mark that is missing is named', async (t) => {
  const at = write('unknown', Buffer.from([9, 9, 9, 9, 0, 0, 0, 0]));
  t.is(await formatOf(at), undefined);
  await t.throwsAsync(openIdx(at, 'labels'), {
    message: 'not a file of `type: idx`, which reads IDX (bad magic 0x09090909, expected 0x00000801)',
  });
  await t.throwsAsync(openNpy(at), {
    message: /^not a file of `type: npy`, which reads NumPy arrays \(\.npy\) \(it begins with 0x090909090000, /,
  });
  await t.throwsAsync(openNpz(at, 'x'), { message: 'not a file of `type: npz`, which reads NumPy archives (.npz) (no zip archive)' });
});

test('an empty file is of no format, and a missing one is an error', async (t) => {
  t.is(await formatOf(write('empty', new Uint8Array(0))), undefined);
  await t.throwsAsync(formatOf(path.join(directory, 'none')), { code: 'E_DATA_READ' });
});
