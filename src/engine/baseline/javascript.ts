import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GraphIndex } from '../../graph/graph.ts';
import { GraphTwin, type Tensors, type TwinBatch } from '../../graph/twin.ts';
import { type PlacedTensor, readTensor, writeTensor } from '../../model/parameters.ts';
import { lrAt, type ScheduleTime, scheduleTime } from '../../optim/schedule.ts';
import { RandomStream } from '../../random/stream.ts';
import { stepAt } from '../plan/batches.ts';
import { rankClocks } from '../plan/control.ts';
import { leafStart } from '../plan/leaves.ts';
import { STEP } from '../plan/memory.ts';
import { epochOrder } from '../plan/order.ts';
import type { EnginePlan } from '../plan/plan.ts';
import type { RankResult, RankSetup, RankTask } from '../rank/rank.ts';

/**
 * What of an experiment the plain program does not know; undefined if it can do all of it. It is a yardstick, not an engine: any network
 * and loss, with plain SGD or Adam.
 */
export function javascriptLacks({ data, optimizer, regularization, train }: Experiment): string | undefined {
  if (optimizer.type !== 'sgd' && optimizer.type !== 'adam') return `optimizer ${optimizer.type}`;
  if (optimizer.type === 'sgd' ? optimizer.momentum > 0 : optimizer.amsgrad) return 'momentum of sgd, or amsgrad';
  if (optimizer.weight_decay > 0 || (optimizer.groups?.length ?? 0) > 0) return 'weight decay or groups of the optimizer';
  if (Object.values(regularization).some((value) => value !== undefined && value !== 0)) return 'regularization';
  if (data.augment !== undefined) return 'data.augment';
  if (train.accumulate > 1) return 'train.accumulate';
  return train.average.type === 'none' ? undefined : 'train.average';
}

/**
 * The same training as its formulas stand, in JavaScript's own numbers on one thread: the naive twin of the graph, then SGD or Adam. It
 * starts from the engine's parameters and optimizer state and leaves its own in their place, and keeps the loss of each step.
 */
export class JavascriptProgram {
  readonly #plan: EnginePlan;
  readonly #dataset: Dataset;
  readonly #clocks: Float64Array;
  readonly #stepValues: Float64Array;
  readonly #vectors: { parameters: Float32Array; statistics: Float32Array; state: readonly Float32Array[] };
  readonly #time: ScheduleTime;
  /** Values of a row that a random stream drops from. */
  readonly #widths: ReadonlyMap<number, number>;
  #order: Uint32Array;
  #orderEpoch = -1;

