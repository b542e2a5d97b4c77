import test from 'ava';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { exact, type Options, softmax, VALUE_LOSSES, type ValueLoss, withTargets } from '../support/losses.ts';
import * as reference from '../support/reference.ts';

const CLASSES = [1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 1009];
const ROWS = [0, 1, 3, 17];
const SMOOTHINGS = [0, 0.1, 0.5, 1];

/** Weights in [0, 3], some 0. */
const weightsOf = (count: number, seed: number): Float32Array => randomFloats(count, seed).map((v) => 3 * Math.abs(v));
const rowOf = (values: Float32Array, r: number, o: number): number[] => Array.from(values.subarray(r * o, (r + 1) * o));
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

test('softmax cross-entropy with smoothing, class and sample weights agrees with f64 at every size', (t) => {
  for (const rows of ROWS) {
    for (const o of CLASSES) {
      for (const [i, smoothing] of SMOOTHINGS.entries()) {
        const z = randomFloats(rows * o, rows + o).map((v) => 6 * v);
        const labels = Array.from({ length: rows }, (_, r) => (r * 7) % o);
        const sampleWeights = i === 1 ? undefined : weightsOf(rows, o + 1);
        const weights = i === 2 ? undefined : weightsOf(o, o + 2);
        const got = softmax(z, labels, o, { smoothing, weights, sampleWeights });
        const v = (r: number): number => sampleWeights?.[r] ?? 1;
        const want = labels.map((label, r) => reference.softmaxCrossEntropy(rowOf(z, r, o), label, { smoothing, weights }));
        const loss = sum(want.map((row, r) => v(r) * row.loss));
        const scale = 3 * (weights === undefined ? 1 : 3);
        const place = `${rows}x${o} smoothing ${smoothing}`;
        t.true(Math.abs(got.loss - loss) <= scale * 2 ** -21 * Math.max(1, loss), `${place}: ${got.loss}, f64 ${loss}`);
        t.true(Math.abs(got.weight - sum(labels.map((label, r) => v(r) * (weights?.[label] ?? 1)))) <= 1e-12 * rows, place);
        for (const [j, d] of want.flatMap((row, r) => row.gradient.map((value) => v(r) * value)).entries()) {
          t.true(Math.abs(got.gradient[j]! - d) <= scale * 2 ** -21, `${place}: ${got.gradient[j]}, f64 ${d}`);
        }
        t.deepEqual(got.broken, []);
        const lossOnly = softmax(z, labels, o, { smoothing, weights, sampleWeights, wantGradient: false });
        t.deepEqual([lossOnly.loss, lossOnly.correct, lossOnly.weight], [got.loss, got.correct, got.weight]);
      }
    }
  }
});

for (const kernel of VALUE_LOSSES) {
  test(`${kernel} with all its options and sample weights agrees with f64 at every size`, (t) => {
    for (const rows of ROWS) {
      for (const o of CLASSES) {
        for (const [i, smoothing] of SMOOTHINGS.entries()) {
          const z = randomFloats(rows * o, rows + o).map((v) => 6 * v);
          const targets = randomFloats(rows * o, rows + o + 1).map((v, j) => (j % 3 === 0 ? j % 2 : Math.abs(v)));
          const sampleWeights = i === 1 ? undefined : weightsOf(rows, o + 1);
          const options: Options = { smoothing, weights: i === 2 ? undefined : weightsOf(o, o + 2), delta: [0.25, 1, 2, 10][i]! };
          const got = withTargets(kernel, z, targets, o, { ...options, sampleWeights });
          const v = (r: number): number => sampleWeights?.[r] ?? 1;
          const want = Array.from({ length: rows }, (_, r) => exact[kernel](rowOf(z, r, o), rowOf(targets, r, o), options));
          const loss = sum(want.map((row, r) => v(r) * row.loss));
          const place = `${rows}x${o} case ${i}`;
          t.true(Math.abs(got.loss - loss) <= 2 ** -18 * Math.max(1, loss), `${place}: ${got.loss}, f64 ${loss}`);
          t.true(Math.abs(got.weight - sum(Array.from({ length: rows }, (_, r) => v(r)))) <= 1e-12 * rows, place);
          for (const [j, d] of want.flatMap((row, r) => row.gradient.map((value) => v(r) * value)).entries()) {
            t.true(Math.abs(got.gradient[j]! - d) <= 2 ** -18 * Math.max(1, Math.abs(d)), `${place}: ${got.gradient[j]}, f64 ${d}`);
          }
          t.deepEqual(got.broken, []);
          const lossOnly = withTargets(kernel, z, targets, o, { ...options, sampleWeights, wantGradient: false });
          t.deepEqual([lossOnly.loss, lossOnly.correct, lossOnly.weight], [got.loss, got.correct, got.weight]);
        }
      }
    }
  });

  test(`${kernel}: sample weights of 1 give the bits of none, and the gradient may overwrite the outputs`, (t) => {
    const [rows, o] = [9, 7];
    const z = randomFloats(rows * o, 5);
    const targets = randomFloats(rows * o, 6).map(Math.abs);
    const plain = withTargets(kernel, z, targets, o);
    const ones = withTargets(kernel, z, targets, o, { sampleWeights: new Float32Array(rows).fill(1) });
    t.is(ones.loss, plain.loss);
    t.is(plain.weight, rows);
    t.is(firstDifference(ones.gradient, plain.gradient), -1);
    const arena = new Arena(memory);
    const [out, inPlace, t0] = [arena.doubles('out'), arena.floats('z', z), arena.floats('t', targets)];
    if (kernel === 'sigmoid_cross_entropy') {
      kernels.sigmoid_cross_entropy(inPlace.byteOffset, t0.byteOffset, 0, 0, inPlace.byteOffset, rows, o, 0, out.byteOffset);
    } else if (kernel === 'huber') kernels.huber(inPlace.byteOffset, t0.byteOffset, 0, inPlace.byteOffset, rows, o, 1, out.byteOffset);
    else kernels[kernel](inPlace.byteOffset, t0.byteOffset, 0, inPlace.byteOffset, rows, o, out.byteOffset);
    t.is(firstDifference(inPlace.slice(), plain.gradient), -1);
  });
}

