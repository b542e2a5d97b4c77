import test from 'ava';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import {
  at,
  batchNormBackward,
  batchNormForward,
  inverseStd,
  layerNormBackward,
  layerNormForward,
  normParameterGradient,
  normProducts,
  normStatistics,
  normSums,
  runningStatistics,
  treeSum,
} from '../support/twins.ts';

const { fround } = Math;
/** 0, 1, lanes, vectors and row blocks with their neighbours, a prime. */
const ROWS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 37];
const COLUMNS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 67];
const SHAPES = ROWS.flatMap((rows) => COLUMNS.map((o) => ({ rows, o })));
const EPS = 1e-5;

const values = (n: number, seed: number, offset = 0) => randomFloats(n, seed).map((v) => 4 * v + offset);
/** One value in eleven is extreme. */
const wild = (n: number, seed: number) =>
  values(n, seed).map((v, i) => (i % 11 === 3 ? at([1e30, -1e-40, Infinity, NaN, -Infinity, -0], i % 6) : v));
const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(Math.abs(b), 1e-300);

test("norm_sums and norm_products have the twin's bits for every shape", (t) => {
  for (const { rows, o } of SHAPES) {
    for (const make of [values, wild]) {
      const arena = new Arena(memory);
      const [z, d] = [arena.floats('z', make(rows * o, rows + o)), arena.floats('d', make(rows * o, rows + o + 1))];
      const [sums, products] = [arena.doubles('sums', 2 * o), arena.doubles('products', 2 * o)];
      sums.fill(7); // what was there must not matter
      products.fill(7);
      kernels.norm_sums(z.byteOffset, rows, o, sums.byteOffset);
      kernels.norm_products(d.byteOffset, z.byteOffset, rows, o, products.byteOffset);
      t.is(firstDifference(sums, normSums(z, rows, o)), -1, `sums [${rows},${o}]`);
      t.is(firstDifference(products, normProducts(d, z, rows, o)), -1, `products [${rows},${o}]`);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test("tree_sum_f64 has the tree's bits for every number of leaves and leaves its operand alone", (t) => {
  for (const leaves of [1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 31, 33]) {
    for (const n of COLUMNS) {
      const arena = new Arena(memory);
      const content = Float64Array.from(values(leaves * n, leaves + n), (v) => v / 3);
      const sums = arena.doubles('sums', content);
      const out = arena.doubles('out', n);
      const scratch = arena.doubles('scratch', 8 * (32 - Math.clz32(leaves)));
      kernels.tree_sum_f64(sums.byteOffset, leaves, n, out.byteOffset, scratch.byteOffset);
      const rows = Array.from({ length: leaves }, (_, leaf) => content.subarray(leaf * n, (leaf + 1) * n));
      t.is(
        firstDifference(
          out,
          treeSum(rows, (v) => v),
        ),
        -1,
        `${leaves} leaves of ${n}`,
      );
      t.is(firstDifference(sums, content), -1);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test("norm_parameter_gradient has the bits of a slab a leaf, added by dense_bias_gradient's tree", (t) => {
  for (const leaves of [1, 2, 3, 5, 8, 13, 16, 33]) {
    for (const o of COLUMNS) {
      const arena = new Arena(memory);
      const sums = arena.doubles(
        'sums',
        Float64Array.from(values(leaves * 2 * o, leaves + o), (v) => v / 3),
      );
      const [dgamma, dbeta] = [arena.floats('dgamma', o), arena.floats('dbeta', o)];
      const scratch = arena.floats('scratch', 4 * (32 - Math.clz32(leaves)));
      kernels.norm_parameter_gradient(sums.byteOffset, leaves, o, dgamma.byteOffset, dbeta.byteOffset, scratch.byteOffset);
      const want = normParameterGradient(sums, leaves, o);
      t.is(firstDifference(dbeta, want.dbeta), -1, `dbeta, ${leaves} leaves of ${o}`);
      t.is(firstDifference(dgamma, want.dgamma), -1, `dgamma, ${leaves} leaves of ${o}`);
      t.deepEqual(arena.broken(), []);
    }
  }
  const arena = new Arena(memory);
  const [rows, o] = [6, 5];
  const d = arena.floats('d', values(rows * o, 3));
  const bounds = arena.ints('bounds', [0, 1, 2, 3, 4, 5, 6]);
  const sums = arena.doubles('sums', rows * 2 * o);
  const [dgamma, dbeta, bias, scratch] = [
    arena.floats('dgamma', o),
    arena.floats('dbeta', o),
    arena.floats('bias', o),
    arena.floats('scratch', 256),
  ];
  for (let r = 0; r < rows; r++)
    kernels.norm_products(d.byteOffset + 4 * r * o, d.byteOffset + 4 * r * o, 1, o, sums.byteOffset + 16 * r * o);
  kernels.norm_parameter_gradient(sums.byteOffset, rows, o, dgamma.byteOffset, dbeta.byteOffset, scratch.byteOffset);
  kernels.dense_bias_gradient(d.byteOffset, bias.byteOffset, bounds.byteOffset, rows, o, o, scratch.byteOffset);
  t.is(firstDifference(dbeta, bias), -1, 'one row a leaf: the same tree as the bias gradient');
});

test('norm_statistics, running_statistics and inverse_std agree with their f64 formulas to the last bit', (t) => {
  for (const o of COLUMNS) {
    for (const rows of [1, 2, 5, 64]) {
      const arena = new Arena(memory);
      const total = arena.doubles('total', normSums(values(rows * o, rows + o, 3), rows, o));
      const [mean, variance, invstd] = [arena.floats('mean', o), arena.floats('variance', o), arena.floats('invstd', o)];
      kernels.norm_statistics(total.byteOffset, rows, o, EPS, mean.byteOffset, variance.byteOffset, invstd.byteOffset);
      const want = normStatistics(total, rows, o, EPS);
      t.is(firstDifference(mean, want.mean), -1);
      t.is(firstDifference(variance, want.variance), -1);
      t.is(firstDifference(invstd, want.invstd), -1);

      const [before, spread] = [values(o, 8), values(o, 9)];
      const [runningMean, runningVar] = [arena.floats('running_mean', before), arena.floats('running_var', spread)];
      kernels.running_statistics(mean.byteOffset, variance.byteOffset, rows, o, 0.1, runningMean.byteOffset, runningVar.byteOffset);
      const running = runningStatistics({ mean: before, variance: spread }, { mean, variance }, rows, 0.1);
      t.is(firstDifference(runningMean, running.mean), -1);
      t.is(firstDifference(runningVar, running.variance), -1);

      const inverse = arena.floats('inverse', o);
      kernels.inverse_std(variance.byteOffset, o, EPS, inverse.byteOffset);
      t.is(firstDifference(inverse, inverseStd(variance, EPS)), -1);
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('a constant column has variance 0, a column with a NaN has NaN statistics and spoils no neighbour', (t) => {
  const arena = new Arena(memory);
  const [rows, o] = [3, 3];
  const total = arena.doubles('total', normSums([0.1, NaN, 1, 0.1, 2, 2, 0.1, 3, 3].map(fround), rows, o));
  const [mean, variance, invstd] = [arena.floats('mean', o), arena.floats('variance', o), arena.floats('invstd', o)];
  kernels.norm_statistics(total.byteOffset, rows, o, EPS, mean.byteOffset, variance.byteOffset, invstd.byteOffset);
  t.deepEqual(Array.from(mean), [fround(0.1), NaN, 2]);
  t.true(at(variance, 0) >= 0 && at(variance, 0) < 1e-15);
  t.deepEqual([at(variance, 1), at(invstd, 1)], [NaN, NaN]);
  t.is(at(variance, 2), fround(2 / 3));
});

test("batch_norm_forward and batch_norm_backward have the twins' bits for every shape", (t) => {
  for (const { rows, o } of SHAPES) {
    for (const make of [values, wild]) {
      const arena = new Arena(memory);
      const z = arena.floats('z', make(rows * o, rows + o));
      const statistics = { mean: arena.floats('mean', values(o, 1)), invstd: arena.floats('invstd', values(o, 2, 5)) };
      const [gamma, beta] = [arena.floats('gamma', values(o, 3, 1)), arena.floats('beta', values(o, 4))];
      const [xhat, y, evaluated] = [arena.floats('xhat', rows * o), arena.floats('y', rows * o), arena.floats('evaluated', z)];
      const affine = [statistics.mean.byteOffset, statistics.invstd.byteOffset, gamma.byteOffset, beta.byteOffset] as const;
      kernels.batch_norm_forward(z.byteOffset, ...affine, xhat.byteOffset, y.byteOffset, rows, o);
      kernels.batch_norm_forward(evaluated.byteOffset, ...affine, 0, evaluated.byteOffset, rows, o);
      const want = batchNormForward(z, statistics, gamma, beta, o);
      t.is(firstDifference(xhat, want.xhat), -1, `xhat [${rows},${o}]`);
      t.is(firstDifference(y, want.y), -1, `y [${rows},${o}]`);
      t.is(firstDifference(evaluated, want.y), -1, 'in place without xhat');

      const before = make(rows * o, rows + o + 7);
      const d = arena.floats('d', before);
      const total = arena.doubles(
        'total',
        Float64Array.from(values(2 * o, 5), (v) => v / 3),
      );
      kernels.batch_norm_backward(
        d.byteOffset,
        xhat.byteOffset,
        gamma.byteOffset,
        statistics.invstd.byteOffset,
        total.byteOffset,
        100,
        rows,
        o,
      );
      t.is(firstDifference(d, batchNormBackward(before, xhat, gamma, statistics.invstd, total, 100, o)), -1, `d [${rows},${o}]`);
      t.deepEqual(arena.broken(), []);
    }
  }
});

/** y[rows,O] of batch normalisation over all rows, in f64. */
function batchNorm64(z: readonly number[], gamma: ArrayLike<number>, beta: ArrayLike<number>, rows: number, o: number): number[] {
  const columns = Array.from({ length: o }, (_, c) => Array.from({ length: rows }, (_, r) => at(z, r * o + c)));
  const moments = columns.map((column) => {
    const mean = column.reduce((a, b) => a + b, 0) / rows;
    return { mean, std: Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / rows + EPS) };
  });
  return z.map((v, i) => (at(gamma, i % o) * (v - (moments[i % o]?.mean ?? NaN))) / (moments[i % o]?.std ?? NaN) + at(beta, i % o));
}

/** y[rows,O] of layer normalisation, in f64. */
function layerNorm64(z: readonly number[], gamma: ArrayLike<number>, beta: ArrayLike<number>, rows: number, o: number): number[] {
  return Array.from({ length: rows }, (_, r) => {
    const row = z.slice(r * o, (r + 1) * o);
    const mean = row.reduce((a, b) => a + b, 0) / o;
    const std = Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / o + EPS);
    return row.map((v, c) => (at(gamma, c) * (v - mean)) / std + at(beta, c));
  }).flat();
}

/** Gradient of sum(weight * f(x)) by central differences. */
function differences(f: (x: number[]) => number[], x: readonly number[], weight: ArrayLike<number>): number[] {
  const loss = (values: number[]) => f(values).reduce((sum, v, i) => sum + v * at(weight, i), 0);
  return x.map((v, i) => (loss(x.with(i, v + 1e-4)) - loss(x.with(i, v - 1e-4))) / 2e-4);
}

test('a batch split over leaves: forward and backward agree with f64 and its central differences', (t) => {
  const [rows, o] = [7, 5];
  const arena = new Arena(memory);
  const z = arena.floats('z', values(rows * o, 1, 2));
  const [gamma, beta] = [arena.floats('gamma', values(o, 2, 1)), arena.floats('beta', values(o, 3))];
  const starts = [0, 2, 2, 5, 7];
  const leaves = starts.length - 1;
  const [sums, total, scratch] = [arena.doubles('sums', leaves * 2 * o), arena.doubles('total', 2 * o), arena.doubles('scratch', 64)];
  const [mean, variance, invstd] = [arena.floats('mean', o), arena.floats('variance', o), arena.floats('invstd', o)];
  const [xhat, y] = [arena.floats('xhat', rows * o), arena.floats('y', rows * o)];
  const weight = values(rows * o, 4);
  const d = arena.floats('d', weight);
  const [dgamma, dbeta] = [arena.floats('dgamma', o), arena.floats('dbeta', o)];
  const eachLeaf = (body: (row: number, count: number, out: number) => void) => {
    for (let leaf = 0; leaf < leaves; leaf++)
      body(at(starts, leaf), at(starts, leaf + 1) - at(starts, leaf), sums.byteOffset + leaf * 16 * o);
    kernels.tree_sum_f64(sums.byteOffset, leaves, 2 * o, total.byteOffset, scratch.byteOffset);
  };

  eachLeaf((row, count, out) => kernels.norm_sums(z.byteOffset + 4 * row * o, count, o, out));
  kernels.norm_statistics(total.byteOffset, rows, o, EPS, mean.byteOffset, variance.byteOffset, invstd.byteOffset);
  kernels.batch_norm_forward(
    z.byteOffset,
    mean.byteOffset,
    invstd.byteOffset,
    gamma.byteOffset,
    beta.byteOffset,
    xhat.byteOffset,
    y.byteOffset,
    rows,
    o,
  );
  eachLeaf((row, count, out) => kernels.norm_products(d.byteOffset + 4 * row * o, xhat.byteOffset + 4 * row * o, count, o, out));
  kernels.norm_parameter_gradient(sums.byteOffset, leaves, o, dgamma.byteOffset, dbeta.byteOffset, scratch.byteOffset);
  kernels.batch_norm_backward(d.byteOffset, xhat.byteOffset, gamma.byteOffset, invstd.byteOffset, total.byteOffset, rows, rows, o);

  const input = Array.from(z);
  const close = (got: ArrayLike<number>, want: number[], tolerance: number, name: string) => {
    for (const [i, v] of want.entries()) t.true(Math.abs(at(got, i) - v) <= tolerance, `${name}[${i}] = ${at(got, i)}, want ${v}`);
  };
  close(y, batchNorm64(input, gamma, beta, rows, o), 1e-5, 'y');
  close(
    d,
    differences((x) => batchNorm64(x, gamma, beta, rows, o), input, weight),
    1e-4,
    'dz',
  );
  close(
    dgamma,
    differences((x) => batchNorm64(input, x, beta, rows, o), Array.from(gamma), weight),
    1e-4,
    'dgamma',
  );
  close(
    dbeta,
    differences((x) => batchNorm64(input, gamma, x, rows, o), Array.from(beta), weight),
    1e-4,
    'dbeta',
  );
  t.deepEqual(arena.broken(), []);
});

test("layer_norm_forward and layer_norm_backward have the twins' bits for every shape", (t) => {
  for (const { rows, o } of SHAPES) {
    for (const make of [values, wild]) {
      const arena = new Arena(memory);
      const z = arena.floats('z', make(rows * o, rows + o));
      const [gamma, beta] = [arena.floats('gamma', values(o, 3, 1)), arena.floats('beta', values(o, 4))];
      const [xhat, y, evaluated] = [arena.floats('xhat', rows * o), arena.floats('y', rows * o), arena.floats('evaluated', z)];
      const invstd = arena.floats('invstd', rows);
      kernels.layer_norm_forward(
        z.byteOffset,
        gamma.byteOffset,
        beta.byteOffset,
        xhat.byteOffset,
        y.byteOffset,
        invstd.byteOffset,
        rows,
        o,
        EPS,
      );
      kernels.layer_norm_forward(evaluated.byteOffset, gamma.byteOffset, beta.byteOffset, 0, evaluated.byteOffset, 0, rows, o, EPS);
      const before = make(rows * o, rows + o + 7);
      const d = arena.floats('d', before);
      kernels.layer_norm_backward(d.byteOffset, xhat.byteOffset, gamma.byteOffset, invstd.byteOffset, rows, o);
      for (let r = 0; r < rows && o > 0; r++) {
        const [from, to] = [r * o, (r + 1) * o];
        const want = layerNormForward(z.subarray(from, to), EPS);
        const title = `row ${r} of [${rows},${o}]`;
        t.is(at(invstd, r), want.invstd, title);
        t.is(firstDifference(xhat.subarray(from, to), want.xhat), -1, title);
        const output = want.xhat.map((v, c) => fround(at(gamma, c) * v) + at(beta, c));
        t.is(firstDifference(y.subarray(from, to), output), -1, title);
        t.is(firstDifference(evaluated.subarray(from, to), output), -1, title);
        t.is(firstDifference(d.subarray(from, to), layerNormBackward(before.subarray(from, to), want.xhat, gamma, want.invstd)), -1, title);
      }
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('layer normalisation agrees with f64 and its central differences', (t) => {
  for (const [rows, o] of [
    [3, 5],
    [2, 13],
    [1, 32],
  ] as const) {
    const arena = new Arena(memory);
    const z = arena.floats('z', values(rows * o, 1, 2));
    const [gamma, beta] = [arena.floats('gamma', values(o, 2, 1)), arena.floats('beta', values(o, 3))];
    const [xhat, y, invstd] = [arena.floats('xhat', rows * o), arena.floats('y', rows * o), arena.floats('invstd', rows)];
    const weight = values(rows * o, 4);
    const d = arena.floats('d', weight);
    kernels.layer_norm_forward(
      z.byteOffset,
      gamma.byteOffset,
      beta.byteOffset,
      xhat.byteOffset,
      y.byteOffset,
      invstd.byteOffset,
      rows,
      o,
      EPS,
    );
    kernels.layer_norm_backward(d.byteOffset, xhat.byteOffset, gamma.byteOffset, invstd.byteOffset, rows, o);
    const input = Array.from(z);
    const output = layerNorm64(input, gamma, beta, rows, o);
    const gradient = differences((x) => layerNorm64(x, gamma, beta, rows, o), input, weight);
    for (let i = 0; i < rows * o; i++) {
      t.true(Math.abs(at(y, i) - at(output, i)) <= 1e-5);
      t.true(Math.abs(at(d, i) - at(gradient, i)) <= 1e-4, `${at(d, i)} for ${at(gradient, i)}`);
    }
  }
});

test('variances survive a mean a hundred thousand times the spread', (t) => {
  const [rows, o] = [256, 4];
  const z = randomFloats(rows * o, 5).map((v) => fround(1e5 + v));
  const arena = new Arena(memory);
  const total = arena.doubles('total', normSums(z, rows, o));
  const [mean, variance, invstd] = [arena.floats('mean', o), arena.floats('variance', o), arena.floats('invstd', o)];
  kernels.norm_statistics(total.byteOffset, rows, o, 0, mean.byteOffset, variance.byteOffset, invstd.byteOffset);
  for (let c = 0; c < o; c++) {
    const column = Array.from({ length: rows }, (_, r) => at(z, r * o + c));
    const exact = column.reduce((a, b) => a + b - 1e5, 0) / rows;
    const want = column.reduce((a, b) => a + (b - 1e5 - exact) ** 2, 0) / rows;
    t.true(relative(at(variance, c), want) < 1e-4, `${at(variance, c)}, want ${want}`);
  }
});

test('nothing outside the arrays is read, even at the very end of memory', (t) => {
  const end = memory.buffer.byteLength;
  const low = 1024;
  for (const o of [1, 2, 3, 5, 7, 9, 17]) {
    const [floats, doubles] = [end - 4 * o, end - 16 * o];
    t.notThrows(() => {
      kernels.norm_sums(floats, 1, o, low);
      kernels.norm_sums(low, 1, o, doubles);
      kernels.norm_products(floats, floats, 1, o, low);
      kernels.tree_sum_f64(doubles, 1, 2 * o, low, low + 512);
      kernels.tree_sum_f64(low, 1, 2 * o, doubles, low + 512);
      kernels.norm_statistics(doubles, 1, o, 1, low, low, low);
      kernels.norm_statistics(low + 512, 1, o, 1, floats, floats, floats);
      kernels.running_statistics(floats, floats, 2, o, 0.5, floats, floats);
      kernels.inverse_std(floats, o, 1, floats);
      kernels.batch_norm_forward(floats, floats, floats, floats, floats, floats, floats, 1, o);
      kernels.batch_norm_backward(floats, floats, floats, floats, low, 1, 1, o);
      kernels.batch_norm_backward(low, low, low, low, doubles, 1, 1, o);
      kernels.norm_parameter_gradient(doubles, 1, o, low, low, low + 512);
      kernels.norm_parameter_gradient(low, 1, o, floats, floats, low + 512);
      kernels.layer_norm_forward(floats, floats, floats, floats, floats, end - 4, 1, o, 1);
      kernels.layer_norm_backward(floats, floats, floats, end - 4, 1, o);
    });
  }
});
