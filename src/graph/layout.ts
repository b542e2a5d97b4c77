import { elements, type Shape } from './shape.ts';

/**
 * How a tensor of the model is stored, where that is not as PyTorch has it: PyTorch's values seen as `view`, with the axes in another order.
 * Weights are stored with their units last, as the products read them without packing.
 */
export interface Layout {
  /** PyTorch's extents; `[O, C, H, W]` for a dense weight [O, C * H * W] behind pictures. */
  view: Shape;
  /** For each stored axis, outermost first, which of `view` it is. */
  order: readonly number[];
}

/** [O, I] stored as [I, O]. */
export function unitsLast(view: Shape): Layout {
  return { view, order: [...view.keys()].slice(1).concat(0) };
}

/** [O, C, ...pixels] stored as [...pixels, C, O]; [C, ...pixels] without `O` as [...pixels, C]. */
export function channelsLast(view: Shape, hasUnits: boolean): Layout {
  const axes = [...view.keys()];
  const [units, channels, pixels] = hasUnits ? [[0], [1], axes.slice(2)] : [[], [0], axes.slice(1)];
  return { view, order: [...pixels, ...channels, ...units] };
}

/** PyTorch's values -> stored. Moved as 32-bit words, so every bit pattern of a float survives. */
export function toStored(values: Float32Array, layout: Layout): Float32Array {
  const [from, to] = [wordsOf(values), new Uint32Array(values.length)];
  eachPlace(layout, (stored, outside) => {
    to[stored] = from[outside] as number;
  });
  return new Float32Array(to.buffer);
}

/** Stored -> PyTorch's values. */
export function fromStored(values: Float32Array, layout: Layout): Float32Array {
  const [from, to] = [wordsOf(values), new Uint32Array(values.length)];
  eachPlace(layout, (stored, outside) => {
    to[outside] = from[stored] as number;
  });
  return new Float32Array(to.buffer);
}

/** Where PyTorch has the value that is stored at `at`. */
export function outsideIndex({ view, order }: Layout, at: number): number {
  const strides = stridesOf(view);
  let rest = at;
  let index = 0;
  for (const axis of order.toReversed()) {
    const extent = view[axis] as number;
    index += (rest % extent) * (strides[axis] as number);
    rest = Math.floor(rest / extent);
  }
  return index;
}

function eachPlace({ view, order }: Layout, visit: (stored: number, outside: number) => void): void {
  const strides = stridesOf(view);
  const [extents, steps] = [order.map((axis) => view[axis] as number), order.map((axis) => strides[axis] as number)];
  const [inner, step] = [extents.at(-1) ?? 1, steps.at(-1) ?? 1];
  const place = extents.map(() => 0);
  const count = elements(view);
  let outside = 0;
  for (let stored = 0; stored < count; ) {
    for (let i = 0; i < inner; i++) visit(stored++, outside + i * step);
    // The next place of the axes before the last.
    for (let axis = extents.length - 2; axis >= 0; axis--) {
      const [extent, stride] = [extents[axis] as number, steps[axis] as number];
      outside += stride;
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < extent) break;
      outside -= extent * stride;
      place[axis] = 0;
    }
  }
}

function stridesOf(view: Shape): number[] {
  return view.map((_, axis) => elements(view.slice(axis + 1)));
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
