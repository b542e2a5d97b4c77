import * as z from 'zod';
import { object } from '../parts/parts.ts';

export const regularization = object({
  l1: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('factor of the sum of |w| over weights (not biases and norms); part of the loss as train.penalty'),
  l2: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('factor of half the sum of w^2 over weights (not biases and norms); part of the loss as train.penalty'),
  clip_value: z.number().positive().optional().describe('limit of each gradient value'),
  clip_global_norm: z.number().positive().optional().describe('limit of the norm of the whole gradient'),
  max_norm: z.number().positive().optional().describe("limit of the norm of each unit's incoming weights, after the update"),
  noise: object({
    eta: z.number().positive().describe('variance of the noise at step 0'),
    gamma: z.number().min(0).default(0.55).describe('decay: variance eta / (1 + step)^gamma'),
  })
    .optional()
    .describe('normal noise added to the gradient (Neelakantan et al. 2015)'),
});
