import type { FlattenConfig } from '../../config/schema/layers/form.ts';
import type { LayerType } from './layer.ts';

/** Single numbers, channels first: torch.nn.Flatten. Nothing moves: a dense layer behind it knows in which order they lie. */
export const flatten: LayerType<FlattenConfig> = {
  build(_config, x, graph) {
    graph.flatten(x);
    return x;
  },
};
