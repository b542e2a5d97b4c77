import test from 'ava';
import fc from 'fast-check';
import { listWords, scratchFloats } from '../../../src/kernels/sizes.ts';
import { Arena, evenBounds, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import * as reference from '../support/reference.ts';
import { nonzeros } from '../support/twins.ts';

const SEED = 20261126;
/** 0, 1, lanes (4), a block of 16 and two of them, with their neighbours. */
const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 47, 49];

/** About `share` of the numbers not zero; of the zeros every other one is -0. */
function sparseFloats(length: number, share: number, seed: number): Float32Array {
  const keep = randomFloats(length, seed + 1);
  return randomFloats(length, seed).map((v, i) => ((keep[i]! + 1) / 2 < share ? v : i % 2 === 0 ? 0 : -0));
}

interface ForwardCase {
  m: number;
  n: number;
  k: number;
  share?: number;
  activation?: number;
  hasBias?: boolean;
}

function forwardFault({ m, n, k, share = 0.2, activation = 1, hasBias = true }: ForwardCase): string | null {
  const title = `[${m},${k}]x[${k},${n}] share ${share} activation ${activation}`;
  const arena = new Arena(memory);
  const x = arena.floats('x', sparseFloats(m * k, share, SEED + m));
  const w = arena.floats('w', randomFloats(k * n, SEED + n + 1));
  const bias = arena.floats('bias', randomFloats(n, SEED + k + 2));
  const y = arena.floats('y', m * n);
  const lists = arena.ints('lists', new Int32Array(m * listWords(k)));
  const scratch = arena.floats('scratch', scratchFloats(m, k, n, 1));
  const b = hasBias ? bias.byteOffset : 0;
  kernels.list_nonzeros(x.byteOffset, lists.byteOffset, m, k, scratch.byteOffset);
  kernels.sparse_forward(x.byteOffset, lists.byteOffset, w.byteOffset, b, y.byteOffset, m, n, k, activation, 0.01, scratch.byteOffset);
  const at = firstDifference(y, reference.denseForward(x, w, hasBias ? bias : null, m, n, k, activation, 0.01));
  if (at >= 0) return `${title}: y[${Math.floor(at / n)},${at % n}] = ${y[at]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `${title} wrote around ${broken.join(', ')}` : null;
}

interface GradientCase {
  bounds: Int32Array;
  i: number;
  o: number;
  share?: number;
  /** Columns of x, of which [from, from + i) are used. */
  columns?: number;
  from?: number;
}

function gradientFault({ bounds, i, o, share = 0.2, columns = i, from = 0 }: GradientCase): string | null {
  const leaves = bounds.length - 1;
  const rows = bounds[leaves]!;
  const title = `x[${rows},${columns}][${from}..${from + i})^T dz[${rows},${o}], ${leaves} leaves, share ${share}`;
  const arena = new Arena(memory);
  const x = arena.floats('x', sparseFloats(rows * columns, share, SEED + columns));
  const dz = arena.floats('dz', randomFloats(rows * o, SEED + o + 1));
  const bound = arena.ints('bounds', bounds);
  const dw = arena.floats('dw', i * o);
  const scratch = arena.floats('scratch', scratchFloats(rows, i, o, leaves));
  kernels.sparse_weight_gradient(
    x.byteOffset + 4 * from,
    dz.byteOffset,
    dw.byteOffset,
    bound.byteOffset,
    leaves,
    i,
    o,
    columns,
    scratch.byteOffset,
  );
  const used = Float32Array.from({ length: rows * i }, (_, at) => x[Math.floor(at / i) * columns + from + (at % i)]!);
  const at = firstDifference(dw, reference.denseWeightGradient(used, dz, bounds, i, o));
  if (at >= 0) return `${title}: dw[${Math.floor(at / o)},${at % o}] = ${dw[at]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `${title} wrote around ${broken.join(', ')}` : null;
}

test('list_nonzeros lists what is not zero, NaN included and -0 not, for every size', (t) => {
  for (const k of [...EDGES, 784]) {
    for (const share of [0, 0.2, 0.6, 1]) {
      const m = 3;
      const arena = new Arena(memory);
      const x = arena.floats(
        'x',
        sparseFloats(m * k, share, k).map((v, i) => (v !== 0 && i % 5 === 0 ? NaN : v)),
      );
      const lists = arena.ints('lists', new Int32Array(m * listWords(k)));
      const scratch = arena.floats('scratch', scratchFloats(m, k, 0, 1));
      kernels.list_nonzeros(x.byteOffset, lists.byteOffset, m, k, scratch.byteOffset);
      for (let r = 0; r < m; r++) {
        const [count = NaN, ...list] = lists.subarray(r * listWords(k), (r + 1) * listWords(k));
        t.deepEqual(list.slice(0, count), nonzeros(x.subarray(r * k, (r + 1) * k)));
      }
      t.deepEqual(arena.broken(), []);
    }
  }
});

test("sparse_forward has the dense twin's bits for every size", (t) => {
  for (const a of EDGES) {
    for (const b of EDGES) {
      t.is(forwardFault({ m: a, n: b, k: 5 }), null);
      t.is(forwardFault({ m: a, n: 6, k: b }), null);
      t.is(forwardFault({ m: 3, n: a, k: b }), null);
    }
  }
  for (const [m, n, k] of [
    [64, 128, 101],
    [50, 45, 784],
    [49, 203, 1031],
    [50, 16, 9001],
    [5, 29, 9001],
    [200, 33, 700],
  ] as const)
    for (const hasBias of [true, false]) t.is(forwardFault({ m, n, k, hasBias }), null);
});

test("sparse_forward has the dense twin's bits for every activation, with no zero and with nothing else", (t) => {
  for (const activation of [0, 1, 2])
    for (const share of [0, 0.03, 0.5, 1])
      for (const n of [3, 10, 21, 64]) t.is(forwardFault({ m: 53, n, k: 67, share, activation }), null);
});

test("sparse_weight_gradient has the dense twin's bits for every size", (t) => {
  for (const a of EDGES) {
    for (const b of EDGES) {
      t.is(gradientFault({ bounds: evenBounds(7, 3), i: a, o: b }), null);
      t.is(gradientFault({ bounds: evenBounds(a, 4), i: b, o: 6 }), null);
      t.is(gradientFault({ bounds: evenBounds(a, 5), i: 6, o: b }), null);
    }
  }
});

test("sparse_weight_gradient has the dense tree's bits for every number of leaves, empty ones too", (t) => {
  for (let leaves = 1; leaves <= 40; leaves++)
    for (const share of [0, 0.02, 0.1, 0.5, 1]) t.is(gradientFault({ bounds: evenBounds(64, leaves), i: 21, o: 11, share }), null);
  for (const leaves of [63, 64, 65, 100, 1000, 1023, 4096])
    for (const share of [0.01, 0.3]) t.is(gradientFault({ bounds: evenBounds(211, leaves), i: 17, o: 9, share }), null);
  for (const bounds of [
    [0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 5],
    [0, 5, 5, 5],
    [0, 29, 29, 29, 30, 30, 30],
    [0, 0, 17, 17, 18, 40, 40, 41],
  ])
    for (const o of [1, 8, 21]) for (const i of [1, 6, 23]) t.is(gradientFault({ bounds: Int32Array.from(bounds), i, o }), null);
});

test('sparse_weight_gradient takes any range of columns and many rows', (t) => {
  for (const [from, i] of [
    [0, 16],
    [1, 16],
    [5, 33],
    [3, 2],
    [60, 4],
    [0, 64],
  ] as const)
    t.is(gradientFault({ bounds: evenBounds(41, 16), i, o: 19, columns: 64, from }), null);
  t.is(gradientFault({ bounds: evenBounds(5003, 16), i: 20, o: 45 }), null);
});

test(`random shapes, shares and leaves have the dense twin's bits (fast-check seed ${SEED})`, (t) => {
  const size = fc.integer({ min: 1, max: 70 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 0, max: 150 }), share, fc.boolean(), (m, n, k, shareOf, hasBias) => {
      t.is(forwardFault({ m, n, k, share: shareOf, hasBias }), null);
    }),
    { seed: SEED, numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 }), size, size, share, (sizes, i, o, shareOf) => {
      let row = 0;
      const bounds = Int32Array.from([0, ...sizes.map((rows) => (row += rows))]);
      t.is(gradientFault({ bounds, i, o, share: shareOf }), null);
    }),
    { seed: SEED, numRuns: 60 },
  );
});

