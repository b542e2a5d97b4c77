import test from 'ava';
import { philox4x32 } from '../../src/random/philox.ts';
import { PURPOSES, type Purpose, RandomStream } from '../../src/random/stream.ts';

const ALL = 0xffffffff;
/** Random123, tests/kat_vectors, philox4x32 10. */
const answers = [
  { title: 'zeros', counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  { title: 'ones', counter: [ALL, ALL, ALL, ALL], key: [ALL, ALL], words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
  {
    title: 'digits of pi',
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

for (const { title, counter, key, words } of answers) {
  test(`philox4x32-10 gives the known answer of Random123: ${title}`, (t) => {
    const out = new Uint32Array(4);
    philox4x32(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
    t.deepEqual([...out], [...words]);
  });
}

/** The cipher as its paper writes it, in BigInt: multiply, cross, add the key. */
function philoxReference(counter: readonly number[], key: readonly number[]): number[] {
  let [x0 = 0n, x1 = 0n, x2 = 0n, x3 = 0n] = counter.map(BigInt);
  let [k0 = 0n, k1 = 0n] = key.map(BigInt);
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * x0;
    const p1 = 0xcd9e8d57n * x2;
    [x0, x1, x2, x3] = [(p1 >> 32n) ^ x1 ^ k0, p1 & mask, (p0 >> 32n) ^ x3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [x0, x1, x2, x3].map(Number);
}

test('philox4x32 equals its BigInt twin on 2,000 counters and keys', (t) => {
  const out = new Uint32Array(4);
  let state = philoxReference([1, 2, 3, 4], [5, 6]);
  for (let i = 0; i < 2000; i++) {
    const counter = state;
    const key = [state[1] as number, state[2] as number];
    philox4x32(
      counter[0] as number,
      counter[1] as number,
      counter[2] as number,
      counter[3] as number,
      key[0] as number,
      key[1] as number,
      out,
    );
    state = philoxReference(counter, key);
    t.deepEqual([...out], state);
  }
});

test('a stream maps seed, purpose, number and index to key and counter as documented', (t) => {
  const out = new Uint32Array(4);
  const seed = 2 ** 52 + 12345;
  const number = 2 ** 33 + 7;
  const stream = new RandomStream(seed, 'split', number);
  philox4x32(250, 0, 7, 2, 12345, 2 ** 20 + PURPOSES.split * 2 ** 21, out);
  t.deepEqual(
    [1000, 1001, 1002, 1003].map((i) => stream.word(i)),
    [...out],
  );
  philox4x32(0, 16, 7, 2, 12345, 2 ** 20 + PURPOSES.split * 2 ** 21, out);
  t.is(stream.word(2 ** 38 + 1), out[1] as number);
});

test('next gives words 0, 1, 2, ... whatever is read by index between', (t) => {
  const stream = new RandomStream(9, 'init');
  const byIndex = Array.from({ length: 11 }, (_, i) => new RandomStream(9, 'init').word(i));
  const inTurn = Array.from({ length: 11 }, (_, i) => {
    stream.word(1000 - i);
    return stream.next();
  });
  t.deepEqual(inTurn, byIndex);
});

test('streams that differ in seed, purpose or number share no word in their first 1,000', (t) => {
  const streams: [number, Purpose, number][] = [
    [0, 'shuffle', 0],
    [1, 'shuffle', 0],
    [2 ** 32, 'shuffle', 0],
    [0, 'init', 0],
    [0, 'shuffle', 1],
    [0, 'shuffle', 2 ** 32],
  ];
  const seen = new Set<string>();
  for (const [seed, purpose, number] of streams) {
    const stream = new RandomStream(seed, purpose, number);
    for (let i = 0; i < 500; i++) seen.add(`${stream.next()} ${stream.next()}`);
  }
  t.is(seen.size, streams.length * 500);
});

for (const bad of [-1, 0.5, 2 ** 53, Number.NaN]) {
  test(`seed, number and index refuse ${bad}`, (t) => {
    t.throws(() => new RandomStream(bad, 'shuffle'), { instanceOf: RangeError, message: /^seed/ });
    t.throws(() => new RandomStream(0, 'shuffle', bad), { instanceOf: RangeError, message: /^stream number/ });
  });
}

test('a negative index is refused', (t) => {
  t.throws(() => new RandomStream(0, 'shuffle').word(-1), { instanceOf: RangeError });
});

test('words are those of word, from any block on', (t) => {
  const [stream, whole] = [new RandomStream(3, 'shuffle', 1), new RandomStream(3, 'shuffle', 1)];
  const out = new Uint32Array(12);
  for (const first of [0, 4, 1000, 2 ** 34 - 4]) {
    whole.words(first, out);
    t.deepEqual(
      [...out],
      Array.from({ length: 12 }, (_, i) => stream.word(first + i)),
    );
  }
  t.throws(() => whole.words(2, out), { instanceOf: RangeError });
  t.throws(() => whole.words(0, new Uint32Array(3)), { instanceOf: RangeError });
});
