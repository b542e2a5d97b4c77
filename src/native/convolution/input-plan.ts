import type { Window } from '../../graph/window.ts';
import { split } from '../columns.ts';
import { type Division, linesOfTile } from './output-plan.ts';
import { joined, type LinePlan, type Placed, passesOf, type Run, runsOf, type Segment, type TilePlan } from './plan.ts';
import type { ConvShape } from './shape.ts';

/** Of one line or column: where the outputs stand that read it, by tap; undefined: none does by that tap. */
type Readers = readonly (number | undefined)[];

function readersOf(at: number, axis: 0 | 1, { kernel, stride, dilation, padding, outHeight, outWidth }: Window): Readers {
  return Array.from({ length: kernel[axis] }, (_, tap) => {
    const reader = (at + padding[axis] - tap * dilation[axis]) / stride[axis];
    return Number.isInteger(reader) && reader >= 0 && reader < (axis === 0 ? outHeight : outWidth) ? reader : undefined;
  });
}

/** Lines or columns that a tile covers, their readers counted from the first one. */
function cover(first: number, count: number, axis: 0 | 1, window: Window): { base: number; readers: Readers[] } {
  const all = Array.from({ length: count }, (_, i) => readersOf(first + i, axis, window));
  const base = Math.min(...all.flat().filter((reader) => reader !== undefined));
  if (base === Number.POSITIVE_INFINITY) return { base: 0, readers: all };
  return { base, readers: all.map((readers) => readers.map((reader) => (reader === undefined ? undefined : reader - base))) };
}

/** The parts of an extent that `split` makes, one by one. */
function partsOf(extent: number, most: number): { first: number; size: number }[] {
  let first = 0;
  return split(extent, most).flatMap(({ size, count }) =>
    Array.from({ length: count }, () => {
      first += size;
      return { first: first - size, size };
    }),
  );
}

/** How many kinds of tiles there are that differ in their taps, about. */
export function countKinds({ window }: ConvShape, division: Division): number {
  const { height, width } = window;
  const kinds = (axis: 0 | 1, extent: number, most: number): number => {
    return new Set(partsOf(extent, most).map(({ first, size }) => JSON.stringify(cover(first, size, axis, window).readers))).size;
  };
  return kinds(0, height, linesOfTile(division, width)) * kinds(1, width, division.most);
}

/**
 * The sums that pixels of an input's gradient are, over the outputs that read them: k goes over the taps from the last to the first, and over
 * the filters of each.
 *
 * @param joins  neighbouring taps are one segment
 */
export function planInputs(shape: ConvShape, division: Division, joins: boolean): Run<LinePlan>[] {
  const { window, filters } = shape;
  const { height, width, channels, outWidth } = window;
  const columns = partsOf(width, division.most).map(({ first, size }) => ({ first, ...cover(first, size, 1, window) }));
  const plans = new Map<string, LinePlan>();
  const lines = partsOf(height, linesOfTile(division, width)).map(({ first, size }): Placed<LinePlan> => {
    const { base, readers } = cover(first, size, 0, window);
    const key = JSON.stringify(readers);
    let plan = plans.get(key);
    if (plan === undefined) {
      const tiles = columns.map((part): Placed<TilePlan> => {
        return { x: part.base * filters, out: part.first * channels, plan: tilePlan(shape, readers, part.readers, joins) };
      });
      plan = runsOf(tiles);
      plans.set(key, plan);
    }
    return { x: base * outWidth * filters, out: first * width * channels, plan };
  });
  return runsOf(lines);
}

function tilePlan({ window, filters }: ConvShape, lines: readonly Readers[], columns: readonly Readers[], joins: boolean): TilePlan {
  const { width, channels, outWidth } = window;
  const [kh, kw] = window.kernel;
  const places = lines.flatMap((_, line) => columns.map((_readers, column) => [line, column] as const));
  const groups = Array.from({ length: kh }, (_, i) => {
    const segments = Array.from({ length: kw }, (_kx, j): Segment => {
      // Outputs further on read by taps further back.
      const [ky, kx] = [kh - 1 - i, kw - 1 - j];
      const x = places.map(([line, column]) => {
        const [oy, ox] = [lines[line]?.[ky], columns[column]?.[kx]];
        return oy === undefined || ox === undefined ? undefined : (oy * outWidth + ox) * filters;
      });
      return { depth: filters, x, k: (i * kw + j) * filters };
    });
    const taken = segments.filter(({ x }) => x.some((at) => at !== undefined));
    return joins ? joined(taken) : taken;
  });
  return { out: places.map(([line, column]) => (line * width + column) * channels), passes: passesOf(groups) };
}
