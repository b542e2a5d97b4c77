import * as z from 'zod';
import { object, positiveInteger } from '../parts/parts.ts';

export const augment = object({
  shift: z.int().min(0).max(4096).optional().describe('moved by so many whole pixels at most, each way'),
  rotate: z.number().min(0).max(180).optional().describe('turned by so many degrees at most, either way, around the middle'),
  scale: z.number().min(0).max(0.9).optional().describe('0.1: from 0.9 to 1.1 times as large'),
  flip: z.enum(['horizontal', 'vertical', 'both']).optional().describe('mirrored, every other time; both: each way by itself'),
  elastic: object({
    alpha: z.number().min(0).max(10_000).describe('pixels that noise from -alpha to alpha moves a pixel by, before it is smoothed'),
    sigma: z.number().min(0.1).max(64).describe('standard deviation of the Gaussian that smooths it, in pixels'),
  })
    .optional()
    .describe('pulled here and there, as rubber'),
  noise: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('standard deviation of normal noise on each value: of bytes as a fraction of 255, else as it is'),
  cutout: positiveInteger.max(4096).optional().describe('a square of so many pixels a side becomes 0, its middle anywhere in the picture'),
}).describe(
  'changes that training pictures undergo at random, anew in each epoch: a function of the seed, the epoch and the sample. Raw values, before they are normalised; what comes in from beyond the edge is 0. Validation and test are never changed',
);
