import test from 'ava';
import { convScratchFloats } from '../../../src/kernels/sizes.ts';
import type { Geometry } from '../support/convolution.ts';
import { GEOMETRIES, geometry } from '../support/geometries.ts';

const MIB = 2 ** 20 / 4;

const scratchOf = (g: Geometry, rows: number, leaves: number): number => convScratchFloats({ ...g, window: g }, rows, leaves);

test('scratch stays modest for large pictures, many filters and large batches', (t) => {
  t.true(scratchOf(geometry({ height: 28, width: 28, channels: 32, filters: 64, padding: [1, 1] }), 64, 16) < 2 * MIB);
  t.true(scratchOf(geometry({ height: 14, width: 14, channels: 256, filters: 256, padding: [1, 1] }), 256, 16) < 4 * MIB);
  const picture = 224 * 224 * 64;
  t.true(scratchOf(geometry({ height: 224, width: 224, channels: 64, filters: 64, padding: [1, 1] }), 64, 16) < 1.1 * picture + 2 * MIB);
});

test('scratch for a batch is enough for every smaller one', (t) => {
  for (const g of GEOMETRIES) {
    for (const rows of [0, 1, 2, 5, 40, 1000]) {
      for (const leaves of [1, 2, 16, 100]) {
        const here = scratchOf(g, rows, leaves);
        t.true(here <= scratchOf(g, rows + 1, leaves));
        t.true(here <= scratchOf(g, rows, leaves + 1));
      }
    }
  }
});

test('a kernel that has smaller frames than the bound reckons with takes more pictures at once, in no more room', (t) => {
  // Frames of 19 x 24 where the picture is 18 x 25: four of them are taken together, of the larger ones only three would be.
  const window = {
    height: 18,
    width: 25,
    channels: 35,
    kernel: [3, 3],
    stride: [1, 3],
    dilation: [3, 1],
    padding: [0, 0],
    outHeight: 13,
    outWidth: 8,
  } as const;
  t.true(convScratchFloats({ window, filters: 4, groups: 1 }, 6, 4) >= 4 * 19 * 24 * 35);
});
