import type { Experiment } from '../config/schema.ts';
import { GradloomError } from '../errors.ts';
import { type LayerConfig, layerType } from './layers/index.ts';
import type { TensorSpec } from './layers/layer.ts';
import type { PlacedTensor } from './parameters.ts';

/** Tensors start at multiples of this many floats (16 bytes), so that vector loads of parameters are aligned. */
const TENSOR_ALIGNMENT = 4;

export interface PlacedLayer {
  index: number;
  config: LayerConfig;
  inputs: number;
  outputs: number;
  parameters: PlacedTensor[];
  statistics: PlacedTensor[];
}

/** A model with every width known and every tensor placed. */
export interface Network {
  inputs: number;
  outputs: number;
  layers: PlacedLayer[];
  /** Trainable tensors in the order of the layers, placed in the parameter vector. */
  parameters: PlacedTensor[];
  /** Collected tensors (running statistics), placed in a vector of their own. */
  statistics: PlacedTensor[];
  /** Floats of the two vectors, alignment gaps included. */
  vectorFloats: number;
  statisticFloats: number;
}

/** Gives tensors their places in one vector, one after the other. */
class Placer {
  floats = 0;

  place(spec: TensorSpec, layer: number): PlacedTensor {
    const size = spec.shape.reduce((product, n) => product * n, 1);
    const tensor = { ...spec, name: `layers.${layer}.${spec.role}`, layer, offset: this.floats, size };
    this.floats += Math.ceil(size / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT;
    return tensor;
  }
}

/**
 * Works out widths and the tables of tensors.
 *
 * @throws GradloomError E_CONFIG_VALUE where a residual layer changes the width
 */
export function buildNetwork(model: Experiment['model'], inputs: number): Network {
  const layers: PlacedLayer[] = [];
  const parameters = new Placer();
  const statistics = new Placer();
  let width = inputs;
  for (const [index, config] of model.layers.entries()) {
    const type = layerType(config);
    const outputs = type.outputs(config, width);
    if (config.residual && outputs !== width) {
      const message = `residual adds the layer's ${width} inputs to its ${outputs} outputs; expected the same number`;
      const next = `set units: ${width}, or residual: false`;
      throw new GradloomError({ code: 'E_CONFIG_VALUE', where: `model.layers.${index}.residual`, message, next });
    }
    layers.push({
      index,
      config,
      inputs: width,
      outputs,
      parameters: type.parameters(config, width).map((spec) => parameters.place(spec, index)),
      statistics: type.statistics(config, width).map((spec) => statistics.place(spec, index)),
    });
    width = outputs;
  }
  return {
    inputs,
    outputs: width,
    layers,
    parameters: layers.flatMap((layer) => layer.parameters),
    statistics: layers.flatMap((layer) => layer.statistics),
    vectorFloats: parameters.floats,
    statisticFloats: statistics.floats,
  };
}

/** All tensors of a model in the order of the layers, which is the order of the file and of the digest. */
export function tensorsInOrder<T>(network: Network, read: (tensor: PlacedTensor, kind: 'parameter' | 'statistic') => T): [string, T][] {
  return network.layers.flatMap(({ parameters, statistics }) => [
    ...parameters.map((tensor): [string, T] => [tensor.name, read(tensor, 'parameter')]),
    ...statistics.map((tensor): [string, T] => [tensor.name, read(tensor, 'statistic')]),
  ]);
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
