import type { Window } from '../../graph/window.ts';
import { split } from '../columns.ts';
import { joined, type LinePlan, type Placed, passesOf, type Run, runsOf, type Segment, type TilePlan } from './plan.ts';
import type { ConvShape, Padded } from './shape.ts';

/** How outputs are divided into tiles of at most `most` pixels: parts of a line, or some whole lines where `spans`. */
export interface Division {
  most: number;
  spans: boolean;
}

/** Lines of a tile. */
export function linesOfTile({ most, spans }: Division, width: number): number {
  return spans ? Math.max(1, Math.floor(most / width)) : 1;
}

/** The sums that outputs are: over ky, kx, c, as w is stored. */
export function planOutputs({ window, filters }: ConvShape, padded: Padded, division: Division): Run<LinePlan>[] {
  const { outHeight, outWidth, stride, channels } = window;
  const placed: Placed<LinePlan>[] = [];
  let line = 0;
  for (const { size: lines, count } of split(outHeight, linesOfTile(division, outWidth))) {
    const tiles: Placed<TilePlan>[] = [];
    let first = 0;
    for (const { size: pixels, count: parts } of split(outWidth, division.most)) {
      const plan = tilePlan(window, padded, filters, { lines, pixels });
      for (let part = 0; part < parts; part++, first += pixels) {
        tiles.push({ x: first * stride[1] * channels, out: first * filters, plan });
      }
    }
    const plan = runsOf(tiles);
    for (let i = 0; i < count; i++, line += lines) placed.push({ x: line * stride[0] * padded.line, out: line * outWidth * filters, plan });
  }
  return runsOf(placed);
}

function tilePlan(
  { kernel, stride, dilation, channels, outWidth }: Window,
  padded: Padded,
  filters: number,
  { lines, pixels }: { lines: number; pixels: number },
): TilePlan {
  const places = Array.from({ length: lines * pixels }, (_, i) => [Math.floor(i / pixels), i % pixels] as const);
  const groups = Array.from({ length: kernel[0] }, (_ky, ky) => {
    const taps = Array.from({ length: kernel[1] }, (_kx, kx): Segment => {
      const tap = ky * dilation[0] * padded.line + kx * dilation[1] * channels;
      const x = places.map(([line, pixel]) => line * stride[0] * padded.line + pixel * stride[1] * channels + tap);
      return { depth: channels, x, k: (ky * kernel[1] + kx) * channels };
    });
    return joined(taps);
  });
  return { out: places.map(([line, pixel]) => (line * outWidth + pixel) * filters), passes: passesOf(groups) };
}
