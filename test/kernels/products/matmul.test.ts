import test from 'ava';
import fc from 'fast-check';
import { scratchFloats } from '../../../src/kernels/sizes.ts';
import { Arena, evenBounds, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import * as reference from '../support/reference.ts';

const SEED = 20261123;
/** 0, 1, lanes and tiles (4, 8, 12 columns; 3, 4 rows) with their neighbours, and two tiles with a remainder. */
const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 19, 20, 21, 25, 29];

/** Shapes that put every edge into every dimension while the others stay small, then larger ones. */
function shapes(): [m: number, n: number, k: number][] {
  const list: [number, number, number][] = [];
  for (const a of EDGES) for (const b of EDGES) list.push([a, b, 5], [a, 6, b], [3, a, b], [13, a, b]);
  list.push(
    [1, 1009, 7],
    [1009, 1, 7],
    [7, 1, 1009],
    [31, 37, 41],
    [97, 45, 101],
    [64, 10, 128],
    [50, 61, 1031],
    [49, 101, 784],
    [1024, 10, 13],
    [3, 12, 2049],
  );
  return list;
}

function forwardFault(m: number, n: number, k: number, activation: number, hasBias: boolean): string | null {
  const slope = 0.01;
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(m * k, SEED + m));
  const w = arena.floats('w', randomFloats(k * n, SEED + n + 1));
  const bias = arena.floats('bias', randomFloats(n, SEED + k + 2));
  const y = arena.floats('y', m * n);
  const scratch = arena.floats('scratch', scratchFloats(m, k, n, 1));
  kernels.dense_forward(
    x.byteOffset,
    w.byteOffset,
    hasBias ? bias.byteOffset : 0,
    y.byteOffset,
    m,
    n,
    k,
    activation,
    slope,
    scratch.byteOffset,
  );
  const twin = reference.denseForward(x, w, hasBias ? bias : null, m, n, k, activation, slope);
  const at = firstDifference(y, twin);
  if (at >= 0) return `[${m},${k}]x[${k},${n}] activation ${activation}: y[${Math.floor(at / n)},${at % n}] = ${y[at]}, twin ${twin[at]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `[${m},${k}]x[${k},${n}] wrote around ${broken.join(', ')}` : null;
}

function ntFault(m: number, n: number, k: number): string | null {
  const arena = new Arena(memory);
  const dz = arena.floats('dz', randomFloats(m * k, SEED + m));
  const w = arena.floats('w', randomFloats(n * k, SEED + n + 1));
  const dx = arena.floats('dx', m * n);
  const scratch = arena.floats('scratch', scratchFloats(m, n, k, 1));
  kernels.matmul_nt(dz.byteOffset, w.byteOffset, dx.byteOffset, m, n, k, scratch.byteOffset);
  const twin = reference.matmulNt(dz, w, m, n, k);
  const at = firstDifference(dx, twin);
  if (at >= 0) return `[${m},${k}]x[${n},${k}]^T: dx[${Math.floor(at / n)},${at % n}] = ${dx[at]}, twin ${twin[at]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `[${m},${k}]x[${n},${k}]^T wrote around ${broken.join(', ')}` : null;
}

