import test from 'ava';
import { nextBelow, normal, normalQuantile, normals, permutation, uniform, uniforms } from '../../src/random/distributions.ts';
import { cosSin, log } from '../../src/random/elementary.ts';
import { RandomStream } from '../../src/random/stream.ts';

const COUNT = 200_000;

test('uniform is in [0, 1), has 53 bits, and mean, variance and serial correlation of its distribution', (t) => {
  const stream = new RandomStream(1, 'data');
  let sum = 0;
  let squares = 0;
  let products = 0;
  let last = 0.5;
  let odd = 0;
  for (let i = 0; i < COUNT; i++) {
    const u = uniform(stream, i);
    if (u < 0 || u >= 1) t.fail(`${u} at ${i}`);
    odd += (u * 2 ** 53) % 2;
    sum += u;
    squares += (u - 0.5) ** 2;
    products += (u - 0.5) * (last - 0.5);
    last = u;
  }
  // Five standard errors each.
  t.true(Math.abs(sum / COUNT - 1 / 2) < 5 * Math.sqrt(1 / 12 / COUNT));
  t.true(Math.abs(squares / COUNT - 1 / 12) < 5 * Math.sqrt(1 / 180 / COUNT));
  t.true(Math.abs(products / COUNT) < (5 / 12) * Math.sqrt(1 / COUNT));
  t.true(Math.abs(odd / COUNT - 1 / 2) < 5 * Math.sqrt(1 / 4 / COUNT));
});

test('normals and uniforms are normal and uniform of each index, for any count', (t) => {
  const stream = new RandomStream(7, 'init', 2);
  for (const count of [0, 1, 5, 2047, 2048, 2049, 10_001]) {
    const [got, expected] = [new Float32Array(count), new Float32Array(count)];
    normals(new RandomStream(7, 'init', 2), 0.25, 1.5, got);
    for (let i = 0; i < count; i++) expected[i] = 0.25 + 1.5 * normal(stream, i);
    t.deepEqual(got, expected);
    uniforms(new RandomStream(7, 'init', 2), -0.3, 0.7, got);
    for (let i = 0; i < count; i++) expected[i] = -0.3 + (0.7 - -0.3) * uniform(stream, i);
    t.deepEqual(got, expected);
  }
});

test('normalQuantile is AS 241 with its digits, by the rule of Horner', (t) => {
  const horner = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, c) => sum * x + c, 0);
  for (let p = 0.075; p <= 0.925; p += 0.001) {
    const q = p - 0.5;
    if (Math.abs(q) > 0.425) continue;
    const r = 0.180625 - q * q;
    t.is(normalQuantile(p), (q * horner(AS241_A, r)) / horner(AS241_B, r));
  }
});

/** source: the tables of AS 241, PPND16, a7 to a0 and b7 to b0. */
const AS241_A = [
  2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
  133.14166789178437745, 3.387132872796366608,
];
const AS241_B = [
  5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
  42.313330701600911252, 1,
];

test('normal has the first four moments of N(0, 1) and fits it (Kolmogorov-Smirnov)', (t) => {
  const stream = new RandomStream(2, 'init', 3);
  const values = Float64Array.from({ length: COUNT }, (_, i) => normal(stream, i)).sort();
  const moment = (k: number): number => values.reduce((sum, x) => sum + x ** k, 0) / COUNT;
  t.true(Math.abs(moment(1)) < 5 * Math.sqrt(1 / COUNT));
  t.true(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / COUNT));
  t.true(Math.abs(moment(3)) < 5 * Math.sqrt(15 / COUNT));
  t.true(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / COUNT));
  let distance = 0;
  let below = 0;
  for (let i = 1; i < 1000; i++) {
    while ((values[below] as number) < normalQuantile(i / 1000)) below++;
    distance = Math.max(distance, Math.abs(below / COUNT - i / 1000));
  }
  t.true(distance < 1.95 / Math.sqrt(COUNT), `distance ${distance}`);
});

/** Python 3.11, statistics.NormalDist().inv_cdf, which is AS 241 with the C library's log. */
const quantiles: [number, number][] = [
  [1.1102230246251565e-16, -8.209536151601386],
  [1e-15, -7.941345326170995],
  [1e-10, -6.361340902404056],
  [1e-5, -4.2648907939228256],
  [0.01, -2.3263478740408408],
  [0.074, -1.4466320671589785],
  [0.076, -1.4325027208258114],
  [0.25, -0.6744897501960817],
  [0.5, 0.0],
  [0.6, 0.2533471031357998],
  [0.925, 1.439531470938456],
  [0.926, 1.4466320671589785],
  [0.975, 1.9599639845400536],
  [0.999999, 4.753424308817089],
  [0.9999999999999999, 8.209536151601386],
];

