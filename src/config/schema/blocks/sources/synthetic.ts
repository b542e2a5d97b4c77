import * as z from 'zod';
import { object, positiveInteger } from '../../parts/parts.ts';

export const syntheticSource = object({
  type: z.literal('synthetic'),
  kind: z.enum(['blobs', 'spirals', 'linear']).describe('blobs, spirals: classification; linear: regression'),
  samples: positiveInteger.max(10_000_000).default(1000).describe('rows generated'),
  features: positiveInteger.max(100_000).default(2).describe('inputs per sample (spirals: always 2)'),
  classes: positiveInteger.max(10_000).default(3).describe('classes (linear: number of targets)'),
  noise: z.number().min(0).max(1e6).default(0.1).describe('standard deviation of the noise'),
}).describe('generated from the root seed: for tests and demonstrations');