function gradientFault(bounds: Int32Array, i: number, o: number): string | null {
  const leaves = bounds.length - 1;
  const rows = bounds[leaves]!;
  const title = `x[${rows},${i}]^T dz[${rows},${o}], ${leaves} leaves ${leaves < 20 ? `[${bounds.join(',')}]` : ''}`;
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(rows * i, SEED + i));
  const dz = arena.floats('dz', randomFloats(rows * o, SEED + o + 1));
  const bound = arena.ints('bounds', bounds);
  const dw = arena.floats('dw', i * o);
  const db = arena.floats('db', o);
  const scratch = arena.floats('scratch', scratchFloats(rows, i, o, leaves));
  kernels.dense_weight_gradient(x.byteOffset, dz.byteOffset, dw.byteOffset, bound.byteOffset, leaves, i, o, i, scratch.byteOffset);
  kernels.dense_bias_gradient(dz.byteOffset, db.byteOffset, bound.byteOffset, leaves, o, o, scratch.byteOffset);
  const twin = reference.denseWeightGradient(x, dz, bounds, i, o);
  const at = firstDifference(dw, twin);
  if (at >= 0) return `${title}: dw[${Math.floor(at / o)},${at % o}] = ${dw[at]}, twin ${twin[at]}`;
  const biasAt = firstDifference(db, reference.denseBiasGradient(dz, bounds, o));
  if (biasAt >= 0) return `${title}: db[${biasAt}] = ${db[biasAt]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `${title} wrote around ${broken.join(', ')}` : null;
}

test("dense_forward has the twin's bits at every edge of every dimension", (t) => {
  for (const [m, n, k] of shapes()) t.is(forwardFault(m, n, k, (m + n + k) % 3, (m + k) % 5 > 0), null);
});

test("matmul_nt has the twin's bits at every edge of every dimension", (t) => {
  for (const [m, n, k] of shapes()) t.is(ntFault(m, n, k), null);
});

test("weight and bias gradients have the twin's bits at every edge of every dimension", (t) => {
  for (const [rows, o, i] of shapes()) t.is(gradientFault(evenBounds(rows, 1 + ((rows + o) % 5)), i, o), null);
});

test('gradients have the bits of slabs added by the tree for any number of leaves', (t) => {
  for (let leaves = 1; leaves <= 40; leaves++) t.is(gradientFault(evenBounds(67, leaves), 5, 13), null);
  for (const leaves of [63, 64, 65, 100, 127, 1000, 1023, 4095, 4096]) t.is(gradientFault(evenBounds(211, leaves), 4, 9), null);
});

test('uneven and empty leaves take part in the tree', (t) => {
  const cases = [
    [0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 5],
    [0, 5, 5, 5],
    [0, 1, 1, 30, 31],
    [0, 29, 29, 29, 30, 30, 30],
    [0, 0, 17, 17, 18, 40, 40, 41],
  ];
  for (const bounds of cases)
    for (const o of [1, 3, 8, 10, 21]) for (const i of [1, 2, 6, 23]) t.is(gradientFault(Int32Array.from(bounds), i, o), null);
});

/** Computes dw and db piece by piece from poisoned operands: columns of x and dz beside the piece are NaN. */
function pieceFault(bounds: Int32Array, i: number, o: number, from: number, to: number): string | null {
  const leaves = bounds.length - 1;
  const rows = bounds[leaves]!;
  const title = `columns ${from}..${to} of ${i} x ${o}, ${rows} rows, ${leaves} leaves`;
  const arena = new Arena(memory);
  const whole = { x: randomFloats(rows * i, SEED + i), dz: randomFloats(rows * o, SEED + o + 1) };
  const beside = (values: Float32Array, width: number) => values.map((v, at) => (at % width >= from && at % width < to ? v : NaN));
  const x = arena.floats('x', beside(whole.x, i));
  const dz = arena.floats('dz', whole.dz);
  const bound = arena.ints('bounds', bounds);
  const dw = arena.floats('dw', (to - from) * o);
  const scratch = arena.floats('scratch', scratchFloats(rows, i, o, leaves));
  kernels.dense_weight_gradient(
    x.byteOffset + 4 * from,
    dz.byteOffset,
    dw.byteOffset,
    bound.byteOffset,
    leaves,
    to - from,
    o,
    i,
    scratch.byteOffset,
  );
  const twin = reference.denseWeightGradient(whole.x, whole.dz, bounds, i, o).subarray(from * o, to * o);
  const at = firstDifference(dw, twin);
  if (at >= 0) return `${title}: dw[${from + Math.floor(at / o)},${at % o}] = ${dw[at]}, twin ${twin[at]}`;

  // The same columns stand for those of dz.
  const deltas = arena.floats('deltas', beside(whole.x, i));
  const db = arena.floats('db', to - from);
  kernels.dense_bias_gradient(deltas.byteOffset + 4 * from, db.byteOffset, bound.byteOffset, leaves, to - from, i, scratch.byteOffset);
  const biasAt = firstDifference(db, reference.denseBiasGradient(whole.x, bounds, i).subarray(from, to));
  if (biasAt >= 0) return `${title}: db[${from + biasAt}] = ${db[biasAt]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `${title} wrote around ${broken.join(', ')}` : null;
}

