import { flatLayers } from '../config/layers/flat-layers.ts';
import type { Experiment } from '../config/schema/schema.ts';
import { GradloomError } from '../errors.ts';
import { type Graph, GraphBuilder, GraphIndex } from '../graph/graph.ts';
import { opType } from '../graph/op.ts';
import { elements, type Shape, shapeText } from '../graph/shape.ts';
import type { ModelTensor } from '../graph/tensor.ts';
import { channelsFirst, pixelsOf } from '../graph/window.ts';
import { layerType } from './layers/index.ts';
import type { PlacedTensor } from './parameters.ts';

/** Tensors start at multiples of this many floats (16 bytes), so that vector loads of parameters are aligned. */
const TENSOR_ALIGNMENT = 4;

export interface PlacedLayer {
  index: number;
  /** Values of a row that goes in, and of one that comes out. */
  inputs: number;
  outputs: number;
  /** Of a row that comes out, channels first. */
  shape: Shape;
  parameters: PlacedTensor[];
  statistics: PlacedTensor[];
}

/** A model with every shape known and every tensor of its own placed. */
export interface Network {
  graph: Graph;
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

/**
 * The graph of an experiment's step.
 *
 * @param sample  shape of a sample, as the data have it: [features], or pictures with their channels first
 * @throws GradloomError E_CONFIG_VALUE where a layer does not fit the one before it, or the last one gives pictures
 */
export function buildGraph({ model, loss }: Pick<Experiment, 'model' | 'loss'>, sample: Shape): Graph {
  const builder = new GraphBuilder(sample);
  for (const layer of flatLayers(model)) builder.addLayer(layer, (x) => layerType(layer.config).build(layer.config, x, builder, layer));
  const shape = builder.shapeOf(builder.output);
  const isRow = builder.isFlat(builder.output) && pixelsOf(shape).pixels === 1;
  if (builder.output !== builder.input && shape.length > 1 && !isRow) throw picturesOut(builder, shape);
  return builder.finish(loss);
}

function picturesOut(builder: GraphBuilder, shape: Shape): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: builder.where(),
    message: `the last layer gives ${shapeText(channelsFirst(shape))} a row; the loss expects single numbers`,
    next: 'end with a dense layer or global_avg_pool, or with flatten where a single place is left',
  });
}

/** Builds the graph and places the model's tensors. @throws GradloomError as `buildGraph` */
export function buildNetwork(experiment: Pick<Experiment, 'model' | 'loss'>, sample: Shape): Network {
  const graph = buildGraph(experiment, sample);
  const parameters = placed(graph.parameters);
  const statistics = placed(graph.statistics);
  const { shapeOf, widthOf } = new GraphIndex(graph);
  const parametersOf = byLayer(parameters.tensors);
  const statisticsOf = byLayer(statistics.tensors);
  return {
    graph,
    inputs: elements(sample),
    outputs: widthOf(graph.output),
    layers: graph.layers.map(({ index, type, x, y }) => ({
      index,
      inputs: widthOf(x),
      outputs: widthOf(y),
      shape: type === 'flatten' ? [widthOf(y)] : channelsFirst(shapeOf(y)),
      parameters: parametersOf.get(index) ?? [],
      statistics: statisticsOf.get(index) ?? [],
    })),
    parameters: parameters.tensors,
    statistics: statistics.tensors,
    vectorFloats: parameters.floats,
    statisticFloats: statistics.floats,
  };
}

function byLayer(tensors: readonly PlacedTensor[]): Map<number, PlacedTensor[]> {
  const layers = new Map<number, PlacedTensor[]>();
  for (const tensor of tensors) {
    const own = layers.get(tensor.layer);
    if (own === undefined) layers.set(tensor.layer, [tensor]);
    else own.push(tensor);
  }
  return layers;
}

/** Gives tensors their places in one vector, one after the other. */
function placed(tensors: readonly ModelTensor[]): { tensors: PlacedTensor[]; floats: number } {
  let floats = 0;
  const all = tensors.map((tensor) => {
    const [offset, size] = [floats, elements(tensor.shape)];
    floats += Math.ceil(size / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT;
    return { ...tensor, offset, size };
  });
  return { tensors: all, floats };
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

/** Floating-point operations of forward and backward for one row; what reads the network's inputs needs no gradient of them. */
export function flopsPerRow({ graph }: Pick<Network, 'graph'>): { forward: number; backward: number } {
  const { shapeOf } = new GraphIndex(graph);
  let forward = 0;
  let backward = 0;
  for (const op of graph.ops) {
    const type = opType(op);
    const flops = type.flops?.(op, shapeOf) ?? { forward: 0, backward: 0 };
    forward += flops.forward;
    backward += type.inputs(op).includes(graph.input) ? flops.backward / 2 : flops.backward;
  }
  return { forward, backward };
}
