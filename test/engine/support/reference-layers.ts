import type { Dataset } from '../../../src/data/dataset.ts';
import { batchesAt } from '../../../src/engine/plan/batches.ts';
import type { EnginePlan } from '../../../src/engine/plan/plan.ts';
import { type Graph, GraphIndex } from '../../../src/graph/graph.ts';
import { GraphTwin, type Observation, type Tensors, type TwinBatch } from '../../../src/graph/twin.ts';
import type { InitialState } from '../../../src/model/initializers.ts';
import type { Network } from '../../../src/model/network.ts';
import { readTensor } from '../../../src/model/parameters.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { normalOfWord } from '../../kernels/support/twins.ts';
import { epochOrder } from './outcome.ts';
import { rowOf } from './samples.ts';

/**
 * The whole training step of gradloom in plain f64: the naive twin of its graph, then penalties, clipping, noise, SGD, max_norm and averages
 * as PyTorch's pages have them. A gradient is a sum over rows until the step divides it.
 */
export interface Model64 {
  graph: Graph;
  /** `layers.<i>.weight` [units, inputs], `.bias`, `.norm.weight`, `.norm.bias`. */
  parameters: Tensors;
  /** `layers.<i>.norm.running_mean`, `.norm.running_var`. */
  statistics: Tensors;
}

export interface Row64 {
  x: ArrayLike<number>;
  label: number;
  /** Of the sample. */
  weight: number;
}

/** What a pass over one batch is told beside the model and the rows. */
export interface Pass {
  classWeights: ArrayLike<number> | undefined;
  /** First row of each leaf, and the end of the last. */
  bounds: readonly number[];
  /** 0 or 1 / (1 - p). */
  mask(stream: number, row: number, unit: number): number;
}

/** Sums over the rows of a batch. */
export interface Sums64 {
  loss: number;
  weight: number;
  gradients: Tensors;
  /** What the running statistics move towards. */
  observed: ReadonlyMap<string, Observation>;
  /** The smallest |input| of an activation with a kink at 0. */
  kinkDistance: number;
}

function tensor(tensors: Tensors, name: string): Float64Array {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found;
}

export const zerosLike = (tensors: Tensors): Tensors => new Map([...tensors].map(([name, { length }]) => [name, new Float64Array(length)]));
export const copyOf = (tensors: Tensors): Tensors => new Map([...tensors].map(([name, values]) => [name, values.slice()]));

/** The engine's tensors in f64. */
export function modelOf(network: Network, { parameters, statistics }: InitialState): Model64 {
  return {
    graph: network.graph,
    parameters: new Map(network.parameters.map((placed) => [placed.name, Float64Array.from(readTensor(parameters, placed))])),
    statistics: new Map(network.statistics.map((placed) => [placed.name, Float64Array.from(readTensor(statistics, placed))])),
  };
}

function batchOf(rows: readonly Row64[], { bounds, classWeights, mask }: Pass, training: boolean): TwinBatch {
  return {
    rows: rows.length,
    training,
    bounds,
    mask,
    x: rows.flatMap(({ x }) => Array.from(x)),
    labels: rows.map(({ label }) => label),
    targets: [],
    sampleWeights: rows.map(({ weight }) => weight),
    lossWeights: classWeights,
  };
}

/** Forward, loss and backward of one batch. */
export function passOver({ graph, parameters, statistics }: Model64, rows: readonly Row64[], pass: Pass): Sums64 {
  const twin = new GraphTwin(graph, new Map([...parameters, ...statistics]));
  const run = twin.forward(batchOf(rows, pass, true));
  twin.backward(run);
  const kinks = graph.ops.filter((op) => op.type === 'activation' && ['relu', 'leaky_relu'].includes(op.function.type));
  return {
    ...run.sums,
    gradients: new Map([...parameters.keys()].map((name) => [name, run.gradient(name)])),
    observed: run.observed,
    kinkDistance: Math.min(Infinity, ...kinks.map(({ x }) => run.value(x).reduce((least, v) => Math.min(least, Math.abs(v)), Infinity))),
  };
}

/** Weighted mean loss with running statistics and without dropout. */
export function evaluatedLoss(
  { graph, parameters, statistics }: Model64,
  rows: readonly Row64[],
  classWeights: Pass['classWeights'],
): number {
  const twin = new GraphTwin(graph, new Map([...parameters, ...statistics]));
  const { loss, weight } = twin.forward(batchOf(rows, { classWeights, bounds: [0, rows.length], mask: () => 1 }, false)).sums;
  return loss / weight;
}

