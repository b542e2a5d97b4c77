import type { LossConfig } from '../../config/schema/schema.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { exp } from '../../random/elementary.ts';

/** What a classifier says of a row. */
export interface ClassPrediction {
  /** Number of the class. */
  label: number;
  /** Its name. */
  class: string;
  /** One a class, in class order. With sigmoid_cross_entropy and several outputs each stands for itself; with mse and its kin the outputs. */
  probabilities: number[];
}

/** What a regression says of a row: one number a target. */
export interface ValuePrediction {
  values: number[];
}

/** What a model says of a row: a class, or numbers. */
export type Prediction = ClassPrediction | ValuePrediction;

/** Reads a row's outputs, [outputs] from `at` on. */
export type ReadOutputs<P = Prediction> = (outputs: Float32Array, at: number) => P;

/** What the numbers of a network's last layer mean. */
export interface Outputs {
  /** Names of the classes, or undefined where it predicts numbers. */
  classes: readonly string[] | undefined;
  /** Names of the numbers; empty with classes. */
  targets: readonly string[];
  /** Number of the most likely class. */
  labelAt: (outputs: Float32Array, at: number) => number;
  /** Probabilities in class order, or predicted numbers, written into an array. */
  numbersAt: (outputs: Float32Array, at: number, into: Float64Array) => void;
  /** How many `numbersAt` writes. */
  width: number;
  read: ReadOutputs;
}

/** @param count  outputs of the network */
export function outputsOf(loss: LossConfig, { target }: Pick<Preprocess, 'target'>, count: number): Outputs {
  const isBinary = target.kind === 'class' && count === 1;
  const width = isBinary ? 2 : count;
  const classes = target.kind === 'class' ? Array.from({ length: width }, (_, i) => target.classes[i] ?? String(i)) : undefined;
  const labelAt = isBinary ? binaryLabel(loss) : (outputs: Float32Array, at: number): number => firstLargest(outputs, at, count);
  const numbersAt = isBinary ? binaryNumbers(loss) : numbersOf(loss, count);
  const numbers = (outputs: Float32Array, at: number): number[] => {
    const into = new Float64Array(width);
    numbersAt(outputs, at, into);
    return [...into];
  };
  const read: ReadOutputs =
    classes === undefined
      ? (outputs, at) => ({ values: numbers(outputs, at) })
      : (outputs, at) => {
          const label = labelAt(outputs, at);
          return { label, class: classes[label] ?? String(label), probabilities: numbers(outputs, at) };
        };
  return { classes, targets: target.kind === 'value' ? target.names : [], labelAt, numbersAt, width, read };
}

/** As the kernels count a row: class 1 above 0 for a logit; for the output of another loss above 1/2, between its two targets. */
function binaryLabel({ type }: LossConfig): Outputs['labelAt'] {
  const limit = type === 'sigmoid_cross_entropy' ? 0 : 0.5;
  return (outputs, at) => ((outputs[at] as number) > limit ? 1 : 0);
}

function binaryNumbers({ type }: LossConfig): Outputs['numbersAt'] {
  return (outputs, at, into) => {
    const z = outputs[at] as number;
    into[1] = type === 'sigmoid_cross_entropy' ? sigmoid(z) : z;
    into[0] = type === 'sigmoid_cross_entropy' ? sigmoid(-z) : 1 - z;
  };
}

function numbersOf({ type }: LossConfig, count: number): Outputs['numbersAt'] {
  if (type === 'softmax_cross_entropy') return (outputs, at, into) => softmax(outputs, at, count, into);
  const of = type === 'sigmoid_cross_entropy' ? sigmoid : (z: number): number => z;
  return (outputs, at, into) => {
    for (let j = 0; j < count; j++) into[j] = of(outputs[at + j] as number);
  };
}

/** exp(z_j - max z) / sum, in f64; `Math.exp` is left to each JavaScript engine, so that browsers would give other bits. */
function softmax(outputs: Float32Array, at: number, count: number, into: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < count; j++) largest = Math.max(largest, outputs[at + j] as number);
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const term = exp((outputs[at + j] as number) - largest);
    into[j] = term;
    sum += term;
  }
  for (let j = 0; j < count; j++) into[j] = (into[j] as number) / sum;
}

/** 1 / (1 + e^-z), without overflow. */
function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + exp(-z));
  const e = exp(z);
  return e / (1 + e);
}

/** The first of the largest, as the kernels count. */
function firstLargest(outputs: Float32Array, at: number, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) if ((outputs[at + j] as number) > (outputs[at + best] as number)) best = j;
  return best;
}
