import type { Experiment } from '../../config/schema/schema.ts';
import { dense } from './dense.ts';
import type { LayerType } from './layer.ts';

export type LayerConfig = Experiment['model']['layers'][number];

const layerTypes: { [T in LayerConfig['type']]: LayerType<Extract<LayerConfig, { type: T }>> } = { dense };

/** The implementation of a layer by the `type` of its config. */
export function layerType(config: LayerConfig): LayerType<LayerConfig> {
  return layerTypes[config.type];
}
