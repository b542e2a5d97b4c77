import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { openNpy } from '../../../src/data/arrays/npy.ts';
import { readArray, readIntegers } from '../../../src/data/arrays/read.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { npyBytes } from '../support/npy-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-npy-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function file(bytes: Uint8Array): string {
  const at = path.join(root, `${count++}.npy`);
  writeFileSync(at, bytes);
  return at;
}

async function read(bytes: Uint8Array): Promise<{ shape: readonly number[]; values: number[] }> {
  const array = await openNpy(file(bytes));
  const out = new Float32Array(array.elements);
  await readArray(array, out);
  return { shape: array.shape, values: [...out] };
}

const ramp = Float32Array.from({ length: 24 }, (_, i) => i - 3.5);
const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

for (const version of [1, 2, 3]) {
  test(`reads version ${version}, plain and gzip`, async (t) => {
    const bytes = npyBytes([2, 3, 4], ramp, undefined, version);
    for (const given of [bytes, gzipSync(bytes)]) t.deepEqual(await read(given), { shape: [2, 3, 4], values: [...ramp] });
  });
}

test('reads a header whose keys stand in another order, without the last comma, with long integers of Python 2', async (t) => {
  const text = "{ 'shape':(3L , 8L), 'fortran_order' : False,'descr': '<f4'}";
  t.deepEqual(await read(npyBytes([], ramp, text)), { shape: [3, 8], values: [...ramp] });
});

