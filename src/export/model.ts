import type { Experiment } from '../config/schema/schema.ts';
import { featureNames, type Preprocess, sampleShape } from '../data/preprocess/preprocess.ts';
import type { Graph } from '../graph/graph.ts';
import type { LayerOp } from '../graph/op.ts';
import type { DenseOp } from '../graph/ops/dense.ts';
import type { BatchNormOp } from '../graph/ops/norm.ts';
import { elements, type Shape } from '../graph/shape.ts';

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

/** Shape of one row of an export's input: [channels, height, width] of pictures and the like, else all features in one. */
export function inputShape({ input }: Preprocess): Shape {
  const shape = sampleShape(input);
  return shape.length === 3 ? shape : [elements(shape)];
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

/**
 * The model without batch norms: each becomes part of the weights and biases of the dense layer before it, computed in f64 and rounded once.
 * With running statistics y = gamma (x W^T + b - mean) / std + beta is a dense layer of its own.
 */
export function foldBatchNorms(model: ExportModel): ExportModel {
  const tensors = new Map(model.tensors);
  let ops = model.graph.ops;
  for (const norm of model.graph.ops) {
    if (norm.type !== 'batch_norm') continue;
    const dense = ops.find((op): op is DenseOp => op.type === 'dense' && op.y === norm.x);
    if (dense === undefined) throw new RangeError(`layer ${norm.layer}: no product in front of its batch norm`);
    fold(model, dense, norm, tensors);
    ops = ops.filter((op) => op !== norm).map((op): LayerOp => (op === dense ? { ...dense, y: norm.y } : op));
  }
  const isKept = ({ name }: { name: string }): boolean => tensors.has(name);
  const { parameters, statistics } = model.graph;
  const graph = { ...model.graph, ops, parameters: parameters.filter(isKept), statistics: statistics.filter(isKept) };
  return { ...model, graph, tensors };
}

function fold(model: ExportModel, dense: DenseOp, norm: BatchNormOp, tensors: Map<string, Float32Array>): void {
  const [gamma, beta] = [tensorOf(model, norm.weight), tensorOf(model, norm.bias)];
  const [mean, variance] = [tensorOf(model, norm.runningMean), tensorOf(model, norm.runningVar)];
  const [weight, bias] = [tensorOf(model, dense.weight), tensorOf(model, dense.bias)];
  const inputs = weight.length / bias.length;
  const factor = Float64Array.from(gamma, (g, u) => g / Math.sqrt((variance[u] as number) + norm.eps));
  tensors.set(
    dense.weight,
    weight.map((w, i) => w * (factor[Math.floor(i / inputs)] as number)),
  );
  tensors.set(
    dense.bias,
    bias.map((b, u) => (b - (mean[u] as number)) * (factor[u] as number) + (beta[u] as number)),
  );
  for (const name of [norm.weight, norm.bias, norm.runningMean, norm.runningVar]) tensors.delete(name);
}
