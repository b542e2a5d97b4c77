import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type IdxRole, openIdx } from '../../../src/data/arrays/idx.ts';
import { readArray } from '../../../src/data/arrays/read.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { idxBytes, ramp } from '../support/idx-file.ts';

const root = mkdtempSync(join(tmpdir(), 'gradloom-idx-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function file(bytes: Uint8Array): string {
  const path = join(root, `${count++}-ubyte`);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string, role: IdxRole): Promise<{ shape: readonly number[]; elements: Uint8Array }> {
  const array = await openIdx(path, role);
  const elements = new Uint8Array(new SharedArrayBuffer(array.elements));
  await readArray(array, elements);
  return { shape: array.shape, elements };
}

for (const shape of [[7], [5, 3], [4, 3, 2], [2, 3, 4, 5]]) {
  test(`reads ${shape.length} dimensions, plain and gzip`, async (t) => {
    const elements = ramp(shape.reduce((a, b) => a * b));
    const bytes = idxBytes(shape, elements);
    for (const path of [file(bytes), file(gzipSync(bytes))]) {
      const found = await read(path, 'images');
      t.deepEqual([found.shape, [...found.elements]], [shape, [...elements]]);
    }
  });
}

test('reads a file of several chunks, plain and gzip', async (t) => {
  const elements = ramp(3_000_000);
  const bytes = idxBytes([3000, 1000], elements);
  t.deepEqual([...(await read(file(bytes), 'images')).elements.subarray(2_999_000)], [...elements.subarray(2_999_000)]);
  t.is(Buffer.compare((await read(file(gzipSync(bytes)), 'images')).elements, elements), 0);
});

test('reads a gzip file of two members, as concatenation makes them', async (t) => {
  const bytes = idxBytes([10, 10], ramp(100));
  const path = file(Buffer.concat([gzipSync(bytes.subarray(0, 50)), gzipSync(bytes.subarray(50))]));
  t.deepEqual([...(await read(path, 'images')).elements], [...ramp(100)]);
});

const good = idxBytes([6, 2, 2], ramp(24));
const gzipped = gzipSync(good);
function changed(bytes: Uint8Array, offset: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset] = value;
  return copy;
}
/** 100 million zeros, gzip: 97 kB. */
const bomb = gzipSync(Buffer.concat([idxBytes([6, 2, 2], ramp(24)), Buffer.alloc(100_000_000)]));

