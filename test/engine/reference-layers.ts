import { batchNormOf, type DenseConfig, type Experiment, layerNormOf } from '../../src/config/schema.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { batchesAt } from '../../src/engine/batches.ts';
import type { EnginePlan } from '../../src/engine/plan.ts';
import type { InitialState } from '../../src/model/initializers.ts';
import type { Network } from '../../src/model/network.ts';
import { readTensor } from '../../src/model/parameters.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { normalOfWord } from '../kernels/twins.ts';
import { epochOrder } from './outcome.ts';
import { activate, activationSlope } from './reference.ts';
import { rowOf } from './samples.ts';

/**
 * The whole training step of gradloom in plain f64 loops: dense layers with batch norm (of the batch or of each leaf) or layer norm,
 * activation, dropout and residual; softmax cross-entropy with label smoothing, class and sample weights; penalties, clipping, noise, SGD,
 * max_norm and averages. Written from the formulas of PyTorch's pages; PyTorch's names and layouts. A gradient is a sum over rows until the
 * step divides it.
 */
export type Tensors = Map<string, Float64Array>;

/** Rows x units. */
type Matrix = Float64Array[];

export interface Model64 {
  layers: { config: DenseConfig; inputs: number; units: number }[];
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

export interface LossTerms {
  smoothing: number;
  classWeights: ArrayLike<number> | undefined;
}

/** What a pass over one batch is told beside the model and the rows. */
export interface Pass {
  loss: LossTerms;
  /** First row of each leaf, and the end of the last. */
  bounds: readonly number[];
  /** 0 or 1 / (1 - p). */
  mask(layer: number, row: number, unit: number): number;
}

/** Sums over the rows of a batch. */
export interface Sums64 {
  loss: number;
  weight: number;
  gradients: Tensors;
  /** Mean and unbiased variance of every batch norm's inputs over the whole batch, by the names of the running statistics. */
  statistics: Tensors;
  /** The smallest |input| of an activation with a kink at 0. */
  kinkDistance: number;
}

const zeros = (rows: number, units: number): Matrix => Array.from({ length: rows }, () => new Float64Array(units));
const hasKink = ({ activation: { type } }: DenseConfig): boolean => type === 'relu' || type === 'leaky_relu';

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
    layers: network.layers.map(({ config, inputs, outputs }) => ({ config, inputs, units: outputs })),
    parameters: new Map(network.parameters.map((placed) => [placed.name, Float64Array.from(readTensor(parameters, placed))])),
    statistics: new Map(network.statistics.map((placed) => [placed.name, Float64Array.from(readTensor(statistics, placed))])),
  };
}

/** z = x W^T + b */
function product(x: Matrix, weight: Float64Array, bias: Float64Array): Matrix {
  return x.map((row) =>
    bias.map((b, o) => {
      let sum = b;
      for (let i = 0; i < row.length; i++) sum += row[i]! * weight[o * row.length + i]!;
      return sum;
    }),
  );
}

interface Moments {
  mean: number;
  /** Biased. */
  variance: number;
}

function moments(count: number, value: (i: number) => number): Moments {
  let mean = 0;
  for (let i = 0; i < count; i++) mean += value(i) / count;
  let variance = 0;
  for (let i = 0; i < count; i++) variance += (value(i) - mean) ** 2 / count;
  return { mean, variance };
}

/** A set of places that are normalised together, one norm's unit of work. */
interface Group {
  places: [row: number, unit: number][];
  eps: number;
}

/** Batch norm: a column over the batch or over each leaf. Layer norm: a row. */
function groupsOf(config: DenseConfig, rows: number, units: number, bounds: readonly number[]): Group[] {
  const batch = batchNormOf(config);
  const layer = layerNormOf(config);
  if (layer) {
    return Array.from({ length: rows }, (_, r) => ({
      eps: layer.eps,
      places: Array.from({ length: units }, (__, u): [number, number] => [r, u]),
    }));
  }
  if (!batch) return [];
  const ends = batch.scope === 'leaf' ? bounds : [0, rows];
  const groups: Group[] = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const height = ends[i + 1]! - ends[i]!;
    if (height === 0) continue;
    for (let u = 0; u < units; u++) groups.push({ eps: batch.eps, places: Array.from({ length: height }, (_, r) => [ends[i]! + r, u]) });
  }
  return groups;
}

