import type { Isa } from '../../../src/native/isa.ts';
import type { Dice } from '../../engine/support/samples.ts';
import type { Geometry } from '../../kernels/support/convolution.ts';
import { geometry, type Setup } from '../../kernels/support/geometries.ts';
import type { PoolKind, PoolProduct } from './products.ts';

function product(kind: PoolKind, shape: Geometry, rows: number): PoolProduct {
  return kind === 'max pool' ? { kind, rows, geometry: shape, hasIndex: shape.outWidth % 3 > 0 } : { kind, rows, geometry: shape };
}

/** Where vectors of channels, and groups of four of them, end. */
function channelEdges({ lanes }: Isa): number[] {
  return [1, 2, 6, 7, 8, 9, lanes - 1, lanes, lanes + 1, 3 * lanes, 4 * lanes - 1, 4 * lanes, 4 * lanes + 1, 5 * lanes, 9 * lanes + 2];
}

/** Windows side by side, with gaps, cut off by the picture's edges and by padding; backward takes none that overlap. */
function windowEdges(kind: PoolKind): Omit<Setup, 'channels' | 'filters'>[] {
  const apart: Omit<Setup, 'channels' | 'filters'>[] = [
    { height: 6, width: 8, kernel: [2, 2], stride: [2, 2] },
    { height: 7, width: 9, kernel: [2, 2], stride: [2, 2] },
    { height: 7, width: 9, kernel: [2, 2], stride: [2, 2], padding: [1, 1] },
    { height: 8, width: 11, kernel: [2, 3], stride: [3, 4], padding: [1, 0], end: [0, 1] },
    { height: 6, width: 6, kernel: [1, 1], stride: [1, 1] },
    { height: 6, width: 7, kernel: [1, 1], stride: [2, 3] },
    { height: 1, width: 12, kernel: [1, 4], stride: [1, 4] },
    { height: 5, width: 4, kernel: [5, 4], stride: [5, 4] },
  ];
  const overlapping: typeof apart = [
    { height: 6, width: 7, kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
    { height: 8, width: 7, kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
    { height: 8, width: 7, kernel: [4, 2], stride: [1, 2], padding: [2, 1] },
  ];
  return kind === 'max pool' ? [...apart, ...overlapping] : apart;
}

/** Shapes of a kind, one extent after the other at each of its edges. */
export function edgePools(isa: Isa, kind: PoolKind): PoolProduct[] {
  const small = { height: 5, width: 6, kernel: [2, 2], stride: [2, 2], filters: 1 } as const;
  const geometries = [
    ...channelEdges(isa).map((channels) => geometry({ ...small, kernel: [2, 2], stride: [2, 2], channels })),
    ...windowEdges(kind).flatMap((setup) =>
      [3, isa.lanes + 1, 2 * isa.lanes].map((channels) => geometry({ ...setup, channels, filters: 1 })),
    ),
  ];
  return geometries.map((shape, i) => product(kind, shape, 1 + (i % 3)));
}

export function randomPool(dice: Dice, isa: Isa, kind: PoolKind, most: number): PoolProduct {
  for (;;) {
    const setup = dice.pick(windowEdges(kind));
    const channels = dice.next() < 0.5 ? dice.pick(channelEdges(isa)) : dice.int(1, 80);
    const shape = geometry({ ...setup, height: setup.height + dice.int(0, 9), width: setup.width + dice.int(0, 9), channels, filters: 1 });
    const rows = dice.int(1, 5);
    if (shape.height * shape.width * channels * rows <= most) return product(kind, shape, rows);
  }
}
