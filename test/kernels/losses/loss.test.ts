import test from 'ava';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { exact, softmax, VALUE_LOSSES, withTargets } from '../support/losses.ts';
import * as reference from '../support/reference.ts';

const CLASSES = [1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 1009];
const ROWS = [0, 1, 3, 17];

test('softmax cross-entropy agrees with f64 at every size', (t) => {
  for (const rows of ROWS) {
    for (const o of CLASSES) {
      const z = randomFloats(rows * o, rows + o).map((v) => 6 * v);
      const labels = Array.from({ length: rows }, (_, r) => (r * 7) % o);
      const got = softmax(z, labels, o);
      const want = labels.map((label, r) => reference.softmaxCrossEntropy(Array.from(z.subarray(r * o, (r + 1) * o)), label));
      const loss = want.reduce((a, w) => a + w.loss, 0);
      t.true(Math.abs(got.loss - loss) <= 2 ** -22 * Math.max(1, loss), `${rows}x${o}: ${got.loss}, f64 ${loss}`);
      for (const [i, v] of want.flatMap((w) => w.gradient).entries()) t.true(Math.abs(got.gradient[i]! - v) <= 2 ** -22);
      t.deepEqual(got.broken, []);
      const lossOnly = softmax(z, labels, o, { wantGradient: false });
      t.is(lossOnly.loss, got.loss);
      t.is(lossOnly.correct, got.correct);
      t.is(firstDifference(softmax(z, labels, o).gradient, got.gradient), -1);
    }
  }
});

test("a row's loss and gradient have the same bits alone and among others", (t) => {
  const rows = 9,
    o = 10;
  const z = randomFloats(rows * o, 12);
  const all = softmax(
    z,
    Array.from({ length: rows }, () => 3),
    o,
  );
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const one = softmax(z.slice(r * o, (r + 1) * o), [3], o);
    t.is(firstDifference(one.gradient, all.gradient.slice(r * o, (r + 1) * o)), -1);
    sum += one.loss;
  }
  t.is(sum, all.loss);
});

test('the gradient may overwrite the logits', (t) => {
  const z = randomFloats(30, 3);
  const want = softmax(z, [1, 2, 9], 10).gradient;
  const arena = new Arena(memory);
  const out = arena.doubles('out');
  const logits = arena.floats('z', z);
  const labels = arena.ints('labels', [1, 2, 9]);
  kernels.softmax_cross_entropy(logits.byteOffset, labels.byteOffset, 0, 0, logits.byteOffset, 3, 10, 0, out.byteOffset);
  t.is(firstDifference(logits, want), -1);
});

test('N2: logits of +-1e30 give finite losses and probabilities that sum to 1', (t) => {
  for (const z of [
    [1e30, -1e30, 0],
    [1e30, 1e30, 1e30],
    [-1e30, -1e30, -1e30],
    [0, -1e30, 1e30, 5, 7],
  ]) {
    for (let label = 0; label < z.length; label++) {
      const { loss, gradient } = softmax(z, [label], z.length);
      t.true(Number.isFinite(loss), `${z} label ${label}: ${loss}`);
      const sum = gradient.reduce((a, b) => a + b, 0); // softmax sums to 1, onehot to 1
      t.true(Math.abs(sum) <= 2e-7, `${sum}`);
    }
  }
  t.is(softmax([1e30, -1e30, 0], [0], 3).loss, 0);
});

test('N2: a logit of -Inf has probability 0; as the label its loss is +Inf', (t) => {
  const other = softmax([-Infinity, 0, 0], [1], 3);
  t.true(Math.abs(other.loss - Math.log(2)) < 1e-7);
  t.deepEqual(Array.from(other.gradient), [0, -0.5, 0.5]);
  t.is(softmax([-Infinity, 0, 0], [0], 3).loss, Infinity);
});

test('N2: a logit of +Inf or NaN, or only -Inf, gives a NaN loss, so divergence is seen', (t) => {
  for (const bad of [Infinity, NaN]) {
    for (let at = 0; at < 6; at++) {
      const z = [1, 2, 3, 4, 5, 6];
      z[at] = bad;
      t.is(softmax(z, [2], 6).loss, NaN);
    }
  }
  t.is(softmax([-Infinity, -Infinity], [0], 2).loss, NaN);
});

