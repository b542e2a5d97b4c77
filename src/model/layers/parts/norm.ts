import { type BatchNormConfig, batchNormOf, type LayerNormConfig, layerNormOf } from '../../../config/schema/layers/norm.ts';
import type { GraphBuilder, TensorSpec } from '../../../graph/graph.ts';
import { channelsLast } from '../../../graph/layout.ts';
import { elements, type Shape } from '../../../graph/shape.ts';
import { channelsFirst } from '../../../graph/window.ts';

/**
 * The normalisation that a config asks for, batch or layer norm; without one it adds nothing. The units of a picture are its channels for
 * batch norm, all its values for layer norm.
 */
export function addNorm(
  config: { batch_norm: boolean | BatchNormConfig; layer_norm: boolean | LayerNormConfig },
  x: string,
  graph: GraphBuilder,
  prefix: '' | 'projection.' = '',
): string {
  const batch = batchNormOf(config);
  const layer = layerNormOf(config);
  if (batch === undefined && layer === undefined) return x;
  const shape = graph.shapeOf(x);
  const units = batch === undefined ? channelsFirst(shape) : shape.slice(-1);
  const weight = graph.parameter(vector(`${prefix}norm.weight`, units, 'ones'));
  const bias = graph.parameter(vector(`${prefix}norm.bias`, units, 'zeros'));
  const y = graph.rows(`${prefix}norm`, shape);
  const common = { layer: graph.layer, x, weight, bias, y };
  if (batch !== undefined) {
    const runningMean = graph.statistic(vector(`${prefix}norm.running_mean`, units, 'zeros'));
    const runningVar = graph.statistic(vector(`${prefix}norm.running_var`, units, 'ones'));
    const { scope, eps, momentum } = batch;
    graph.push({ type: 'batch_norm', scope, eps, momentum, units: elements(units), ...common, runningMean, runningVar });
  } else if (layer !== undefined) {
    graph.push({ type: 'layer_norm', eps: layer.eps, ...common });
  }
  return y;
}

/** @param shape  PyTorch's: [units], or channels first */
function vector(role: string, shape: Shape, init: 'ones' | 'zeros'): TensorSpec {
  const units = elements(shape);
  return { role, shape, layout: shape.length === 1 ? undefined : channelsLast(shape, false), fanIn: units, fanOut: units, init };
}
