import test from 'ava';
import fc from 'fast-check';
import { convScratchFloats } from '../../../src/kernels/sizes.ts';
import { Arena, evenBounds, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { convBiasGradient, convForward, convInputGradient, convWeightGradient, type Geometry, windowArgs } from '../support/convolution.ts';
import { describe, GEOMETRIES, geometry } from '../support/geometries.ts';

const SEED = 20261129;
const SLOPE = 0.01;

const xSize = ({ height, width, channels }: Geometry): number => height * width * channels;
const ySize = ({ outHeight, outWidth, filters }: Geometry): number => outHeight * outWidth * filters;
const wSize = ({ kernel, channels, groups, filters }: Geometry): number => (kernel[0] * kernel[1] * channels * filters) / groups;
const scratchOf = (g: Geometry, rows: number, leaves: number): number => convScratchFloats({ ...g, window: g }, rows, leaves);

/** What is wrong; null: nothing. */
function fault(title: string, arena: Arena, got: Float32Array, want: Float32Array): string | null {
  const at = firstDifference(got, want);
  if (at >= 0) return `${title}: [${at}] = ${got[at]}, twin ${want[at]}`;
  const broken = arena.broken();
  return broken.length > 0 ? `${title} wrote around ${broken.join(', ')}` : null;
}

function forwardFault(g: Geometry, rows: number, activation: number, hasBias: boolean): string | null {
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(rows * xSize(g), SEED + rows));
  const w = arena.floats('w', randomFloats(wSize(g), SEED + 1));
  const bias = arena.floats('bias', randomFloats(g.filters, SEED + 2));
  const y = arena.floats('y', rows * ySize(g));
  const scratch = arena.floats('scratch', scratchOf(g, rows, 1));
  kernels.conv_forward(
    ...([x.byteOffset, w.byteOffset, hasBias ? bias.byteOffset : 0, y.byteOffset, rows] as const),
    ...windowArgs(g),
    ...([g.filters, g.groups, activation, SLOPE, scratch.byteOffset] as const),
  );
  const want = convForward(x, w, hasBias ? bias : null, rows, g, activation, SLOPE);
  return fault(`${rows} rows ${describe(g)}, activation ${activation}: y`, arena, y, want);
}

function inputFault(g: Geometry, rows: number): string | null {
  const arena = new Arena(memory);
  const dz = arena.floats('dz', randomFloats(rows * ySize(g), SEED + rows));
  const w = arena.floats('w', randomFloats(wSize(g), SEED + 1));
  const dx = arena.floats('dx', rows * xSize(g)).fill(NaN);
  const scratch = arena.floats('scratch', scratchOf(g, rows, 1));
  const pointers = [dz.byteOffset, w.byteOffset, dx.byteOffset, rows] as const;
  kernels.conv_input_gradient(...pointers, ...windowArgs(g), g.filters, g.groups, scratch.byteOffset);
  return fault(`${rows} rows ${describe(g)}: dx`, arena, dx, convInputGradient(dz, w, rows, g));
}

function gradientFault(g: Geometry, bounds: Int32Array): string | null {
  const leaves = bounds.length - 1;
  const rows = bounds[leaves]!;
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(rows * xSize(g), SEED + rows));
  const dz = arena.floats('dz', randomFloats(rows * ySize(g), SEED + 1));
  const table = arena.ints('bounds', bounds);
  const dw = arena.floats('dw', wSize(g));
  const db = arena.floats('db', g.filters);
  const scratch = arena.floats('scratch', scratchOf(g, rows, leaves));
  const pointers = [x.byteOffset, dz.byteOffset, dw.byteOffset, table.byteOffset, leaves] as const;
  kernels.conv_weight_gradient(...pointers, ...windowArgs(g), g.filters, g.groups, scratch.byteOffset);
  const pixels = g.outHeight * g.outWidth;
  kernels.conv_bias_gradient(dz.byteOffset, db.byteOffset, table.byteOffset, leaves, pixels, g.filters, scratch.byteOffset);
  const title = `leaves [${bounds.join(',')}] ${describe(g)}`;
  return (
    fault(`${title}: dw`, arena, dw, convWeightGradient(x, dz, bounds, g)) ??
    fault(`${title}: db`, arena, db, convBiasGradient(dz, bounds, pixels, g.filters))
  );
}

test("conv_forward has the twin's bits for every window, group and count of filters", (t) => {
  for (const [i, g] of GEOMETRIES.entries()) {
    for (const rows of [0, 1, 3]) t.is(forwardFault(g, rows, i % 3, i % 5 > 0), null);
  }
});

test("conv_input_gradient has the twin's bits for every window, group and count of filters", (t) => {
  for (const g of GEOMETRIES) for (const rows of [0, 1, 3]) t.is(inputFault(g, rows), null);
});

