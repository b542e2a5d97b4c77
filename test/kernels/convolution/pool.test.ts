import test from 'ava';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import {
  avgPoolBackward,
  avgPoolForward,
  type Geometry,
  maxPoolBackward,
  maxPoolForward,
  swapAxes,
  windowArgs,
} from '../support/convolution.ts';
import { describe, geometry } from '../support/geometries.ts';

const SEED = 5;

const pool = (
  [height, width]: [number, number],
  channels: number,
  kernel: [number, number],
  stride: [number, number],
  padding: [number, number] = [0, 0],
): Geometry => geometry({ height, width, channels, filters: channels, kernel, stride, padding });

/** Lanes and their neighbours; windows that overlap, that leave gaps, that end outside. */
const POOLS: readonly Geometry[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9].map((channels) => pool([4, 6], channels, [2, 2], [2, 2])),
  pool([5, 7], 6, [3, 3], [2, 2], [1, 1]),
  pool([7, 5], 6, [2, 3], [1, 1]),
  pool([9, 8], 3, [2, 1], [3, 4], [1, 0]),
  pool([1, 11], 5, [1, 3], [1, 2], [0, 1]),
  pool([6, 5], 17, [6, 5], [1, 1]),
  pool([1, 1], 1, [1, 1], [1, 1]),
];

const xSize = ({ height, width, channels }: Geometry): number => height * width * channels;
const ySize = ({ outHeight, outWidth, channels }: Geometry): number => outHeight * outWidth * channels;

test("max pools have the twin's bits and indices, and send gradients to them", (t) => {
  for (const g of POOLS) {
    for (const rows of [0, 1, 3]) {
      const arena = new Arena(memory);
      // Few different values, so that there are ties.
      const x = arena.floats(
        'x',
        randomFloats(rows * xSize(g), SEED).map((v) => Math.round(2 * v)),
      );
      const [y, alone] = [arena.floats('y', rows * ySize(g)), arena.floats('alone', rows * ySize(g))];
      const index = arena.ints('index', new Int32Array(y.length));
      kernels.max_pool_forward(x.byteOffset, y.byteOffset, index.byteOffset, rows, ...windowArgs(g));
      kernels.max_pool_forward(x.byteOffset, alone.byteOffset, 0, rows, ...windowArgs(g));
      const want = maxPoolForward(x, rows, g);
      t.is(firstDifference(y, want.y), -1, describe(g));
      t.is(firstDifference(alone, want.y), -1, describe(g));
      t.deepEqual(Array.from(index), Array.from(want.index), describe(g));
      const dy = arena.floats('dy', randomFloats(y.length, SEED + 1));
      const dx = arena.floats('dx', x.length).fill(NaN);
      kernels.max_pool_backward(dy.byteOffset, index.byteOffset, dx.byteOffset, rows, ...windowArgs(g));
      t.is(firstDifference(dx, maxPoolBackward(dy, index, rows, g)), -1, describe(g));
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('the first of equal values and the first NaN of a window win', (t) => {
  const g = pool([2, 2], 5, [2, 2], [1, 1]);
  const arena = new Arena(memory);
  // A column for each channel: ties, -0 and +0, one NaN, two, infinities.
  const x = arena.floats('x', [3, -0, 1, NaN, -Infinity, 3, 0, NaN, 9, -Infinity, 3, -1, 5, NaN, -Infinity, 2, 0, 5, 1, Infinity]);
  const y = arena.floats('y', 5);
  const index = arena.ints('index', new Int32Array(5));
  kernels.max_pool_forward(x.byteOffset, y.byteOffset, index.byteOffset, 1, ...windowArgs(g));
  t.deepEqual(Array.from(index), [0, 0, 1, 0, 3]);
  t.deepEqual(Array.from(y), [3, -0, NaN, NaN, Infinity]);
});

test("average pools have the twin's bits, forward and backward", (t) => {
  for (const g of POOLS) {
    for (const rows of [0, 1, 3]) {
      const arena = new Arena(memory);
      const x = arena.floats('x', randomFloats(rows * xSize(g), SEED));
      const y = arena.floats('y', rows * ySize(g));
      kernels.avg_pool_forward(x.byteOffset, y.byteOffset, rows, ...windowArgs(g));
      t.is(firstDifference(y, avgPoolForward(x, rows, g)), -1, describe(g));
      const dy = arena.floats('dy', randomFloats(y.length, SEED + 1));
      const dx = arena.floats('dx', x.length).fill(NaN);
      kernels.avg_pool_backward(dy.byteOffset, dx.byteOffset, rows, ...windowArgs(g));
      t.is(firstDifference(dx, avgPoolBackward(dy, rows, g)), -1, describe(g));
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('swap_axes transposes every row by itself', (t) => {
  for (const [rows, a, b] of [
    [0, 3, 4],
    [1, 1, 9],
    [2, 3, 35],
    [3, 17, 5],
  ] as const) {
    const arena = new Arena(memory);
    const x = arena.floats('x', randomFloats(rows * a * b, SEED));
    const y = arena.floats('y', x.length);
    kernels.swap_axes(x.byteOffset, y.byteOffset, rows, a, b);
    t.is(firstDifference(y, swapAxes(x, rows, a, b)), -1);
    t.deepEqual(arena.broken(), []);
  }
});
