import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { rowShape } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import type { ActivationOp } from '../../graph/ops/activation.ts';
import type { PoolOp } from '../../graph/ops/pool.ts';
import type { SwapAxesOp } from '../../graph/ops/swap-axes.ts';
import { elements, equalShapes, type Shape, shapeText } from '../../graph/shape.ts';
import { DATA_TYPES, type OnnxAttribute, type OnnxModel } from '../../import/onnx/proto.ts';
import { modelMetadata } from '../../runs/files/model-metadata.ts';
import { describe, type ExportModel, inputShape, type Outcome, outcomeOf, outsideShape, shapeOf, tensorOf } from '../model.ts';
import { isSequence, paddingBehind, type WindowOp } from '../windows.ts';

/** The version of ONNX that is written: opset 17 is the first with layer norm, and IR 8 goes with it. */
const IR_VERSION = 8;
const OPSET = 17;
const ROWS = 'N';

export interface OnnxOptions {
  /** The input is what the network takes: preprocessing is left out. */
  raw: boolean;
}

/** A tensor of rows in the file. */
interface Known {
  name: string;
  /** Of one row. */
  dims: Shape;
}

/**
 * A model as an ONNX graph: input `x` of f32, [N, features] or [N, C, H, W] of raw values; outputs `probabilities` or `y`, [N, outputs], and
 * for classes `label`, int64 [N]. Names, preprocessing and layers stand in the metadata. Pictures are channels first, as ONNX has them.
 */
export function onnxModel(model: ExportModel, { raw }: OnnxOptions): OnnxModel {
  const builder = new Builder(model);
  const { graph, preprocess, name } = model;
  const shape = inputShape(model);
  const outcome = outcomeOf(model);
  builder.input(preprocess, shape, raw);
  for (const op of graph.ops) builder.op(op);
  builder.outcome(outcome, graph.output);
  const values = outcome.kind === 'value' ? 'y' : 'probabilities';
  return {
    irVersion: IR_VERSION,
    producer: 'gradloom',
    opset: OPSET,
    graphName: name,
    nodes: builder.nodes,
    initializers: builder.initializers,
    inputs: [{ name: 'x', type: 'float', dims: [ROWS, ...shape] }],
    outputs: [
      { name: values, type: 'float', dims: [ROWS, outcome.names.length] },
      ...(outcome.classes === undefined ? [] : [{ name: 'label', type: 'int64' as const, dims: [ROWS] }]),
    ],
    metadata: {
      ...describe(model),
      input: raw ? 'normalised' : 'raw',
      ...modelMetadata({ ...model, loss: graph.loss.loss }, preprocess),
    },
  };
}

class Builder {
  readonly nodes: OnnxModel['nodes'] = [];
  readonly initializers: OnnxModel['initializers'] = new Map();
  readonly #model: ExportModel;
  /** The tensors of rows of the graph. */
  readonly #known = new Map<string, Known>();

  constructor(model: ExportModel) {
    this.#model = model;
  }

  /** x as it comes -> the network's input. The divisions are those of training, so that each gives the same f32. */
  input({ normalization }: Preprocess, shape: readonly number[], raw: boolean): void {
    let x = 'x';
    const broadcast = [1, ...shape];
    if (!raw && normalization.kind === 'affine') {
      const centred = this.#node('Sub', 'normalize.centred', [x, this.#floats('normalize.center', broadcast, normalization.center)]);
      x = this.#node('Div', 'normalize.scaled', [centred, this.#floats('normalize.scale', broadcast, normalization.scale)]);
    } else if (!raw && normalization.kind === 'divide' && normalization.divisor !== 1) {
      x = this.#node('Div', 'normalize.scaled', [x, this.#floats('normalize.divisor', [], [normalization.divisor])]);
    }
    this.#known.set(this.#model.graph.input, { name: x, dims: shape });
  }

