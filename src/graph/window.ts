import type { Shape } from './shape.ts';

/** Height and width, of a kernel or of what is done to it. */
export type Extent2d = readonly [height: number, width: number];

/**
 * Where a convolution or a pool looks: output (oy, ox) reads rows oy * stride - padding + ky * dilation of its input, and columns likewise.
 * A sequence is a picture of height 1.
 */
export interface Window {
  /** Of the input. */
  height: number;
  width: number;
  channels: number;
  kernel: Extent2d;
  stride: Extent2d;
  dilation: Extent2d;
  /** Lines above and columns left of the picture; how many lie below and right follows from the outputs. */
  padding: Extent2d;
  outHeight: number;
  outWidth: number;
}

/** Lines or columns from the first tap of a kernel to its last, both counted. */
export function reach(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Calls `visit` for each tap of an output that lies in the picture, in the order of scan. */
export function eachTap(window: Window, oy: number, ox: number, visit: (tap: { ky: number; kx: number; pixel: number }) => void): void {
  const { height, width, kernel, stride, dilation, padding } = window;
  for (let ky = 0; ky < kernel[0]; ky++) {
    const y = oy * stride[0] - padding[0] + ky * dilation[0];
    if (y < 0 || y >= height) continue;
    for (let kx = 0; kx < kernel[1]; kx++) {
      const x = ox * stride[1] - padding[1] + kx * dilation[1];
      if (x >= 0 && x < width) visit({ ky, kx, pixel: y * width + x });
    }
  }
}

/** PyTorch's extents of a picture or sequence as the engine has it: [H, W, C] as [C, H, W]. */
export function channelsFirst(shape: Shape): Shape {
  return [...shape.slice(-1), ...shape.slice(0, -1)];
}

/** Extents of a picture as the engine has it, channels last; what has no pixels counts as one. */
export function pixelsOf(shape: Shape): { pixels: number; channels: number } {
  const channels = shape.at(-1) ?? 1;
  return { pixels: shape.slice(0, -1).reduce((product, extent) => product * extent, 1), channels };
}
