import test from 'ava';
import type { AugmentConfig } from '../../../src/config/schema/schema.ts';
import { DRAWN_WORDS, drawCutout, drawMap, gaussian, pictureShape } from '../../../src/data/augment/draw.ts';
import { GradloomError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';

const SHAPE = { channels: 1, height: 20, width: 30 };

function maps(config: AugmentConfig, count = 2000): Float64Array[] {
  return Array.from({ length: count }, (_, number) => {
    const stream = new RandomStream(7, 'augment', number);
    const map = new Float64Array(6);
    drawMap(
      config,
      SHAPE,
      Uint32Array.from({ length: DRAWN_WORDS }, () => stream.next()),
      map,
    );
    return map;
  });
}

/** Where pixel (x, y) comes from. */
const sourceOf = (map: Float64Array, x: number, y: number): [number, number] => {
  const [xx = NaN, xy = NaN, x0 = NaN, yx = NaN, yy = NaN, y0 = NaN] = map;
  return [xx * x + xy * y + x0, yx * x + yy * y + y0];
};

test('nothing asked for moves nothing', (t) => {
  for (const map of maps({}, 10))
    t.deepEqual(
      [...map].map((v) => v + 0),
      [1, 0, 0, 0, 1, 0],
    );
});

test('shift takes every whole number of pixels up to its own, both ways, equally often', (t) => {
  const shifts = maps({ shift: 2 }).map((map) => sourceOf(map, 10, 10));
  for (const axis of [0, 1] as const) {
    const counts = new Map<number, number>();
    for (const place of shifts) counts.set(place[axis] - 10, (counts.get(place[axis] - 10) ?? 0) + 1);
    t.deepEqual(
      [...counts.keys()].toSorted((a, b) => a - b),
      [-2, -1, 0, 1, 2],
    );
    for (const count of counts.values()) t.true(count > 320 && count < 480, `${count}`);
  }
});

test('flip mirrors exactly, about every other picture, and only the way it says', (t) => {
  const places = (flip: AugmentConfig['flip']): string[] => maps({ flip }).map((map) => sourceOf(map, 3, 4).join());
  const share = (all: string[], place: string): number => all.filter((other) => other === place).length / all.length;
  t.true(Math.abs(share(places('horizontal'), '26,4') - 0.5) < 0.05);
  t.is(share(places('horizontal'), '26,4') + share(places('horizontal'), '3,4'), 1);
  t.is(share(places('vertical'), '3,15') + share(places('vertical'), '3,4'), 1);
  for (const place of ['3,4', '26,4', '3,15', '26,15']) t.true(Math.abs(share(places('both'), place) - 0.25) < 0.05);
});

test('rotate keeps the middle and all distances, and turns by no more than it says', (t) => {
  const angles = maps({ rotate: 10 }).map((map) => {
    const [x, y] = sourceOf(map, 24.5, 9.5);
    t.true(Math.abs(Math.hypot(x - 14.5, y - 9.5) - 10) < 1e-12);
    const [middleX, middleY] = sourceOf(map, 14.5, 9.5);
    t.true(Math.abs(middleX - 14.5) < 1e-12 && Math.abs(middleY - 9.5) < 1e-12);
    return (Math.atan2(y - 9.5, x - 14.5) * 180) / Math.PI;
  });
  t.true(Math.max(...angles) > 9.9 && Math.max(...angles) <= 10 + 1e-9);
  t.true(Math.min(...angles) < -9.9 && Math.min(...angles) >= -10 - 1e-9);
});

test('scale enlarges and shrinks by no more than it says', (t) => {
  const factors = maps({ scale: 0.25 }).map((map) => 1 / (map[0] ?? NaN));
  t.true(Math.max(...factors) > 1.24 && Math.max(...factors) <= 1.25);
  t.true(Math.min(...factors) < 0.76 && Math.min(...factors) >= 0.75);
});

test('one change does not depend on whether another is asked for', (t) => {
  t.deepEqual(
    maps({ shift: 3 }, 20).map((map) => map[2]),
    maps({ shift: 3, flip: 'vertical' }, 20).map((map) => map[2]),
  );
});

test('cutout lies in the picture as far as its middle allows', (t) => {
  const sizes = Array.from({ length: 2000 }, (_, number) => {
    const stream = new RandomStream(7, 'augment', number);
    const { left, right, top, bottom } = drawCutout(
      8,
      SHAPE,
      Uint32Array.from({ length: DRAWN_WORDS }, () => stream.next()),
    );
    t.true(left >= 0 && top >= 0 && right <= 30 && bottom <= 20 && left < right && top < bottom);
    return (right - left) * (bottom - top);
  });
  t.is(Math.max(...sizes), 64);
  t.true(Math.min(...sizes) < 25);
});

test('gaussian weights sum to 1, are symmetric and fall off', (t) => {
  const weights = gaussian(4);
  t.is(weights.length, 25);
  t.true(Math.abs(weights.reduce((sum, v) => sum + v, 0) - 1) < 1e-6);
  t.deepEqual(weights, weights.toReversed());
  t.true(Math.abs((weights[16] ?? 0) / (weights[12] ?? 0) - Math.exp(-0.5)) < 1e-6);
});

test('samples that are no pictures cannot be augmented', (t) => {
  t.deepEqual(pictureShape([28, 30]), { channels: 1, height: 28, width: 30 });
  t.deepEqual(pictureShape([3, 28, 30]), { channels: 3, height: 28, width: 30 });
  for (const shape of [[4], [], [2, 3, 4, 5]]) {
    const error = t.throws(() => pictureShape(shape), { instanceOf: GradloomError, message: /^changes pictures, of height x width/ });
    t.is(error?.code, 'E_CONFIG_VALUE');
    t.is(error?.exitCode, 78);
  }
});
