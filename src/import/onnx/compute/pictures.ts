import { elements } from '../../../graph/shape.ts';
import { axesOf, intOf, intsOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import { type NodeWindow, windowOf } from '../windows.ts';
import { at, given, nodeError, type OnnxArray, type Operator, type Values } from './operator.ts';

const { fround } = Math;

/** Operators over pictures [N, C, H, W] and sequences [N, C, L]. */
export const PICTURE_OPERATORS: Readonly<Record<string, Operator>> = {
  Conv: ([x, w, b], node) => {
    const [picture, weights] = [given(x, node), given(w, node)];
    const [rows = 0, channels = 0, ...places] = picture.dims;
    const [filters = 0, own = 0, ...kernel] = weights.dims;
    const groups = intOf(node, 'group', 1);
    if (kernel.length !== places.length || own * groups !== channels || filters % groups !== 0) {
      throw nodeError(node, `weights of [${weights.dims.join(', ')}] in ${groups} groups for pictures of [${picture.dims.join(', ')}]`);
    }
    const window = requiredWindow(node, places, kernel);
    const [count, size, area] = [elements(window.out), elements(places), elements(kernel)];
    const values = new Float32Array(rows * filters * count);
    for (let p = 0; p < count; p++) {
      const taps = tapsOf(window, places, p);
      for (let plane = 0; plane < rows * filters; plane++) {
        const f = plane % filters;
        const first = ((plane - f) / filters) * channels + Math.floor(f / (filters / groups)) * own;
        let sum = 0;
        for (let t = 0; t < taps.length; t += 2) {
          let [i, k] = [first * size + (taps[t + 1] as number), f * own * area + (taps[t] as number)];
          for (let c = 0; c < own; c++, i += size, k += area) sum = fround(sum + fround(at(picture.values, i) * at(weights.values, k)));
        }
        values[plane * count + p] = b === undefined ? sum : sum + at(b.values, f);
      }
    }
    return { dims: [rows, filters, ...window.out], values };
  },
  MaxPool: ([x], node) => pooled(given(x, node), node, largestOf),
  AveragePool: ([x], node) => {
    const counts = intOf(node, 'count_include_pad', 0) !== 0;
    return pooled(given(x, node), node, (values, places, area) => sumOf(values, places) / (counts ? area : places.length));
  },
  GlobalAveragePool: ([x], node) => overPlaces(given(x, node), true, (values, places) => sumOf(values, places) / places.length),
  GlobalMaxPool: ([x], node) => overPlaces(given(x, node), true, largestOf),
  ReduceMean: ([x, axes], node) => {
    const picture = given(x, node);
    const over = axesOf(node, axes, picture.dims.length).toSorted((a, b) => a - b);
    if (over.length + 2 !== picture.dims.length || over.some((axis, i) => axis !== i + 2)) {
      throw nodeError(node, `a mean over the axes [${over.join(', ')}]`);
    }
    return overPlaces(picture, intOf(node, 'keepdims', 1) !== 0, (values, places) => sumOf(values, places) / places.length);
  },
  Transpose: ([x], node) => {
    const { dims, values } = given(x, node);
    const order = intsOf(node, 'perm') ?? [...dims.keys()].toReversed();
    if (order.toSorted((a, b) => a - b).some((axis, i) => axis !== i) || order.length !== dims.length) {
      throw nodeError(node, `perm is [${order.join(', ')}] for ${dims.length} axes`);
    }
    const strides = dims.map((_, axis) => elements(dims.slice(axis + 1)));
    const turned = order.map((axis) => dims[axis] as number);
    const moved = Float32Array.from({ length: values.length }, (_, index) => {
      let [place, rest] = [0, index];
      for (let axis = turned.length - 1; axis >= 0; axis--) {
        place += (rest % (turned[axis] as number)) * (strides[order[axis] as number] as number);
        rest = Math.floor(rest / (turned[axis] as number));
      }
      return at(values, place);
    });
    return { dims: turned, values: moved };
  },
};

function requiredWindow(node: OnnxNode, places: readonly number[], kernel?: readonly number[]): NodeWindow {
  const window = windowOf(node, places, kernel);
  if (typeof window === 'string') throw nodeError(node, window);
  return window;
}

function pooled(x: OnnxArray, node: OnnxNode, combine: (values: Values, places: readonly number[], area: number) => number): OnnxArray {
  const [rows = 0, channels = 0, ...extents] = x.dims;
  const window = requiredWindow(node, extents);
  const [count, size, area] = [elements(window.out), elements(extents), elements(window.kernel)];
  const values = new Float32Array(rows * channels * count);
  for (let p = 0; p < count; p++) {
    const taps = tapsOf(window, extents, p);
    for (let plane = 0; plane < rows * channels; plane++) {
      const places = taps.filter((_, i) => i % 2 === 1).map((place) => plane * size + place);
      values[plane * count + p] = combine(x.values, places, area);
    }
  }
  return { dims: [rows, channels, ...window.out], values };
}

/** The taps of output `p` that lie in the picture, in the order of scan, each with its place there behind it. */
function tapsOf({ kernel, stride, dilation, before, out }: NodeWindow, extents: readonly number[], p: number): number[] {
  const corner = along(p, out).map((o, axis) => o * (stride[axis] as number) - (before[axis] as number));
  const taps: number[] = [];
  for (let tap = 0; tap < elements(kernel); tap++) {
    const position = along(tap, kernel).map((k, axis) => (corner[axis] as number) + k * (dilation[axis] as number));
    if (position.some((step, axis) => step < 0 || step >= (extents[axis] as number))) continue;
    taps.push(
      tap,
      position.reduce((place, step, axis) => place * (extents[axis] as number) + step, 0),
    );
  }
  return taps;
}

/** Where the element of a number stands along each axis. */
function along(index: number, shape: readonly number[]): number[] {
  return shape.map((extent, axis) => Math.floor(index / elements(shape.slice(axis + 1))) % extent);
}

/** A number for all places of each channel. */
function overPlaces(
  { dims, values }: OnnxArray,
  keepsAxes: boolean,
  combine: (values: Values, places: readonly number[]) => number,
): OnnxArray {
  const [rows = 0, channels = 0, ...extents] = dims;
  const area = elements(extents);
  const all = (plane: number): number[] => Array.from({ length: area }, (_, i) => plane * area + i);
  const found = Float32Array.from({ length: rows * channels }, (_, plane) => combine(values, all(plane)));
  return { dims: [rows, channels, ...(keepsAxes ? extents.map(() => 1) : [])], values: found };
}

function largestOf(values: Values, places: readonly number[]): number {
  return places.reduce((most, i) => Math.max(most, at(values, i)), Number.NEGATIVE_INFINITY);
}

function sumOf(values: Values, places: readonly number[]): number {
  let sum = 0;
  for (const i of places) sum = fround(sum + at(values, i));
  return sum;
}
