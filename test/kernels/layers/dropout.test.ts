import test from 'ava';
import { RandomStream } from '../../../src/random/stream.ts';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { streamWords } from '../support/streams.ts';
import { dropoutForward } from '../support/twins.ts';

const { fround } = Math;
/** Lanes, the 32 words of one turn and the 1024 of one chunk, each with its neighbours; a prime. */
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 63, 65, 127, 1023, 1024, 1025, 2053];
const FIRSTS = [0, 1, 2, 3, 4, 31, 1021, 2 ** 30 + 1, 2 ** 31 - 1];
const SCALE = fround(4 / 3);

test('dropout_forward draws the words of the stream, for every size and first element', (t) => {
  for (const n of SIZES) {
    for (const first of FIRSTS) {
      const stream = new RandomStream(2 ** 40 + 12345, 'dropout', 2 ** 35 + 7);
      const threshold = (first * 2654435761 + n) >>> 0; // any
      const arena = new Arena(memory);
      const words = arena.ints('stream', streamWords(2 ** 40 + 12345, 'dropout', 2 ** 35 + 7));
      const a = arena.floats('a', randomFloats(n, n + 1));
      const [y, mask, place] = [arena.floats('y', n), arena.floats('mask', n), arena.floats('place', a)];
      kernels.dropout_forward(a.byteOffset, y.byteOffset, mask.byteOffset, n, first, threshold | 0, SCALE, words.byteOffset);
      const want = dropoutForward(a, stream, first, threshold, SCALE);
      t.is(firstDifference(mask, want.mask), -1, `mask, n ${n}, first ${first}`);
      t.is(firstDifference(y, want.y), -1, `y, n ${n}, first ${first}`);
      kernels.dropout_forward(place.byteOffset, place.byteOffset, mask.byteOffset, n, first, threshold | 0, SCALE, words.byteOffset);
      t.is(firstDifference(place, want.y), -1, 'in place');
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('a batch cut anywhere drops the same elements', (t) => {
  const n = 1500;
  const arena = new Arena(memory);
  const words = arena.ints('stream', streamWords(1, 'dropout', 3));
  const a = arena.floats('a', randomFloats(n, 1));
  const [y, whole, parts] = [arena.floats('y', n), arena.floats('whole', n), arena.floats('parts', n)];
  kernels.dropout_forward(a.byteOffset, y.byteOffset, whole.byteOffset, n, 10, 2 ** 30, 1, words.byteOffset);
  for (const [from, to] of [
    [0, 17],
    [17, 18],
    [18, 1101],
    [1101, n],
  ] as const) {
    const shift = 4 * from;
    kernels.dropout_forward(
      a.byteOffset + shift,
      y.byteOffset + shift,
      parts.byteOffset + shift,
      to - from,
      10 + from,
      2 ** 30,
      1,
      words.byteOffset,
    );
  }
  t.is(firstDifference(parts, whole), -1);
});

test('a dropped element is +0 whatever it was, a kept NaN stays, thresholds are unsigned', (t) => {
  const special = [NaN, Infinity, -Infinity, -0, -1, 1e-40];
  const arena = new Arena(memory);
  const words = arena.ints('stream', streamWords(1, 'dropout'));
  const a = arena.floats('a', special);
  const [y, mask] = [arena.floats('y', 6), arena.floats('mask', 6)];
  kernels.dropout_forward(a.byteOffset, y.byteOffset, mask.byteOffset, 6, 0, -1, 2, words.byteOffset); // 2^32 - 1
  t.deepEqual(Array.from(y), [0, 0, 0, 0, 0, 0]);
  t.deepEqual(Array.from(mask), [0, 0, 0, 0, 0, 0]);
  kernels.dropout_forward(a.byteOffset, y.byteOffset, mask.byteOffset, 6, 0, 0, 2, words.byteOffset);
  t.deepEqual(
    Array.from(y),
    special.map((v) => fround(2 * fround(v))),
  );
  t.deepEqual(Array.from(mask), [2, 2, 2, 2, 2, 2]);
});

test('the share of dropped elements is the threshold', (t) => {
  const n = 200_000;
  const arena = new Arena(memory);
  const words = arena.ints('stream', streamWords(7, 'dropout', 1));
  const a = arena.floats('a', randomFloats(n, 1));
  const mask = arena.floats('mask', n);
  for (const p of [0.1, 0.5, 0.9]) {
    kernels.dropout_forward(a.byteOffset, a.byteOffset, mask.byteOffset, n, 0, Math.round(p * 2 ** 32) | 0, 1, words.byteOffset);
    const dropped = mask.reduce((count, v) => count + (v === 0 ? 1 : 0), 0) / n;
    t.true(Math.abs(dropped - p) < 4 * Math.sqrt((p * (1 - p)) / n), `${dropped} for ${p}`);
  }
});
