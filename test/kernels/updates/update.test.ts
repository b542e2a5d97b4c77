import test from 'ava';
import type { KernelName } from '../../../src/kernels/call.ts';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import * as twins from '../support/vectors.ts';

const { fround } = Math;
/** 0, 1, lanes and two vectors with their neighbours, a prime, more than a thousand. */
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 17, 31, 1021, 1024];

type Vectors = Record<string, Float32Array>;

interface Twin {
  kernel: KernelName;
  title?: string;
  /** Arguments in their order: vectors by name (`v`: not negative), then n, then scalars. */
  vectors: readonly string[];
  scalars: readonly number[];
  /** Where n stands among the arguments after the vectors. @default 0 */
  countAt?: number;
  /** One element, in the kernel's order of f32 operations; scalars are already f32. */
  element(x: Record<string, number>, s: readonly number[]): Record<string, number>;
}

const TWINS: readonly Twin[] = [
  { kernel: 'sgd_step', vectors: ['p', 'g'], scalars: [0.1], element: twins.sgdStep },
  { kernel: 'sgd_momentum_step', vectors: ['p', 'g', 'b'], scalars: [0.1, 0.9, 0.7, 0], element: twins.sgdMomentumStep },
  { kernel: 'sgd_momentum_step', title: 'nesterov', vectors: ['p', 'g', 'b'], scalars: [0.1, 0.9, 1, 1], element: twins.sgdMomentumStep },
  { kernel: 'adam_moments', vectors: ['g', 'm', 'v'], scalars: [0.9, 0.1, 0.999, 0.001], element: twins.adamMoments },
  { kernel: 'adam_step', vectors: ['p', 'm', 'v'], scalars: [0.1, 0.3, 1e-3], element: twins.adamStep },
  { kernel: 'maximum', vectors: ['a', 'b'], scalars: [], element: twins.maximum },
  { kernel: 'rmsprop_direction', vectors: ['g', 'v'], scalars: [0.9, 0.1, 1e-3], element: twins.rmspropDirection },
  { kernel: 'rmsprop_centered_direction', vectors: ['g', 'v', 'a'], scalars: [0.9, 0.1, 1e-3], element: twins.rmspropCenteredDirection },
  { kernel: 'adagrad_step', vectors: ['p', 'g', 'v'], scalars: [0.1, 1e-3], element: twins.adagradStep },
  { kernel: 'adadelta_step', vectors: ['p', 'g', 'v', 'vu'], scalars: [0.5, 0.9, 0.1, 1e-3], element: twins.adadeltaStep },
  { kernel: 'lion_step', vectors: ['p', 'g', 'm'], scalars: [0.1, 0.9, 0.1, 0.99, 0.01], element: twins.lionStep },
  { kernel: 'lamb_direction', vectors: ['d', 'p', 'm', 'v'], scalars: [0.19, 0.3, 1e-3, 0.01], element: twins.lambDirection },
  { kernel: 'add_scaled', vectors: ['a', 'b'], scalars: [0.3], countAt: 1, element: twins.addScaled },
  { kernel: 'add', vectors: ['a', 'b'], scalars: [], element: twins.add },
  { kernel: 'scale', vectors: ['a'], scalars: [1 / 3], countAt: 1, element: twins.scale },
  { kernel: 'multiply', vectors: ['a', 'b'], scalars: [], element: twins.multiply },
  { kernel: 'lerp', vectors: ['a', 'b'], scalars: [0.3], element: twins.lerp },
  { kernel: 'copy', vectors: ['a', 'b'], scalars: [], element: twins.copy },
  { kernel: 'f32_divide', vectors: ['a'], scalars: [255], element: twins.f32Divide },
  { kernel: 'clip_value', vectors: ['g'], scalars: [2.5], element: twins.clipValue },
  { kernel: 'relu_forward', vectors: ['z', 'y'], scalars: [], element: twins.reluForward },
  { kernel: 'leaky_relu_forward', vectors: ['z', 'y'], scalars: [0.01], element: twins.leakyReluForward },
];

