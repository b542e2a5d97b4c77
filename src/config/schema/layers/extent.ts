import * as z from 'zod';
import { positiveInteger } from '../parts/parts.ts';

/** More is larger than any picture that fits. */
const MOST = 4096;

/** An extent along a sequence. */
export const extent = positiveInteger.max(MOST);
/** An extent in both directions, or [height, width]. */
export const extents = z.union([extent, z.tuple([extent, extent])]);

const side = z.int().min(0).max(MOST);
export const pad = side;
export const pads = z.union([side, z.tuple([side, side])]);

/** Words for a padding: as much as keeps the extents, or none. */
export const paddingWord = z.enum(['same', 'valid']);

/** [height, width] of a key that takes one number for both. */
export function both(value: number | readonly [number, number]): readonly [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : value;
}