for (const [p, x] of quantiles) {
  test(`normalQuantile(${p}) = ${x}`, (t) => {
    t.true(Math.abs(normalQuantile(p) - x) <= 4e-16 * Math.abs(x), `${normalQuantile(p)}`);
  });
}

test('log agrees with Math.log to one unit in the last place from 2^-60 to 2^60', (t) => {
  const stream = new RandomStream(3, 'data');
  for (let i = 0; i < 20_000; i++) {
    const x = (1 + uniform(stream, i)) * 2 ** ((i % 121) - 60);
    const expected = Math.log(x);
    if (Math.abs(log(x) - expected) > Math.abs(expected) * 2 ** -52) t.fail(`log(${x}) = ${log(x)}, Math.log ${expected}`);
  }
  t.is(log(1), 0);
  t.is(log(2), Math.LN2);
});

test('cosSin agrees with Math.cos and Math.sin to 1e-12 from -20 to 20', (t) => {
  for (let i = -2000; i <= 2000; i++) {
    const [cos, sin] = cosSin(i / 100);
    if (Math.abs(cos - Math.cos(i / 100)) > 1e-12 || Math.abs(sin - Math.sin(i / 100)) > 1e-12) t.fail(`${i / 100}: ${cos}, ${sin}`);
  }
  t.deepEqual(cosSin(0), [1, 0]);
});

for (const bound of [1, 2, 3, 10, 60_000, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1]) {
  test(`nextBelow(${bound}) stays in range and has the right mean`, (t) => {
    const stream = new RandomStream(4, 'shuffle', bound);
    let sum = 0;
    for (let i = 0; i < 20_000; i++) {
      const value = nextBelow(stream, bound);
      if (!Number.isInteger(value) || value < 0 || value >= bound) t.fail(`${value}`);
      sum += value;
    }
    const deviation = Math.sqrt((bound ** 2 - 1) / 12 / 20_000);
    t.true(Math.abs(sum / 20_000 - (bound - 1) / 2) <= 5 * deviation);
  });
}

test("nextBelow is Lemire's rule: the high word of word * bound, unless the low word is below 2^32 mod bound", (t) => {
  // A bound just above 2^31 redraws almost half of the words, so both branches run.
  for (const bound of [2 ** 31 + 1, 3_000_000_000, 12_345]) {
    const stream = new RandomStream(5, 'shuffle', bound);
    const words = new RandomStream(5, 'shuffle', bound);
    for (let i = 0; i < 1000; i++) {
      let product: bigint;
      do {
        product = BigInt(words.next()) * BigInt(bound);
      } while ((product & 0xffffffffn) < 0x1_0000_0000n % BigInt(bound));
      t.is(nextBelow(stream, bound), Number(product >> 32n));
    }
  }
});

for (const n of [0, 1, 2, 3, 1000]) {
  test(`permutation of ${n} holds each index once and leaves the rest of the array alone`, (t) => {
    const out = new Uint32Array(n + 2).fill(77);
    permutation(6, 0, n, out);
    t.deepEqual(
      [...out.subarray(0, n)].sort((a, b) => a - b),
      Array.from({ length: n }, (_, i) => i),
    );
    t.deepEqual([...out.subarray(n)], [77, 77]);
  });
}

function orderOf50(seed: number, epoch: number): string {
  const out = new Uint32Array(50);
  permutation(seed, epoch, 50, out);
  return out.join();
}

test('permutation is a function of seed and epoch', (t) => {
  t.is(orderOf50(7, 1), orderOf50(7, 1));
  t.is(new Set([orderOf50(7, 1), orderOf50(7, 2), orderOf50(8, 1), orderOf50(2 ** 53 - 1, 1)]).size, 4);
});

test('permutation keeps its bits: the golden order of seed 1234, epoch 5', (t) => {
  const out = new Uint32Array(16);
  permutation(1234, 5, 16, out);
  t.deepEqual([...out], [10, 2, 7, 15, 4, 6, 0, 8, 12, 14, 5, 3, 9, 13, 1, 11]);
});

test('all 24 orders of four are equally likely (chi-square)', (t) => {
  const counts = new Map<string, number>();
  const out = new Uint32Array(4);
  const draws = 48_000;
  for (let epoch = 0; epoch < draws; epoch++) {
    permutation(10, epoch, 4, out);
    counts.set(out.join(), (counts.get(out.join()) ?? 0) + 1);
  }
  const expected = draws / 24;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  t.is(counts.size, 24);
  t.true(chiSquare < 49.7, `chi-square ${chiSquare}, 0.999 quantile of 23 degrees of freedom 49.7`);
});

test('permutation refuses an array that is too short', (t) => {
  t.throws(() => permutation(0, 0, 5, new Uint32Array(4)), { instanceOf: RangeError });
});
