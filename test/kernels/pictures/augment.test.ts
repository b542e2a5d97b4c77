import test from 'ava';
import { gaussian } from '../../../src/data/augment/draw.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { clamp, displacement, warp } from '../support/pictures.ts';
import { streamWords } from '../support/streams.ts';

/** Height and width: 1, lanes, vectors and unrolled loops with their neighbours. */
const SHAPES = [
  [1, 1],
  [1, 7],
  [5, 1],
  [3, 4],
  [4, 3],
  [8, 17],
  [16, 16],
  [21, 33],
  [28, 28],
] as const;

test("displacement has the twin's bits at every size and reach", (t) => {
  const stream = new RandomStream(5, 'augment', 9);
  for (const [h, w] of SHAPES) {
    for (const sigma of [0.2, 1, 4]) {
      const arena = new Arena(memory);
      const to = arena.floats('to', h * w);
      const work = arena.floats('work', h * w);
      const weights = arena.floats('weights', gaussian(sigma));
      const key = arena.ints('stream', streamWords(5, 'augment', 9));
      const reach = (weights.length - 1) / 2;
      kernels.displacement(to.byteOffset, work.byteOffset, h, w, weights.byteOffset, reach, 34, 11, key.byteOffset);
      t.is(firstDifference(to, displacement(h, w, weights, 34, stream, 11)), -1, `${h} x ${w}, sigma ${sigma}`);
      t.deepEqual(arena.broken(), []);
    }
  }
});

const MAPS = [
  [1, 0, 0, 0, 1, 0],
  [1, 0, 2, 0, 1, -1],
  [0.9, 0.3, -1.25, -0.3, 0.9, 2.5],
  [-1.2, 0.01, 7.7, 0.02, -0.8, 5.1],
  [1, 0, 1e300, 0, 1, -1e300],
] as const;

test("warp has the twin's bits for any map, with and without displacement", (t) => {
  for (const [h, w] of SHAPES) {
    for (const channels of [1, 3]) {
      for (const [m, numbers] of MAPS.entries()) {
        for (const isMoved of [false, true]) {
          const arena = new Arena(memory);
          const from = arena.floats('from', randomFloats(channels * h * w, m + 1));
          const to = arena.floats('to', channels * h * w);
          const map = arena.doubles('map', numbers);
          const moved = arena.floats(
            'moved',
            randomFloats(2 * h * w, m + 7).map((v) => 3 * v),
          );
          kernels.warp(from.byteOffset, to.byteOffset, channels, h, w, map.byteOffset, isMoved ? moved.byteOffset : 0);
          const want = warp(from, [channels, h, w], numbers, isMoved ? moved : undefined);
          t.is(firstDifference(to, want), -1, `${channels} x ${h} x ${w}, map ${m}, ${isMoved}`);
          t.deepEqual(arena.broken(), []);
        }
      }
    }
  }
});

test('warp by whole pixels moves the very values, and brings in zeros', (t) => {
  const arena = new Arena(memory);
  const from = arena.floats('from', [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const to = arena.floats('to', 9);
  const map = arena.doubles('map', [1, 0, -1, 0, 1, 1]);
  kernels.warp(from.byteOffset, to.byteOffset, 1, 3, 3, map.byteOffset, 0);
  t.deepEqual([...to], [0, 4, 5, 0, 7, 8, 0, 0, 0]);
});

test("clamp has the twin's bits, and keeps NaN", (t) => {
  for (const n of [0, 1, 3, 4, 5, 17]) {
    const arena = new Arena(memory);
    const values = randomFloats(n, n).map((v, i) => (i % 5 === 3 ? NaN : 400 * v));
    const a = arena.floats('a', values);
    kernels.clamp(a.byteOffset, n, 0, 255);
    t.is(firstDifference(a, clamp(values, 0, 255)), -1, `n ${n}`);
    t.deepEqual(arena.broken(), []);
  }
});