test('softmax: weights of 1 give the bits of none; with smoothing the gradient may overwrite the logits', (t) => {
  const [rows, o] = [9, 7];
  const z = randomFloats(rows * o, 5);
  const labels = Array.from({ length: rows }, (_, r) => r % o);
  const plain = softmax(z, labels, o);
  const ones = softmax(z, labels, o, { sampleWeights: new Float32Array(rows).fill(1), weights: new Float32Array(o).fill(1) });
  t.deepEqual([ones.loss, ones.correct, ones.weight], [plain.loss, plain.correct, rows]);
  t.is(firstDifference(ones.gradient, plain.gradient), -1);
  const weights = weightsOf(o, 3);
  const smooth = softmax(z, labels, o, { smoothing: 0.2, weights });
  const arena = new Arena(memory);
  const [out, inPlace, label, w] = [arena.doubles('out'), arena.floats('z', z), arena.ints('labels', labels), arena.floats('w', weights)];
  kernels.softmax_cross_entropy(inPlace.byteOffset, label.byteOffset, 0, w.byteOffset, inPlace.byteOffset, rows, o, 0.2, out.byteOffset);
  t.is(out[0], smooth.loss);
  t.is(firstDifference(inPlace.slice(), smooth.gradient), -1);
});

test('a weighted row has the same bits alone and among others', (t) => {
  const [rows, o] = [9, 10];
  const z = randomFloats(rows * o, 12);
  const [sampleWeights, weights] = [weightsOf(rows, 4), weightsOf(o, 5)];
  const options = { smoothing: 0.1, weights };
  const all = softmax(
    z,
    Array.from({ length: rows }, () => 3),
    o,
    { ...options, sampleWeights },
  );
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    const one = softmax(z.slice(r * o, (r + 1) * o), [3], o, { ...options, sampleWeights: [sampleWeights[r]!] });
    t.is(firstDifference(one.gradient, all.gradient.slice(r * o, (r + 1) * o)), -1);
    loss += one.loss;
  }
  t.is(loss, all.loss);
});

test('N2: logits of +-1e30 give finite losses and gradients with smoothing and weights; the gradient of a row sums to 0', (t) => {
  for (const z of [
    [1e30, -1e30, 0],
    [1e30, 1e30, 1e30],
    [-1e30, -1e30, -1e30],
    [0, -1e30, 1e30, 5, 7],
  ]) {
    const weights = weightsOf(z.length, 8).map((w) => w + 0.1);
    for (let label = 0; label < z.length; label++) {
      const { loss, gradient } = softmax(z, [label], z.length, { smoothing: 0.1, weights, sampleWeights: [2] });
      t.true(Number.isFinite(loss) && loss >= 0, `${z} label ${label}: ${loss}`);
      t.true(gradient.every(Number.isFinite));
      t.true(Math.abs(sum(gradient)) <= 4e-6, `${sum(gradient)}`);
    }
  }
  const sigmoid = withTargets('sigmoid_cross_entropy', [1e30, -1e30, 0], [0, 1, 1], 3, {
    smoothing: 0.1,
    weights: [2, 3, 0],
    sampleWeights: [0.5],
  });
  t.true(Number.isFinite(sigmoid.loss) && sigmoid.gradient.every(Number.isFinite));
});

test('N2: a NaN logit gives a NaN loss whatever the smoothing and the weights, also of a row that weighs 0', (t) => {
  for (let at = 0; at < 5; at++) {
    const z = [1, 2, 3, 4, 5];
    z[at] = NaN;
    t.is(softmax(z, [2], 5, { smoothing: 0.1, weights: [1, 2, 3, 4, 5], sampleWeights: [0] }).loss, NaN);
    t.is(withTargets('sigmoid_cross_entropy', z, [0, 0, 1, 0, 0], 5, { smoothing: 0.1, weights: [1, 2, 3, 4, 5] }).loss, NaN);
  }
});

