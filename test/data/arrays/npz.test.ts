import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { npzNames, openNpz } from '../../../src/data/arrays/npz.ts';
import { readArray } from '../../../src/data/arrays/read.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { npyBytes } from '../support/npy-file.ts';
import { zipBytes } from '../support/zip-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-npz-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function file(bytes: Uint8Array): string {
  const at = path.join(root, `${count++}.npz`);
  writeFileSync(at, bytes);
  return at;
}

async function read(bytes: Uint8Array, name = 'x'): Promise<number[]> {
  const array = await openNpz(file(bytes), name);
  const out = new Float32Array(array.elements);
  await readArray(array, out);
  return [...out];
}

const x = npyBytes([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const y = npyBytes([2], Int32Array.of(7, 8));

for (const deflated of [false, true]) {
  test(`reads each array by its name, ${deflated ? 'deflated' : 'stored'}`, async (t) => {
    const bytes = zipBytes({ 'x.npy': x, 'y.npy': y }, deflated);
    t.deepEqual(await npzNames(file(bytes)), ['x', 'y']);
    t.deepEqual(
      [await read(bytes), await read(bytes, 'y')],
      [
        [1, 2, 3, 4, 5, 6],
        [7, 8],
      ],
    );
  });
}

test('a large array is read in pieces, and its checksum is that of all of them', async (t) => {
  const values = Float64Array.from({ length: 500_000 }, (_, i) => i);
  t.deepEqual(Float32Array.from(await read(zipBytes({ 'x.npy': npyBytes([500_000], values) }, true))), Float32Array.from(values));
});

test('a name that leads out of the folder is a name, and nothing is written', async (t) => {
  const before = readdirSync(path.dirname(root)).includes('evil');
  const bytes = zipBytes({ '../evil.npy': x });
  t.deepEqual(await read(bytes, '../evil'), [1, 2, 3, 4, 5, 6]);
  t.is(readdirSync(path.dirname(root)).includes('evil'), before);
});

test('an archive with a comment is read', async (t) => {
  const bytes = Buffer.concat([zipBytes({ 'x.npy': x }), Buffer.from('PK\x05\x06 a comment')]);
  bytes.writeUInt16LE(14, bytes.length - 16);
  t.deepEqual(await read(bytes), [1, 2, 3, 4, 5, 6]);
});

/** The archive of one file with a zip64 directory. */
function zip64(): Buffer {
  const bytes = zipBytes({ 'x.npy': x });
  const end = bytes.subarray(bytes.length - 22);
  const directoryAt = end.readUInt32LE(16);
  const entry = Buffer.from(bytes.subarray(directoryAt, bytes.length - 22));
  const [packed, whole] = [entry.readUInt32LE(20), entry.readUInt32LE(24)];
  for (const at of [20, 24, 42]) entry.writeUInt32LE(0xffffffff, at);
  entry.writeUInt16LE(28, 30);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(whole), 4);
  extra.writeBigUInt64LE(BigInt(packed), 12);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(1n, 32);
  end64.writeBigUInt64LE(BigInt(entry.length + extra.length), 40);
  end64.writeBigUInt64LE(BigInt(directoryAt), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryAt + entry.length + extra.length), 8);
  locator.writeUInt32LE(1, 16);
  const last = Buffer.from(end);
  last.fill(0xff, 8, 20);
  return Buffer.concat([bytes.subarray(0, directoryAt), entry, extra, end64, locator, last]);
}

test('an archive with sizes and places of 64 bits is read', async (t) => {
  t.deepEqual(await read(zip64()), [1, 2, 3, 4, 5, 6]);
});

