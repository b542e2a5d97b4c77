import { equalShapes } from '../../../graph/shape.ts';
import type { OnnxModel, OnnxNode } from '../proto.ts';
import { matchActivation } from './activations.ts';
import { type BlockEnd, blockFrom, IDLE, leadsTo } from './blocks.ts';
import { Chain } from './chain.ts';
import { FORMS, type Form, matchForm } from './forms.ts';
import { type InputScaling, matchInput } from './input.ts';
import type { ImportedLayer, ImportedProduct, ImportedResidual } from './layer-types.ts';
import { matchNorm } from './norms.ts';
import { matchConv, matchPool, POOLS } from './pictures.ts';
import { matchBias, matchDense } from './products.ts';
import { matchProjection } from './projection.ts';

/** What a file of ONNX holds, in gradloom's words. */
export interface ImportedNetwork {
  layers: ImportedLayer[];
  /** Under gradloom's names, in PyTorch's layout. */
  tensors: Map<string, { shape: number[]; values: Float32Array }>;
  input: InputScaling;
  /** Numbers of a row that goes in, and of one that comes out. */
  features: number;
  outputs: number;
  /** The tensor of the file with the outputs of the last layer: logits, or values. */
  output: string;
  /** What is done to them. */
  outcome: 'softmax' | 'sigmoid' | 'value';
}

/** Operators that only say what the outputs mean. */
const TAIL = new Set('Softmax LogSoftmax Sigmoid ArgMax Identity Sub Concat Greater Cast Squeeze Flatten Reshape'.split(' '));
/** Blocks within each other, as an experiment may have them. */
const MOST_NESTED = 50;
const PRODUCTS = ['Gemm', 'MatMul', 'Conv'];

