import type { FlatConfig, FlatLayer } from '../../config/layers/flat-layers.ts';
import type { GraphBuilder } from '../../graph/graph.ts';

/** What a layer of the experiment means as ops. A new one is a file with this function and a row in the table of `index.ts`. */
export interface LayerType<C extends FlatConfig> {
  /**
   * Appends the layer's ops and tensors to the graph.
   *
   * @param x      the tensor of rows that goes in
   * @param layer  where it stands; what a residual adds is `graph.inputOf(layer.from)`
   * @returns the tensor of rows that comes out
   * @throws GradloomError E_CONFIG_VALUE where the layer does not fit what goes in
   */
  build(config: C, x: string, graph: GraphBuilder, layer: FlatLayer<C>): string;
}