test('N4: a NaN or Inf of x shows in the product and in the gradient', (t) => {
  const [m, n, k] = [5, 19, 37];
  for (const bad of [NaN, Infinity]) {
    const arena = new Arena(memory);
    const x = arena.floats('x', sparseFloats(m * k, 0.2, 1));
    x[2 * k + 35] = bad;
    const w = arena.floats('w', new Float32Array(k * n).fill(1));
    const dz = arena.floats('dz', new Float32Array(m * n).fill(1));
    const [y, dw] = [arena.floats('y', m * n), arena.floats('dw', k * n)];
    const lists = arena.ints('lists', new Int32Array(m * listWords(k)));
    const bounds = arena.ints('bounds', evenBounds(m, 3));
    const scratch = arena.floats('scratch', scratchFloats(m, k, n, 3));
    const at = scratch.byteOffset;
    kernels.list_nonzeros(x.byteOffset, lists.byteOffset, m, k, at);
    kernels.sparse_forward(x.byteOffset, lists.byteOffset, w.byteOffset, 0, y.byteOffset, m, n, k, 0, 0, at);
    kernels.sparse_weight_gradient(x.byteOffset, dz.byteOffset, dw.byteOffset, bounds.byteOffset, 3, k, n, k, at);
    t.deepEqual(
      Array.from(y, Number.isFinite),
      Array.from(y, (_, i) => Math.floor(i / n) !== 2),
    );
    t.deepEqual(
      Array.from(dw, Number.isFinite),
      Array.from(dw, (_, i) => Math.floor(i / n) !== 35),
    );
  }
});

