import test from 'ava';
import { randomPoints } from '../../../src/sweep/samplers/random.ts';
import { SOBOL_DIMENSIONS, SobolPoints, sobolWord } from '../../../src/sweep/samplers/sobol.ts';
import { spaceOf, uniformDimension } from '../support/functions.ts';

/** scipy 1.17: stats.qmc.Sobol(64, scramble=False). */
const published: [index: number, dimension: number, value: number][] = [
  ...[0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125].map((value, i): [number, number, number] => [i, 0, value]),
  ...[0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625].map((value, i): [number, number, number] => [i, 1, value]),
  ...[0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375].map((value, i): [number, number, number] => [i, 2, value]),
  [1000, 10, 0.0849609375],
  [1000, 31, 0.1455078125],
  [1000, 50, 0.3525390625],
  [1000, 63, 0.4462890625],
  [777, 33, 0.0029296875],
];
test('the sequence is the published one', (t) => {
  for (const [index, dimension, value] of published) t.is(sobolWord(index, dimension) / 2 ** 32, value, `${index} ${dimension}`);
});

test('each of 64 dimensions has one of the first 2^k points in each of 2^k equal parts, scrambled too', (t) => {
  const n = 256;
  const space = spaceOf(Array.from({ length: SOBOL_DIMENSIONS }, (_, i) => uniformDimension(`x${i}`, 0, 1)));
  const scrambled = Array.from({ length: n }, (_, i) => new SobolPoints(space, 9).at(i));
  t.is(SOBOL_DIMENSIONS, 64);
  for (let d = 0; d < SOBOL_DIMENSIONS; d++) {
    t.is(new Set(Array.from({ length: n }, (_, i) => sobolWord(i, d) >>> 24)).size, n, `dimension ${d}`);
    t.is(new Set(scrambled.map((point) => Math.floor((point[d] as number) * n))).size, n, `dimension ${d}, scrambled`);
  }
});

/** L2 star discrepancy. source: Warnock (1972) */
function discrepancy(points: readonly ArrayLike<number>[], dimensions: number): number {
  const n = points.length;
  const product = (term: (d: number) => number): number => Array.from({ length: dimensions }, (_, d) => term(d)).reduce((a, b) => a * b, 1);
  const singles = points.reduce((sum, x) => sum + product((d) => (1 - (x[d] as number) ** 2) / 2), 0);
  const pairs = points.reduce(
    (sum, x) => sum + points.reduce((inner, y) => inner + product((d) => 1 - Math.max(x[d] as number, y[d] as number)), 0),
    0,
  );
  return Math.sqrt(3 ** -dimensions - (2 * singles) / n + pairs / (n * n));
}

test('scrambled points fill the space far more evenly than random ones, for every seed', (t) => {
  const dimensions = 2;
  const space = spaceOf(Array.from({ length: dimensions }, (_, i) => uniformDimension(`x${i}`, 0, 1)));
  for (const seed of [0, 1, 2, 3]) {
    const sobol = new SobolPoints(space, seed);
    const even = discrepancy(
      Array.from({ length: 256 }, (_, i) => sobol.at(i)),
      dimensions,
    );
    const uneven = discrepancy(
      Array.from({ length: 256 }, (_, i) => randomPoints(space, seed, i)(0)),
      dimensions,
    );
    t.true(even * 3 < uneven, `seed ${seed}: ${even}, random ${uneven}`);
  }
});

test('scrambling gives each seed its own points, inside (0, 1) and uniform', (t) => {
  const space = spaceOf([uniformDimension('x', 0, 1)]);
  const firsts = Array.from({ length: 400 }, (_, seed) => new SobolPoints(space, seed).at(0)[0] as number);
  const mean = firsts.reduce((sum, x) => sum + x, 0) / firsts.length;
  t.true(firsts.every((x) => x > 0 && x < 1));
  t.true(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / firsts.length));
});

test('beyond 64 dimensions coordinates are random', (t) => {
  const space = spaceOf(Array.from({ length: 70 }, (_, i) => uniformDimension(`x${i}`, 0, 1)));
  const points = Array.from({ length: 32 }, (_, i) => new SobolPoints(space, 1).at(i));
  t.is(points[0]?.length, 70);
  t.is(new Set(points.map((point) => point[69])).size, 32);
});
