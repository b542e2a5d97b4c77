import type { DenseConfig } from '../../config/schema/layers/dense.ts';
import type { GraphBuilder } from '../../graph/graph.ts';
import { channelsLast, unitsLast } from '../../graph/layout.ts';
import { elements, type Shape } from '../../graph/shape.ts';
import { channelsFirst } from '../../graph/window.ts';
import type { LayerType } from './layer.ts';
import { addActivation } from './parts/activation.ts';
import { addDropout } from './parts/dropout.ts';
import { addNorm } from './parts/norm.ts';
import { addInput } from './parts/sum.ts';

/** y = dropout(act(norm(x W^T + b))) [+ x], W [out, in]: torch.nn.Linear, then what the config adds, in this order. */
export const dense: LayerType<DenseConfig> = {
  build(config, x, graph) {
    const product = addDense(config.units, x, graph);
    const normalised = addNorm(config, product, graph);
    const activated = addActivation(config.activation, normalised, graph);
    const dropped = addDropout(config.dropout, activated, graph);
    return config.residual ? addInput(dropped, x, inputsOf(x, graph), graph) : dropped;
  },
};

/** Of a dense layer; the network's input is a row of numbers, whatever shape the data have. */
function inputsOf(x: string, graph: GraphBuilder): Shape {
  const shape = graph.shapeOf(x);
  return x === graph.input ? [elements(shape)] : shape;
}

/** x W^T + b; pictures are flattened as torch.nn.Flatten does it, channels first. */
function addDense(units: number, x: string, graph: GraphBuilder): string {
  const shape = graph.shapeOf(x);
  const inputs = elements(shape);
  // The network's input comes as it will stay.
  const isPicture = x !== graph.input && shape.length > 1;
  const layout = isPicture ? channelsLast([units, ...channelsFirst(shape)], true) : unitsLast([units, inputs]);
  const fans = { fanIn: inputs, fanOut: units };
  const weight = graph.parameter({ role: 'weight', shape: [units, inputs], layout, init: 'weight', ...fans });
  const bias = graph.parameter({ role: 'bias', shape: [units], layout: undefined, init: 'bias', ...fans });
  const y = graph.rows('product', [units]);
  graph.push({ type: 'dense', layer: graph.layer, x, weight, bias, y, isPicture });
  return y;
}
