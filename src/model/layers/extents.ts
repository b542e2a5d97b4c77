import type { Extent2d } from '../../graph/window.ts';

/** A number for both, or height and width. */
export function pair(extents: number | readonly [number, number]): Extent2d {
  return typeof extents === 'number' ? [extents, extents] : extents;
}

/** Of a sequence, which is a picture of height 1. */
export function alongSequence(columns: number, lines: 0 | 1): Extent2d {
  return [lines, columns];
}
