/** What the kernels of convolutions and pools must compute, loop by loop in the promised order; every f32 operation rounded by itself. */
import type { WindowArgs } from '../../../src/kernels/interface/convolution.ts';
import type { RandomStream } from '../../../src/random/stream.ts';
import { sumTree } from './reference.ts';

const { fround } = Math;

/** A window over pictures, by name. */
export interface Geometry {
  height: number;
  width: number;
  channels: number;
  kernel: [number, number];
  stride: [number, number];
  dilation: [number, number];
  /** Top and left. */
  padding: [number, number];
  outHeight: number;
  outWidth: number;
  filters: number;
  groups: number;
}

export function windowArgs(g: Geometry): WindowArgs {
  return [g.height, g.width, g.channels, ...g.kernel, ...g.stride, ...g.dilation, ...g.padding, g.outHeight, g.outWidth];
}

/** Calls `visit` for every tap of an output that lies inside the picture, in scan order. */
function taps(g: Geometry, oy: number, ox: number, visit: (tap: number, pixel: number) => void): void {
  for (let ky = 0; ky < g.kernel[0]; ky++) {
    for (let kx = 0; kx < g.kernel[1]; kx++) {
      const h = oy * g.stride[0] - g.padding[0] + ky * g.dilation[0];
      const w = ox * g.stride[1] - g.padding[1] + kx * g.dilation[1];
      if (h >= 0 && h < g.height && w >= 0 && w < g.width) visit(ky * g.kernel[1] + kx, h * g.width + w);
    }
  }
}

/** Calls `visit` for every output of every row, in scan order. */
function outputs(g: Geometry, from: number, to: number, visit: (r: number, oy: number, ox: number, place: number) => void): void {
  for (let r = from; r < to; r++) {
    for (let oy = 0; oy < g.outHeight; oy++) {
      for (let ox = 0; ox < g.outWidth; ox++) visit(r, oy, ox, (r * g.outHeight + oy) * g.outWidth + ox);
    }
  }
}

export function convForward(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array | null,
  rows: number,
  g: Geometry,
  activation: number,
  slope: number,
): Float32Array {
  const { height, width, channels, filters, groups } = g;
  const [inner, outer] = [channels / groups, filters / groups];
  const y = new Float32Array(rows * g.outHeight * g.outWidth * filters);
  outputs(g, 0, rows, (r, oy, ox, place) => {
    for (let f = 0; f < filters; f++) {
      const first = Math.floor(f / outer) * inner;
      let sum = 0;
      taps(g, oy, ox, (tap, pixel) => {
        for (let c = 0; c < inner; c++) {
          const value = x[(r * height * width + pixel) * channels + first + c]!;
          sum = fround(sum + fround(value * w[(tap * inner + c) * filters + f]!));
        }
      });
      const z = fround(sum + (bias?.[f] ?? 0));
      if (activation === 1) y[place * filters + f] = Number.isNaN(z) ? NaN : Math.max(z, 0);
      else y[place * filters + f] = activation === 2 && !(z > 0) ? fround(z * fround(slope)) : z;
    }
  });
  return y;
}

/** Outputs in scan order reach each pixel in the order that is promised. */
export function convInputGradient(dz: Float32Array, w: Float32Array, rows: number, g: Geometry): Float32Array {
  const { height, width, channels, filters, groups } = g;
  const [inner, outer] = [channels / groups, filters / groups];
  const dx = new Float32Array(rows * height * width * channels);
  outputs(g, 0, rows, (r, oy, ox, place) => {
    taps(g, oy, ox, (tap, pixel) => {
      for (let c = 0; c < channels; c++) {
        const at = (r * height * width + pixel) * channels + c;
        const first = Math.floor(c / inner) * outer;
        for (let f = first; f < first + outer; f++) {
          dx[at] = fround(dx[at]! + fround(dz[place * filters + f]! * w[(tap * inner + (c % inner)) * filters + f]!));
        }
      }
    });
  });
  return dx;
}

