import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import type { LayerOp } from '../../graph/op.ts';
import type { ActivationOp } from '../../graph/ops/activation.ts';
import { DATA_TYPES, type OnnxAttribute, type OnnxModel } from '../../import/onnx/proto.ts';
import { modelMetadata } from '../../runs/files/model-metadata.ts';
import { describe, type ExportModel, inputShape, type Outcome, outcomeOf, shapeOf, tensorOf } from '../model.ts';

/** The version of ONNX that is written: opset 17 is the first with layer norm, and IR 8 goes with it. */
const IR_VERSION = 8;
const OPSET = 17;
const ROWS = 'N';

export interface OnnxOptions {
  /** The input is what the network takes: preprocessing is left out. */
  raw: boolean;
}

/**
 * A model as an ONNX graph: input `x` of f32, [N, features] or [N, C, H, W] of raw values; outputs `probabilities` or `y`, [N, outputs], and
 * for classes `label`, int64 [N]. Names, preprocessing and layers stand in the metadata.
 */
export function onnxModel(model: ExportModel, { raw }: OnnxOptions): OnnxModel {
  const builder = new Builder(model);
  const { graph, preprocess, name } = model;
  const shape = inputShape(preprocess);
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
  /** Names in the file of the tensors of rows of the graph. */
  readonly #names = new Map<string, string>();

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
    if (shape.length > 1) x = this.#node('Flatten', 'flat', [x], { axis: { type: 'int', value: 1 } });
    this.#names.set(this.#model.graph.input, x);
  }

  op(op: LayerOp): void {
    const x = this.#rows(op.x);
    switch (op.type) {
      case 'dense':
        this.#made(op.y, 'Gemm', [x, this.#tensor(op.weight), this.#tensor(op.bias)], { transB: { type: 'int', value: 1 } });
        return;
      case 'batch_norm': {
        const tensors = [op.weight, op.bias, op.runningMean, op.runningVar].map((name) => this.#tensor(name));
        this.#made(op.y, 'BatchNormalization', [x, ...tensors], { epsilon: { type: 'float', value: Math.fround(op.eps) } });
        return;
      }
      case 'layer_norm': {
        const attributes = { axis: { type: 'int', value: -1 }, epsilon: { type: 'float', value: Math.fround(op.eps) } } as const;
        this.#made(op.y, 'LayerNormalization', [x, this.#tensor(op.weight), this.#tensor(op.bias)], attributes);
        return;
      }
      case 'activation':
        this.#activation(op, x);
        return;
      case 'add':
        this.#made(op.y, 'Add', [x, this.#rows(op.other)]);
        return;
      case 'dropout':
        // Does nothing outside of training.
        this.#names.set(op.y, x);
        return;
    }
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
    const x = this.#rows(output);
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

  #rows(name: string): string {
    const found = this.#names.get(name);
    if (found === undefined) throw new RangeError(`nothing made ${name}`);
    return found;
  }

  /** A node that makes a tensor of rows of the graph. */
  #made(y: string, op: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}): void {
    this.#names.set(y, this.#node(op, y, inputs, attributes));
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
