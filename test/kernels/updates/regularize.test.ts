import test from 'ava';
import { normalQuantile } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { erf } from '../support/reference.ts';
import { streamWords } from '../support/streams.ts';
import { activationSums, addNoise, at, largest, maxNorm, normalOfWord, penalize, scaleMax, sumSquares } from '../support/twins.ts';

const { abs, fround, max, min } = Math;
/** 0, 1, lanes, vectors and unrolled loops with their neighbours, a prime. */
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1021, 1024];
const SPECIAL = [0, -0, 1e-40, -1e-40, 1e30, -1e30, Infinity, -Infinity, NaN];

const tame = (n: number, seed: number) => randomFloats(n, seed).map((v) => 8 * v);
const wild = (n: number, seed: number) => tame(n, seed).map((v, i) => (i % 7 === 3 ? at(SPECIAL, i % SPECIAL.length) : v));
/** A single NaN at the end, where only the tail can see it. */
const lastNaN = (n: number, seed: number) => tame(n, seed).map((v, i) => (i === n - 1 ? NaN : v));
const CONTENTS = [tame, wild, lastNaN];
const ALL = SIZES.flatMap((n) => CONTENTS.map((make) => ({ n, make })));

test('scale_max scales and returns the largest magnitude, NaN if there is one', (t) => {
  for (const { n, make } of ALL) {
    for (const s of [1 / 3, 0, Infinity]) {
      const arena = new Arena(memory);
      const before = make(n, n + 1);
      const g = arena.floats('g', before);
      const got = kernels.scale_max(g.byteOffset, n, s);
      const want = scaleMax(before, s);
      t.is(firstDifference(g, want.g), -1);
      t.is(got, want.largest, `n ${n}, s ${s}`);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('largest is the largest magnitude, NaN if there is one', (t) => {
  for (const { n, make } of ALL) {
    const arena = new Arena(memory);
    const a = arena.floats('a', make(n, n + 1));
    t.is(kernels.largest(a.byteOffset, n), largest(a), `n ${n}`);
    t.deepEqual(arena.broken(), []);
  }
});

test('sum_squares adds in its eight partial sums at every size', (t) => {
  for (const { n, make } of ALL) {
    const arena = new Arena(memory);
    const g = arena.floats('g', make(n, n + 1));
    t.is(kernels.sum_squares(g.byteOffset, n), sumSquares(g), `n ${n}`);
    t.deepEqual(arena.broken(), []);
  }
});

test("penalize has the twin's bits, gradient and penalty, at every size", (t) => {
  for (const { n, make } of ALL) {
    for (const [l1, l2] of [
      [0.01, 0.1],
      [0, 0.1],
      [0.01, 0],
    ] as const) {
      const before = tame(n, n + 1);
      const arena = new Arena(memory);
      const g = arena.floats('g', before);
      const p = arena.floats('p', make(n, n + 2));
      const got = kernels.penalize(g.byteOffset, p.byteOffset, n, l1, l2);
      const want = penalize(before, p, l1, l2);
      t.is(firstDifference(g, want.g), -1, `n ${n}`);
      t.is(got, want.penalty);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test("penalize is the penalty's derivative, 0 where p is 0", (t) => {
  const arena = new Arena(memory);
  const g = arena.floats('g', [0, 0, 0, 0, 0]);
  const p = arena.floats('p', [2, -2, 0, -0, 0.5]);
  t.is(kernels.penalize(g.byteOffset, p.byteOffset, 5, 1, 0.5), 4.5 + 0.25 * 8.25);
  t.deepEqual(Array.from(g), [2, -2, 0, 0, 1.25]);
});

test('clip_value clips infinities and keeps NaN', (t) => {
  for (const { n, make } of ALL) {
    const before = make(n, n + 1);
    const arena = new Arena(memory);
    const g = arena.floats('g', before);
    kernels.clip_value(g.byteOffset, n, 2.5);
    t.is(
      firstDifference(
        g,
        before.map((v) => min(max(v, -2.5), 2.5)),
      ),
      -1,
      `n ${n}`,
    );
    t.deepEqual(arena.broken(), []);
  }
});

test("max_norm has the twin's bits for every shape and range of columns", (t) => {
  for (const rows of [0, 1, 2, 5, 33]) {
    for (const o of [1, 2, 3, 4, 5, 8, 15, 16, 17, 21, 37]) {
      for (const [from, to] of [
        [0, o],
        [0, 0],
        [o >> 1, o],
        [min(1, o), max(1, o - 1)],
      ] as const) {
        for (const make of CONTENTS) {
          const before = make(rows * o, rows + o);
          const arena = new Arena(memory);
          const w = arena.floats('w', before);
          const limit = fround(3.5 * Math.sqrt(rows)); // some above, some below
          kernels.max_norm(w.byteOffset, rows, o, from, to, limit);
          t.is(firstDifference(w, maxNorm(before, rows, o, from, to, limit)), -1, `[${rows},${o}] columns ${from}..${to}`);
          t.deepEqual(arena.broken(), []);
        }
      }
    }
  }
});

test('max_norm brings long columns to the limit and leaves short and NaN ones alone', (t) => {
  const arena = new Arena(memory);
  const w = arena.floats('w', [3, 0.1, NaN, 4, 0.2, 9]);
  kernels.max_norm(w.byteOffset, 2, 3, 0, 3, 1);
  t.deepEqual(
    Array.from(w),
    [0.6, 0.1, NaN, 0.8, 0.2, 9].map((v) => fround(v)),
  );
});

test("activation_sums has the twin's bits and counts only real zeros", (t) => {
  for (const { n, make } of ALL) {
    const arena = new Arena(memory);
    const y = arena.floats('y', make(n, n + 1));
    const out = arena.doubles('out', 4);
    kernels.activation_sums(y.byteOffset, n, out.byteOffset);
    const want = activationSums(y);
    t.is(firstDifference(out, want), -1, `n ${n}: ${Array.from(out)}, want ${want}`);
    t.deepEqual(arena.broken(), []);
  }
});

test("add_noise has the twin's bits for every size and first element", (t) => {
  const seed = 2 ** 52 + 1;
  for (const n of [...SIZES, 127, 129]) {
    for (const first of [0, 1, 3, 64, 2 ** 31 - 1]) {
      const before = tame(n, n + 1);
      const arena = new Arena(memory);
      const words = arena.ints('stream', streamWords(seed, 'augment', 9));
      const g = arena.floats('g', before);
      const scratch = arena.floats('scratch', 64);
      kernels.add_noise(g.byteOffset, n, 0.7, first, words.byteOffset, scratch.byteOffset);
      t.is(firstDifference(g, addNoise(before, 0.7, new RandomStream(seed, 'augment', 9), first)), -1, `n ${n}, first ${first}`);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('the normal number of a word is the quantile to 5e-7, both tails included', (t) => {
  let worst = 0;
  let worstAt = 0;
  const check = (word: number) => {
    const want = -normalQuantile(((word & 0x7fffffff) + 0.5) / 2 ** 32);
    const error = abs(normalOfWord(word & 0x7fffffff) - want) / want;
    if (!(error <= worst)) [worst, worstAt] = [error, word];
  };
  for (let word = 0; word < 2 ** 31; word += 10_007) check(word);
  for (let i = 0; i < 2000; i++) for (const word of [i, 2 ** 31 - 1 - i]) check(word);
  t.log(`largest relative error ${worst.toExponential(2)} at word ${worstAt}`);
  t.true(worst <= 5e-7, `${worst} at ${worstAt}`);
  t.is(normalOfWord(5 + 2 ** 31), -normalOfWord(5));
  t.true(normalOfWord(0) > 6.33 && normalOfWord(0) < 6.34);
});

test('noise is standard normal: moments, distribution function, and no correlation with its neighbour', (t) => {
  const n = 400_000;
  const arena = new Arena(memory);
  const words = arena.ints('stream', streamWords(11, 'augment'));
  const g = arena.floats('g', new Float32Array(n));
  const scratch = arena.floats('scratch', 64);
  kernels.add_noise(g.byteOffset, n, 1, 0, words.byteOffset, scratch.byteOffset);
  const moment = (k: number) => g.reduce((sum, v) => sum + v ** k, 0) / n;
  // Within five standard deviations of each estimate.
  for (const [k, want, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    t.true(abs(moment(k) - want) < 5 * Math.sqrt(variance / n), `moment ${k}: ${moment(k)}`);
  }
  const neighbours = g.subarray(1).reduce((sum, v, i) => sum + v * at(g, i), 0) / n;
  t.true(abs(neighbours) < 5 / Math.sqrt(n), `correlation ${neighbours}`);
  const sorted = g.slice().sort();
  let distance = 0;
  for (let i = 0; i < n; i += 50) distance = max(distance, abs(0.5 * (1 + erf(at(sorted, i) / Math.SQRT2)) - i / n));
  t.true(distance < 1.95 / Math.sqrt(n), `Kolmogorov and Smirnov's distance ${distance}`); // exceeded once in a thousand
});

test('nothing outside the arrays is read, even at the very end of memory', (t) => {
  const end = memory.buffer.byteLength;
  for (const n of [1, 2, 3, 5, 7, 9, 17]) {
    const p = end - 4 * n;
    const before = 1024;
    t.notThrows(() => {
      kernels.multiply(p, before, n);
      kernels.multiply(before, p, n);
      kernels.lerp(p, before, n, 0.5);
      kernels.lerp(before, p, n, 0.5);
      kernels.scale_max(p, n, 1);
      kernels.largest(p, n);
      kernels.sum_squares(p, n);
      kernels.penalize(p, before, n, 1, 1);
      kernels.penalize(before, p, n, 1, 1);
      kernels.clip_value(p, n, 1);
      kernels.add_noise(p, n, 1, 3, before, before + 64);
      kernels.max_norm(p, 1, n, 0, n, 1);
      kernels.activation_sums(p, n, before);
      kernels.dropout_forward(p, p, before, n, 3, 5, 1, before + 256);
      kernels.dropout_forward(before, before, p, n, 3, 5, 1, before + 256);
    });
  }
});