/** l1 sum|w| + l2/2 sum w^2 over the weights. */
export function penaltyOf(parameters: Tensors, { l1, l2 }: { l1: number; l2: number }): number {
  let penalty = 0;
  for (const [name, values] of parameters) {
    if (isWeight(name)) for (const w of values) penalty += l1 * Math.abs(w) + (l2 / 2) * w * w;
  }
  return penalty;
}

/** Of a dense layer, a convolution or a projection; the weight of a norm is none. */
const isWeight = (name: string): boolean => /^layers\.\d+\.(projection\.)?weight$/.test(name);

/** Adds the gradient of the penalty. */
export function addPenalty(gradients: Tensors, parameters: Tensors, { l1, l2 }: { l1: number; l2: number }): void {
  for (const [name, values] of parameters) {
    if (!isWeight(name)) continue;
    const g = tensor(gradients, name);
    for (let i = 0; i < g.length; i++) g[i] = g[i]! + l2 * values[i]! + l1 * Math.sign(values[i]!);
  }
}

export function rowsOf(dataset: Dataset, samples: Iterable<number>): Row64[] {
  return Array.from(samples, (sample) => {
    const { x, target } = rowOf(dataset, sample);
    return { x, label: target as number, weight: dataset.weights?.[sample] ?? 1 };
  });
}

/** First rows of the leaves of a batch: floor(i * B / S). */
const boundsOf = (leaves: number, rows: number): number[] => Array.from({ length: leaves + 1 }, (_, i) => Math.floor((i * rows) / leaves));

/** Keep or drop by the word of (seed, step, layer, row of the step, unit or channel), as the engine promises. */
export function dropoutMask(seed: number, graph: Graph, step: number, rowOfStep: number): Pass['mask'] {
  const index = new GraphIndex(graph);
  const drawn = new Map(
    graph.ops
      .filter((op) => op.type === 'dropout')
      .map((op) => [op.stream, { op, words: new RandomStream(seed, 'dropout', step * graph.streams + op.stream) }]),
  );
  return (stream, row, unit) => {
    const { op, words } = drawn.get(stream)!;
    const word = words.word((rowOfStep + row) * (op.channels ?? index.widthOf(op.y)) + unit);
    return word >= op.p * 2 ** 32 ? 1 / (1 - op.p) : 0;
  };
}

/** What a step of the reference tells. */
export interface Step64 {
  loss: number;
  penalty: number;
  gradientNorm: number;
  kinkDistance: number;
}

/** A training with SGD (constant learning rate, no momentum), step by step. */
export class Training64 {
  readonly model: Model64;
  /** After every step; undefined before the first that counts. */
  average: Tensors | undefined;
  readonly #plan: EnginePlan;
  readonly #dataset: Dataset;
  readonly #averaged: Tensors[] = [];
  #step = 0;

  constructor(plan: EnginePlan, dataset: Dataset, initial: InitialState) {
    this.#plan = plan;
    this.#dataset = dataset;
    this.model = modelOf(plan.network, initial);
  }

