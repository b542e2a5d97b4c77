import type { ActivationConfig } from '../../../config/schema/layers/activation.ts';
import type { GraphBuilder } from '../../../graph/graph.ts';

/** act(x); identity adds nothing. */
export function addActivation(config: ActivationConfig, x: string, graph: GraphBuilder): string {
  if (config.type === 'identity') return x;
  const y = graph.rows('activation', graph.shapeOf(x));
  graph.push({ type: 'activation', layer: graph.layer, function: config, x, y });
  return y;
}
