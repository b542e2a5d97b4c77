import type { Geometry } from './convolution.ts';

/** What a geometry is made of; PyTorch's defaults for the rest. */
export interface Setup {
  height: number;
  width: number;
  channels: number;
  filters: number;
  kernel?: [number, number];
  stride?: [number, number];
  dilation?: [number, number];
  /** Top, left. */
  padding?: [number, number];
  /** Bottom, right. @default as padding */
  end?: [number, number];
  groups?: number;
}

/** @throws RangeError where the window does not fit once */
export function geometry({ height, width, channels, filters, groups = 1, ...rest }: Setup): Geometry {
  const { kernel = [3, 3], stride = [1, 1], dilation = [1, 1], padding = [0, 0], end = padding } = rest;
  const outputs = (axis: 0 | 1, extent: number): number =>
    Math.floor((extent + padding[axis] + end[axis] - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  const [outHeight, outWidth] = [outputs(0, height), outputs(1, width)];
  if (outHeight < 1 || outWidth < 1) throw new RangeError('the window does not fit');
  return { height, width, channels, filters, groups, kernel, stride, dilation, padding, outHeight, outWidth };
}

export function describe(g: Geometry): string {
  const { height, width, channels, filters, groups, kernel, stride, dilation, padding, outHeight, outWidth } = g;
  const of = `[${height},${width},${channels}] -> [${outHeight},${outWidth},${filters}]`;
  return `${of}, kernel ${kernel}, stride ${stride}, dilation ${dilation}, padding ${padding}, groups ${groups}`;
}

/** Odd sizes, strides beyond the kernel, dilations, uneven padding, groups; every count of channels and filters around lanes and tiles. */
export const GEOMETRIES: readonly Geometry[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 20, 21, 25].flatMap((n) => [
    geometry({ height: 5, width: 6, channels: 3, filters: n, padding: [1, 1] }),
    geometry({ height: 4, width: 5, channels: n, filters: 3, kernel: [2, 3], padding: [0, 1] }),
    geometry({ height: 1, width: n + 2, channels: 2, filters: 5, kernel: [1, 3] }),
    geometry({ height: n, width: 3, channels: 1, filters: 6, kernel: [3, 3], padding: [1, 1] }),
  ]),
  geometry({ height: 1, width: 1, channels: 1, filters: 1, kernel: [1, 1] }),
  geometry({ height: 7, width: 7, channels: 9, filters: 10, kernel: [7, 7] }),
  geometry({ height: 6, width: 9, channels: 5, filters: 7, kernel: [1, 1] }),
  geometry({ height: 7, width: 9, channels: 5, filters: 13, kernel: [1, 1], stride: [2, 2] }),
  geometry({ height: 11, width: 13, channels: 3, filters: 4, kernel: [2, 2], stride: [3, 4] }),
  geometry({ height: 11, width: 13, channels: 3, filters: 4, kernel: [2, 2], stride: [5, 7], padding: [1, 1] }),
  geometry({ height: 9, width: 10, channels: 4, filters: 9, stride: [2, 2], padding: [1, 1] }),
  geometry({ height: 10, width: 9, channels: 4, filters: 9, stride: [2, 3], padding: [1, 0] }),
  geometry({ height: 9, width: 11, channels: 3, filters: 8, dilation: [2, 3], padding: [2, 3] }),
  geometry({ height: 12, width: 11, channels: 2, filters: 5, dilation: [3, 2], stride: [2, 3], padding: [1, 4] }),
  geometry({ height: 9, width: 12, channels: 2, filters: 5, dilation: [1, 4], stride: [4, 2] }),
  geometry({ height: 4, width: 4, channels: 2, filters: 3, kernel: [4, 4], padding: [1, 1], end: [2, 2] }),
  geometry({ height: 3, width: 4, channels: 2, filters: 3, kernel: [2, 2], padding: [5, 3] }),
  geometry({ height: 5, width: 5, channels: 3, filters: 4, kernel: [1, 1], padding: [1, 1] }),
  geometry({ height: 6, width: 7, channels: 8, filters: 6, padding: [1, 1], groups: 2 }),
  geometry({ height: 6, width: 7, channels: 6, filters: 39, stride: [2, 2], groups: 3 }),
  geometry({ height: 6, width: 7, channels: 39, filters: 6, padding: [1, 1], groups: 3 }),
  geometry({ height: 5, width: 8, channels: 6, filters: 6, padding: [1, 1], groups: 6 }),
  geometry({ height: 5, width: 8, channels: 19, filters: 19, stride: [2, 2], padding: [1, 1], groups: 19 }),
  geometry({ height: 6, width: 5, channels: 5, filters: 10, kernel: [2, 2], dilation: [2, 1], groups: 5 }),
  geometry({ height: 40, width: 37, channels: 3, filters: 4, kernel: [5, 5], padding: [2, 2] }),
  geometry({ height: 1, width: 300, channels: 4, filters: 8, kernel: [1, 5], padding: [0, 2] }),
];