test('nothing outside the arrays is read, even at the very end of memory', (t) => {
  const end = memory.buffer.byteLength;
  for (const [m, n, k] of [
    [1, 1, 1],
    [3, 3, 3],
    [5, 18, 7],
    [2, 13, 5],
    [50, 17, 35],
  ] as const) {
    const [x, w, dz] = [end - 4 * m * k, end - 4 * k * n, end - 4 * m * n];
    const lists = 65_536;
    const out = lists + 4 * m * listWords(k);
    const bounds = out + 4 * Math.max(m, k) * n;
    new Int32Array(memory.buffer, bounds, 3).set([0, 1, m]);
    const scratch = bounds + 16;
    t.notThrows(() => kernels.list_nonzeros(x, lists, m, k, scratch));
    t.notThrows(() => kernels.sparse_forward(x, lists, w, 0, out, m, n, k, 1, 0, scratch));
    t.notThrows(() => kernels.sparse_weight_gradient(x, dz, out, bounds, 2, k, n, k, scratch));
  }
});

test('N4: a NaN of dz shows in every element of its column of the dense gradient, with and without empty leaves', (t) => {
  const [rows, i, o] = [6, 9, 11];
  for (const bounds of [evenBounds(rows, 3), evenBounds(rows, 16)]) {
    const arena = new Arena(memory);
    const x = arena.floats('x', new Float32Array(rows * i));
    const dz = arena.floats('dz', new Float32Array(rows * o).fill(1));
    dz[2 * o + 7] = NaN;
    const dw = arena.floats('dw', i * o);
    const bound = arena.ints('bounds', bounds);
    const scratch = arena.floats('scratch', scratchFloats(rows, i, o, 16));
    const at = [x, dz, dw, bound].map((array) => array.byteOffset) as [number, number, number, number];
    kernels.dense_weight_gradient(...at, bounds.length - 1, i, o, i, scratch.byteOffset);
    t.deepEqual(
      Array.from(dw, Number.isNaN),
      Array.from(dw, (_, e) => e % o === 7),
    );
  }
});