/**
 * Takes a graph for a chain of layers: Gemm, MatMul and Add, or Conv; a norm; an activation; pools; blocks whose input is added. Before it may
 * stand a normalisation by constants, behind it softmax or sigmoid and what makes a class of them.
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
  readonly #tensors: ImportedNetwork['tensors'] = new Map();
  /** Sums that end the blocks at hand, and convolutions on the way of their inputs. */
  readonly #open = new Set<OnnxNode>();
  /** Other names of what the newest layer gives. */
  #same: string[] = [];
  /** The newest layer that has no activation yet, while nothing but maxima stands behind it. */
  #inactive: ImportedProduct | undefined;
  /** That of the newest layer, if its activation is one. */
  #lastSigmoid: OnnxNode | undefined;
  /** How a row is seen at the place that was reached; undefined where the file leaves it open. */
  #form: Form | undefined;
  #features = 0;
  /** Of the block at hand. */
  #depth = 0;
  /** Layers so far; a block counts behind those in it. */
  #count = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  run(known: ImportedNetwork['outcome'] | undefined): ImportedNetwork {
    const chain = this.#chain;
    const { tensor: start, isFlat, input } = matchInput(chain);
    if (input.features !== undefined) {
      this.#features = input.features;
      this.#form = { shape: isFlat ? [input.features] : [...input.shape], isLast: false, flattened: undefined };
    }
    const layers: ImportedLayer[] = [];
    const tensor = this.#layers(start, layers, undefined);
    const last = layers.at(-1);
    if (last === undefined) {
      const [first] = chain.unused;
      throw chain.fail(first, 'no layer that gradloom has; expected Gemm, MatMul and Add, or Conv');
    }
    const tail = this.#tail(tensor);
    const shape = this.#form?.shape ?? [];
    if (shape.length !== 1) throw chain.fail(undefined, `the last layer gives pictures of [${shape.join(', ')}]; expected numbers`);
    const common = { layers, tensors: this.#tensors, input, features: this.#features, outputs: shape[0] ?? 0 };
    if (tail !== undefined) return { ...common, output: tensor, outcome: tail };
    // A sigmoid at the very end gives probabilities, unless the file says otherwise.
    const sigmoid = known === 'value' ? undefined : this.#lastSigmoid;
    if (sigmoid === undefined || !('activation' in last)) return { ...common, output: tensor, outcome: 'value' };
    delete last.activation;
    return { ...common, output: sigmoid.inputs[0] as string, outcome: 'sigmoid' };
  }

  /**
   * Takes layers from a tensor on.
   *
   * @param end  of the block that they are in
   * @returns the tensor that the last one gives
   */
  #layers(start: string, layers: ImportedLayer[], end: BlockEnd | undefined): string {
    const chain = this.#chain;
    for (let tensor = this.#idle(start); ; tensor = this.#idle(tensor)) {
      const names = [tensor, ...this.#same];
      if (end !== undefined && layers.length > 0 && names.some((name) => end.sum.inputs.includes(name))) return tensor;
      const block = blockFrom(chain, names, this.#open);
      const product = chain.readersOf(tensor).find((node) => this.#isProduct(node, tensor));
      const pool = chain.reader(tensor, ...POOLS);
      const form = chain.reader(tensor, ...FORMS);
      if (block !== undefined) tensor = this.#block(block, tensor, layers);
      else if (product !== undefined) tensor = this.#layer(product, layers);
      else if (pool !== undefined) tensor = this.#pool(pool, layers);
      else if (form !== undefined && this.#isForm(form)) tensor = this.#seen(form, tensor, layers);
      else return tensor;
    }
  }

  #isProduct(node: OnnxNode, x: string): boolean {
    return PRODUCTS.includes(node.op) && node.inputs[0] === x && !this.#chain.isUsed(node) && !this.#open.has(node);
  }

  /** Takes a layer from its product on. @returns the tensor that it gives */
  #layer(node: OnnxNode, layers: ImportedLayer[]): string {
    const chain = this.#chain;
    const { layer, tensor: linear } = node.op === 'Conv' ? this.#conv(node) : this.#dense(node);
    const index = this.#count++;
    const norm = chain.reader(linear, 'BatchNormalization', 'LayerNormalization');
    let tensor = linear;
    if (norm !== undefined) {
      const { keys, tensors } = matchNorm(chain, norm, this.#form?.shape ?? []);
      Object.assign(layer, keys);
      for (const { role, shape, values } of tensors) this.#put(index, role, shape, values);
      tensor = chain.use(norm);
    }
    this.#begin(layers, layer);
    const activation = matchActivation(chain, tensor);
    if (activation === undefined) {
      this.#inactive = layer;
      return tensor;
    }
    layer.activation = activation.config;
    this.#lastSigmoid = activation.config.type === 'sigmoid' ? activation.node : undefined;
    return activation.tensor;
  }

  /** A layer that nothing is known of but what went before. */
  #begin(layers: ImportedLayer[], layer: ImportedLayer): void {
    layers.push(layer);
    this.#same = [];
    this.#inactive = undefined;
    this.#lastSigmoid = undefined;
  }

  #dense(node: OnnxNode): { layer: ImportedProduct; tensor: string } {
    const { units, inputs, weight } = matchDense(this.#chain, node, this.#form);
    if (this.#form === undefined) this.#features = inputs;
    this.#form = flat(units);
    const { bias = new Float32Array(units), tensor } = matchBias(this.#chain, node, [units]);
    this.#put(this.#count, 'weight', [units, inputs], weight);
    this.#put(this.#count, 'bias', [units], bias);
    return { layer: { type: 'dense', units }, tensor };
  }

  #conv(node: OnnxNode): { layer: ImportedProduct; tensor: string } {
    const { layer, shape, weight } = matchConv(this.#chain, node, this.#picture(node));
    this.#form = { shape, isLast: false, flattened: undefined };
    const { bias, tensor } = matchBias(this.#chain, node, shape);
    this.#put(this.#count, 'weight', weight.shape, weight.values);
    if (bias === undefined) layer.bias = false;
    else this.#put(this.#count, 'bias', [layer.filters], bias);
    return { layer, tensor };
  }

  #pool(node: OnnxNode, layers: ImportedLayer[]): string {
    const chain = this.#chain;
    const { layer, shape } = matchPool(chain, node, this.#picture(node));
    this.#form = { shape, isLast: false, flattened: undefined };
    this.#count++;
    const before = this.#inactive;
    this.#begin(layers, layer);
    const tensor = chain.use(node);
    const next = layer.type.startsWith('max') && before !== undefined ? chain.reader(tensor, 'Relu', 'LeakyRelu') : undefined;
    const activation = next && matchActivation(chain, tensor);
    if (activation === undefined) {
      if (layer.type.startsWith('max')) this.#inactive = before;
      return tensor;
    }
    // It keeps the order of numbers: the largest of what it gives is what it gives for the largest.
    if (before !== undefined) before.activation = activation.config;
    return activation.tensor;
  }

  /** Rows for a window. */
  #picture(node: OnnxNode): number[] | undefined {
    if (this.#form?.isLast === true) throw this.#chain.fail(node, 'reads pictures whose channels were brought to the end');
    return this.#form?.shape;
  }

  /** What may stand behind the outputs is none. */
  #isForm(node: OnnxNode): boolean {
    const isFlat = this.#form?.shape.length === 1;
    const extents = node.op === 'Reshape' ? (this.#chain.constant(node.inputs[1])?.values.length ?? 0) : 2;
    return this.#form !== undefined && !(isFlat && (node.op === 'Squeeze' || extents < 2));
  }

  #seen(node: OnnxNode, tensor: string, layers: ImportedLayer[]): string {
    const { nodes, form, layer } = matchForm(this.#chain, node, this.#form, this.#count === 0);
    this.#form = form;
    if (layer === undefined) this.#same.push(tensor);
    else {
      this.#begin(layers, layer);
      this.#count++;
    }
    return nodes.map((one) => this.#chain.use(one)).at(-1) ?? tensor;
  }

  /** Takes layers and the sum with their input. @returns the tensor that the sum gives, or its activation */
  #block(end: BlockEnd, start: string, layers: ImportedLayer[]): string {
    const chain = this.#chain;
    const { sum, projection } = end;
    this.#open.add(sum);
    if (projection !== undefined) this.#open.add(projection);
    const from = this.#form?.shape;
    const inner: ImportedLayer[] = [];
    if (++this.#depth > MOST_NESTED) throw chain.fail(sum, `ends a block within more than ${MOST_NESTED} others`);
    const reached = this.#layers(start, inner, end);
    this.#depth--;
    const [first] = inner;
    const isEnd = [reached, ...this.#same].some((name) => sum.inputs.includes(name));
    if (!isEnd || first === undefined) throw chain.fail(sum, 'adds something else than the input of layers to what they give');
    const to = this.#form?.shape ?? [];
    const residual: ImportedResidual['residual'] = { layers: inner };
    if (projection !== undefined) {
      const { batchNorm, tensors } = matchProjection(chain, projection, from, to);
      residual.projection = true;
      if (batchNorm !== undefined) residual.batch_norm = batchNorm;
      for (const { role, shape, values } of tensors) this.#put(this.#count, `projection.${role}`, shape, values);
    } else if (from !== undefined && !equalShapes(from, to)) {
      throw chain.fail(sum, `adds rows of [${from.join(', ')}] to rows of [${to.join(', ')}]`);
    }
    const tensor = chain.use(sum);
    // A sigmoid that no layer follows says what the outputs mean.
    const sigmoid = chain.reader(tensor, 'Sigmoid');
    const isOutcome = sigmoid !== undefined && !leadsTo(chain, sigmoid.outputs[0] as string, [...PRODUCTS, ...POOLS, 'Add']);
    const activation = isOutcome ? undefined : matchActivation(chain, tensor);
    const isLayer = inner.length === 1 && projection === undefined && activation === undefined;
    if (isLayer && (first.type === 'dense' || first.type === 'conv1d' || first.type === 'conv2d') && first.residual === undefined) {
      this.#begin(layers, first);
      first.residual = true;
      return tensor;
    }
    this.#count++;
    this.#begin(layers, { type: 'residual', residual });
    if (activation === undefined) return tensor;
    residual.activation = activation.config;
    return activation.tensor;
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

const flat = (units: number): Form => ({ shape: [units], isLast: false, flattened: undefined });