test('a range of columns of x gives that range of the gradients with the same bits, whatever lies beside it', (t) => {
  for (const o of [1, 3, 8, 10, 28, 45]) {
    for (const [from, to] of [
      [0, 1],
      [1, 4],
      [3, 7],
      [5, 21],
      [2, 25],
      [24, 25],
      [7, 7],
    ] as const) {
      t.is(pieceFault(evenBounds(37, 6), 25, o, from, to), null);
      t.is(pieceFault(evenBounds(211, 3), 25, o, from, to), null);
    }
  }
});

test("gradients of more rows than stay in the cache have the twin's bits", (t) => {
  t.is(gradientFault(evenBounds(193, 16), 17, 10), null);
  t.is(gradientFault(evenBounds(1201, 16), 21, 45), null);
  t.is(gradientFault(evenBounds(5000, 16), 7, 45), null);
  t.is(gradientFault(evenBounds(5003, 3), 19, 28), null);
});

test("layers wider than one group of packed panels have the twin's bits", (t) => {
  t.is(forwardFault(50, 203, 784, 0, true), null);
  t.is(forwardFault(50, 28, 9001, 1, true), null);
  t.is(forwardFault(5, 28, 9001, 1, true), null);
  t.is(ntFault(203, 9, 784), null);
  t.is(ntFault(29, 6, 17001), null);
});

test(`random shapes and leaves have the twin's bits (fast-check seed ${SEED})`, (t) => {
  const size = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(
      size,
      size,
      fc.integer({ min: 0, max: 150 }),
      fc.integer({ min: 0, max: 2 }),
      fc.boolean(),
      (m, n, k, activation, hasBias) => {
        t.is(forwardFault(m, n, k, activation, hasBias), null);
        t.is(ntFault(m, n, k), null);
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 }), size, size, (sizes, i, o) => {
      let row = 0;
      t.is(gradientFault(Int32Array.from([0, ...sizes.map((rows) => (row += rows))]), i, o), null);
    }),
    { seed: SEED, numRuns: 60 },
  );
});

test('products stay within K * 2^-24 * sum|x w| of f64', (t) => {
  const m = 9,
    n = 13,
    k = 1500;
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(m * k, 1));
  const w = arena.floats('w', randomFloats(k * n, 2));
  const y = arena.floats('y', m * n);
  const dx = arena.floats('dx', m * n);
  const dw = arena.floats('dw', m * n);
  const scratch = arena.floats('scratch', scratchFloats(k, k, k, 16));
  const bounds = arena.ints('bounds', evenBounds(k, 16));
  kernels.dense_forward(x.byteOffset, w.byteOffset, 0, y.byteOffset, m, n, k, 0, 0, scratch.byteOffset);
  kernels.matmul_nt(x.byteOffset, w.byteOffset, dx.byteOffset, m, n, k, scratch.byteOffset); // w read as [N,K]
  kernels.dense_weight_gradient(x.byteOffset, w.byteOffset, dw.byteOffset, bounds.byteOffset, 16, m, n, m, scratch.byteOffset); // x as [K,M]
  for (let r = 0; r < m; r++) {
    for (let c = 0; c < n; c++) {
      const products = {
        forward: {
          got: y[r * n + c]!,
          want: reference.dot64(
            k,
            (j) => x[r * k + j]!,
            (j) => w[j * n + c]!,
          ),
          terms: k,
        },
        nt: {
          got: dx[r * n + c]!,
          want: reference.dot64(
            k,
            (j) => x[r * k + j]!,
            (j) => w[c * k + j]!,
          ),
          terms: k,
        },
        tn: {
          got: dw[r * n + c]!,
          want: reference.dot64(
            k,
            (j) => x[j * m + r]!,
            (j) => w[j * n + c]!,
          ),
          terms: Math.ceil(k / 16) + 4,
        },
      };
      for (const [name, { got, want, terms }] of Object.entries(products)) {
        t.true(Math.abs(got - want.sum) <= terms * 2 ** -24 * want.magnitude, `${name} [${r},${c}]`);
      }
    }
  }
});