  step(): Step64 {
    const { experiment, batches } = this.#plan;
    const { regularization } = experiment;
    const gradients = zerosLike(this.model.parameters);
    const total = { loss: 0, weight: 0, kinkDistance: Infinity };
    let rowOfStep = 0;
    for (const { epoch, first, rows } of batchesAt(batches, this.#step)) {
      const order = epochOrder(experiment, this.#dataset, epoch).subarray(first, first + rows);
      const sums = passOver(this.model, rowsOf(this.#dataset, order), {
        classWeights: this.#plan.lossWeights,
        bounds: boundsOf(experiment.numerics.leaves, rows),
        mask: dropoutMask(experiment.seed, this.model.graph, this.#step, rowOfStep),
      });
      rowOfStep += rows;
      total.loss += sums.loss;
      total.weight += sums.weight;
      total.kinkDistance = Math.min(total.kinkDistance, sums.kinkDistance);
      for (const [name, g] of gradients) for (let i = 0; i < g.length; i++) g[i] = g[i]! + tensor(sums.gradients, name)[i]!;
      this.#updateStatistics(sums.observed);
    }
    for (const g of gradients.values()) for (let i = 0; i < g.length; i++) g[i] = g[i]! / total.weight;
    const penalty = penaltyOf(this.model.parameters, regularization);
    addPenalty(gradients, this.model.parameters, regularization);
    const gradientNorm = this.#limit(gradients);
    this.#addNoise(gradients);
    for (const [name, p] of this.model.parameters) {
      for (let i = 0; i < p.length; i++) p[i] = p[i]! - experiment.optimizer.lr * tensor(gradients, name)[i]!;
    }
    this.#limitNorms();
    this.#keepAverage();
    this.#step++;
    return { loss: total.loss / total.weight, penalty, gradientNorm, kinkDistance: total.kinkDistance };
  }

  #updateStatistics(observed: Sums64['observed']): void {
    for (const [name, { values, momentum }] of observed) {
      const running = tensor(this.model.statistics, name);
      for (let u = 0; u < running.length; u++) running[u] = (1 - momentum) * running[u]! + momentum * values[u]!;
    }
  }

  /** source: torch.nn.utils.clip_grad_value_, clip_grad_norm_: the factor is limit / (norm + 1e-6), at most 1. */
  #limit(gradients: Tensors): number {
    const { clip_value: value, clip_global_norm: limit } = this.#plan.experiment.regularization;
    let squares = 0;
    for (const g of gradients.values()) {
      for (let i = 0; i < g.length; i++) {
        if (value !== undefined) g[i] = Math.max(-value, Math.min(value, g[i]!));
        squares += g[i]! ** 2;
      }
    }
    const norm = Math.sqrt(squares);
    const factor = limit === undefined ? 1 : Math.min(1, limit / (norm + 1e-6));
    for (const g of gradients.values()) for (let i = 0; i < g.length; i++) g[i] = g[i]! * factor;
    return norm;
  }

  /** Standard deviation sqrt(eta / (1 + t)^gamma); the number of a place in the engine's parameter vector, weights stored [in, out]. */
  #addNoise(gradients: Tensors): void {
    const { regularization, seed } = this.#plan.experiment;
    if (regularization.noise === undefined) return;
    const std = Math.sqrt(regularization.noise.eta / (1 + this.#step) ** regularization.noise.gamma);
    const stream = new RandomStream(seed, 'noise', this.#step);
    for (const { name, offset, shape, layout, size } of this.#plan.network.parameters) {
      const g = tensor(gradients, name);
      const units = shape[0]!;
      for (let i = 0; i < size; i++) {
        const inputs = size / units;
        const stored = layout ? (i % inputs) * units + Math.floor(i / inputs) : i;
        g[i] = g[i]! + std * normalOfWord(stream.word(offset + stored));
      }
    }
  }

  /** Rows of a weight [units, ...] longer than the limit are scaled down to it. */
  #limitNorms(): void {
    const { max_norm: limit } = this.#plan.experiment.regularization;
    if (limit === undefined) return;
    for (const { name, shape } of this.model.graph.parameters.filter(({ init }) => init === 'weight')) {
      const w = tensor(this.model.parameters, name);
      const units = shape[0]!;
      const inputs = w.length / units;
      for (let o = 0; o < units; o++) {
        const row = w.subarray(o * inputs, (o + 1) * inputs);
        const norm = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
        if (norm > limit) for (let i = 0; i < inputs; i++) row[i] = (row[i]! * limit) / norm;
      }
    }
  }

  /** ema: a copy after the first step, then decay * average + (1 - decay) * p. swa: the plain mean of all that were taken. */
  #keepAverage(): void {
    const { average } = this.#plan.experiment.train;
    const now = this.model.parameters;
    if (average.type === 'ema') {
      const before = this.average;
      this.average = copyOf(now);
      if (before === undefined) return;
      for (const [name, a] of this.average) {
        for (let i = 0; i < a.length; i++) a[i] = average.decay * tensor(before, name)[i]! + (1 - average.decay) * a[i]!;
      }
    } else if (average.type === 'swa') {
      const { totalSteps, stepsPerEpoch } = this.#plan.batches;
      const every = 'steps' in average.every ? average.every.steps : average.every.epochs * stepsPerEpoch;
      const done = this.#step + 1 - Math.floor(average.start * totalSteps);
      if (done <= 0 || done % every !== 0) return;
      this.#averaged.push(copyOf(now));
      this.average = zerosLike(now);
      for (const taken of this.#averaged) {
        for (const [name, a] of this.average)
          for (let i = 0; i < a.length; i++) a[i] = a[i]! + tensor(taken, name)[i]! / this.#averaged.length;
      }
    }
  }
}

/** The largest |engine - reference| of a tensor divided by the largest |reference| of it, worst over all tensors. */
export function relativeError(
  network: Network,
  { parameters }: Pick<InitialState, 'parameters'>,
  reference: Tensors,
): { tensor: string; error: number } {
  let worst = { tensor: '', error: 0 };
  for (const placed of network.parameters) {
    const expected = tensor(reference, placed.name);
    const actual = readTensor(parameters, placed);
    let [difference, largest] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
      largest = Math.max(largest, Math.abs(expected[i]!));
    }
    const error = difference / (largest || 1);
    // NaN is the worst of all.
    if (!(error <= worst.error)) worst = { tensor: placed.name, error };
  }
  return worst;
}