const malformed: { title: string; bytes: Uint8Array; role?: IdxRole; code: ErrorCode; offset?: number; message: string | RegExp }[] = [
  {
    title: 'D1: another magic',
    bytes: changed(good, 1, 9),
    code: 'E_DATA_MAGIC',
    offset: 0,
    message: 'not a file of `type: idx`, which reads IDX (bad magic 0x00090803, expected 0x00000803)',
  },
  {
    title: 'D1: little-endian',
    bytes: idxBytes([6, 2, 2], ramp(24), 0x03080000),
    code: 'E_DATA_MAGIC',
    offset: 0,
    message: 'bad magic 0x03080000, expected 0x00000803 (the bytes are swapped: IDX is big-endian)',
  },
  {
    title: 'D1: a type that IDX has not',
    bytes: idxBytes([6, 2, 2], ramp(24), 0x0a03),
    code: 'E_DATA_MAGIC',
    offset: 0,
    message: 'not a file of `type: idx`, which reads IDX (bad magic 0x00000a03, expected 0x00000803)',
  },
  {
    title: 'D1: images given as labels',
    bytes: good,
    role: 'labels',
    code: 'E_DATA_MAGIC',
    offset: 0,
    message: 'bad magic 0x00000803, expected 0x00000801 (3 dimensions: is this the images file?)',
  },
  { title: 'D2: one byte short', bytes: good.subarray(0, -1), code: 'E_DATA_LENGTH', offset: 39, message: 'expected 40 bytes, found 39' },
  {
    title: 'D2: one byte long',
    bytes: Buffer.concat([good, Buffer.of(0)]),
    code: 'E_DATA_LENGTH',
    offset: 40,
    message: 'expected 40 bytes, found 41',
  },
  {
    title: 'D2: gzip, one byte short inside',
    bytes: gzipSync(good.subarray(0, -1)),
    code: 'E_DATA_LENGTH',
    offset: 39,
    message: 'expected 40 bytes, found 39',
  },
  {
    title: 'D2: gzip, one byte long inside',
    bytes: gzipSync(Buffer.concat([good, Buffer.of(0)])),
    code: 'E_DATA_LENGTH',
    offset: 40,
    message: 'expected 40 bytes, found 41',
  },
  {
    title: 'D2: gzip truncated',
    bytes: gzipped.subarray(0, -10),
    code: 'E_DATA_LENGTH',
    message: /^broken gzip after \d+ decompressed bytes: unexpected end of file$/,
  },
  {
    title: 'D2: gzip CRC wrong',
    bytes: changed(gzipped, gzipped.length - 6, 1),
    code: 'E_DATA_LENGTH',
    message: /^broken gzip after \d+ decompressed bytes: incorrect data check$/,
  },
  {
    title: 'D2: gzip with rubbish after it',
    bytes: Buffer.concat([gzipped, Buffer.from('rubbish')]),
    code: 'E_DATA_LENGTH',
    message: /^broken gzip after \d+ decompressed bytes: /,
  },
  { title: 'D2: an empty file', bytes: new Uint8Array(0), code: 'E_DATA_LENGTH', offset: 0, message: 'expected at least 4 bytes, found 0' },
  {
    title: 'D2: the end within the sizes',
    bytes: good.subarray(0, 10),
    code: 'E_DATA_LENGTH',
    offset: 10,
    message: 'expected at least 16 bytes, found 10',
  },
  {
    title: 'D2: gzip far too small for its header',
    bytes: gzipSync(idxBytes([60000, 28, 28], [])),
    code: 'E_DATA_LENGTH',
    message: /^expected 47040016 bytes, found no more than 3\d{4} \(gzip, 3\d bytes\)$/,
  },
  { title: 'D3: rank 255', bytes: changed(good, 3, 255), code: 'E_DATA_DIMS', offset: 3, message: '255 dimensions, expected 1 to 4' },
  { title: 'D3: rank 0', bytes: idxBytes([], []), code: 'E_DATA_DIMS', offset: 3, message: '0 dimensions, expected 1 to 4' },
  {
    title: 'D3: a product beyond 2^53',
    bytes: idxBytes([0xffffffff, 0xffffffff, 0xffffffff], []),
    code: 'E_DATA_DIMS',
    offset: 4,
    message: '4294967295 x 4294967295 x 4294967295 = 79228162458924105385300197375 elements: more than any file holds',
  },
  { title: 'D3: a size of 0', bytes: idxBytes([6, 0, 2], []), code: 'E_DATA_DIMS', offset: 8, message: 'dimension 1 is 0' },
  { title: 'D6: no samples', bytes: idxBytes([0, 28, 28], []), code: 'E_DATA_EMPTY', offset: 4, message: 'holds no samples' },
  {
    title: 'D4: above the cap',
    bytes: idxBytes([70000, 1000, 1000], []),
    code: 'E_DATA_TOO_LARGE',
    offset: 4,
    message: '70000 x 1000 x 1000 = 70000000000 elements; the limit is 4294967296',
  },
  {
    title: 'D4: a gzip bomb',
    bytes: bomb,
    code: 'E_DATA_TOO_LARGE',
    offset: 40,
    message: 'goes on for more than 16777216 bytes after the 40 that its header declares; stopped reading',
  },
  {
    title: 'D4: gzip in gzip',
    bytes: gzipSync(gzipped),
    code: 'E_DATA_MAGIC',
    offset: 0,
    message: /^bad magic 0x1f8b0800, expected 0x00000803 \(gzip inside gzip/,
  },
];
for (const { title, bytes, role = 'images', code, offset, message } of malformed) {
  test(`${title} is ${code}`, async (t) => {
    const path = file(bytes);
    const error = await t.throwsAsync(read(path, role), { instanceOf: GradloomError, message });
    t.is(error.code, code);
    if (offset === undefined) t.true(error.where?.startsWith(`${path}:`));
    else t.is(error.where, `${path}:${offset}`);
  });
}

test('D3, D4: malformed files and bombs do not make the process grow by 64 MB', async (t) => {
  const paths = malformed.filter(({ title }) => /^D[34]/.test(title)).map(({ bytes }) => file(bytes));
  const before = process.memoryUsage.rss();
  for (const path of paths) await t.throwsAsync(read(path, 'images'), { instanceOf: GradloomError });
  t.true(process.memoryUsage.rss() - before < 64 * 2 ** 20, `${(process.memoryUsage.rss() - before) / 2 ** 20} MB`);
});

const seed = Number(process.env['GRADLOOM_TEST_SEED'] ?? 1);
test(`2,000 mutated files give elements or a GradloomError, never another error (seed ${seed})`, async (t) => {
  const stream = new RandomStream(seed, 'data');
  const path = join(root, 'fuzz');
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < 2000; i++) {
    let bytes = Buffer.from(i % 2 === 0 ? good : gzipped);
    for (let k = nextBelow(stream, 4); k >= 0; k--)
      bytes[nextBelow(stream, Math.min(bytes.length, i % 4 < 2 ? 20 : bytes.length))] = nextBelow(stream, 256);
    if (nextBelow(stream, 3) === 0) bytes = bytes.subarray(0, nextBelow(stream, bytes.length + 1));
    writeFileSync(path, bytes);
    try {
      const { shape, elements } = await read(path, i % 5 === 0 ? 'labels' : 'images');
      if (shape.reduce((a, b) => a * b) !== elements.length) t.fail(`case ${i}: ${shape.join()}`);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof GradloomError)) t.fail(`case ${i}, ${bytes.toString('hex')}: ${error}`);
      outcomes.refused++;
    }
  }
  t.true(outcomes.read > 50 && outcomes.refused > 500, JSON.stringify(outcomes));
});