test('a row that weighs 0 has loss 0, gradient 0 and no share of the weights', (t) => {
  const row = softmax([1, 2, 3], [1], 3, { smoothing: 0.1, sampleWeights: [0] });
  t.deepEqual([row.loss, row.weight], [0, 0]);
  t.true(row.gradient.every((d) => d === 0));
  for (const kernel of VALUE_LOSSES) {
    const values = withTargets(kernel, [1, 2, 3], [0, 1, 0], 3, { sampleWeights: [0] });
    t.deepEqual([values.loss, values.weight], [0, 0]);
    t.true(values.gradient.every((d) => d === 0));
  }
});

/*
 * Values of torch.nn.CrossEntropyLoss(weight, label_smoothing), reduction='mean', from its formula by hand: logits log(1), log(2), log(5)
 * are probabilities 1/8, 2/8, 5/8, so nll is 3 log 2, 2 log 2, log(8/5).
 */
test('PyTorch: CrossEntropyLoss with weight and label_smoothing, by hand', (t) => {
  const z = [0, Math.log(2), Math.log(5)];
  const nll = [3 * Math.LN2, 2 * Math.LN2, Math.log(8 / 5)];
  const w = [1, 2, 4];
  const both = softmax([...z, ...z], [0, 2], 3, { weights: w });
  t.is(both.weight, 5);
  near(t, both.loss / both.weight, (nll[0]! + 4 * nll[2]!) / 5);
  const smooth = softmax([...z, ...z], [0, 2], 3, { weights: w, smoothing: 0.3 });
  const spread = 0.1 * (nll[0]! + 2 * nll[1]! + 4 * nll[2]!);
  near(t, smooth.loss / smooth.weight, (0.7 * (nll[0]! + 4 * nll[2]!) + 2 * spread) / 5);
  const unweighted = softmax(z, [1], 3, { smoothing: 0.3 });
  near(t, unweighted.loss, 0.7 * nll[1]! + 0.1 * sum(nll));
});

test('PyTorch: BCEWithLogitsLoss with pos_weight, HuberLoss and L1Loss, by hand', (t) => {
  // sigmoid(log 3) = 3/4: -(2 * log(3/4)) for the positive output with weight 2, -log(1/4) for the negative one.
  const bce = withTargets('sigmoid_cross_entropy', [Math.log(3), Math.log(3)], [1, 0], 2, { weights: [2, 2] });
  near(t, bce.loss, (2 * Math.log(4 / 3) + Math.log(4)) / 2);
  near(t, bce.gradient[0]!, (-2 * 0.25) / 2);
  near(t, bce.gradient[1]!, 0.75 / 2);
  const huber = withTargets('huber', [0.5, 3, -3, 2], [0, 0, 0, 0], 4, { delta: 2 });
  near(t, huber.loss, (0.125 + 4 + 4 + 2) / 4);
  t.deepEqual(Array.from(huber.gradient), [0.125, 0.5, -0.5, 0.5]);
  const mae = withTargets('mae', [0.5, 3, -3, 0], [0, 0, 0, 0], 4);
  t.is(mae.loss, 6.5 / 4);
  t.deepEqual(Array.from(mae.gradient), [0.25, 0.25, -0.25, 0]);
});

function near(t: { true(value: boolean, message?: string): unknown }, got: number, want: number): void {
  t.true(Math.abs(got - want) <= 3e-7 * Math.max(1, Math.abs(want)), `${got}, expected ${want}`);
}

const STEP = 1e-6;

test('the f64 formulas of all losses agree with central differences, with smoothing and weights', (t) => {
  const z = Array.from(randomFloats(6, 31), (v) => 3 * v + 0.01);
  const targets = Array.from(randomFloats(6, 32), Math.abs);
  const weights = Array.from(weightsOf(6, 33));
  const check = (title: string, loss: (z: number[]) => reference.RowLoss): void => {
    for (const [j, got] of loss(z).gradient.entries()) {
      const moved = (by: number): number => loss(z.with(j, z[j]! + by)).loss;
      const want = (moved(STEP) - moved(-STEP)) / (2 * STEP);
      t.true(Math.abs(got - want) <= 1e-8 * Math.max(1, Math.abs(want)), `${title} ${j}: ${got}, by differences ${want}`);
    }
  };
  for (const smoothing of SMOOTHINGS) {
    for (const some of [undefined, weights]) {
      for (let label = 0; label < z.length; label++) {
        check(`softmax ${smoothing}`, (row) => reference.softmaxCrossEntropy(row, label, { smoothing, weights: some }));
      }
      for (const kernel of VALUE_LOSSES satisfies readonly ValueLoss[]) {
        check(`${kernel} ${smoothing}`, (row) => exact[kernel](row, targets, { smoothing, weights: some, delta: 0.7 }));
      }
    }
  }
});
