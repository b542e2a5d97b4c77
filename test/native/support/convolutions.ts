import type { Isa } from '../../../src/native/isa.ts';
import { tallest } from '../../../src/native/products/tile.ts';
import type { Dice } from '../../engine/support/samples.ts';
import type { Geometry } from '../../kernels/support/convolution.ts';
import { GEOMETRIES, geometry, type Setup } from '../../kernels/support/geometries.ts';
import type { ConvKind, ConvProduct } from './products.ts';

/** Multiplications and additions of a convolution or of one of its gradients, taps outside of the picture counted. */
export function costOfGeometry({ outHeight, outWidth, kernel, channels, filters }: Geometry): number {
  return outHeight * outWidth * kernel[0] * kernel[1] * channels * filters;
}

/** Where vectors end: of filters, or of channels for the input's gradient. */
function vectorEdges({ lanes }: Isa): number[] {
  return [1, 2, 7, 8, 9, lanes - 1, lanes, lanes + 1, 2 * lanes, 2 * lanes + 3, 3 * lanes, 3 * lanes + 1, 4 * lanes, 5 * lanes + 2];
}

/** Pixels that a line has where tiles end. */
function lineEdges(isa: Isa): number[] {
  const heights = [1, 2, 3].map((vectors) => tallest(isa, vectors));
  return [...new Set(heights.flatMap((rows) => [rows - 1, rows, rows + 1, 2 * rows, 2 * rows + 1, Math.floor(rows / 2)]))];
}

function product(kind: ConvKind, shape: Geometry, rows: number): ConvProduct {
  switch (kind) {
    case 'conv forward':
      return { kind, rows, geometry: shape, hasBias: shape.outWidth % 3 > 0, relu: shape.outWidth % 2 === 0 };
    case 'conv input gradient':
      return { kind, rows, geometry: shape };
    case 'conv weight gradient':
    case 'conv bias gradient':
      return { kind, geometry: shape, bounds: [0, ...Array.from({ length: Math.min(3, rows - 1) }, (_, i) => i + 1), rows] };
  }
}

/** Shapes of a kind, one extent after the other at each of its edges. */
export function edgeConvolutions(isa: Isa, kind: ConvKind): ConvProduct[] {
  const small: Setup = { height: 4, width: 5, channels: 2, filters: 3, kernel: [2, 3], padding: [1, 1] };
  const vectors = kind === 'conv input gradient' ? 'channels' : 'filters';
  const geometries = [
    ...vectorEdges(isa).map((count) => geometry({ ...small, [vectors]: count })),
    ...lineEdges(isa).map((width) => geometry({ ...small, height: 3, width, padding: [0, 1], [vectors]: isa.lanes + 1 })),
    ...lineEdges(isa).map((width) => geometry({ ...small, height: 3, width: width + 1, kernel: [2, 2], padding: [0, 0], [vectors]: 3 })),
    // k's of a line: of one tap, of more than a turn, and of many tiles of the weight's gradient.
    ...[1, 3, 4, 5, 8, 9, 13, 17, 30, 62].map((count) => geometry({ ...small, channels: count, filters: isa.lanes + 1 })),
    ...GEOMETRIES.filter(({ groups }) => groups === 1).slice(-17),
  ];
  return geometries.map((shape, i) => product(kind, shape, 1 + (i % 3) * 2));
}

/** Shapes whose leaf gradients are summed in more than one group, and deep ones. */
export function largeConvolutions(kind: ConvKind): ConvProduct[] {
  return [
    product(kind, geometry({ height: 3, width: 3, channels: 90, filters: 130, padding: [1, 1] }), 2),
    product(kind, geometry({ height: 14, width: 14, channels: 33, filters: 20, kernel: [5, 5], padding: [2, 2] }), 5),
  ];
}

export function randomConvolution(dice: Dice, isa: Isa, kind: ConvKind, most: number): ConvProduct {
  const pick = (values: readonly number[]): number => dice.pick(values);
  for (;;) {
    const count = (edges: readonly number[]): number => (dice.next() < 0.5 ? pick(edges) : dice.int(1, 40));
    const pair = (...values: number[]): [number, number] => [pick(values), pick(values)];
    const shape = {
      height: dice.int(1, 20),
      width: count(lineEdges(isa)),
      channels: count(vectorEdges(isa)),
      filters: count(vectorEdges(isa)),
      kernel: pair(1, 1, 2, 3, 3, 5),
      stride: pair(1, 1, 2, 3),
      dilation: pair(1, 1, 1, 2, 3),
      padding: pair(0, 0, 1, 2, 4),
      end: pair(0, 1, 3),
    };
    const window = fitting(shape);
    if (window !== undefined) {
      const rows = dice.next() < 0.7 ? dice.int(1, 6) : dice.int(7, 40);
      if (costOfGeometry(window) * rows <= most) return product(kind, window, rows);
    }
  }
}

function fitting(setup: Setup): Geometry | undefined {
  try {
    return geometry(setup);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