  constructor({ plan, dataset, memory: { buffer } }: Pick<RankSetup, 'plan' | 'dataset' | 'memory'>) {
    const { memory, network, batches, experiment } = plan;
    const floats = (at: number, count = network.vectorFloats): Float32Array => new Float32Array(buffer, at, count);
    this.#plan = plan;
    this.#dataset = dataset;
    this.#clocks = rankClocks(buffer, 0);
    this.#stepValues = new Float64Array(buffer, memory.stepValues.at, memory.stepValues.bytes / Float64Array.BYTES_PER_ELEMENT);
    this.#vectors = {
      parameters: floats(memory.parameters.at),
      statistics: floats(memory.statistics.at, network.statisticFloats),
      state: memory.optimizerState.map(({ at }) => floats(at)),
    };
    this.#time = scheduleTime(experiment.schedule, batches);
    const { widthOf } = new GraphIndex(network.graph);
    this.#widths = new Map(network.graph.ops.flatMap((op) => (op.type === 'dropout' ? [[op.stream, widthOf(op.y)]] : [])));
    this.#order = dataset.splits.train;
  }

  run(task: RankTask): RankResult {
    if (task.kind !== 'train') return { status: 'done', stepsDone: 0 };
    const { network, batches } = this.#plan;
    const { parameters, statistics, state } = this.#vectors;
    const model = read(network.parameters, parameters);
    const running = read(network.statistics, statistics);
    const moments = state.map((vector) => read(network.parameters, vector));
    const twin = new GraphTwin(network.graph, new Map([...model, ...running]));
    for (let step = task.fromStep; step < task.toStep; step++) {
      const started = performance.now();
      const { epoch, first, rows } = stepAt(batches, step);
      const pass = twin.forward(this.#batch(step, this.#rowsOf(epoch, first, rows)));
      const { loss, weight, correct } = pass.sums;
      if (!Number.isFinite(loss)) return { status: 'diverged', step, loss };
      twin.backward(pass);
      const computed = performance.now();
      for (const [name, values] of model) {
        this.#update(
          step,
          values,
          pass.gradient(name).map((sum) => sum / weight),
          moments.map((tensors) => tensors.get(name) as Float64Array),
        );
      }
      for (const [name, { values, momentum }] of pass.observed) {
        const tensor = running.get(name) as Float64Array;
        for (let i = 0; i < tensor.length; i++) tensor[i] = (1 - momentum) * (tensor[i] as number) + momentum * (values[i] as number);
      }
      const at = (step - task.fromStep) * STEP.size;
      this.#stepValues[at + STEP.loss] = loss / weight;
      this.#stepValues[at + STEP.correct] = correct;
      this.#stepValues[at + STEP.weight] = weight;
      this.#clocks[0] = (this.#clocks[0] as number) + (computed - started) / 1000;
      this.#clocks[2] = (this.#clocks[2] as number) + (performance.now() - computed) / 1000;
    }
    write(network.parameters, parameters, model);
    write(network.statistics, statistics, running);
    for (const [i, vector] of state.entries()) write(network.parameters, vector, moments[i] as Tensors);
    return { status: 'done', stepsDone: task.toStep - task.fromStep };
  }

  #rowsOf(epoch: number, first: number, rows: number): Uint32Array {
    if (epoch !== this.#orderEpoch) {
      this.#order = epochOrder(this.#plan.experiment, this.#dataset.splits.train, epoch);
      this.#orderEpoch = epoch;
    }
    return this.#order.subarray(first, first + rows);
  }

  #batch(step: number, samples: Uint32Array): TwinBatch {
    const { experiment, network, lossWeights } = this.#plan;
    const { features, featureCount: width, normalization, target, weights } = this.#dataset;
    const rows = samples.length;
    const x = new Float64Array(rows * width);
    const targets = new Float64Array(rows * network.outputs);
    const labels = new Int32Array(rows);
    for (const [r, sample] of samples.entries()) {
      for (let j = 0; j < width; j++) {
        const stored = features[sample * width + j] as number;
        x[r * width + j] =
          normalization.kind === 'divide'
            ? stored / normalization.divisor
            : (stored - (normalization.center[j] as number)) / (normalization.scale[j] as number);
      }
      if (target.kind === 'value')
        targets.set(target.values.subarray(sample * target.width, (sample + 1) * target.width), r * target.width);
      else {
        const label = target.labels[sample] as number;
        labels[r] = label;
        if (network.outputs === 1) targets[r] = label;
        else targets[r * network.outputs + label] = 1;
      }
    }
    const { leaves } = experiment.numerics;
    const streams = new Map<number, RandomStream>();
    return {
      rows,
      training: true,
      x,
      labels,
      targets,
      lossWeights,
      bounds: Array.from({ length: leaves + 1 }, (_, leaf) => leafStart(leaf, leaves, rows)),
      sampleWeights: weights && Array.from(samples, (sample) => weights[sample] as number),
      mask: (stream, row, i, p) => {
        const known = streams.get(stream) ?? new RandomStream(experiment.seed, 'dropout', step * network.graph.streams + stream);
        streams.set(stream, known);
        return known.word(row * (this.#widths.get(stream) ?? 0) + i) >= Math.round(p * 2 ** 32) ? 1 / (1 - p) : 0;
      },
    };
  }

  /** source: torch.optim.SGD, torch.optim.Adam */
  #update(step: number, p: Float64Array, g: Float64Array, [m, v]: readonly Float64Array[]): void {
    const { optimizer, schedule } = this.#plan.experiment;
    const lr = lrAt(schedule, optimizer.lr, step, this.#time, 1);
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

function read(tensors: readonly PlacedTensor[], vector: Float32Array): Tensors {
  return new Map(tensors.map((tensor) => [tensor.name, Float64Array.from(readTensor(vector, tensor))]));
}

function write(tensors: readonly PlacedTensor[], vector: Float32Array, values: Tensors): void {
  for (const tensor of tensors) writeTensor(vector, tensor, Float32Array.from(values.get(tensor.name) as Float64Array));
}