/** Vectors whose names start with v hold squares. */
function content(name: string, n: number, seed: number): Float32Array {
  return randomFloats(n, seed).map((value) => (name.startsWith('v') ? value * value : 3 * value));
}

function call({ kernel, scalars, countAt = 0 }: Twin, addresses: readonly number[], n: number): void {
  const rest = [...scalars];
  rest.splice(countAt, 0, n);
  const run: (...args: number[]) => void = kernels[kernel];
  run(...addresses, ...rest);
}

for (const twin of TWINS) {
  test(`${twin.kernel} ${twin.title ?? ''}: the twin's bits at every size, the surroundings untouched`, (t) => {
    const scalars = twin.scalars.map(fround);
    for (const n of SIZES) {
      const arena = new Arena(memory);
      const before: Vectors = Object.fromEntries(twin.vectors.map((name, i) => [name, content(name, n, 7 * n + i)]));
      const arrays = twin.vectors.map((name) => arena.floats(name, before[name]!));
      const expected: Vectors = Object.fromEntries(twin.vectors.map((name) => [name, before[name]!.slice()]));
      for (let i = 0; i < n; i++) {
        const element = twin.element(Object.fromEntries(twin.vectors.map((name) => [name, before[name]![i]!])), scalars);
        for (const [name, value] of Object.entries(element)) expected[name]![i] = value;
      }
      call(
        twin,
        arrays.map(({ byteOffset }) => byteOffset),
        n,
      );
      for (const [i, name] of twin.vectors.entries()) {
        t.is(firstDifference(arrays[i]!.slice(), expected[name]!), -1, `${name} of ${n}`);
      }
      t.deepEqual(arena.broken(), []);
    }
  });
}

/** Runs a kernel on vectors of one value each and returns what they became. */
function once(kernel: Twin['kernel'], values: Record<string, number>, scalars: readonly number[]): Record<string, number> {
  const arena = new Arena(memory);
  const arrays = Object.entries(values).map(([name, value]) => [name, arena.floats(name, [value])] as const);
  call(
    { kernel, vectors: [], scalars, element: () => ({}) },
    arrays.map(([, { byteOffset }]) => byteOffset),
    1,
  );
  return Object.fromEntries(arrays.map(([name, array]) => [name, array[0]!]));
}

test('a gradient whose square overflows stops its parameter instead of poisoning it', (t) => {
  const { m, v } = once('adam_moments', { g: 1e20, m: 0, v: 1 }, [0.9, 0.1, 0.999, 0.001]);
  t.is(v, Infinity);
  t.is(once('adam_step', { p: 1, m: m!, v: v! }, [0.1, 1, 1e-8])['p'], 1);
  t.is(once('adam_moments', { g: 1, m: m!, v: v! }, [0.9, 0.1, 0.999, 0.001])['v'], Infinity);
});

test('N4 NaN is kept: by maximum, by the sign of lion, by the variance of rmsprop', (t) => {
  t.is(once('maximum', { a: Number.NaN, b: 1 }, [])['a'], Number.NaN);
  t.is(once('maximum', { a: 1, b: Number.NaN }, [])['a'], Number.NaN);
  t.is(once('lion_step', { p: 1, g: Number.NaN, m: 0 }, [0.1, 0.9, 0.1, 0.99, 0.01])['p'], Number.NaN);
  t.is(once('rmsprop_centered_direction', { g: 1, v: Number.NaN, a: 0 }, [0.9, 0.1, 1e-8])['g'], Number.NaN);
});

test('rmsprop_centered_direction counts a variance that rounding made negative as 0', (t) => {
  // v - a^2 = -1 here, which exact arithmetic cannot reach.
  t.is(once('rmsprop_centered_direction', { g: 1, v: 0, a: 1 }, [1, 0, 0.5])['g'], 2);
});

test('lion steps by 0 where momentum and gradient are 0', (t) => {
  t.is(once('lion_step', { p: 1, g: 0, m: 0 }, [0.1, 0.9, 0.1, 0.99, 0.01])['p'], 1);
});