export function convWeightGradient(x: Float32Array, dz: Float32Array, bounds: Int32Array, g: Geometry): Float32Array {
  const { height, width, channels, filters, groups } = g;
  const [inner, outer] = [channels / groups, filters / groups];
  const slabs: Float32Array[] = [];
  for (let leaf = 0; leaf + 1 < bounds.length; leaf++) {
    const slab = new Float32Array(g.kernel[0] * g.kernel[1] * inner * filters);
    outputs(g, bounds[leaf]!, bounds[leaf + 1]!, (r, oy, ox, place) => {
      taps(g, oy, ox, (tap, pixel) => {
        for (let c = 0; c < inner; c++) {
          for (let f = 0; f < filters; f++) {
            const at = (tap * inner + c) * filters + f;
            const value = x[(r * height * width + pixel) * channels + Math.floor(f / outer) * inner + c]!;
            slab[at] = fround(slab[at]! + fround(value * dz[place * filters + f]!));
          }
        }
      });
    });
    slabs.push(slab);
  }
  return sumTree(slabs);
}

export function convBiasGradient(dz: Float32Array, bounds: Int32Array, pixels: number, filters: number): Float32Array {
  const slabs: Float32Array[] = [];
  for (let leaf = 0; leaf + 1 < bounds.length; leaf++) {
    const slab = new Float32Array(filters);
    for (let i = bounds[leaf]! * pixels; i < bounds[leaf + 1]! * pixels; i++) {
      for (let f = 0; f < filters; f++) slab[f] = fround(slab[f]! + dz[i * filters + f]!);
    }
    slabs.push(slab);
  }
  return sumTree(slabs);
}

export function maxPoolForward(x: Float32Array, rows: number, g: Geometry): { y: Float32Array; index: Int32Array } {
  const { height, width, channels } = g;
  const y = new Float32Array(rows * g.outHeight * g.outWidth * channels);
  const index = new Int32Array(y.length);
  outputs(g, 0, rows, (r, oy, ox, place) => {
    for (let c = 0; c < channels; c++) {
      let best: number | undefined;
      taps(g, oy, ox, (_, pixel) => {
        const v = x[(r * height * width + pixel) * channels + c]!;
        if (best !== undefined && (Number.isNaN(best) || v <= best)) return;
        best = v;
        y[place * channels + c] = v;
        index[place * channels + c] = pixel;
      });
    }
  });
  return { y, index };
}

export function maxPoolBackward(dy: Float32Array, index: Int32Array, rows: number, g: Geometry): Float32Array {
  const dx = new Float32Array(rows * g.height * g.width * g.channels);
  outputs(g, 0, rows, (r, _oy, _ox, place) => {
    for (let c = 0; c < g.channels; c++) {
      const at = (r * g.height * g.width + index[place * g.channels + c]!) * g.channels + c;
      dx[at] = fround(dx[at]! + dy[place * g.channels + c]!);
    }
  });
  return dx;
}

export function avgPoolForward(x: Float32Array, rows: number, g: Geometry): Float32Array {
  const y = new Float32Array(rows * g.outHeight * g.outWidth * g.channels);
  outputs(g, 0, rows, (r, oy, ox, place) => {
    for (let c = 0; c < g.channels; c++) {
      let sum = 0;
      taps(g, oy, ox, (_, pixel) => {
        sum = fround(sum + x[(r * g.height * g.width + pixel) * g.channels + c]!);
      });
      y[place * g.channels + c] = fround(sum / (g.kernel[0] * g.kernel[1]));
    }
  });
  return y;
}

export function avgPoolBackward(dy: Float32Array, rows: number, g: Geometry): Float32Array {
  const dx = new Float32Array(rows * g.height * g.width * g.channels);
  outputs(g, 0, rows, (r, oy, ox, place) => {
    taps(g, oy, ox, (_, pixel) => {
      for (let c = 0; c < g.channels; c++) {
        const at = (r * g.height * g.width + pixel) * g.channels + c;
        dx[at] = fround(dx[at]! + fround(dy[place * g.channels + c]! / (g.kernel[0] * g.kernel[1])));
      }
    });
  });
  return dx;
}

export function swapAxes(x: Float32Array, rows: number, a: number, b: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) y[(r * b + j) * a + i] = x[(r * a + i) * b + j]!;
  }
  return y;
}

export function channelDropoutForward(
  a: Float32Array,
  stream: RandomStream,
  [rows, pixels, channels]: readonly [number, number, number],
  first: number,
  threshold: number,
  scale: number,
): { mask: Float32Array; y: Float32Array } {
  const mask = new Float32Array(rows * pixels * channels);
  for (let i = 0; i < mask.length; i++) {
    const [r, c] = [Math.floor(i / (pixels * channels)), i % channels];
    mask[i] = stream.word(first + r * channels + c) >= threshold ? scale : 0;
  }
  return { mask, y: mask.map((m, i) => (m === 0 ? 0 : fround(a[i]! * m))) };
}
