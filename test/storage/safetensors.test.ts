import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { nextBelow } from '../../src/random/distributions.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { encodeSafetensors, f32Tensors, type Tensor } from '../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../src/storage/safetensors.ts';

const root = mkdtempSync(join(tmpdir(), 'gradloom-safetensors-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

function tensor(dtype: Tensor['dtype'], shape: number[], ...data: number[]): Tensor {
  return { dtype, shape, data: Uint8Array.from(data) };
}

/** A file with this header text and so many bytes of data. */
function raw(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (shape: string, offsets: string): string => `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;

test('encode writes the documented bytes: length, sorted metadata, tensors in order, padding, data', (t) => {
  const tensors = new Map([
    ['b', tensor('U8', [3], 1, 2, 3)],
    ['0', tensor('F32', [], 4, 5, 6, 7)],
  ]);
  const header =
    '{"__metadata__":{"a":"1","z":"2"},"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"0":{"dtype":"F32","shape":[],"data_offsets":[3,7]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
  t.deepEqual(
    encodeSafetensors(tensors, { z: '2', a: '1' }),
    Uint8Array.of(padded.length, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(padded), 1, 2, 3, 4, 5, 6, 7),
  );
});

test('what is written is read back: names, types, shapes, bytes, metadata, order', (t) => {
  const tensors = new Map<string, Tensor>([
    ['layers.0.weight', tensor('F32', [1, 2], 1, 2, 3, 4, 5, 6, 7, 8)],
    ['', tensor('BOOL', [1], 1)],
    ['"\\ü\u0000', tensor('F16', [0, 3])],
    ['__proto__', tensor('I64', [], 1, 2, 3, 4, 5, 6, 7, 8)],
    ['10', tensor('BF16', [1], 1, 2)],
    ['2', tensor('U8', [2], 1, 2)],
  ]);
  const metadata = { ['__proto__']: 'x', 'gradloom.step': '7', ü: '\n' };
  const read = readSafetensors(encodeSafetensors(tensors, metadata));
  t.deepEqual([...read.tensors], [...tensors]);
  t.deepEqual(Object.entries(read.metadata).sort(), Object.entries(metadata).sort());
});

test('N7: every class of f32 bits keeps its bits, signalling NaNs too, at any alignment', (t) => {
  const bits = [
    0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0xffbfffff, 0x7fc00000, 0x7fffffff,
  ];
  const values = Uint32Array.from(bits);
  const tensors = new Map([
    ['odd', { dtype: 'U8' as const, shape: [1], data: Uint8Array.of(9) }],
    ['w', { dtype: 'F32' as const, shape: [bits.length], data: new Float32Array(values.buffer) }],
  ]);
  const file = readSafetensors(encodeSafetensors(tensors));
  const read = f32Tensors({ ...file, tensors: new Map([...file.tensors].slice(1)) }, [{ name: 'w', shape: [bits.length] }], 'a');
  t.deepEqual([...new Uint32Array((read.get('w') as Float32Array).buffer)], bits);
});

test("reads a file that another program wrote: the seed network's initial weights", (t) => {
  const path = join(import.meta.dirname, '../../../configs/seed-init.safetensors');
  const file = readSafetensors(path);
  const shapes = { 'layers.0.weight': [45, 784], 'layers.0.bias': [45], 'layers.1.weight': [10, 45], 'layers.1.bias': [10] };
  const expected = Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
  const weights = f32Tensors(file, expected, path).get('layers.0.weight') as Float32Array;
  t.true(Math.abs(Math.hypot(...weights) / Math.sqrt(weights.length) - 0.1) < 0.001);
  t.deepEqual([...file.tensors.keys()], Object.keys(shapes));
});

test('accepts a header without tensors, space around it, escapes, and tensors in any order of the header', (t) => {
  t.is(readSafetensors(raw('{}')).tensors.size, 0);
  t.is(readSafetensors(raw('{ }      ')).tensors.size, 0);
  const { tensors } = readSafetensors(raw(`{"b": ${f32('[1]', '[4,8]')}, "\\u0061": ${f32('[1]', '[0,4]')}}`, 8));
  t.deepEqual([...tensors.keys()], ['a', 'b']);
});

const pickled = 'pickle formats can run code and are refused';
const malformed: { title: string; bytes: Uint8Array; message: string | RegExp }[] = [
  { title: 'an empty file', bytes: new Uint8Array(0), message: '0 bytes, too short for the length of a header' },
  {
    title: 'a header length of 2^63',
    bytes: raw('{}', 0, 2n ** 63n),
    message: 'a header of 9223372036854775808 bytes, the limit is 1048576',
  },
  { title: 'a header above 1 MiB', bytes: raw(' '.repeat(2 ** 20 + 1)), message: 'a header of 1048577 bytes, the limit is 1048576' },
  { title: 'a header longer than the file', bytes: raw('{}', 0, 3n), message: 'a header of 3 bytes, but only 2 bytes follow' },
  { title: 'a header of length 0', bytes: raw(''), message: 'the header does not start with {' },
  { title: 'a header that is no object', bytes: raw('[]'), message: 'the header does not start with {' },
  { title: 'a header that is not UTF-8', bytes: raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), message: 'the header is not UTF-8' },
  { title: 'a header that is not JSON', bytes: raw('{"a":}'), message: /^the header is not JSON: / },
  { title: 'a header nested 200,000 deep', bytes: raw(`{"a":${'['.repeat(200_000)}`), message: /^the header is not JSON: / },
  {
    title: 'valid JSON nested 200,000 deep',
    bytes: raw(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
    message: 'a: expected an object, got an array',
  },
  {
    title: 'a dtype nested deep',
    bytes: raw(`{"a":{"dtype":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`),
    message: 'a: unknown dtype an array',
  },
  {
    title: 'a tensor named twice',
    bytes: raw(`{"a":${f32('[1]', '[0,4]')},"a":${f32('[1]', '[0,4]')}}`, 4),
    message: 'a: appears twice in the header',
  },
  {
    title: 'a tensor named twice by escapes',
    bytes: raw(`{"a":${f32('[1]', '[0,4]')},"\\u0061":${f32('[1]', '[0,4]')}}`, 4),
    message: 'a: appears twice in the header',
  },
  {
    title: 'a key twice within a tensor',
    bytes: raw('{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,4]}}', 4),
    message: 'dtype: appears twice in the header',
  },
  { title: 'metadata twice', bytes: raw('{"__metadata__":{},"__metadata__":{}}'), message: '__metadata__: appears twice in the header' },
  { title: 'metadata that is no text', bytes: raw('{"__metadata__":{"a":1}}'), message: '__metadata__.a: expected text, got 1' },
  { title: 'metadata that is no object', bytes: raw('{"__metadata__":[]}'), message: '__metadata__: expected an object, got an array' },
  { title: 'trailing bytes', bytes: raw(`{"a":${f32('[1]', '[0,4]')}}`, 5), message: '1 trailing bytes after a' },
  { title: 'data without a tensor', bytes: raw('{}', 5), message: '5 trailing bytes after the header' },
  {
    title: 'an overlap',
    bytes: raw(`{"a":${f32('[2]', '[0,8]')},"b":${f32('[1]', '[4,8]')}}`, 8),
    message: 'b: starts at byte 4 of the data and overlaps a, which ends at 8',
  },
  {
    title: 'two tensors on the same bytes',
    bytes: raw(`{"a":${f32('[1]', '[0,4]')},"b":${f32('[1]', '[0,4]')}}`, 4),
    message: 'b: starts at byte 0 of the data and overlaps a, which ends at 4',
  },
  {
    title: 'a hole',
    bytes: raw(`{"a":${f32('[1]', '[0,4]')},"b":${f32('[1]', '[8,12]')}}`, 12),
    message: 'b: starts at byte 8 of the data and leaves a hole from 4, after a',
  },
  {
    title: 'a hole at the start',
    bytes: raw(`{"a":${f32('[1]', '[4,8]')}}`, 8),
    message: 'a: starts at byte 4 of the data and leaves a hole from 0, after the header',
  },
  { title: 'a negative offset', bytes: raw(`{"a":${f32('[1]', '[-4,0]')}}`), message: 'a: data_offsets: -4 is negative' },
  { title: 'reversed offsets', bytes: raw(`{"a":${f32('[1]', '[4,0]')}}`, 4), message: 'a: data_offsets [4, 0] are reversed' },
  {
    title: 'offsets beyond the file',
    bytes: raw(`{"a":${f32('[1]', '[0,4]')}}`, 3),
    message: 'a: data_offsets [0, 4] end after the 3 bytes of data',
  },
  {
    title: 'a fractional offset',
    bytes: raw(`{"a":${f32('[1]', '[0,4.5]')}}`, 5),
    message: 'a: data_offsets: 4.5 is not a whole number below 2^53',
  },
  {
    title: 'an offset beyond 2^53',
    bytes: raw(`{"a":${f32('[1]', '[0,9007199254740993]')}}`, 4),
    message: /^a: data_offsets: 900719925474099\d is not a whole number below 2\^53$/,
  },
  { title: 'three offsets', bytes: raw(`{"a":${f32('[1]', '[0,4,4]')}}`, 4), message: 'a: data_offsets [0,4,4], expected [begin, end]' },
  {
    title: 'a shape that needs other bytes',
    bytes: raw(`{"a":${f32('[2]', '[0,4]')}}`, 4),
    message: 'a: F32 [2] takes 8 bytes, but has 4',
  },
  {
    title: 'a shape that comes round modulo 2^64',
    bytes: raw(`{"a":${f32('[4294967296,4294967296]', '[0,0]')}}`),
    message: 'a: F32 [4294967296, 4294967296] takes 73786976294838206464 bytes, but has 0',
  },
  { title: 'a negative size', bytes: raw(`{"a":${f32('[-1,-1]', '[0,4]')}}`, 4), message: 'a: shape: -1 is negative' },
  { title: 'a shape that is text', bytes: raw(`{"a":${f32('"1"', '[0,4]')}}`, 4), message: 'a: shape: expected an array, got "1"' },
  { title: 'an unknown dtype', bytes: raw('{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}', 4), message: 'a: unknown dtype "F31"' },
  {
    title: 'a dtype from Object.prototype',
    bytes: raw('{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,4]}}', 4),
    message: 'a: unknown dtype "toString"',
  },
  { title: 'no dtype', bytes: raw('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4), message: 'a: unknown dtype undefined' },
  {
    title: 'an unknown key of a tensor',
    bytes: raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"path":"/etc"}}', 4),
    message: 'a: unknown key path',
  },
  { title: 'a tensor that is a number', bytes: raw('{"a":1}'), message: 'a: expected an object, got 1' },
  {
    title: 'a name with control characters is shown escaped',
    bytes: raw('{"\\u001b[2J":1}'),
    message: '\\u001b[2J: expected an object, got 1',
  },
  {
    title: 'E3: a zip archive',
    bytes: Buffer.from('PK\x03\x04\x14\x00\x08\x00rest'),
    message: `this is a zip archive, as torch.save writes; ${pickled}`,
  },
  { title: 'E3: HDF5', bytes: Buffer.from('\x89HDF\r\n\x1a\nrest', 'latin1'), message: `this is HDF5; ${pickled}` },
  {
    title: 'E3: a pickle',
    bytes: Buffer.from('\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00]', 'latin1'),
    message: `this is a pickle of protocol 4; ${pickled}`,
  },
];
for (const { title, bytes, message } of malformed) {
  test(`E1: ${title}: ${message}`, (t) => {
    const error = t.throws(() => readSafetensors(bytes, 'model.safetensors'), { instanceOf: GradloomError, message });
    t.like(error, { code: 'E_SAFETENSORS', where: 'model.safetensors', exitCode: 65 });
  });
}

for (const name of ['a.pt', 'a.pkl', 'a.h5', 'a.PTH']) {
  test(`E3: text with the name ${name} is refused as what its name says`, (t) => {
    const path = join(root, name);
    writeFileSync(path, "cos\nsystem\n(S'true'\ntR.");
    const error = t.throws(() => readSafetensors(path), { instanceOf: GradloomError });
    t.is(error.message, `this is ${name.slice(1)}; ${pickled}`);
    t.regex(error.next ?? '', /save_file/);
  });
}

test('a header of 640 bytes starts like a pickle and is read all the same', (t) => {
  const bytes = raw('{}'.padEnd(0x280, ' '));
  t.deepEqual([...bytes.subarray(0, 2)], [0x80, 2]);
  t.is(readSafetensors(bytes).tensors.size, 0);
});

test('reads by path, and a missing file is E_DATA_READ', (t) => {
  const path = join(root, 'a.safetensors');
  writeFileSync(path, encodeSafetensors(new Map([['a', tensor('U8', [1], 5)]])));
  t.deepEqual([...(readSafetensors(path).tensors.get('a')?.data ?? [])], [5]);
  t.is(t.throws(() => readSafetensors(join(root, 'none')), { instanceOf: GradloomError }).code, 'E_DATA_READ');
});

test('E2: f32Tensors lists all differences', (t) => {
  const file = readSafetensors(
    encodeSafetensors(
      new Map([
        ['same', tensor('F32', [1], 0, 0, 0, 0)],
        ['half', tensor('F16', [2], 0, 0, 0, 0)],
        ['turned', tensor('F32', [1, 2], 0, 0, 0, 0, 0, 0, 0, 0)],
        ['extra', tensor('U8', [1], 0)],
      ]),
    ),
  );
  const expected = [
    ['same', [1]],
    ['half', [2]],
    ['turned', [2, 1]],
    ['missing', []],
  ] as const;
  const error = t.throws(
    () =>
      f32Tensors(
        file,
        expected.map(([name, shape]) => ({ name, shape })),
        'x.safetensors',
      ),
    { instanceOf: GradloomError },
  );
  t.like(error, { code: 'E_TENSOR_MISMATCH', where: 'x.safetensors' });
  t.deepEqual(error.message.split('\n  '), [
    "4 of its tensors are not the model's:",
    'half: F16 [2], expected F32 [2]',
    'turned: F32 [1, 2], expected F32 [2, 1]',
    'missing: missing, expected F32 []',
    'extra: U8 [1] is not expected',
  ]);
});

test('encode refuses data that does not match its shape, and the reserved name', (t) => {
  t.throws(() => encodeSafetensors(new Map([['a', tensor('F32', [2], 0)]])), {
    instanceOf: GradloomError,
    message: 'a: F32 [2] takes 8 bytes, but has 1',
  });
  t.throws(() => encodeSafetensors(new Map([['__metadata__', tensor('U8', [0])]])), {
    instanceOf: GradloomError,
    message: /cannot be named/,
  });
  t.throws(() => encodeSafetensors(new Map(), { a: 'x'.repeat(2 ** 20) }), { instanceOf: GradloomError, message: /limit/ });
});

const seed = Number(process.env['GRADLOOM_TEST_SEED'] ?? 1);
test(`20,000 mutated files give tensors or a GradloomError, never another error (seed ${seed})`, (t) => {
  const stream = new RandomStream(seed, 'data', 1);
  const original = encodeSafetensors(
    new Map([
      ['layers.0.weight', tensor('F32', [1, 2], 1, 2, 3, 4, 5, 6, 7, 8)],
      ['b', tensor('U8', [2], 1, 2)],
      ['c', tensor('I8', [], 1)],
    ]),
    { step: '12' },
  );
  const alphabet = Buffer.from('{}[]",:0123456789-.eE\\utrueFBI \x00\xff', 'latin1');
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < 20_000; i++) {
    let bytes = Uint8Array.from(original);
    for (let k = nextBelow(stream, 5); k >= 0; k--)
      bytes[nextBelow(stream, bytes.length)] = alphabet[nextBelow(stream, alphabet.length)] as number;
    if (nextBelow(stream, 5) === 0) bytes = bytes.subarray(0, nextBelow(stream, bytes.length + 1));
    try {
      let covered = 0;
      for (const { data } of readSafetensors(bytes).tensors.values()) covered += data.length;
      if (covered > bytes.length) t.fail(`case ${i}`);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof GradloomError)) t.fail(`case ${i}, ${Buffer.from(bytes).toString('latin1')}: ${error}`);
      outcomes.refused++;
    }
  }
  t.true(outcomes.read > 500 && outcomes.refused > 5000, JSON.stringify(outcomes));
});