  op(op: LayerOp): void {
    switch (op.type) {
      case 'dense':
        this.#made(op.y, 'Gemm', [this.#flat(op.x), this.#tensor(op.weight), this.#tensor(op.bias)], { transB: { type: 'int', value: 1 } });
        return;
      case 'conv': {
        const tensors = op.bias === undefined ? [op.weight] : [op.weight, op.bias];
        const [x, ...rest] = [this.#picture(op), ...tensors.map((name) => this.#tensor(name))];
        const { dilation } = op.window;
        const attributes = {
          ...this.#windowOf(op),
          dilations: this.#ints(op, dilation),
          group: { type: 'int', value: op.groups },
        } as const;
        this.#made(op.y, 'Conv', [x, ...rest], attributes);
        return;
      }
      case 'pool':
        this.#pool(op);
        return;
      case 'swap_axes':
        this.#swapAxes(op);
        return;
      case 'batch_norm': {
        const tensors = [op.weight, op.bias, op.runningMean, op.runningVar].map((name) => this.#tensor(name));
        const attributes = { epsilon: { type: 'float', value: Math.fround(op.eps) } } as const;
        this.#made(op.y, 'BatchNormalization', [this.#like(op.x, op.y), ...tensors], attributes);
        return;
      }
      case 'layer_norm': {
        const axis = -outsideShape(this.#model.graph, op.y).length;
        const attributes = { axis: { type: 'int', value: axis }, epsilon: { type: 'float', value: Math.fround(op.eps) } } as const;
        this.#made(op.y, 'LayerNormalization', [this.#like(op.x, op.y), this.#tensor(op.weight), this.#tensor(op.bias)], attributes);
        return;
      }
      case 'activation':
        this.#activation(op, this.#like(op.x, op.y));
        return;
      case 'add':
        this.#made(op.y, 'Add', [this.#like(op.x, op.y), this.#like(op.other, op.y)]);
        return;
      case 'dropout':
        // Does nothing outside of training.
        this.#is(op.y, this.#like(op.x, op.y));
        return;
    }
  }

  #pool(op: PoolOp): void {
    const x = this.#picture(op);
    if (rowShape(this.#model.graph, op.y).length === 1) {
      const mean = this.#node('GlobalAveragePool', `${op.y}.mean`, [x]);
      this.#made(op.y, 'Flatten', [mean], { axis: { type: 'int', value: 1 } });
    } else if (op.function === 'max') {
      this.#made(op.y, 'MaxPool', [x], this.#windowOf(op));
    } else {
      this.#made(op.y, 'AveragePool', [x], { ...this.#windowOf(op), count_include_pad: { type: 'int', value: 1 } });
    }
  }

  /** Channels that come first stay there; others are brought there. */
  #swapAxes({ x, y, extents }: SwapAxesOp): void {
    const [channels = 1, ...pixels] = outsideShape(this.#model.graph, y);
    if (extents[0] === channels) {
      this.#is(y, this.#view(x, [channels, ...pixels]));
      return;
    }
    const perm = [0, pixels.length + 1, ...pixels.map((_, axis) => axis + 1)];
    this.#made(y, 'Transpose', [this.#view(x, [...pixels, channels])], { perm: { type: 'ints', value: perm } });
  }

  /** What a window looks at. */
  #picture(op: WindowOp): string {
    const { channels, height, width } = op.window;
    return this.#view(op.x, [channels, ...this.#along(op, [height, width])]);
  }

  #windowOf(op: WindowOp): Record<'kernel_shape' | 'strides' | 'pads', OnnxAttribute> {
    const { kernel, stride, padding } = op.window;
    const pads = [...this.#along(op, padding), ...this.#along(op, paddingBehind(op.window))];
    return { kernel_shape: this.#ints(op, kernel), strides: this.#ints(op, stride), pads: { type: 'ints', value: pads } };
  }

  #ints(op: WindowOp, extents: readonly [number, number]): OnnxAttribute {
    return { type: 'ints', value: this.#along(op, extents) };
  }

  /** A sequence has no height. */
  #along(op: WindowOp, extents: readonly [height: number, width: number]): number[] {
    return isSequence(this.#model.graph, op) ? [extents[1]] : [...extents];
  }

  #activation({ function: act, y }: ActivationOp, x: string): void {
    switch (act.type) {
      case 'relu':
        this.#made(y, 'Relu', [x]);
        return;
      case 'leaky_relu':
        this.#made(y, 'LeakyRelu', [x], { alpha: { type: 'float', value: Math.fround(act.slope) } });
        return;
      case 'sigmoid':
        this.#made(y, 'Sigmoid', [x]);
        return;
      case 'tanh':
        this.#made(y, 'Tanh', [x]);
        return;
      case 'gelu': {
        // 0.5 x (1 + erf(x / sqrt 2)): the operator Gelu came with opset 20.
        const scaled = this.#node('Mul', `${y}.scaled`, [x, this.#floats('sqrt_half', [], [Math.SQRT1_2])]);
        const error = this.#node('Erf', `${y}.erf`, [scaled]);
        const cdf = this.#node('Add', `${y}.cdf`, [error, this.#floats('one', [], [1])]);
        const half = this.#node('Mul', `${y}.half`, [x, this.#floats('half', [], [0.5])]);
        this.#made(y, 'Mul', [half, cdf]);
        return;
      }
    }
  }

  outcome({ kind, classes }: Outcome, output: string): void {
    const x = this.#flat(output);
    const axis = { type: 'int', value: 1 } as const;
    if (classes !== undefined && kind !== 'pair') {
      this.#node('ArgMax', 'label', [x], { axis, keepdims: { type: 'int', value: 0 }, select_last_index: { type: 'int', value: 0 } });
    }
    switch (kind) {
      case 'softmax':
        this.#node('Softmax', 'probabilities', [x], { axis });
        return;
      case 'sigmoid':
        this.#node('Sigmoid', 'probabilities', [x]);
        return;
      case 'pair': {
        const yes = this.#node('Sigmoid', 'probability', [x]);
        const no = this.#node('Sub', 'complement', [this.#floats('one', [], [1]), yes]);
        this.#node('Concat', 'probabilities', [no, yes], { axis });
        const above = this.#node('Greater', 'above', [x, this.#floats('zero', [], [0])]);
        const column = this.#node('Cast', 'column', [above], { to: { type: 'int', value: DATA_TYPES.int64 } });
        this.initializers.set('axes', { name: 'axes', dims: [1], values: [1] });
        this.#node('Squeeze', 'label', [column, 'axes']);
        return;
      }
      case 'value':
        this.#node('Identity', 'y', [x]);
        return;
    }
  }

  /** A tensor of rows of the graph, seen with these extents. */
  #view(tensor: string, dims: Shape): string {
    const found = this.#known.get(tensor);
    if (found === undefined) throw new RangeError(`nothing made ${tensor}`);
    if (equalShapes(found.dims, dims)) return found.name;
    const [isFlat, name] = [dims.length === 1, `${found.name}.${dims.length === 1 ? 'flat' : shapeText(dims)}`];
    if (this.nodes.some(({ outputs }) => outputs[0] === name)) return name;
    if (isFlat) return this.#node('Flatten', name, [found.name], { axis: { type: 'int', value: 1 } });
    // 0 is as many rows as there are.
    const shape = `${name}.shape`;
    this.initializers.set(shape, { name: shape, dims: [dims.length + 1], values: [0, ...dims] });
    return this.#node('Reshape', name, [found.name, shape]);
  }

  #flat(tensor: string): string {
    return this.#view(tensor, [elements(rowShape(this.#model.graph, tensor))]);
  }

  /** What is computed value by value has the shape of what comes out. */
  #like(tensor: string, y: string): string {
    return this.#view(tensor, outsideShape(this.#model.graph, y));
  }

  /** Says that a tensor of rows of the graph is there under a name. */
  #is(y: string, name: string): void {
    this.#known.set(y, { name, dims: outsideShape(this.#model.graph, y) });
  }

  /** A node that makes a tensor of rows of the graph. */
  #made(y: string, op: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}): void {
    this.#is(y, this.#node(op, y, inputs, attributes));
  }

  #node(op: string, output: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}): string {
    this.nodes.push({ name: output, op, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)), at: 0 });
    return output;
  }

  /** A tensor of the model. */
  #tensor(name: string): string {
    this.initializers.set(name, { name, dims: shapeOf(this.#model, name), values: tensorOf(this.#model, name) });
    return name;
  }

  #floats(name: string, dims: readonly number[], values: readonly number[]): string {
    this.initializers.set(name, { name, dims, values: Float32Array.from(values) });
    return name;
  }
}
