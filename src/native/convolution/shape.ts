import { reach, type Window } from '../../graph/window.ts';

export const F32 = Float32Array.BYTES_PER_ELEMENT;

/** A convolution of pictures, channels last, by filters over all channels; its weight is stored [kh, kw, channels, filters]. */
export interface ConvShape {
  rows: number;
  window: Window;
  filters: number;
}

/** Products that one output is the sum of. */
export function depthOf({ window: { kernel, channels } }: ConvShape): number {
  return kernel[0] * kernel[1] * channels;
}

/** Values of a picture that comes in, and of one that goes out. */
export function pictureValues({ window, filters }: ConvShape): { x: number; y: number } {
  const { height, width, channels, outHeight, outWidth } = window;
  return { x: height * width * channels, y: outHeight * outWidth * filters };
}

/** A picture with zeros around it, which taps outside of it read: a copy in scratch, or the picture itself where none do. All in values. */
export interface Padded {
  /** Of a line. */
  line: number;
  /** Of the copy; 0 where there is none. */
  size: number;
  /** The part of the picture that is read: lines, and values of each. */
  lines: number;
  width: number;
  /** Where its first pixel stands in the copy. */
  at: number;
}

/** What taps read of a picture. */
export function paddedOf({ height, width, channels, kernel, stride, dilation, padding, outHeight, outWidth }: Window): Padded {
  const lines = (outHeight - 1) * stride[0] + reach(kernel[0], dilation[0]);
  const columns = (outWidth - 1) * stride[1] + reach(kernel[1], dilation[1]);
  const [top, left] = padding;
  if (top === 0 && left === 0 && lines <= height && columns <= width) {
    return { line: width * channels, size: 0, lines, width: columns * channels, at: 0 };
  }
  const line = columns * channels;
  return {
    line,
    size: lines * line,
    lines: Math.max(0, Math.min(height, lines - top)),
    width: Math.max(0, Math.min(width, columns - left)) * channels,
    at: top * line + left * channels,
  };
}
