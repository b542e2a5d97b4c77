import type { ActivationConfig } from '../../../src/config/schema/layers/activation.ts';
import type { LossConfig } from '../../../src/config/schema/schema.ts';
import { activate, slopeAt } from '../../../src/graph/ops/activation.ts';
import type { Network } from '../../../src/model/network.ts';
import { readTensor } from '../../../src/model/parameters.ts';

/**
 * The networks of gradloom in plain f64: dense layers with activations, the three losses as means over the batch, gradient descent.
 * One row at a time, one loop a formula, no code shared with the engine; PyTorch's layouts (weights [out, in]).
 */
export interface Layer64 {
  inputs: number;
  units: number;
  activation: ActivationConfig;
  /** [units, inputs] */
  weight: Float64Array;
  /** [units] */
  bias: Float64Array;
}

/** One row: its inputs, and its class or its target values. */
export interface Row64 {
  x: ArrayLike<number>;
  target: number | ArrayLike<number>;
}

export interface Gradient64 {
  weight: Float64Array;
  bias: Float64Array;
}

export interface Result64 {
  /** Mean over the rows. */
  loss: number;
  correct: number;
  gradients: Gradient64[];
  /** The smallest |z| / max(1, |x|max) of a unit whose activation has a kink at 0; Infinity without one. */
  kinkDistance: number;
}

function dot(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

const sum = (values: readonly number[]): number => dot(values.length, (i) => values[i]!);

const logistic = (z: number): number => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));

/** Class labels as the losses on values see them: one-hot, or the label itself where there is one output. */
function targetValues(target: Row64['target'], outputs: number): number[] {
  if (typeof target !== 'number') return Array.from(target);
  return outputs === 1 ? [target] : Array.from({ length: outputs }, (_, j) => (j === target ? 1 : 0));
}

const argmax = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/** Loss of one row, its gradient by the logits, and whether the row counts as correct. */
export function rowLoss(
  type: LossConfig['type'],
  z: readonly number[],
  target: Row64['target'],
): { loss: number; dz: number[]; correct: boolean } {
  const outputs = z.length;
  if (type === 'softmax_cross_entropy') {
    if (typeof target !== 'number') throw new TypeError('softmax_cross_entropy compares with a label');
    const largest = Math.max(...z);
    const logSum = largest + Math.log(sum(z.map((v) => Math.exp(v - largest))));
    const dz = z.map((v, j) => Math.exp(v - logSum) - (j === target ? 1 : 0));
    return { loss: logSum - z[target]!, dz, correct: argmax(z) === target };
  }
  const t = targetValues(target, outputs);
  if (type === 'mse') {
    const loss = sum(z.map((v, j) => (v - t[j]!) ** 2)) / outputs;
    return { loss, dz: z.map((v, j) => (2 * (v - t[j]!)) / outputs), correct: outputs > 1 && argmax(z) === argmax(t) };
  }
  const terms = z.map((v, j) => Math.max(v, 0) - v * t[j]! + Math.log1p(Math.exp(-Math.abs(v))));
  const correct = outputs === 1 ? z[0]! > 0 === t[0]! > 0.5 : argmax(z) === argmax(t);
  return { loss: sum(terms) / outputs, dz: z.map((v, j) => (logistic(v) - t[j]!) / outputs), correct };
}

/** Mean loss over the rows, gradients of it, correct rows. */
export function evaluate64(layers: readonly Layer64[], loss: LossConfig['type'], rows: readonly Row64[]): Result64 {
  const gradients = layers.map(({ weight, bias }) => ({ weight: new Float64Array(weight.length), bias: new Float64Array(bias.length) }));
  const result: Result64 = { loss: 0, correct: 0, gradients, kinkDistance: Infinity };
  for (const { x, target } of rows) {
    const inputs: number[][] = [Array.from(x)];
    const zs: number[][] = [];
    for (const layer of layers) {
      const from = inputs.at(-1);
      const z = Array.from(layer.bias, (b, o) => b + dot(layer.inputs, (i) => from[i]! * layer.weight[o * layer.inputs + i]!));
      if (layer.activation.type === 'relu' || layer.activation.type === 'leaky_relu') {
        const scale = Math.max(1, ...from.map(Math.abs));
        result.kinkDistance = Math.min(result.kinkDistance, ...z.map((v) => Math.abs(v) / scale));
      }
      zs.push(z);
      inputs.push(z.map((v) => activate(layer.activation, v)));
    }
    const { loss: rowsLoss, dz: top, correct } = rowLoss(loss, inputs.at(-1), target);
    result.loss += rowsLoss / rows.length;
    if (correct) result.correct++;
    let dy = top;
    for (let l = layers.length - 1; l >= 0; l--) {
      const layer = layers[l]!;
      const from = inputs[l]!;
      const { weight, bias } = gradients[l]!;
      const dz = dy.map((d, o) => d * slopeAt(layer.activation, zs[l]![o]!));
      for (let o = 0; o < layer.units; o++) {
        bias[o] = bias[o]! + dz[o]! / rows.length;
        for (let i = 0; i < layer.inputs; i++)
          weight[o * layer.inputs + i] = weight[o * layer.inputs + i]! + (dz[o]! * from[i]!) / rows.length;
      }
      dy = from.map((_, i) => dot(layer.units, (o) => dz[o]! * layer.weight[o * layer.inputs + i]!));
    }
  }
  return result;
}

/** p = p - lr * g, in place. */
export function descend(layers: readonly Layer64[], gradients: readonly Gradient64[], lr: number): void {
  for (const [l, { weight, bias }] of layers.entries()) {
    for (let i = 0; i < weight.length; i++) weight[i] = weight[i]! - lr * gradients[l]!.weight[i]!;
    for (let i = 0; i < bias.length; i++) bias[i] = bias[i]! - lr * gradients[l]!.bias[i]!;
  }
}

/** The engine's network and parameter vector, in f64. */
export function layersOf(network: Network, vector: Float32Array): Layer64[] {
  return network.layers.map(({ index, inputs, outputs, parameters }) => {
    const [weight, bias] = parameters.map((tensor) => Float64Array.from(readTensor(vector, tensor)));
    return { inputs, units: outputs, activation: activationOf(network, index), weight: weight!, bias: bias! };
  });
}

function activationOf({ graph }: Network, index: number): ActivationConfig {
  const op = graph.ops.find(({ layer, type }) => layer === index && type === 'activation');
  return op?.type === 'activation' ? op.function : { type: 'identity' };
}
