import type { ActivationConfig } from '../../../config/schema/blocks/model.ts';
import { transpose } from '../../../graph/transpose.ts';
import { floatOf, intOf } from '../attributes.ts';
import type { OnnxModel, OnnxNode } from '../proto.ts';
import { matchActivation } from './activations.ts';
import { Chain } from './chain.ts';
import { type InputScaling, matchInput } from './input.ts';

/** A layer as an experiment says it. */
export interface ImportedLayer {
  type: 'dense';
  units: number;
  batch_norm?: { eps: number; momentum: number };
  layer_norm?: { eps: number };
  activation?: ActivationConfig;
  residual?: true;
}

/** What a file of ONNX holds, in gradloom's words. */
export interface ImportedNetwork {
  layers: ImportedLayer[];
  /** Under gradloom's names, in PyTorch's layout. */
  tensors: Map<string, { shape: number[]; values: Float32Array }>;
  input: InputScaling;
  /** The tensor of the file with the outputs of the last layer: logits, or values. */
  output: string;
  /** What is done to them. */
  outcome: 'softmax' | 'sigmoid' | 'value';
}

/** Operators that only say what the outputs mean. */
const TAIL = new Set('Softmax LogSoftmax Sigmoid ArgMax Identity Sub Concat Greater Cast Squeeze Flatten Reshape'.split(' '));
/** Those that change nothing outside of training. */
const IDLE = ['Identity', 'Dropout'];

/**
 * Takes a graph for a chain of dense layers: Gemm, or MatMul and Add; a norm; an activation; the layer's input added. Before it may stand
 * a normalisation by constants, behind it softmax or sigmoid and what makes a class of them.
 *
 * @param outcome  what the file is known to end in: a last sigmoid can be an activation, or give the probability of a class
 * @param file     for messages
 * @throws GradloomError E_ONNX naming the first node that is none of it
 */
export function matchLayers(model: OnnxModel, file: string, outcome?: ImportedNetwork['outcome']): ImportedNetwork {
  return new Matcher(new Chain(model, file)).run(outcome);
}

class Matcher {
  readonly #chain: Chain;
  readonly #layers: ImportedLayer[] = [];
  readonly #tensors: ImportedNetwork['tensors'] = new Map();
  /** Other names of what the newest layer gives. */
  #same: string[] = [];
  /** That of the newest layer, if its activation is one. */
  #lastSigmoid: OnnxNode | undefined;
  /** Values of a row at the place that was reached. */
  #width = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  run(known: ImportedNetwork['outcome'] | undefined): ImportedNetwork {
    const chain = this.#chain;
    const { tensor: start, input } = matchInput(chain);
    let tensor = start;
    for (;;) {
      const product = chain.reader(tensor, 'Gemm', 'MatMul');
      if (product === undefined) break;
      tensor = this.#layer(product, tensor, input.features);
    }
    const last = this.#layers.at(-1);
    if (last === undefined) {
      const [first] = chain.unused;
      throw chain.fail(first, 'no layer that gradloom has; expected Gemm, or MatMul and Add');
    }
    const tail = this.#tail(tensor);
    const common = { layers: this.#layers, tensors: this.#tensors, input };
    if (tail !== undefined) return { ...common, output: tensor, outcome: tail };
    // A sigmoid at the very end gives probabilities, unless the file says otherwise.
    const sigmoid = last.residual === undefined && known !== 'value' ? this.#lastSigmoid : undefined;
    if (sigmoid === undefined) return { ...common, output: tensor, outcome: 'value' };
    delete last.activation;
    return { ...common, output: sigmoid.inputs[0] as string, outcome: 'sigmoid' };
  }

  /** A layer from its product on. @returns the tensor that it gives */
  #layer(product: OnnxNode, x: string, features: number | undefined): string {
    const chain = this.#chain;
    const index = this.#layers.length;
    const { units, tensor: linear } = this.#product(product, index, features);
    const layer: ImportedLayer = { type: 'dense', units };
    this.#layers.push(layer);
    this.#same = [];
    this.#width = units;
    let tensor = this.#norm(linear, index, layer);
    const activation = matchActivation(chain, tensor);
    this.#lastSigmoid = undefined;
    if (activation !== undefined) {
      layer.activation = activation.config;
      this.#lastSigmoid = activation.config.type === 'sigmoid' ? activation.node : undefined;
      tensor = activation.tensor;
    }
    tensor = this.#idle(tensor);
    const sum = chain.readersOf(tensor).find(({ op, inputs }) => op === 'Add' && inputs.includes(tensor) && inputs.includes(x));
    if (sum === undefined) return tensor;
    if (this.#inputsOf(index) !== units) throw chain.fail(sum, `adds ${this.#inputsOf(index)} values to ${units}`);
    layer.residual = true;
    return this.#idle(chain.use(sum));
  }

