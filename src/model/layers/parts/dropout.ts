import { GradloomError } from '../../../errors.ts';
import type { GraphBuilder } from '../../../graph/graph.ts';
import { pixelsOf } from '../../../graph/window.ts';

/** Sets a share `p` of the values to 0 in training; 0 adds nothing. Each layer has a random stream of its own. */
export function addDropout(p: number, x: string, graph: GraphBuilder): string {
  return p === 0 ? x : add(p, undefined, x, graph);
}

/**
 * The same of whole channels of pictures.
 *
 * @param values  share of single values that is dropped too
 * @throws GradloomError E_CONFIG_VALUE where both are wanted: a layer has one stream
 */
export function addChannelDropout(key: 'dropout1d' | 'dropout2d', p: number, values: number, x: string, graph: GraphBuilder): string {
  if (p === 0) return x;
  if (values > 0) {
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: graph.where(key),
      message: 'dropout is on too; expected one of the two',
      next: `remove dropout or ${key}`,
    });
  }
  return add(p, pixelsOf(graph.shapeOf(x)).channels, x, graph);
}

function add(p: number, channels: number | undefined, x: string, graph: GraphBuilder): string {
  const y = graph.rows('dropout', graph.shapeOf(x));
  graph.push({ type: 'dropout', layer: graph.layer, p, channels, stream: graph.layer, x, y });
  return y;
}