test('an array in the order of Fortran is read row by row', async (t) => {
  // Element (i, j, k) of shape [2, 3, 2] is 100 i + 10 j + k.
  const stored = Float32Array.of(0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121);
  const { values } = await read(npyBytes([], stored, header("'<f4'", '(2, 3, 2)', 'True')));
  t.deepEqual(values, [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
});

test('elements that chunks cut in two are read whole', async (t) => {
  const values = Float64Array.from({ length: 400_000 }, (_, i) => i / 2);
  const array = await openNpy(file(npyBytes([1000, 400], values)));
  const out = new Float32Array(values.length);
  await readArray(array, out);
  t.deepEqual(out, Float32Array.from(values));
});

test('whole numbers beyond 2^53 are told apart as labels', async (t) => {
  const big = BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n, -5n);
  const array = await openNpy(file(npyBytes([3], big)));
  t.deepEqual(Array.from(await readIntegers(array)), [...big]);
  const small = await openNpy(file(npyBytes([3], BigInt64Array.of(7n, -1n, 7n))));
  t.deepEqual(Array.from(await readIntegers(small)), [7, -1, 7]);
});

const good = npyBytes([2, 3, 4], ramp);
const changed = (offset: number, value: number): Buffer => {
  const copy = Buffer.from(good);
  copy[offset] = value;
  return copy;
};
const withHeader = (text: string): Buffer => npyBytes([], ramp, text);

const refused: { title: string; bytes: Uint8Array; code: ErrorCode; offset?: number; message: RegExp; next?: RegExp }[] = [
  { title: 'an empty file', bytes: new Uint8Array(0), code: 'E_DATA_LENGTH', offset: 0, message: /^expected at least 10 bytes, found 0$/ },
  {
    title: 'a mark cut short',
    bytes: good.subarray(0, 5),
    code: 'E_DATA_LENGTH',
    offset: 5,
    message: /^expected at least 10 bytes, found 5$/,
  },
  {
    title: 'a header cut short',
    bytes: good.subarray(0, 60),
    code: 'E_DATA_LENGTH',
    offset: 60,
    message: /^expected at least 128 bytes, found 60$/,
  },
  { title: 'one byte short', bytes: good.subarray(0, -1), code: 'E_DATA_LENGTH', offset: 223, message: /^expected 224 bytes, found 223$/ },
  {
    title: 'one byte long',
    bytes: Buffer.concat([good, Buffer.of(0)]),
    code: 'E_DATA_LENGTH',
    offset: 224,
    message: /^expected 224 bytes, found 225$/,
  },
  {
    title: 'gzip, one byte short inside',
    bytes: gzipSync(good.subarray(0, -1)),
    code: 'E_DATA_LENGTH',
    offset: 223,
    message: /^expected 224 bytes, found 223$/,
  },
  {
    title: 'version 4',
    bytes: changed(6, 4),
    code: 'E_DATA_FORMAT',
    offset: 6,
    message: /^version 4\.0; expected 1\.0, 2\.0 or 3\.0$/,
    next: /numpy\.save/,
  },
  { title: 'version 0.1', bytes: changed(7, 1), code: 'E_DATA_FORMAT', offset: 6, message: /^version 1\.1/ },
  {
    title: 'a header beyond any',
    bytes: changed(9, 0xff),
    code: 'E_DATA_FORMAT',
    offset: 8,
    message: /^a header of 65398 bytes; expected at most 10000$/,
  },
  {
    title: 'Python objects',
    bytes: withHeader(header("'|O'", '(3,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /^type \|O: Python objects, pickles .* refused; expected bool/,
    next: /numpy\.save/,
  },
  {
    title: 'text',
    bytes: withHeader(header("'<U5'", '(3,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /^type <U5: text; expected/,
    next: /return_inverse/,
  },
  {
    title: 'complex numbers',
    bytes: withHeader(header("'<c8'", '(3,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /complex numbers/,
    next: /a\.real/,
  },
  {
    title: 'long doubles',
    bytes: withHeader(header("'<f16'", '(3,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /floats of another width/,
    next: /astype\("float64"\)/,
  },
  { title: 'dates', bytes: withHeader(header("'<M8[ns]'", '(3,)')), code: 'E_DATA_FORMAT', offset: 20, message: /dates/ },
  {
    title: 'no order of bytes',
    bytes: withHeader(header("'|f4'", '(24,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /^type \|f4: no order of bytes/,
  },
  {
    title: 'records',
    bytes: withHeader(header("[('a', '<f4')]", '(3,)')),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /^records of several fields/,
    next: /a\["NAME"\]/,
  },
  {
    title: 'code in the header',
    bytes: withHeader("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (24,)}"),
    code: 'E_DATA_FORMAT',
    offset: 20,
    message: /^the header has "__import__\('os'\)\.sys", expected a type/,
  },
  {
    title: 'another key',
    bytes: withHeader("{'descr': '<f4', 'order': 1}"),
    code: 'E_DATA_FORMAT',
    offset: 27,
    message: /expected one of 'descr', 'fortran_order' and 'shape'$/,
  },
  { title: 'a key twice', bytes: withHeader("{'descr': '<f4', 'descr': '<f4'}"), code: 'E_DATA_FORMAT', message: /expected 'descr' once$/ },
  {
    title: 'a key missing',
    bytes: withHeader("{'descr': '<f4', 'shape': (24,)}"),
    code: 'E_DATA_FORMAT',
    message: /expected 'descr', 'fortran_order' and 'shape'$/,
  },
  {
    title: 'a shape that is a number',
    bytes: withHeader(header("'<f4'", '(24)')),
    code: 'E_DATA_FORMAT',
    message: /^the header has "\), }/,
  },
  { title: 'a negative size', bytes: withHeader(header("'<f4'", '(-1, 24)')), code: 'E_DATA_FORMAT', message: /expected a size$/ },
  {
    title: 'something after the header',
    bytes: withHeader(`${header("'<f4'", '(24,)')} x`),
    code: 'E_DATA_FORMAT',
    message: /expected nothing more than spaces$/,
  },
  { title: 'no dimension', bytes: withHeader(header("'<f4'", '()')), code: 'E_DATA_DIMS', message: /^0 dimensions, expected 1 to 64$/ },
  {
    title: '65 dimensions',
    bytes: withHeader(header("'<f4'", `(${'1, '.repeat(65)})`)),
    code: 'E_DATA_DIMS',
    message: /^65 dimensions, expected 1 to 64$/,
  },
  { title: 'no rows', bytes: withHeader(header("'<f4'", '(0, 4)')), code: 'E_DATA_EMPTY', message: /^holds no samples$/ },
  { title: 'an empty dimension', bytes: withHeader(header("'<f4'", '(4, 0)')), code: 'E_DATA_DIMS', message: /^dimension 1 is 0$/ },
  {
    title: 'a product beyond 2^53',
    bytes: withHeader(header("'<f4'", '(4294967296, 4294967296)')),
    code: 'E_DATA_DIMS',
    message: /more than any file holds$/,
  },
  {
    title: 'a size of 20 digits',
    bytes: withHeader(header("'<f4'", '(99999999999999999999,)')),
    code: 'E_DATA_DIMS',
    message: /more than any file holds$/,
  },
  {
    title: 'more than an array may have',
    bytes: withHeader(header("'<f4'", '(65536, 65537)')),
    code: 'E_DATA_TOO_LARGE',
    message: /; the limit is 4294967296$/,
  },
  {
    title: 'more than the file has',
    bytes: withHeader(header("'<f4'", '(25,)')),
    code: 'E_DATA_LENGTH',
    offset: 224,
    message: /^expected 228 bytes, found 224$/,
  },
  {
    title: 'gzip far too small for its header',
    bytes: gzipSync(withHeader(header("'<f8'", '(60000, 784)'))),
    code: 'E_DATA_LENGTH',
    message: /^expected 376320128 bytes, found no more than \d+ \(gzip, \d+ bytes\)$/,
  },
  {
    title: 'NaN',
    bytes: npyBytes([2, 2], Float32Array.of(1, 2, 3, Number.NaN)),
    code: 'E_DATA_NONFINITE',
    offset: 140,
    message: /^row 1, column 1: NaN; expected a finite number$/,
    next: /^remove or fill/,
  },
  {
    title: 'infinity',
    bytes: npyBytes([2, 2], Float64Array.of(1, Number.NEGATIVE_INFINITY, 3, 4)),
    code: 'E_DATA_NONFINITE',
    offset: 136,
    message: /^row 0, column 1: -Infinity/,
  },
  {
    title: 'an f64 beyond f32',
    bytes: npyBytes([2, 2], Float64Array.of(1, 2, 1e39, 4)),
    code: 'E_DATA_NONFINITE',
    offset: 144,
    message: /^row 1, column 0: 1e\+39, beyond the range of f32/,
  },
];
for (const { title, bytes, code, offset, message, next } of refused) {
  test(`${title} is ${code} at its byte`, async (t) => {
    const error = await t.throwsAsync(read(bytes), { instanceOf: GradloomError });
    t.is(error.code, code);
    t.is(error.exitCode, 65);
    t.regex(error.message, message);
    if (offset === undefined) t.regex(error.where ?? '', /\.npy:\d+$/);
    else t.is(error.where, path.join(root, `${path.basename(error.where ?? '', `:${offset}`)}:${offset}`));
    if (next !== undefined) t.regex(error.next ?? '', next);
  });
}