const stored = zipBytes({ 'x.npy': x, 'y.npy': y });
const changed = (bytes: Buffer, offset: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[offset] = value;
  return copy;
};
const bombText = npyBytes([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const bomb = Buffer.concat([bombText, Buffer.alloc(50_000_000)]);

const refused: { title: string; bytes: Uint8Array; code: ErrorCode; message: RegExp }[] = [
  {
    title: 'no array of the name',
    bytes: zipBytes({ 'a.npy': x, 'b.npy': y }),
    code: 'E_DATA_MISMATCH',
    message: /^no array is named x; it has a, b$/,
  },
  {
    title: 'two arrays of one name',
    bytes: zipBytes([
      ['x.npy', x],
      ['x.npy', y],
    ]),
    code: 'E_DATA_FORMAT',
    message: /^two files are named x\.npy$/,
  },
  {
    title: 'a place where another file begins',
    bytes: zipBytes({ 'x.npy': x, 'y.npy': y }, false, { localAt: 0 }),
    code: 'E_DATA_FORMAT',
    message: /^its directory says that y\.npy begins here, and it does not$/,
  },
  {
    title: 'a place beyond the file',
    bytes: zipBytes({ 'x.npy': x }, false, { localAt: 1e6 }),
    code: 'E_DATA_FORMAT',
    message: /^its directory leads to byte 1000030; the file has \d+$/,
  },
  { title: 'encryption', bytes: zipBytes({ 'x.npy': x }, false, { flags: 1 }), code: 'E_DATA_FORMAT', message: /^x\.npy is encrypted$/ },
  {
    title: 'another compression',
    bytes: zipBytes({ 'x.npy': x }, true, { method: 14 }),
    code: 'E_DATA_FORMAT',
    message: /^x\.npy is compressed by method 14; expected deflate, or none$/,
  },
  { title: 'an archive cut short', bytes: stored.subarray(0, -1), code: 'E_DATA_FORMAT', message: /^it has no directory at its end/ },
  {
    title: 'a stored file of another size',
    bytes: zipBytes({ 'x.npy': x }, false, { bytes: 9 }),
    code: 'E_DATA_FORMAT',
    message: /^x\.npy is stored as it is, in 152 bytes, and has 9$/,
  },
  {
    title: 'a wrong checksum',
    bytes: zipBytes({ 'x.npy': x }, true, { crc: 1 }),
    code: 'E_DATA_LENGTH',
    message: /^its checksum \(CRC-32\) is wrong/,
  },
  {
    title: 'a changed value',
    bytes: changed(stored, 30 + 5 + 130, 0xfe),
    code: 'E_DATA_LENGTH',
    message: /^its checksum \(CRC-32\) is wrong/,
  },
  {
    title: 'broken deflate',
    bytes: changed(zipBytes({ 'x.npy': x }, true), 35, 0xff),
    code: 'E_DATA_LENGTH',
    message: /^broken deflate after 0 decompressed bytes: /,
  },
  {
    title: 'sizes that deflate cannot reach',
    bytes: zipBytes({ 'x.npy': x }, true, { bytes: 4e9 }),
    code: 'E_DATA_FORMAT',
    message: /^\d+ compressed bytes cannot be the 4000000000 that the archive declares$/,
  },
  {
    title: 'a bomb that declares too little',
    bytes: zipBytes({ 'x.npy': bomb }, true, { bytes: bombText.length }),
    code: 'E_DATA_LENGTH',
    message: /^goes on after the 152 bytes that the archive declares$/,
  },
  {
    title: 'a bomb that tells its size',
    bytes: zipBytes({ 'x.npy': bomb }, true),
    code: 'E_DATA_LENGTH',
    message: /^expected 152 bytes, found 50000152$/,
  },
  {
    title: 'an array with fewer bytes than its header says',
    bytes: zipBytes({ 'x.npy': x.subarray(0, -4) }),
    code: 'E_DATA_LENGTH',
    message: /^expected 152 bytes, found 148$/,
  },
  { title: 'an entry that is no array', bytes: zipBytes({ 'x.npy': Buffer.from('a,b\n1,2\n') }), code: 'E_DATA_MAGIC', message: /is CSV/ },
  { title: 'gzip around the archive', bytes: gzipSync(stored), code: 'E_DATA_MAGIC', message: /^compressed by gzip: decompress it once$/ },
];
for (const { title, bytes, code, message } of refused) {
  test(`${title}: ${code}, with its place`, async (t) => {
    const error = await t.throwsAsync(read(bytes), { instanceOf: GradloomError });
    t.is(error.code, code);
    t.is(error.exitCode, 65);
    t.regex(error.message, message);
    t.regex(error.where ?? '', code === 'E_DATA_MISMATCH' ? /\.npz$/ : /\.npz(?:\(x\.npy\))?:\d+$/);
  });
}