test("a row's result does not depend on the rows computed beside it", (t) => {
  const m = 61,
    n = 45,
    k = 97;
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(m * k, 5));
  const w = arena.floats('w', randomFloats(k * n, 6));
  const all = arena.floats('all', m * n);
  const one = arena.floats('one', n);
  const scratch = arena.floats('scratch', scratchFloats(m, k, n, 1));
  kernels.dense_forward(x.byteOffset, w.byteOffset, 0, all.byteOffset, m, n, k, 1, 0, scratch.byteOffset);
  for (let r = 0; r < m; r++) {
    kernels.dense_forward(x.byteOffset + r * k * 4, w.byteOffset, 0, one.byteOffset, 1, n, k, 1, 0, scratch.byteOffset);
    t.is(firstDifference(one, all.slice(r * n, (r + 1) * n)), -1);
  }
});

test('N4: a NaN in a row passes through ReLU and leaky ReLU and touches no other row', (t) => {
  const m = 5,
    n = 11,
    k = 6;
  for (const activation of [1, 2]) {
    const arena = new Arena(memory);
    const x = arena.floats('x', randomFloats(m * k, 7));
    x[2 * k + 3] = NaN;
    const w = arena.floats(
      'w',
      randomFloats(k * n, 8).map((v) => v || 1),
    );
    const y = arena.floats('y', m * n);
    const scratch = arena.floats('scratch', scratchFloats(m, k, n, 1));
    kernels.dense_forward(x.byteOffset, w.byteOffset, 0, y.byteOffset, m, n, k, activation, 0.1, scratch.byteOffset);
    t.deepEqual(
      Array.from(y, Number.isNaN),
      Array.from(y, (_, i) => Math.floor(i / n) === 2),
    );
  }
});

test('nothing outside the arrays is read, even at the very end of memory', (t) => {
  const end = memory.buffer.byteLength;
  const scratch = 4;
  for (const [m, n, k] of [
    [1, 1, 1],
    [3, 3, 3],
    [5, 10, 7],
    [2, 13, 5],
    [7, 45, 3],
    [50, 6, 9],
    [4, 8, 4],
    [200, 2, 2],
  ] as const) {
    const floats = m * k + k * n + m * n;
    const first = end - floats * 4;
    const orders = [
      [m * k, k * n, m * n],
      [k * n, m * n, m * k],
      [m * n, m * k, k * n],
    ] as const;
    for (const [turn, sizes] of orders.entries()) {
      const at = [first, first + sizes[0] * 4, first + (sizes[0] + sizes[1]) * 4] as const;
      const [x, w, y] = turn === 0 ? [at[0], at[1], at[2]] : turn === 1 ? [at[2], at[0], at[1]] : [at[1], at[2], at[0]];
      t.notThrows(() => kernels.dense_forward(x, w, 0, y, m, n, k, 1, 0, scratch));
      t.notThrows(() => kernels.matmul_nt(x, w, y, m, n, k, scratch));
      const bounds = first - 64;
      new Int32Array(memory.buffer, bounds, 3).set([0, 1, k]);
      t.notThrows(() => kernels.dense_weight_gradient(x, w, y, bounds, 2, m, n, m, scratch));
      t.notThrows(() => kernels.dense_bias_gradient(w, y, bounds, 2, n, n, scratch));
    }
  }
});

test("tile_4x8 has the twin's bits at every depth", (t) => {
  for (const k of EDGES) {
    const arena = new Arena(memory);
    const [a, b] = [arena.floats('a', randomFloats(4 * k, k)), arena.floats('b', randomFloats(8 * k, k + 1))];
    const c = arena.floats('c', 32);
    kernels.tile_4x8(a.byteOffset, b.byteOffset, c.byteOffset, k);
    t.is(firstDifference(c, reference.tile4x8(a.slice(), b.slice(), k)), -1, `depth ${k}`);
    t.deepEqual(arena.broken(), []);
  }
});
