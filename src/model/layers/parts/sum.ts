import { GradloomError } from '../../../errors.ts';
import type { GraphBuilder } from '../../../graph/graph.ts';
import { equalShapes, type Shape, shapeText } from '../../../graph/shape.ts';
import { channelsFirst } from '../../../graph/window.ts';

/** x + other, of one shape. */
export function addSum(x: string, other: string, graph: GraphBuilder): string {
  const y = graph.rows('residual', graph.shapeOf(x));
  graph.push({ type: 'add', layer: graph.layer, x, other, y });
  return y;
}

/**
 * x + input, where `input` is what the layer was given.
 *
 * @param inputs  shape of a row of it, as the engine has it
 * @throws GradloomError E_CONFIG_VALUE where the layer changes the shape
 */
export function addInput(x: string, input: string, inputs: Shape, graph: GraphBuilder): string {
  const outputs = graph.shapeOf(x);
  if (!equalShapes(outputs, inputs)) {
    const [into, from] = [shapeText(channelsFirst(outputs)), shapeText(channelsFirst(inputs))];
    const message = `residual adds the layer's ${from} inputs to its ${into} outputs; expected the same number`;
    const next =
      outputs.length === 1 ? `set units: ${from}, or residual: false` : 'set padding: same and as many filters, or residual: false';
    throw new GradloomError({ code: 'E_CONFIG_VALUE', where: graph.where('residual'), message, next });
  }
  return addSum(x, input, graph);
}
