import type { Experiment } from '../config/schema.ts';
import { type LayerConfig, layerType } from './layers/index.ts';
import type { ParameterTensor } from './parameters.ts';

/** Tensors start at multiples of this many floats (16 bytes), so that vector loads of parameters are aligned. */
const TENSOR_ALIGNMENT = 4;

export interface PlacedLayer {
  index: number;
  config: LayerConfig;
  inputs: number;
  outputs: number;
  parameters: ParameterTensor[];
}

/** A model with every width known and every tensor placed. */
export interface Network {
  inputs: number;
  outputs: number;
  layers: PlacedLayer[];
  /** All tensors in the order of the layers, which is the order of the file and of the digest. */
  parameters: ParameterTensor[];
  /** Floats in the parameter vector, alignment gaps included. */
  vectorFloats: number;
}

/** Works out widths and the parameter table. */
export function buildNetwork(model: Experiment['model'], inputs: number): Network {
  const layers: PlacedLayer[] = [];
  let offset = 0;
  let width = inputs;
  for (const [index, config] of model.layers.entries()) {
    const type = layerType(config);
    const parameters = type.parameters(config, width).map((spec): ParameterTensor => {
      const size = spec.shape.reduce((product, n) => product * n, 1);
      const tensor = { ...spec, name: `layers.${index}.${spec.role}`, layer: index, offset, size };
      offset += Math.ceil(size / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT;
      return tensor;
    });
    const outputs = type.outputs(config, width);
    layers.push({ index, config, inputs: width, outputs, parameters });
    width = outputs;
  }
  return { inputs, outputs: width, layers, parameters: layers.flatMap((layer) => layer.parameters), vectorFloats: offset };
}

/** Number of trainable values. */
export function parameterCount(network: Network): number {
  return network.parameters.reduce((sum, tensor) => sum + tensor.size, 0);
}

/** Floating-point operations of forward and backward for one row; the first layer needs no gradient of its input. */
export function flopsPerRow(network: Network): { forward: number; backward: number } {
  let forward = 0;
  let backward = 0;
  for (const { config, inputs, index } of network.layers) {
    const flops = layerType(config).flops(config, inputs);
    forward += flops.forward;
    backward += index === 0 ? flops.backward / 2 : flops.backward;
  }
  return { forward, backward };
}
