import type { Extent2d } from '../../../graph/window.ts';

/** Of a sequence, which is a picture of height 1. */
export function alongSequence(columns: number, lines: 0 | 1): Extent2d {
  return [lines, columns];
}
