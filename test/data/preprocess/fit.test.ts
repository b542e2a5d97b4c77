import test from 'ava';
import { fitZscore, normalizationFor } from '../../src/data/normalize.ts';

function f32(values: readonly number[]): Float32Array<SharedArrayBuffer> {
  const array = new Float32Array(new SharedArrayBuffer(values.length * 4));
  array.set(values);
  return array;
}

function rows(...values: number[]): Uint32Array<SharedArrayBuffer> {
  const array = new Uint32Array(new SharedArrayBuffer(values.length * 4));
  array.set(values);
  return array;
}

test('none, unit and unit256 divide by 1, 255 and 256', (t) => {
  const data = { features: f32([1]), featureCount: 1, splits: { train: rows(0), val: rows(), test: rows() } };
  t.deepEqual(
    (['none', 'unit', 'unit256'] as const).map((kind) => normalizationFor(kind, data)),
    [1, 255, 256].map((divisor) => ({ kind: 'divide', divisor })),
  );
});

test('zscore is the mean and population deviation of the training rows only', (t) => {
  const features = f32([1, 10, 3, 10, 1e6, -1e6, 5, 10, 7, 30]);
  const data = { features, featureCount: 2, splits: { train: rows(0, 1, 3, 4), val: rows(2), test: rows() } };
  t.deepEqual(normalizationFor('zscore', data), { kind: 'zscore', mean: f32([4, 15]), std: f32([Math.sqrt(5), Math.sqrt(75)]) });
});

test('D6: a constant feature has std 1 exactly, whatever its value and the number of rows', (t) => {
  const features = f32(Array.from({ length: 300 }, () => 0.1));
  const order = rows(...Array.from({ length: 300 }, (_, i) => i));
  t.deepEqual(fitZscore(features, 1, order), { kind: 'zscore', mean: f32([0.1]), std: f32([1]) });
  t.deepEqual(fitZscore(f32([0, 0]), 2, rows(0)), { kind: 'zscore', mean: f32([0, 0]), std: f32([1, 1]) });
});

test('a large offset does not swamp a small deviation', (t) => {
  const features = f32([16_000_000, 16_000_001, 16_000_002]);
  const { std } = fitZscore(features, 1, rows(0, 1, 2)) as { std: Float32Array };
  t.is(std[0], Math.fround(Math.sqrt(2 / 3)));
});