/** What forward keeps of a layer. */
interface Kept {
  x: Matrix;
  xhat: Matrix;
  /** 1 / std of every place. */
  invstd: Matrix;
  /** Input of the activation. */
  s: Matrix;
  mask: Matrix;
  y: Matrix;
}

/** y = mask * act(gamma * (z - mean) / std + beta) [+ x] */
function forward(model: Model64, l: number, x: Matrix, pass: Pass): Kept {
  const { config, units } = model.layers[l]!;
  const z = product(x, tensor(model.parameters, `layers.${l}.weight`), tensor(model.parameters, `layers.${l}.bias`));
  const kept: Kept = { x, xhat: zeros(x.length, units), invstd: zeros(x.length, units), s: z, mask: zeros(x.length, units), y: z };
  const groups = groupsOf(config, x.length, units, pass.bounds);
  for (const { places, eps } of groups) {
    const { mean, variance } = moments(places.length, (i) => z[places[i]![0]]![places[i]![1]]!);
    for (const [r, u] of places) {
      kept.invstd[r]![u] = 1 / Math.sqrt(variance + eps);
      kept.xhat[r]![u] = (z[r]![u]! - mean) * kept.invstd[r]![u];
    }
  }
  if (groups.length > 0) kept.s = scaled(model, l, kept.xhat);
  if (config.dropout > 0) for (let r = 0; r < x.length; r++) for (let u = 0; u < units; u++) kept.mask[r]![u] = pass.mask(l, r, u);
  kept.y = kept.s.map((row, r) =>
    row.map((v, u) => activate(config.activation, v) * (config.dropout > 0 ? kept.mask[r]![u]! : 1) + (config.residual ? x[r]![u]! : 0)),
  );
  return kept;
}

function scaled(model: Model64, l: number, xhat: Matrix): Matrix {
  const [gamma, beta] = [tensor(model.parameters, `layers.${l}.norm.weight`), tensor(model.parameters, `layers.${l}.norm.bias`)];
  return xhat.map((row) => row.map((v, u) => gamma[u]! * v + beta[u]!));
}

