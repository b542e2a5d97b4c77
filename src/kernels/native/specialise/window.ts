import type { Window } from '../../../graph/window.ts';
import type { WindowArgs } from '../../interface/convolution.ts';

/** A window from the arguments of a kernel. */
export function windowOf(args: Readonly<WindowArgs>): Window {
  const [height, width, channels, kernelH, kernelW, strideH, strideW, dilationH, dilationW, top, left, outHeight, outWidth] = args;
  return {
    height,
    width,
    channels,
    kernel: [kernelH, kernelW],
    stride: [strideH, strideW],
    dilation: [dilationH, dilationW],
    padding: [top, left],
    outHeight,
    outWidth,
  };
}

/** Whether there is something to look at and to look with. */
export function hasPixels({ height, width, channels, kernel, outHeight, outWidth }: Window): boolean {
  return [height, width, channels, ...kernel, outHeight, outWidth].every((extent) => extent > 0);
}
