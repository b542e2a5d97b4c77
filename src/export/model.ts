import type { Experiment } from '../config/schema/schema.ts';
import { featureNames, type Preprocess, sampleShape } from '../data/preprocess/preprocess.ts';
import { type Graph, rowShape } from '../graph/graph.ts';
import { opType } from '../graph/op.ts';
import { elements, type Shape } from '../graph/shape.ts';
import { channelsFirst } from '../graph/window.ts';
import { isSequence } from './windows.ts';

/** All that an exporter needs of a trained network. */
export interface ExportModel {
  /** Of the run. */
  name: string;
  /** As the experiment has them; of a model that was folded, those before. */
  layers: Experiment['model']['layers'];
  blocks: Experiment['model']['blocks'];
  graph: Graph;
  /** Parameters and statistics by name, in PyTorch's layout. */
  tensors: ReadonlyMap<string, Float32Array>;
  preprocess: Preprocess;
}

/** What the numbers mean that leave the network. */
export interface Outcome {
  /**
   * softmax and sigmoid: probabilities of the outputs. pair: one yes/no output for two classes, [1 - p, p] with p = sigmoid(x).
   * value: the outputs as they are.
   */
  kind: 'softmax' | 'sigmoid' | 'pair' | 'value';
  /** Class names by number; undefined where a row has no single class. */
  classes: readonly string[] | undefined;
  /** What each number of a row is called: classes, or targets. */
  names: readonly string[];
}

/** Classes of the outputs, as evaluation takes them: the first of the largest outputs; of a single one, 1 where it is above 0. */
export function outcomeOf({ graph, preprocess: { target } }: Pick<ExportModel, 'graph' | 'preprocess'>): Outcome {
  const loss = graph.loss.loss.type;
  const outputs = outputsOf(graph);
  const names = target.kind === 'class' ? target.classes : target.names;
  const classes = target.kind === 'class' ? target.classes : undefined;
  if (loss === 'softmax_cross_entropy') return { kind: 'softmax', classes: names, names };
  if (loss !== 'sigmoid_cross_entropy') return { kind: 'value', classes: outputs > 1 ? classes : undefined, names };
  return { kind: classes !== undefined && outputs === 1 ? 'pair' : 'sigmoid', classes, names };
}

/** Values that the network gives for a row. */
export function outputsOf(graph: Graph): number {
  return elements(graph.rows.find(({ name }) => name === graph.output)?.shape ?? []);
}

/** Shape of one row of an export's input: [channels, height, width] of pictures, else all features in one. */
export function inputShape({ graph, preprocess: { input } }: Pick<ExportModel, 'graph' | 'preprocess'>): Shape {
  const shape = sampleShape(input);
  if (shape.length === 3) return shape;
  const picture = inputPicture(graph);
  return picture?.length === 3 ? picture : [elements(shape)];
}

/** What the first layer takes the input for: [channels, height, width], [channels, length]; undefined where it is numbers to it. */
export function inputPicture(graph: Graph): Shape | undefined {
  const op = graph.ops.find((one) => opType(one).inputs(one).includes(graph.input));
  if (op?.type === 'conv' || op?.type === 'pool') {
    const { channels, height, width } = op.window;
    return isSequence(graph, op) ? [channels, width] : [channels, height, width];
  }
  // A reshape is a layer of its own.
  const isBrought = op?.type === 'swap_axes' && graph.layers[op.layer]?.type !== 'reshape';
  return isBrought ? channelsFirst(rowShape(graph, op.y)) : undefined;
}

/** The shape of a row of a tensor that the network computes, as other programs have it: channels first. */
export function outsideShape(graph: Graph, name: string): Shape {
  return channelsFirst(rowShape(graph, name));
}

/** The values of a tensor of the model. */
export function tensorOf(model: Pick<ExportModel, 'tensors'>, name: string): Float32Array {
  const found = model.tensors.get(name);
  if (found === undefined) throw new RangeError(`the model has no tensor ${name}`);
  return found;
}

/** The shape of a tensor of the model. */
export function shapeOf({ graph }: Pick<ExportModel, 'graph'>, name: string): Shape {
  const found = [...graph.parameters, ...graph.statistics].find((tensor) => tensor.name === name);
  if (found === undefined) throw new RangeError(`the graph has no tensor ${name}`);
  return found.shape;
}

/** What stands beside the numbers in every export, for whoever reads it: names and the description of the preprocessing. */
export function describe(model: ExportModel): Record<string, string> {
  const { preprocess, name } = model;
  const outcome = outcomeOf(model);
  return {
    name,
    ...(outcome.classes && { classes: JSON.stringify(outcome.classes) }),
    ...(outcome.classes === undefined && { targets: JSON.stringify(outcome.names) }),
    features: JSON.stringify(featureNames(preprocess.input)),
  };
}
