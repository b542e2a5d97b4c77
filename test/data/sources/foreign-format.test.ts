import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { readIdxHeader } from '../../../src/data/sources/idx-file.ts';
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

const cases: { file: string; bytes: Uint8Array; name: string; cure: RegExp }[] = [
  {
    file: 'x.npy',
    bytes: latin('\x93NUMPY\x01\x00v\x00{'),
    name: 'a NumPy array (.npy)',
    cure: /a = numpy\.load\("x\.npy"\); open\("out\.idx", "wb"\)/,
  },
  { file: 'x.npz', bytes: zip('X.npy'), name: 'a NumPy archive (.npz)', cure: /a = numpy\.load\("x\.npz"\)\["X"\];/ },
  { file: 'x.pt', bytes: zip('x/data.pkl'), name: 'a PyTorch file', cure: /torch\.load/ },
  { file: 'x.xlsx', bytes: zip('[Content_Types].xml'), name: 'an Excel workbook', cure: /read_excel/ },
  { file: 'x.zip', bytes: zip('train-images'), name: 'a zip archive', cure: /^unpack it/ },
  { file: 'x.csv', bytes: Buffer.from('0,0,12\n1,2,3\n'), name: 'text (CSV)', cure: /loadtxt\("x\.csv", delimiter=","\)/ },
  { file: 'bom.csv', bytes: Buffer.from('\ufeffa,b,c\n1,2,3\n'), name: 'text (CSV)', cure: /loadtxt/ },
  { file: 'x.tsv', bytes: Buffer.from('0\t0\t12\n'), name: 'text (TSV)', cure: /delimiter="\\t"/ },
  { file: 'labels.txt', bytes: Buffer.from('5\n0\n4\n'), name: 'text', cure: /loadtxt/ },
  { file: 'x.json', bytes: Buffer.from('[[0, 1], [2, 3]]'), name: 'JSON', cure: /json\.load/ },
  { file: 'page.idx', bytes: Buffer.from('<!DOCTYPE html><html>é</html>'), name: 'a web page or XML', cure: /^get the file again/ },
  {
    file: 'lfs.idx',
    bytes: Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
    name: 'a pointer of Git LFS, not the file itself',
    cure: /^git lfs pull$/,
  },
  { file: 'x.png', bytes: latin('\x89PNG\r\n\x1a\n'), name: 'a PNG picture', cure: /PIL/ },
  { file: 'x.jpg', bytes: latin('\xff\xd8\xff\xe0'), name: 'a JPEG picture', cure: /PIL/ },
  { file: 'x.parquet', bytes: latin('PAR1\x15'), name: 'a Parquet table', cure: /read_parquet/ },
  { file: 'x.h5', bytes: latin('\x89HDF\r\n\x1a\n'), name: 'an HDF5 file', cure: /h5py/ },
  { file: 'x.pkl', bytes: latin('\x80\x04\x95'), name: 'a Python pickle', cure: /pickle\.load/ },
  { file: 'x.tar', bytes: tar, name: 'a tar archive', cure: /^unpack it/ },
  { file: 'x.xz', bytes: latin('\xfd7zXZ\x00'), name: 'a file compressed by xz', cure: /^decompress it/ },
  { file: 'x.zst', bytes: latin('\x28\xb5\x2f\xfd'), name: 'a file compressed by zstd', cure: /^decompress it/ },
  { file: 'x.safetensors', bytes: latin('\x40\x00\x00\x00\x00\x00\x00\x00{"a"'), name: 'a safetensors file', cure: /safetensors/ },
  { file: 'x.npy.gz', bytes: gzipSync(latin('\x93NUMPY\x01\x00')), name: 'a NumPy array (.npy)', cure: /numpy\.load/ },
  { file: 'x.csv.gz', bytes: gzipSync(Buffer.from('1,2,3\n')), name: 'text (CSV)', cure: /loadtxt/ },
];
for (const { file, bytes, name, cure } of cases) {
  test(`${file} is called ${name}, with a way to convert it`, async (t) => {
    const place = path.join(directory, file);
    writeFileSync(place, bytes);
    const error = await t.throwsAsync(readIdxHeader(place, 'images'), { instanceOf: GradloomError });
    t.is(error.code, 'E_DATA_MAGIC');
    t.is(error.exitCode, 65);
    t.is(error.where, `${place}:0`);
    t.regex(error.message, /; gradloom reads IDX \(bad magic 0x[0-9a-f]{8}, expected 0x00000803\)$/);
    t.true(error.message.startsWith(`this is ${name};`), error.message);
    t.regex(error.next ?? '', cure);
  });
}

test('an IDX file shorter than a head is read, and unknown bytes are called nothing', async (t) => {
  const place = path.join(directory, 'y.idx');
  writeFileSync(place, idxBytes([2], ramp(2)));
  t.deepEqual((await readIdxHeader(place, 'labels')).shape, [2]);
  writeFileSync(place, Buffer.from([9, 9, 9, 9, 0, 0, 0, 0]));
  await t.throwsAsync(readIdxHeader(place, 'labels'), { message: 'bad magic 0x09090909, expected 0x00000801' });
});