  #idle(tensor: string): string {
    for (let at = tensor; ; ) {
      const node = this.#chain.reader(at, ...IDLE);
      // At the end it may only give the output its name.
      if (node === undefined) return at;
      this.#same.push(at);
      at = this.#chain.use(node);
    }
  }

  #inputsOf(layer: number): number {
    return this.#tensors.get(`layers.${layer}.weight`)?.shape[1] ?? 0;
  }

  #product(node: OnnxNode, index: number, features: number | undefined): { units: number; tensor: string } {
    const chain = this.#chain;
    const { dims, values } = chain.floats(node, 1);
    const [rows = 0, columns = 0] = dims;
    if (dims.length !== 2 || rows * columns === 0) throw chain.fail(node, `weights of shape [${dims.join(', ')}], expected two dimensions`);
    const isGemm = node.op === 'Gemm';
    const transposed = isGemm && intOf(node, 'transB', 0) !== 0;
    if (isGemm && intOf(node, 'transA', 0) !== 0) throw chain.fail(node, 'transposes its input (transA)');
    for (const factor of ['alpha', 'beta']) {
      if (floatOf(node, factor, 1) !== 1) throw chain.fail(node, `${factor} is ${floatOf(node, factor, 1)}, expected 1`);
    }
    const [units, inputs] = transposed ? [rows, columns] : [columns, rows];
    const before = index === 0 ? features : this.#width;
    if (before !== undefined && before !== inputs) throw chain.fail(node, `weights for ${inputs} inputs, but ${before} come in`);
    this.#put(index, 'weight', [units, inputs], transposed ? values : transpose(values, inputs, units));
    const made = chain.use(node);
    const { bias, tensor } = this.#bias(node, made, units);
    this.#put(index, 'bias', [units], bias);
    return { units, tensor };
  }

  #bias(node: OnnxNode, made: string, units: number): { bias: Float32Array; tensor: string } {
    const chain = this.#chain;
    if (node.op === 'Gemm' && (node.inputs[2] ?? '') !== '') {
      const { dims, values } = chain.floats(node, 2);
      if (values.length !== units || dims.at(-1) !== units)
        throw chain.fail(node, `a bias of shape [${dims.join(', ')}], expected [${units}]`);
      return { bias: values, tensor: made };
    }
    const sum = chain.readersOf(made).find((reader) => reader.op === 'Add' && chain.otherConstant(reader, made)?.length === units);
    const bias = sum && chain.otherConstant(sum, made);
    if (sum === undefined || bias === undefined) return { bias: new Float32Array(units), tensor: made };
    return { bias, tensor: chain.use(sum) };
  }

  #norm(tensor: string, index: number, layer: ImportedLayer): string {
    const chain = this.#chain;
    const node = chain.reader(tensor, 'BatchNormalization', 'LayerNormalization');
    if (node === undefined) return tensor;
    const eps = floatOf(node, 'epsilon', 1e-5);
    const isBatch = node.op === 'BatchNormalization';
    if (isBatch) {
      if (intOf(node, 'training_mode', 0) !== 0)
        throw chain.fail(node, 'normalises by the batch (training_mode)', 'export the model in evaluation mode');
      // ONNX's momentum is the part of the old statistic that is kept.
      layer.batch_norm = { eps, momentum: 1 - floatOf(node, 'momentum', 0.9) };
    } else {
      const axis = intOf(node, 'axis', -1);
      if (axis !== -1 && axis !== 1) throw chain.fail(node, `axis ${axis}, expected -1`);
      layer.layer_norm = { eps };
    }
    const roles = isBatch ? ['weight', 'bias', 'running_mean', 'running_var'] : ['weight', 'bias'];
    for (const [i, role] of roles.entries()) {
      const values =
        role === 'bias' && !isBatch && (node.inputs[2] ?? '') === '' ? new Float32Array(layer.units) : chain.floats(node, i + 1).values;
      if (values.length !== layer.units) throw chain.fail(node, `${values.length} values of ${role} for ${layer.units} units`);
      if (role === 'running_var' && values.some((value) => value < 0)) throw chain.fail(node, 'a negative variance');
      this.#put(index, `norm.${role}`, [layer.units], values);
    }
    return chain.use(node);
  }

  #put(layer: number, role: string, shape: number[], values: Float32Array): void {
    const fault = values.find((value) => !Number.isFinite(value));
    if (fault !== undefined) throw this.#chain.fail(undefined, `layers.${layer}.${role} holds ${fault}; expected finite weights`);
    this.#tensors.set(`layers.${layer}.${role}`, { shape, values });
  }

  /** Understands what stands behind the last layer, and that the outputs come from there. */
  #tail(end: string): 'softmax' | 'sigmoid' | undefined {
    const chain = this.#chain;
    // A class is found from the outputs before or behind a sigmoid.
    const reached = new Set([end, ...this.#same, ...(this.#lastSigmoid?.inputs ?? []), ...(this.#lastSigmoid?.outputs ?? [])]);
    let found: 'softmax' | 'sigmoid' | undefined;
    for (const node of chain.unused) {
      const isBehind =
        node.inputs.some((name) => reached.has(name)) &&
        node.inputs.every((name) => name === '' || reached.has(name) || chain.constant(name));
      if (!isBehind || !TAIL.has(node.op)) throw chain.fail(node, 'no layer that gradloom has, or not in this place');
      if (node.op === 'Softmax' || node.op === 'LogSoftmax') found = 'softmax';
      if (node.op === 'Sigmoid' && node.inputs[0] === end) found = 'sigmoid';
      reached.add(chain.use(node));
    }
    for (const { name } of chain.model.outputs) {
      if (!reached.has(name)) throw chain.fail(undefined, `output ${name} is not what the last layer gives`);
    }
    return found;
  }
}
