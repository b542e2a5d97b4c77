import { z } from 'zod';

export const positiveInteger = z.int().min(1);

/** Strict object: an unknown key is an error, never ignored. */
export const object = z.strictObject;

/** A length of training, in either unit. */
export const every = z
  .union([
    object({ epochs: positiveInteger.describe('number of epochs') }),
    object({ steps: positiveInteger.describe('number of parameter updates') }),
  ])
  .describe('{epochs: n} or {steps: n}');

export type Every = z.output<typeof every>;