test('N2: equal logits give log(O), one class gives loss 0 and gradient 0', (t) => {
  const { loss, gradient } = softmax(new Float32Array(10).fill(3), [4], 10);
  t.true(Math.abs(loss - Math.log(10)) < 1e-15);
  t.deepEqual(
    Array.from(gradient),
    Array.from({ length: 10 }, (_, j) => Math.fround(Math.fround(0.1) - (j === 4 ? 1 : 0))),
  );
  const single = softmax([123], [0], 1);
  t.is(single.loss, 0);
  t.deepEqual(Array.from(single.gradient), [0]);
});

test('N4: argmax ties go to the lowest index and a row with a NaN is never correct', (t) => {
  t.is(softmax([1, 5, 5, 2], [1], 4).correct, 1);
  t.is(softmax([1, 5, 5, 2], [2], 4).correct, 0);
  t.is(softmax([0, -0], [0], 2).correct, 1);
  t.is(softmax([0, -0], [1], 2).correct, 0);
  for (let at = 0; at < 4; at++) {
    for (let label = 0; label < 4; label++) {
      const z = [1, 2, 3, 4];
      z[at] = NaN;
      t.is(softmax(z, [label], 4).correct, 0);
    }
  }
  t.is(softmax([NaN, NaN], [0], 2).correct, 0);
  t.is(softmax([NaN], [0], 1).correct, 0);
});

for (const kernel of VALUE_LOSSES) {
  test(`${kernel} agrees with f64 at every size`, (t) => {
    for (const rows of ROWS) {
      for (const o of CLASSES) {
        const z = randomFloats(rows * o, rows + o).map((v) => 6 * v);
        const targets = randomFloats(rows * o, rows + o + 1).map((v, i) => (i % 3 === 0 ? i % 2 : Math.abs(v)));
        const got = withTargets(kernel, z, targets, o);
        const row = (a: Float32Array, r: number) => Array.from(a.subarray(r * o, (r + 1) * o));
        const want = Array.from({ length: rows }, (_, r) => exact[kernel](row(z, r), row(targets, r)));
        const loss = want.reduce((a, w) => a + w.loss, 0);
        t.true(Math.abs(got.loss - loss) <= 2 ** -21 * Math.max(1, loss), `${rows}x${o}: ${got.loss}, f64 ${loss}`);
        for (const [i, v] of want.flatMap((w) => w.gradient).entries())
          t.true(Math.abs(got.gradient[i]! - v) <= 2 ** -22 * Math.max(1, Math.abs(v)));
        t.deepEqual(got.broken, []);
        const lossOnly = withTargets(kernel, z, targets, o, { wantGradient: false });
        t.is(lossOnly.loss, got.loss);
        t.is(lossOnly.correct, got.correct);
      }
    }
  });

  test(`N2: ${kernel} is finite for +-1e30 and NaN for NaN`, (t) => {
    t.true(Number.isFinite(withTargets(kernel, [1e30, -1e30, 0], [1, 0, 1], 3).loss));
    t.true(Number.isFinite(withTargets(kernel, [1e30, -1e30, 0], [0, 1, 0], 3).loss));
    for (let at = 0; at < 5; at++) {
      const z = [1, 2, 3, 4, 5];
      z[at] = NaN;
      t.is(withTargets(kernel, z, [0, 0, 1, 0, 0], 5).loss, NaN);
    }
  });

  test(`N4: ${kernel} counts a row as correct if the first maxima agree`, (t) => {
    t.is(withTargets(kernel, [1, 3, 3], [0, 1, 0], 3).correct, 1);
    t.is(withTargets(kernel, [1, 3, 3], [0, 0, 1], 3).correct, 0);
    t.is(withTargets(kernel, [1, NaN, 3], [0, 0, 1], 3).correct, 0);
  });
}

test('one sigmoid output is correct on the right side of 0, one regression output never counts', (t) => {
  t.is(withTargets('sigmoid_cross_entropy', [2, -2, 0, NaN, NaN, 1], [1, 0, 0, 0, 1, 0], 1).correct, 3);
  t.is(withTargets('mse', [1, 2], [1, 2], 1).correct, 0);
});
