import type { GraphBuilder } from '../../graph/graph.ts';

/** Sets a share `p` of the values to 0 in training; 0 adds nothing. Each layer has a random stream of its own. */
export function addDropout(p: number, x: string, graph: GraphBuilder): string {
  if (p === 0) return x;
  const y = graph.rows('dropout', graph.shapeOf(x));
  graph.push({ type: 'dropout', layer: graph.layer, p, channels: undefined, stream: graph.layer, x, y });
  return y;
}
