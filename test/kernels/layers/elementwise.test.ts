import test from 'ava';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import {
  gelu,
  geluBackward,
  leakyReluBackward,
  reluBackward,
  sigmoid,
  sigmoidBackward,
  tanhBackward,
  tanhForward,
  u8ToF32,
  zscore,
} from '../support/reference.ts';

const { fround } = Math;
/** 0, 1, lanes and two vectors with their neighbours, a prime, more than a thousand. */
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 17, 31, 1021, 1024];
const SPECIAL = [0, -0, 1e-40, -1e-40, 1e30, -1e30, Infinity, -Infinity, NaN];

const wide = (n: number, seed: number) => randomFloats(n, seed).map((v, i) => (i % 7 === 3 ? SPECIAL[i % SPECIAL.length]! : v * 8));

/** Kernels that read n floats and write n floats: (first operand, in/out operand) -> result. */
const unary = {
  sigmoid_forward: { exact: sigmoid, tolerance: () => 3 * 2 ** -24 },
  tanh_forward: { exact: tanhForward, tolerance: () => 2 * 2 ** -24 },
  gelu_forward: { exact: (z: number) => (z === -Infinity ? -0 : gelu(z)), tolerance: (z: number) => 3 * 2 ** -24 * Math.abs(z) },
} as const;

for (const [name, { exact, tolerance }] of Object.entries(unary) as [keyof typeof unary, (typeof unary)[keyof typeof unary]][]) {
  test(`${name} agrees with f64 at every size, keeps NaN and its surroundings`, (t) => {
    for (const n of SIZES) {
      const arena = new Arena(memory);
      const z = arena.floats('z', wide(n, n + 1));
      const y = arena.floats('y', n);
      kernels[name](z.byteOffset, y.byteOffset, n);
      for (let i = 0; i < n; i++) {
        const want = exact(z[i]!);
        t.true(Object.is(y[i], fround(want)) || Math.abs(y[i]! - want) <= tolerance(z[i]!), `${name}(${z[i]}) = ${y[i]}, f64 ${want}`);
      }
      t.deepEqual(arena.broken(), []);
    }
  });

  test(`${name} gives the same bits wherever an element lies`, (t) => {
    const values = wide(41, 9);
    const arena = new Arena(memory);
    const z = arena.floats('z', values);
    const all = arena.floats('all', values.length);
    const one = arena.floats('one', 1);
    kernels[name](z.byteOffset, all.byteOffset, values.length);
    for (let i = 0; i < values.length; i++) {
      kernels[name](z.byteOffset + 4 * i, one.byteOffset, 1);
      t.is(firstDifference(one, all.slice(i, i + 1)), -1);
    }
  });
}

const backward = {
  relu_backward: { exact: reluBackward, bits: true },
  leaky_relu_backward: { exact: (y: number, d: number) => leakyReluBackward(y, d, 0.01), bits: true },
  sigmoid_backward: { exact: sigmoidBackward, bits: true },
  tanh_backward: { exact: tanhBackward, bits: true },
  gelu_backward: { exact: geluBackward, bits: false },
} as const;

for (const [name, { exact, bits }] of Object.entries(backward) as [keyof typeof backward, (typeof backward)[keyof typeof backward]][]) {
  test(`${name} ${bits ? "has the twin's bits" : 'agrees with f64'} at every size and keeps its surroundings`, (t) => {
    for (const n of SIZES) {
      const arena = new Arena(memory);
      const y = arena.floats('y', wide(n, n + 1));
      const before = randomFloats(n, n + 2);
      const d = arena.floats('d', before);
      kernels[name](y.byteOffset, d.byteOffset, n, 0.01);
      for (let i = 0; i < n; i++) {
        const want = exact(y[i]!, before[i]!);
        const close = bits ? Object.is(d[i], fround(want)) : Object.is(d[i], want) || Math.abs(d[i]! - want) <= 2 ** -21;
        t.true(close, `${name}(${y[i]}, ${before[i]}) = ${d[i]}, want ${want}`);
      }
      t.deepEqual(arena.broken(), []);
    }
  });
}

test('N4: relu_backward lets the gradient of a NaN through', (t) => {
  const arena = new Arena(memory);
  const y = arena.floats('y', [NaN, 1, 0, -0, NaN]);
  const d = arena.floats('d', [5, 6, 7, 8, NaN]);
  kernels.relu_backward(y.byteOffset, d.byteOffset, 5);
  t.deepEqual(Array.from(d), [5, 6, 0, 0, NaN]);
});

test('activations may work in place', (t) => {
  const arena = new Arena(memory);
  const z = arena.floats('z', wide(13, 4));
  const y = arena.floats('y', 13);
  kernels.gelu_forward(z.byteOffset, y.byteOffset, 13);
  kernels.gelu_forward(z.byteOffset, z.byteOffset, 13);
  t.is(firstDifference(z, y.slice()), -1);
});

test('u8_to_f32 is the correctly rounded quotient for every byte and divisor', (t) => {
  for (const divisor of [255, 256, 1, 3]) {
    for (const n of [...SIZES, 256]) {
      const bytes = Uint8Array.from({ length: n }, (_, i) => i);
      const arena = new Arena(memory);
      const src = arena.bytes('src', bytes);
      const dst = arena.floats('dst', n);
      kernels.u8_to_f32(src.byteOffset, dst.byteOffset, n, divisor);
      t.is(firstDifference(dst, u8ToF32(bytes, divisor)), -1);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test("u8_to_f32_zscore and f32_zscore have the twin's bits at every size", (t) => {
  for (const rows of [0, 1, 2, 5]) {
    for (const columns of [1, 2, 3, 4, 5, 7, 8, 9, 17, 784]) {
      const bytes = Uint8Array.from({ length: rows * columns }, (_, i) => i * 37);
      const arena = new Arena(memory);
      const src = arena.bytes('src', bytes);
      const mean = arena.floats(
        'mean',
        randomFloats(columns, 1).map((v) => 100 * v),
      );
      const std = arena.floats(
        'std',
        randomFloats(columns, 2).map((v) => 50 + 40 * v),
      );
      const want = zscore(bytes, mean, std);
      const dst = arena.floats('dst', rows * columns);
      const x = arena.floats('x', Float32Array.from(bytes));
      kernels.u8_to_f32_zscore(src.byteOffset, dst.byteOffset, rows, columns, mean.byteOffset, std.byteOffset);
      kernels.f32_zscore(x.byteOffset, rows, columns, mean.byteOffset, std.byteOffset);
      t.is(firstDifference(dst, want), -1);
      t.is(firstDifference(x, want), -1);
      t.deepEqual(arena.broken(), []);
    }
  }
});
