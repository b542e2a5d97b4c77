import { GradloomError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import type { ActivationOp } from '../../graph/ops/activation.ts';
import { type ExportModel, inputShape, tensorOf } from '../model.ts';

/** A layer of keras.Sequential. */
export interface KerasLayer {
  className: string;
  config: { name: string } & Record<string, unknown>;
  /** The model's tensor for each of Keras' weights, in the order in which Keras has them. */
  weights: Readonly<Record<string, string>>;
}

/** A model's layers as Keras has them. @throws GradloomError E_EXPORT for a residual connection, which a Sequential cannot hold */
export function kerasLayers(model: ExportModel, raw: boolean): KerasLayer[] {
  const { preprocess, graph, tensors } = model;
  const shape = inputShape(model);
  const layers: KerasLayer[] = [plain('InputLayer', 'x', { batch_shape: [null, ...shape], dtype: 'float32' })];
  if (shape.length > 1) layers.push(plain('Flatten', 'flatten', { data_format: 'channels_last' }));
  const { normalization } = preprocess;
  if (!raw && normalization.kind === 'affine') {
    const { center, scale } = normalization;
    layers.push(plain('Normalization', 'normalize', { axis: [-1], mean: center, variance: scale.map((value) => value * value) }));
  } else if (!raw && normalization.kind === 'divide' && normalization.divisor !== 1) {
    layers.push(plain('Rescaling', 'normalize', { scale: 1 / normalization.divisor, offset: 0 }));
  }
  for (const op of graph.ops) layers.push(layerOf(op, graph, (name) => tensorOf({ tensors }, name).length));
  return layers;
}

const plain = (className: string, name: string, config: object): KerasLayer => ({ className, config: { name, ...config }, weights: {} });

function layerOf(op: LayerOp, graph: Graph, sizeOf: (tensor: string) => number): KerasLayer {
  const name = `layer${op.layer}_${op.type}`;
  switch (op.type) {
    case 'dense':
      return {
        className: 'Dense',
        config: { name, units: sizeOf(op.bias), activation: 'linear', use_bias: true },
        weights: { kernel: op.weight, bias: op.bias },
      };
    case 'batch_norm':
      return {
        className: 'BatchNormalization',
        // Keras' momentum is the part of the old statistic that is kept.
        config: { name, axis: -1, momentum: 1 - op.momentum, epsilon: op.eps, center: true, scale: true },
        weights: { gamma: op.weight, beta: op.bias, moving_mean: op.runningMean, moving_variance: op.runningVar },
      };
    case 'layer_norm':
      return {
        className: 'LayerNormalization',
        config: { name, axis: -1, epsilon: op.eps, center: true, scale: true },
        weights: { gamma: op.weight, beta: op.bias },
      };
    case 'activation':
      return activationLayer(op, name);
    case 'dropout':
      return plain('Dropout', name, { rate: op.p });
    case 'add':
      throw unwritten(op, graph, 'a residual connection, which keras.Sequential cannot hold');
    case 'conv':
    case 'pool':
    case 'swap_axes':
      throw unwritten(op, graph, 'layers of pictures, which this format is not written for');
  }
}

function unwritten({ layer }: LayerOp, { layers }: Graph, message: string): GradloomError {
  const where = layers[layer]?.path ?? `layers.${layer}`;
  return new GradloomError({ code: 'E_EXPORT', where, message, next: 'export it with --to onnx' });
}

function activationLayer({ function: act }: ActivationOp, name: string): KerasLayer {
  switch (act.type) {
    case 'relu':
    case 'sigmoid':
    case 'tanh':
      return plain('Activation', name, { activation: act.type });
    case 'gelu':
      // Keras' own is the form with the error function too.
      return plain('Activation', name, { activation: 'gelu' });
    case 'leaky_relu':
      // Keras 3 calls it negative_slope, Keras 2 alpha.
      return plain('LeakyReLU', name, { negative_slope: act.slope });
  }
}
