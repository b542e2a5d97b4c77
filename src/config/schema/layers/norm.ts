import * as z from 'zod';
import { object } from '../parts/parts.ts';

const batchNormSettings = object({
  momentum: z.number().min(0).max(1).default(0.1).describe("weight of a batch in the running statistics, as PyTorch's momentum"),
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
  scope: z
    .enum(['batch', 'leaf'])
    .default('batch')
    .describe('rows whose mean and variance normalise: the whole batch, or each leaf by itself (no exchange between workers)'),
});

const layerNormSettings = object({
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
});

export const batchNorm = z.union([z.boolean(), batchNormSettings]).default(false);
export const layerNorm = z.union([z.boolean(), layerNormSettings]).default(false);

export type BatchNormConfig = z.output<typeof batchNormSettings>;
export type LayerNormConfig = z.output<typeof layerNormSettings>;

/** Settings of a layer's batch norm; undefined without one. */
export function batchNormOf({ batch_norm }: { batch_norm: boolean | BatchNormConfig }): BatchNormConfig | undefined {
  return batch_norm === true ? batchNormSettings.parse({}) : batch_norm || undefined;
}

/** Settings of a layer's layer norm; undefined without one. */
export function layerNormOf({ layer_norm }: { layer_norm: boolean | LayerNormConfig }): LayerNormConfig | undefined {
  return layer_norm === true ? layerNormSettings.parse({}) : layer_norm || undefined;
}
