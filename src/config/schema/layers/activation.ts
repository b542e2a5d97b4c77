import * as z from 'zod';
import { object } from '../parts/parts.ts';

/** A function of each value. */
export const activation = z.discriminatedUnion('type', [
  object({ type: z.literal('identity') }).describe('x'),
  object({ type: z.literal('relu') }).describe('max(0, x)'),
  object({
    type: z.literal('leaky_relu'),
    slope: z.number().min(0).max(1).default(0.01).describe('factor of negative inputs'),
  }).describe('x for x > 0, else slope * x'),
  object({ type: z.literal('sigmoid') }).describe('1 / (1 + exp(-x))'),
  object({ type: z.literal('tanh') }).describe('hyperbolic tangent'),
  object({ type: z.literal('gelu') }).describe('x * Phi(x), with the error function'),
]);

export type ActivationConfig = z.output<typeof activation>;
