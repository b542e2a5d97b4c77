import type { Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import type { PlacedLayer } from '../model/network.ts';
import type { PlacedTensor } from '../model/parameters.ts';
import { lrAt, type ScheduleTime, scheduleTime } from '../optim/schedule.ts';
import { stepAt } from './batches.ts';
import { rankClocks } from './control.ts';
import { STEP } from './memory.ts';
import { epochOrder } from './order.ts';
import type { EnginePlan } from './plan.ts';
import type { RankResult, RankSetup, RankTask } from './rank.ts';

/**
 * What of an experiment the plain program does not know; undefined if it can do all of it. It is a yardstick, not an engine: dense layers
 * with relu, softmax cross-entropy, SGD or Adam.
 */
export function javascriptLacks({ model, loss, optimizer, regularization, train }: Experiment, dataset: Dataset): string | undefined {
  for (const [i, layer] of model.layers.entries()) {
    const { type } = layer.activation;
    if (type !== 'relu' && type !== 'identity') return `model.layers.${i}.activation ${type}`;
    if (layer.batch_norm !== false || layer.layer_norm !== false) return `a norm in model.layers.${i}`;
    if (layer.dropout > 0 || layer.residual) return `${layer.residual ? 'residual' : 'dropout'} in model.layers.${i}`;
  }
  if (loss.type !== 'softmax_cross_entropy') return `loss ${loss.type}`;
  if (loss.label_smoothing > 0 || loss.class_weights !== undefined) return 'weights or label smoothing of the loss';
  if (dataset.weights !== undefined) return 'data.sample_weights';
  if (optimizer.type !== 'sgd' && optimizer.type !== 'adam') return `optimizer ${optimizer.type}`;
  if (optimizer.type === 'sgd' ? optimizer.momentum > 0 : optimizer.amsgrad) return 'momentum of sgd, or amsgrad';
  if (optimizer.weight_decay > 0 || (optimizer.groups?.length ?? 0) > 0) return 'weight decay or groups of the optimizer';
  if (Object.values(regularization).some((value) => value !== undefined && value !== 0)) return 'regularization';
  if (train.accumulate > 1) return 'train.accumulate';
  return train.average.type === 'none' ? undefined : 'train.average';
}

/** Views and buffers of a layer. */
interface Layer {
  inputs: number;
  outputs: number;
  isRelu: boolean;
  /** [I, O] */
  weight: Float32Array;
  bias: Float32Array;
  weightGradient: Float32Array;
  biasGradient: Float32Array;
  /** Outputs and the loss's derivative by them, [B, O]. */
  y: Float32Array;
  dy: Float32Array;
}

/**
 * The same training in JavaScript as one would write it by hand: loops over typed arrays on one thread, with the zeros of its inputs
 * left out. It trains in the engine's parameters and optimizer state, so that its start can be restored, and keeps the loss of each step.
 */
export class JavascriptProgram {
  readonly #plan: EnginePlan;
  readonly #dataset: Dataset;
  readonly #clocks: Float64Array;
  readonly #stepValues: Float64Array;
  readonly #layers: readonly Layer[];
  readonly #parameters: Float32Array;
  readonly #gradient: Float32Array;
  readonly #state: readonly Float32Array[];
  readonly #x: Float32Array;
  readonly #labels: Int32Array;
  readonly #time: ScheduleTime;
  #order: Uint32Array;
  #orderEpoch = -1;

  constructor({ plan, dataset, memory: { buffer } }: Pick<RankSetup, 'plan' | 'dataset' | 'memory'>) {
    const { memory, network, batches, experiment } = plan;
    const floats = (at: number): Float32Array => new Float32Array(buffer, at, network.vectorFloats);
    this.#plan = plan;
    this.#dataset = dataset;
    this.#clocks = rankClocks(buffer, 0);
    this.#stepValues = new Float64Array(buffer, memory.stepValues.at, memory.stepValues.bytes / Float64Array.BYTES_PER_ELEMENT);
    this.#parameters = floats(memory.parameters.at);
    this.#gradient = new Float32Array(network.vectorFloats);
    this.#state = memory.optimizerState.map(({ at }) => floats(at));
    this.#layers = network.layers.map((layer) => this.#view(layer, batches.batchRows));
    this.#x = new Float32Array(batches.batchRows * network.inputs);
    this.#labels = new Int32Array(batches.batchRows);
    this.#time = scheduleTime(experiment.schedule, batches);
    this.#order = dataset.splits.train;
  }

  run(task: RankTask): RankResult {
    if (task.kind !== 'train') return { status: 'done', stepsDone: 0 };
    for (let step = task.fromStep; step < task.toStep; step++) {
      const started = performance.now();
      const { epoch, first, rows } = stepAt(this.#plan.batches, step);
      this.#gather(epoch, first, rows);
      const { loss, correct } = this.#forward(rows);
      if (!Number.isFinite(loss)) return { status: 'diverged', step, loss };
      this.#backward(rows);
      const computed = performance.now();
      this.#update(step);
      const at = (step - task.fromStep) * STEP.size;
      this.#stepValues[at + STEP.loss] = loss;
      this.#stepValues[at + STEP.correct] = correct;
      this.#stepValues[at + STEP.weight] = rows;
      this.#clocks[0] = (this.#clocks[0] as number) + (computed - started) / 1000;
      this.#clocks[2] = (this.#clocks[2] as number) + (performance.now() - computed) / 1000;
    }
    return { status: 'done', stepsDone: task.toStep - task.fromStep };
  }

  #view({ config, inputs, outputs, parameters }: PlacedLayer, batchRows: number): Layer {
    const tensor = (role: string): PlacedTensor => {
      const found = parameters.find((placed) => placed.role === role);
      if (found === undefined) throw new RangeError(`a dense layer without ${role}`);
      return found;
    };
    const part = (vector: Float32Array, { offset, size }: PlacedTensor): Float32Array => vector.subarray(offset, offset + size);
    const [weight, bias] = [tensor('weight'), tensor('bias')];
    if (!weight.transposed) throw new RangeError('weights are stored [I, O]');
    return {
      inputs,
      outputs,
      isRelu: config.activation.type === 'relu',
      weight: part(this.#parameters, weight),
      bias: part(this.#parameters, bias),
      weightGradient: part(this.#gradient, weight),
      biasGradient: part(this.#gradient, bias),
      y: new Float32Array(batchRows * outputs),
      dy: new Float32Array(batchRows * outputs),
    };
  }

  #gather(epoch: number, first: number, rows: number): void {
    const { features, featureCount: width, normalization, target, splits } = this.#dataset;
    if (epoch !== this.#orderEpoch) {
      this.#order = epochOrder(this.#plan.experiment, splits.train, epoch);
      this.#orderEpoch = epoch;
    }
    const x = this.#x;
    for (let r = 0; r < rows; r++) {
      const sample = this.#order[first + r] as number;
      const from = sample * width;
      const to = r * width;
      if (normalization.kind === 'divide') {
        for (let j = 0; j < width; j++) x[to + j] = (features[from + j] as number) / normalization.divisor;
      } else {
        const { mean, std } = normalization;
        for (let j = 0; j < width; j++) x[to + j] = ((features[from + j] as number) - (mean[j] as number)) / (std[j] as number);
      }
      if (target.kind === 'class') this.#labels[r] = target.labels[sample] as number;
    }
  }

  /** Outputs of every layer; the last one's `dy` becomes the derivative of the mean loss. */
  #forward(rows: number): { loss: number; correct: number } {
    let x = this.#x;
    for (const { inputs, outputs, isRelu, weight, bias, y } of this.#layers) {
      for (let r = 0; r < rows; r++) {
        const to = r * outputs;
        y.set(bias, to);
        for (let k = 0; k < inputs; k++) {
          const value = x[r * inputs + k] as number;
          if (value === 0) continue;
          const from = k * outputs;
          for (let j = 0; j < outputs; j++) y[to + j] = (y[to + j] as number) + value * (weight[from + j] as number);
        }
        if (isRelu) for (let j = 0; j < outputs; j++) if ((y[to + j] as number) < 0) y[to + j] = 0;
      }
      x = y;
    }
    return this.#softmax(rows);
  }

  #softmax(rows: number): { loss: number; correct: number } {
    const { outputs, y, dy } = this.#layers.at(-1) as Layer;
    let [loss, correct] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const at = r * outputs;
      const label = this.#labels[r] as number;
      let best = 0;
      for (let j = 1; j < outputs; j++) if ((y[at + j] as number) > (y[at + best] as number)) best = j;
      const most = y[at + best] as number;
      let sum = 0;
      for (let j = 0; j < outputs; j++) {
        const power = Math.exp((y[at + j] as number) - most);
        dy[at + j] = power;
        sum += power;
      }
      for (let j = 0; j < outputs; j++) dy[at + j] = ((dy[at + j] as number) / sum - (j === label ? 1 : 0)) / rows;
      loss += Math.log(sum) + most - (y[at + label] as number);
      if (best === label) correct++;
    }
    return { loss: loss / rows, correct };
  }

  #backward(rows: number): void {
    this.#gradient.fill(0);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const { inputs, outputs, weight, weightGradient, biasGradient, dy } = this.#layers[i] as Layer;
      const below = this.#layers[i - 1];
      const x = below?.y ?? this.#x;
      for (let r = 0; r < rows; r++) {
        const at = r * outputs;
        for (let j = 0; j < outputs; j++) biasGradient[j] = (biasGradient[j] as number) + (dy[at + j] as number);
        for (let k = 0; k < inputs; k++) {
          const value = x[r * inputs + k] as number;
          // Nothing passes through a relu that puts out 0.
          if (value === 0) {
            if (below?.isRelu === true) below.dy[r * inputs + k] = 0;
            else if (below !== undefined) below.dy[r * inputs + k] = dot(dy, at, weight, k * outputs, outputs);
            continue;
          }
          const to = k * outputs;
          for (let j = 0; j < outputs; j++) {
            weightGradient[to + j] = (weightGradient[to + j] as number) + value * (dy[at + j] as number);
          }
          if (below !== undefined) below.dy[r * inputs + k] = dot(dy, at, weight, to, outputs);
        }
      }
    }
  }

  #update(step: number): void {
    const { optimizer, schedule } = this.#plan.experiment;
    const lr = lrAt(schedule, optimizer.lr, step, this.#time, 1);
    const [p, g] = [this.#parameters, this.#gradient];
    const [m, v] = this.#state;
    if (optimizer.type !== 'adam' || m === undefined || v === undefined) {
      for (let i = 0; i < p.length; i++) p[i] = (p[i] as number) - lr * (g[i] as number);
      return;
    }
    const [beta1 = 0, beta2 = 0] = optimizer.betas;
    const rate = lr / (1 - beta1 ** (step + 1));
    const root = Math.sqrt(1 - beta2 ** (step + 1));
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] as number;
      const mean = beta1 * (m[i] as number) + (1 - beta1) * gradient;
      const square = beta2 * (v[i] as number) + (1 - beta2) * gradient * gradient;
      m[i] = mean;
      v[i] = square;
      p[i] = (p[i] as number) - (rate * mean) / (Math.sqrt(square) / root + optimizer.eps);
    }
  }
}

function dot(a: Float32Array, from: number, b: Float32Array, at: number, count: number): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum += (a[from + j] as number) * (b[at + j] as number);
  return sum;
}
