import type { ConvOp } from '../graph/ops/conv.ts';

/**
 * Floats of per-worker scratch that the matrix products need for at most `rows` rows and layers up to `inputs` by `outputs`.
 * An upper bound that grows with every argument: packed panels (at most 1 MiB, or one panel where the depth is larger), packed columns of x
 * and the stack of partial tiles. The constants mirror kernels/products/dense.ts and kernels/products/gradient.ts; test/kernels/products/scratch.test.ts holds them.
 */
export function scratchFloats(rows: number, inputs: number, outputs: number, leaves: number): number {
  const stack = 36 * (33 - Math.clz32(leaves));
  const forward = Math.max(
    64,
    36 + panelFloats(inputs, outputs, 131072),
    Math.min(Math.max(16 * inputs, 131072), 16 * inputs * Math.ceil(outputs / 16)),
  );
  const inputGradient = panelFloats(outputs, rows, 131072);
  // 16 columns of x packed, or the rows that are not zero listed, four columns at a time, with their leaves.
  const weightGradient = stack + panelFloats(rows, outputs, 262144) + 20 * rows + 12 * leaves + 16;
  return Math.max(forward, inputGradient, weightGradient);
}

function roundUp8(n: number): number {
  return Math.ceil(n / 8) * 8;
}

/** Columns are packed in groups of at least 8; 4 more when the last panel is 12 wide. */
function panelFloats(depth: number, columns: number, budget: number): number {
  return Math.min(Math.max(8 * depth, budget) + 4 * depth, depth * roundUp8(columns));
}

/** i32 of the list of non-zero columns of a row of `columns`. Mirrors kernels/products/sparse.ts. */
export function listWords(columns: number): number {
  return columns + 4;
}

/** Mirrors kernels/convolution/picture.ts. */
const PIXELS = 512;
const PICTURE_FLOATS = 65_536;
/** Of a tile of the weight gradient, and of what is summed at a time. Mirrors kernels/convolution/weight-gradient.ts. */
const GRADIENT_TILE = 32;
const GRADIENT_FLOATS = 65_536;
/** Of packed deltas. */
const DELTA_FLOATS = 65_536;

/**
 * Floats of per-worker scratch that a convolution and its gradients need for at most `rows` rows: pictures with zeros around them (as many
 * as have 512 outputs together, at least one), tables of offsets, packed weights, and the tree over blocks of the weight's gradient.
 * An upper bound that grows with rows and leaves; test/kernels/convolution/scratch.test.ts holds it.
 */
export function convScratchFloats(
  { window, filters, groups }: Pick<ConvOp, 'window' | 'filters' | 'groups'>,
  rows: number,
  leaves: number,
): number {
  const { height, width, channels, kernel, stride, dilation, padding, outHeight, outWidth } = window;
  const [inner, outer] = [channels / groups, filters / groups];
  const taps = kernel[0] * kernel[1];
  /** Tables are written for one picture where there are no rows, too. */
  const most = Math.max(1, rows);
  /** Frames, and one or two tables of pixels. A kernel whose frames are smaller than `floats` takes more of them at once, so their number is no bound. */
  const pictures = (pixels: number, floats: number, tables: number): number =>
    Math.min(most * floats, Math.max(floats, PICTURE_FLOATS)) + tables * Math.min(most * pixels, Math.max(pixels, PIXELS));

  const touched = (axis: 0 | 1, extent: number, outputs: number): number =>
    Math.max(extent, (outputs - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1);
  const frame = touched(0, height, outHeight) * touched(1, width, outWidth) * channels;
  const forward =
    36 + taps * inner + pictures(outHeight * outWidth, frame, 2) + panelFloats(taps * inner, groups * roundUp8(outer), 131_072);

  const before = (axis: 0 | 1): number => Math.floor(Math.max(0, (kernel[axis] - 1) * dilation[axis] - padding[axis]) / stride[axis]);
  const reached = (axis: 0 | 1, extent: number, outputs: number): number =>
    before(axis) + Math.max(outputs, Math.floor((extent - 1 + padding[axis]) / stride[axis]) + 1);
  const deltas = reached(0, height, outHeight) * reached(1, width, outWidth) * filters;
  const phase = Math.ceil(height / stride[0]) * Math.ceil(width / stride[1]);
  const inputGradient = 36 + taps * outer + pictures(phase, deltas, 2) + panelFloats(taps * outer, groups * roundUp8(inner), 131_072);

  const tileFloats = (roundUp8(outer) / 8) * GRADIENT_TILE;
  const tiles = Math.max(1, Math.min(groups * Math.ceil((taps * inner) / 4), Math.floor(GRADIENT_FLOATS / tileFloats)));
  // One channel and one filter a group are summed as they lie.
  const summed = inner === 1 && outer === 1 ? Math.ceil((taps * channels) / 4) * 4 : tiles * tileFloats;
  const slabs = 33 - Math.clz32(leaves - 1);
  const packed = Math.min(PIXELS, Math.max(64, Math.floor(DELTA_FLOATS / outer))) * (4 + roundUp8(outer));
  const weightGradient = taps * inner + pictures(outHeight * outWidth, frame, 1) + packed + slabs * summed;

  const biasGradient = leaves + 1 + 16 * (33 - Math.clz32(leaves));
  return Math.max(forward, inputGradient, weightGradient, biasGradient);
}
