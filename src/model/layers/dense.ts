import type { DenseConfig } from '../../config/schema/blocks/model.ts';
import { elements } from '../../graph/shape.ts';
import { addActivation } from './activation.ts';
import { addDropout } from './dropout.ts';
import type { LayerType } from './layer.ts';
import { addNorm } from './norm.ts';
import { addResidual } from './residual.ts';

/** y = dropout(act(norm(x W^T + b))) [+ x], W [out, in]: torch.nn.Linear, then what the config adds, in this order. */
export const dense: LayerType<DenseConfig> = {
  build(config, x, graph) {
    const inputs = elements(graph.shapeOf(x));
    const fans = { fanIn: inputs, fanOut: config.units };
    const weight = graph.parameter({ role: 'weight', shape: [config.units, inputs], transposed: true, init: 'weight', ...fans });
    const bias = graph.parameter({ role: 'bias', shape: [config.units], transposed: false, init: 'bias', ...fans });
    const product = graph.rows('product', [config.units]);
    graph.push({ type: 'dense', layer: graph.layer, x, weight, bias, y: product });
    const normalised = addNorm(config, product, graph);
    const activated = addActivation(config.activation, normalised, graph);
    const dropped = addDropout(config.dropout, activated, graph);
    return config.residual ? addResidual(dropped, x, graph) : dropped;
  },
};
