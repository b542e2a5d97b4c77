import test from 'ava';
import { normalizationFor } from '../../../src/data/normalize/fit.ts';

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

/** What is fitted here: every feature by itself. */
function fitting(features: Float32Array<SharedArrayBuffer> | Uint8Array<SharedArrayBuffer>, featureCount: number, ...train: number[]) {
  return { features, featureCount, train: rows(...train), perStatistic: 1 };
}

test('none, unit and unit256 divide by 1, 255 and 256', (t) => {
  t.deepEqual(
    (['none', 'unit', 'unit256'] as const).map((kind) => normalizationFor(kind, fitting(f32([1]), 1, 0))),
    [1, 255, 256].map((divisor) => ({ kind: 'divide', divisor })),
  );
});

test('zscore is the mean and population deviation of the training rows only', (t) => {
  const data = fitting(f32([1, 10, 3, 10, 1e6, -1e6, 5, 10, 7, 30]), 2, 0, 1, 3, 4);
  t.deepEqual(normalizationFor('zscore', data), { kind: 'affine', center: f32([4, 15]), scale: f32([Math.sqrt(5), Math.sqrt(75)]) });
});

test('minmax is the range of the training rows only, robust their median and quartiles', (t) => {
  const data = fitting(f32([1, 10, 3, 10, 1e6, -1e6, 5, 10, 7, 30]), 2, 0, 1, 3, 4);
  t.deepEqual(normalizationFor('minmax', data), { kind: 'affine', center: f32([1, 10]), scale: f32([6, 20]) });
  // numpy.percentile([1, 3, 5, 7], [25, 50, 75]) is 2.5, 4, 5.5; of [10, 10, 10, 30] it is 10, 10, 15.
  t.deepEqual(normalizationFor('robust', data), { kind: 'affine', center: f32([4, 10]), scale: f32([3, 5]) });
});

test('robust sorts bytes by value', (t) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(4));
  bytes.set([200, 9, 100, 10]);
  t.deepEqual(normalizationFor('robust', fitting(bytes, 1, 0, 1, 2, 3)), { kind: 'affine', center: f32([55]), scale: f32([115.25]) });
});

for (const kind of ['zscore', 'minmax', 'robust'] as const) {
  test(`D6: ${kind} leaves a constant feature a scale of 1 exactly, whatever its value and the number of rows`, (t) => {
    const order = Array.from({ length: 300 }, (_, i) => i);
    const constant = fitting(f32(order.map(() => 0.1)), 1, ...order);
    t.deepEqual(normalizationFor(kind, constant), { kind: 'affine', center: f32([0.1]), scale: f32([1]) });
    t.deepEqual(normalizationFor(kind, fitting(f32([0, 0]), 2, 0)), { kind: 'affine', center: f32([0, 0]), scale: f32([1, 1]) });
  });

  test(`${kind}: the features of a channel share a statistic, and features that are kept have none`, (t) => {
    const image = f32([0, 2, 10, 30, 4, 6, 50, 70]);
    const alone = normalizationFor(kind, fitting(f32([0, 10, 2, 30, 4, 50, 6, 70]), 2, 0, 1, 2, 3));
    const shared = normalizationFor(kind, { ...fitting(image, 4, 0, 1), perStatistic: 2 });
    if (alone.kind !== 'affine' || shared.kind !== 'affine') return t.fail();
    const twice = (values: Float32Array) => [...values].flatMap((value) => [value, value]);
    t.deepEqual([[...shared.center], [...shared.scale]], [twice(alone.center), twice(alone.scale)]);
    const kept = normalizationFor(kind, { ...fitting(image, 4, 0, 1), kept: [true, true, true, true] });
    t.deepEqual(kept, { kind: 'affine', center: f32([0, 0, 0, 0]), scale: f32([1, 1, 1, 1]) });
  });
}

test('a large offset does not swamp a small deviation', (t) => {
  const fitted = normalizationFor('zscore', fitting(f32([16_000_000, 16_000_001, 16_000_002]), 1, 0, 1, 2));
  t.is(fitted.kind === 'affine' && fitted.scale[0], Math.fround(Math.sqrt(2 / 3)));
});