/** The loss of a row before its sample weight, its gradient by the logits, and the class's weight. source: torch.nn.CrossEntropyLoss */
function rowTerms(
  z: Float64Array,
  label: number,
  { smoothing: s, classWeights }: LossTerms,
): { loss: number; dz: Float64Array; weight: number } {
  const weightOf = (j: number): number => classWeights?.[j] ?? 1;
  const largest = Math.max(...z);
  const logSum = largest + Math.log(z.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  // The target's share of class j: (1 - s) [j = label] + s / O.
  const share = Float64Array.from(z, (_, j) => weightOf(j) * ((j === label ? 1 - s : 0) + s / z.length));
  const total = share.reduce((sum, v) => sum + v, 0);
  const loss = share.reduce((sum, v, j) => sum + v * (logSum - z[j]!), 0);
  return { loss, dz: z.map((v, j) => total * Math.exp(v - logSum) - share[j]!), weight: weightOf(label) };
}

/** dz of the product, given d, the gradient of the layer's output; adds up the gradients of the norm. */
function backwardToProduct(model: Model64, l: number, kept: Kept, d: Matrix, pass: Pass, gradients: Tensors): Matrix {
  const { config, units } = model.layers[l]!;
  const ds = d.map((row, r) =>
    row.map((v, u) => v * (config.dropout > 0 ? kept.mask[r]![u]! : 1) * activationSlope(config.activation, kept.s[r]![u]!)),
  );
  const groups = groupsOf(config, d.length, units, pass.bounds);
  if (groups.length === 0) return ds;
  const gamma = tensor(model.parameters, `layers.${l}.norm.weight`);
  const [dgamma, dbeta] = [tensor(gradients, `layers.${l}.norm.weight`), tensor(gradients, `layers.${l}.norm.bias`)];
  const dz = zeros(d.length, units);
  for (const { places } of groups) {
    const dxhat = ([r, u]: [number, number]): number => ds[r]![u]! * gamma[u]!;
    let [mean, projection] = [0, 0];
    for (const place of places) {
      const [r, u] = place;
      mean += dxhat(place) / places.length;
      projection += (dxhat(place) * kept.xhat[r]![u]!) / places.length;
      dgamma[u] = dgamma[u]! + ds[r]![u]! * kept.xhat[r]![u]!;
      dbeta[u] = dbeta[u]! + ds[r]![u]!;
    }
    for (const place of places) {
      const [r, u] = place;
      dz[r]![u] = kept.invstd[r]![u]! * (dxhat(place) - mean - kept.xhat[r]![u]! * projection);
    }
  }
  return dz;
}

/** Forward, loss and backward of one batch. */
export function passOver(model: Model64, rows: readonly Row64[], pass: Pass): Sums64 {
  const sums: Sums64 = { loss: 0, weight: 0, gradients: zerosLike(model.parameters), statistics: new Map(), kinkDistance: Infinity };
  const kept: Kept[] = [];
  let y: Matrix = rows.map(({ x }) => Float64Array.from(x));
  for (const [l, { config, units }] of model.layers.entries()) {
    const layer = forward(model, l, y, pass);
    kept.push(layer);
    if (hasKink(config)) sums.kinkDistance = Math.min(sums.kinkDistance, ...layer.s.flatMap((row) => [...row].map(Math.abs)));
    if (batchNormOf(config)) collect(model, l, y, units, sums.statistics);
    y = layer.y;
  }
  let d: Matrix = rows.map(({ label, weight: v }, r) => {
    const { loss, dz, weight } = rowTerms(y[r]!, label, pass.loss);
    sums.loss += v * loss;
    sums.weight += v * weight;
    return dz.map((value) => v * value);
  });
  for (let l = model.layers.length - 1; l >= 0; l--) {
    const { config, inputs, units } = model.layers[l]!;
    const { x } = kept[l]!;
    const dz = backwardToProduct(model, l, kept[l]!, d, pass, sums.gradients);
    const weight = tensor(model.parameters, `layers.${l}.weight`);
    const [dw, db] = [tensor(sums.gradients, `layers.${l}.weight`), tensor(sums.gradients, `layers.${l}.bias`)];
    const dx = zeros(rows.length, inputs);
    for (let r = 0; r < rows.length; r++) {
      for (let o = 0; o < units; o++) {
        db[o] = db[o]! + dz[r]![o]!;
        for (let i = 0; i < inputs; i++) {
          dw[o * inputs + i] = dw[o * inputs + i]! + dz[r]![o]! * x[r]![i]!;
          dx[r]![i] = dx[r]![i]! + dz[r]![o]! * weight[o * inputs + i]!;
        }
      }
      if (config.residual) for (let i = 0; i < inputs; i++) dx[r]![i] = dx[r]![i]! + d[r]![i]!;
    }
    d = dx;
  }
  return sums;
}

/** source: torch.nn.BatchNorm1d keeps the unbiased variance. */
function collect(model: Model64, l: number, x: Matrix, units: number, into: Tensors): void {
  const z = product(x, tensor(model.parameters, `layers.${l}.weight`), tensor(model.parameters, `layers.${l}.bias`));
  const all = Array.from({ length: units }, (_, u) => moments(z.length, (r) => z[r]![u]!));
  into.set(
    `layers.${l}.norm.running_mean`,
    Float64Array.from(all, ({ mean }) => mean),
  );
  into.set(
    `layers.${l}.norm.running_var`,
    Float64Array.from(all, ({ variance }) => (variance * z.length) / Math.max(1, z.length - 1)),
  );
}

/** Weighted mean loss with running statistics and without dropout. */
export function evaluatedLoss(model: Model64, rows: readonly Row64[], terms: LossTerms): number {
  let [loss, weights] = [0, 0];
  for (const { x, label, weight: v } of rows) {
    let y: Float64Array = Float64Array.from(x);
    for (const [l, { config }] of model.layers.entries()) {
      const still: DenseConfig = { ...config, dropout: 0, batch_norm: false };
      const batch = batchNormOf(config);
      let out: Float64Array;
      if (batch) {
        const [z] = product([y], tensor(model.parameters, `layers.${l}.weight`), tensor(model.parameters, `layers.${l}.bias`));
        const mean = tensor(model.statistics, `layers.${l}.norm.running_mean`);
        const variance = tensor(model.statistics, `layers.${l}.norm.running_var`);
        const [s] = scaled(model, l, [z!.map((value, u) => (value - mean[u]!) / Math.sqrt(variance[u]! + batch.eps))]);
        const input = y;
        out = s!.map((value, u) => activate(config.activation, value) + (config.residual ? input[u]! : 0));
      } else {
        const alone = { ...model, layers: model.layers.map((layer, i) => (i === l ? { ...layer, config: still } : layer)) };
        out = forward(alone, l, [y], { loss: terms, bounds: [0, 1], mask: () => 1 }).y[0]!;
      }
      y = out;
    }
    const terms64 = rowTerms(y, label, terms);
    loss += v * terms64.loss;
    weights += v * terms64.weight;
  }
  return loss / weights;
}

/** l1 sum|w| + l2/2 sum w^2 over the weights. */
export function penaltyOf(parameters: Tensors, { l1, l2 }: { l1: number; l2: number }): number {
  let penalty = 0;
  for (const [name, values] of parameters) {
    if (isWeight(name)) for (const w of values) penalty += l1 * Math.abs(w) + (l2 / 2) * w * w;
  }
  return penalty;
}

/** Of a dense layer; the weight of a norm is none. */
const isWeight = (name: string): boolean => /^layers\.\d+\.weight$/.test(name);

/** Adds the gradient of the penalty. */
export function addPenalty(gradients: Tensors, parameters: Tensors, { l1, l2 }: { l1: number; l2: number }): void {
  for (const [name, values] of parameters) {
    if (!isWeight(name)) continue;
    const g = tensor(gradients, name);
    for (let i = 0; i < g.length; i++) g[i] = g[i]! + l2 * values[i]! + l1 * Math.sign(values[i]!);
  }
}

/** The class weights and the smoothing of an experiment with softmax_cross_entropy; `balanced` from the plan. */
export function lossTermsOf({ experiment: { loss }, lossWeights }: EnginePlan): LossTerms {
  if (loss.type !== 'softmax_cross_entropy') throw new Error(`the reference has no ${loss.type}`);
  return { smoothing: loss.label_smoothing, classWeights: lossWeights };
}

export function rowsOf(dataset: Dataset, samples: Iterable<number>): Row64[] {
  return Array.from(samples, (sample) => {
    const { x, target } = rowOf(dataset, sample);
    return { x, label: target as number, weight: dataset.weights?.[sample] ?? 1 };
  });
}

/** First rows of the leaves of a batch: floor(i * B / S). */
const boundsOf = (leaves: number, rows: number): number[] => Array.from({ length: leaves + 1 }, (_, i) => Math.floor((i * rows) / leaves));

/** Keep or drop by the word of (seed, step, layer, row of the step, unit), as the engine promises. */
export function dropoutMask({ seed, model }: Experiment, step: number, rowOfStep: number): Pass['mask'] {
  const streams = model.layers.map((_, layer) => new RandomStream(seed, 'dropout', step * model.layers.length + layer));
  return (layer, row, unit) => {
    const { dropout, units } = model.layers[layer]!;
    const word = streams[layer]!.word((rowOfStep + row) * units + unit);
    return word >= dropout * 2 ** 32 ? 1 / (1 - dropout) : 0;
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
        loss: lossTermsOf(this.#plan),
        bounds: boundsOf(experiment.numerics.leaves, rows),
        mask: dropoutMask(experiment, this.#step, rowOfStep),
      });
      rowOfStep += rows;
      total.loss += sums.loss;
      total.weight += sums.weight;
      total.kinkDistance = Math.min(total.kinkDistance, sums.kinkDistance);
      for (const [name, g] of gradients) for (let i = 0; i < g.length; i++) g[i] = g[i]! + tensor(sums.gradients, name)[i]!;
      this.#updateStatistics(sums.statistics);
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

  #updateStatistics(fresh: Tensors): void {
    for (const [l, { config }] of this.model.layers.entries()) {
      const momentum = batchNormOf(config)?.momentum;
      if (momentum === undefined) continue;
      for (const name of [`layers.${l}.norm.running_mean`, `layers.${l}.norm.running_var`]) {
        const running = tensor(this.model.statistics, name);
        for (let u = 0; u < running.length; u++) running[u] = (1 - momentum) * running[u]! + momentum * tensor(fresh, name)[u]!;
      }
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
    for (const { name, offset, shape, transposed, size } of this.#plan.network.parameters) {
      const g = tensor(gradients, name);
      const units = shape[0]!;
      for (let i = 0; i < size; i++) {
        const inputs = size / units;
        const stored = transposed ? (i % inputs) * units + Math.floor(i / inputs) : i;
        g[i] = g[i]! + std * normalOfWord(stream.word(offset + stored));
      }
    }
  }

  /** Rows of a weight [units, inputs] longer than the limit are scaled down to it. */
  #limitNorms(): void {
    const { max_norm: limit } = this.#plan.experiment.regularization;
    if (limit === undefined) return;
    for (const [l, { inputs, units }] of this.model.layers.entries()) {
      const w = tensor(this.model.parameters, `layers.${l}.weight`);
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