test("weight and bias gradients have the twin's bits for every window, group and count of filters", (t) => {
  for (const [i, g] of GEOMETRIES.entries()) {
    t.is(gradientFault(g, evenBounds(1, 1)), null);
    t.is(gradientFault(g, evenBounds(5, 1 + (i % 4))), null);
  }
});

test('uneven and empty leaves take part in the tree', (t) => {
  const g = geometry({ height: 4, width: 3, channels: 2, filters: 5, padding: [1, 1] });
  const cases = [
    [0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 5],
    [0, 5, 5, 5],
    [0, 1, 1, 9, 10],
    [0, 8, 8, 8, 9, 9, 9],
    [0, 0, 3, 3, 4, 9, 9, 10],
  ];
  for (const bounds of cases) t.is(gradientFault(g, Int32Array.from(bounds)), null);
  for (let leaves = 1; leaves <= 34; leaves++) t.is(gradientFault(g, evenBounds(13, leaves)), null);
  t.is(gradientFault(g, evenBounds(13, 1000)), null);
});

test("many rows and large pictures, cut into blocks, have the twin's bits", (t) => {
  const many = geometry({ height: 3, width: 3, channels: 2, filters: 5, padding: [1, 1] });
  for (const rows of [56, 57, 120]) {
    t.is(forwardFault(many, rows, 1, true), null);
    t.is(inputFault(many, rows), null);
    t.is(gradientFault(many, evenBounds(rows, 3)), null);
  }
  const large = geometry({ height: 33, width: 47, channels: 2, filters: 9, padding: [1, 1] });
  t.is(forwardFault(large, 2, 0, true), null);
  t.is(inputFault(large, 2), null);
  t.is(gradientFault(large, evenBounds(3, 2)), null);
});

test("weights beyond what is packed or summed at a time have the twin's bits", (t) => {
  const deep = geometry({ height: 2, width: 2, channels: 150, filters: 260, padding: [1, 1] });
  t.is(forwardFault(deep, 1, 0, true), null);
  t.is(inputFault(deep, 1), null);
  t.is(gradientFault(deep, evenBounds(3, 3)), null);
  const wide = geometry({ height: 1, width: 70, channels: 27, filters: 3001, kernel: [1, 1] });
  t.is(gradientFault(wide, evenBounds(3, 2)), null);
});

test('a NaN reaches the outputs whose windows see it and no others, through relu too', (t) => {
  const g = geometry({ height: 5, width: 5, channels: 3, filters: 13, padding: [1, 1] });
  const arena = new Arena(memory);
  const x = arena.floats('x', randomFloats(xSize(g), SEED));
  x[(1 * 5 + 4) * 3 + 1] = NaN;
  const w = arena.floats(
    'w',
    randomFloats(wSize(g), SEED + 1).map((v) => v || 1),
  );
  const y = arena.floats('y', ySize(g));
  const scratch = arena.floats('scratch', scratchOf(g, 1, 1));
  const pointers = [x.byteOffset, w.byteOffset, 0, y.byteOffset, 1] as const;
  kernels.conv_forward(...pointers, ...windowArgs(g), g.filters, 1, 1, 0, scratch.byteOffset);
  for (let i = 0; i < y.length; i++) {
    const pixel = Math.floor(i / 13);
    t.is(Number.isNaN(y[i]), Math.floor(pixel / 5) <= 2 && pixel % 5 >= 3);
  }
});

test(`random windows have the twin's bits (fast-check seed ${SEED})`, (t) => {
  const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const setup = fc.record({
    size: pair(1, 12),
    kernel: pair(1, 4),
    stride: pair(1, 4),
    dilation: pair(1, 3),
    padding: pair(0, 3),
    groups: fc.integer({ min: 1, max: 3 }),
    inner: fc.integer({ min: 1, max: 9 }),
    outer: fc.integer({ min: 1, max: 14 }),
    rows: fc.integer({ min: 1, max: 6 }),
    leaves: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(setup, ({ size: [height, width], groups, inner, outer, rows, leaves, kernel, stride, dilation, padding }) => {
      const fits = [0, 1].every((axis) => [height, width][axis]! + 2 * padding[axis]! > (kernel[axis]! - 1) * dilation[axis]!);
      fc.pre(fits);
      const window = { kernel, stride, dilation, padding };
      const g = geometry({ height, width, channels: groups * inner, filters: groups * outer, groups, ...window });
      t.is(forwardFault(g, rows, rows % 3, rows % 2 === 0), null);
      t.is(inputFault(g, rows), null);
      t.is(gradientFault(g, evenBounds(rows, leaves)), null);
    }),
    { seed: SEED, numRuns: 150 },
  );
});
