import { GradloomError } from '../../errors.ts';
import type { GraphBuilder } from '../../graph/graph.ts';
import { equalShapes, shapeText } from '../../graph/shape.ts';

/**
 * x + input, where `input` is what the layer was given.
 *
 * @throws GradloomError E_CONFIG_VALUE where the layer changes the shape
 */
export function addResidual(x: string, input: string, graph: GraphBuilder): string {
  const [outputs, inputs] = [graph.shapeOf(x), graph.shapeOf(input)];
  if (!equalShapes(outputs, inputs)) {
    const message = `residual adds the layer's ${shapeText(inputs)} inputs to its ${shapeText(outputs)} outputs; expected the same number`;
    const next = `set units: ${shapeText(inputs)}, or residual: false`;
    throw new GradloomError({ code: 'E_CONFIG_VALUE', where: `model.layers.${graph.layer}.residual`, message, next });
  }
  const y = graph.rows('residual', outputs);
  graph.push({ type: 'add', layer: graph.layer, x, other: input, y });
  return y;
}
