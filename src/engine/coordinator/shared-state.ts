import type { Dataset } from '../../data/dataset.ts';
import { activityOf, GraphIndex } from '../../graph/graph.ts';
import { outsideIndex } from '../../graph/layout.ts';
import type { InitialState } from '../../model/initializers.ts';
import type { PlacedTensor } from '../../model/parameters.ts';
import { optimizerType } from '../../optim/index.ts';
import { ACTIVITY_VALUES, STEP, SUM_BYTES } from '../plan/memory.ts';
import type { Region } from '../plan/place.ts';
import type { EnginePlan } from '../plan/plan.ts';
import { ChunkRecords, RECORD } from '../plan/records.ts';
import { type Evaluation, readEvaluation } from '../rank/evaluation.ts';

/** Everything that training changes: restoring it is as if the steps since had not been. */
export interface TrainingState {
  /** [P] */
  parameters: Float32Array;
  statistics: Float32Array;
  /** One vector [P] for each of the optimizer's states. */
  optimizer: Float32Array[];
  /** The averaged parameters, if there are any. */
  averages: Float32Array[];
}

/** Activations of a layer, before dropout and residual, over the rows of one batch. */
export interface LayerActivity {
  layer: number;
  /** The last one's name; undefined where the layer has none. */
  activation: string | undefined;
  mean: number;
  std: number;
  /** Share of outputs that are exactly 0. */
  zeros: number;
  largest: number;
}

/** What one update did to a tensor. */
export interface TensorChange {
  tensor: PlacedTensor;
  weightNorm: number;
  updateNorm: number;
}

const F64 = Float64Array.BYTES_PER_ELEMENT;

/** The coordinator's view of a run's shared memory; read and written between segments, `stepValues` at any time. */
export class SharedState {
  readonly #plan: EnginePlan;
  readonly #buffer: SharedArrayBuffer;

  constructor(plan: EnginePlan, memory: WebAssembly.Memory) {
    this.#plan = plan;
    this.#buffer = memory.buffer;
  }

  /** Puts everything in place before the first step. */
  begin(initial: InitialState, normalization: Dataset['normalization']): void {
    const { memory } = this.#plan;
    this.#floats(memory.parameters).set(initial.parameters);
    this.#floats(memory.statistics).set(initial.statistics);
    for (const average of memory.averages) this.#floats(average).set(initial.parameters);
    if (this.#plan.lossWeights !== undefined) this.#floats(memory.lossWeights).set(this.#plan.lossWeights);
    const { optimizer } = this.#plan.experiment;
    const fills = optimizerType(optimizer).initialState?.(optimizer) ?? [];
    for (const [i, region] of memory.optimizerState.entries()) this.#floats(region).fill(fills[i] ?? 0);
    if (normalization.kind !== 'affine') return;
    const statistics = this.#floats(memory.normalization);
    statistics.set(normalization.center, 0);
    statistics.set(normalization.scale, normalization.center.length);
  }

  /** A copy of the parameter vector, shape [P]. */
  parameters(): Float32Array {
    return this.#floats(this.#plan.memory.parameters).slice();
  }

  /** A copy of everything that training changes. */
  snapshot(): TrainingState {
    const { memory } = this.#plan;
    const copy = (region: Region): Float32Array => this.#floats(region).slice();
    return {
      parameters: copy(memory.parameters),
      statistics: copy(memory.statistics),
      optimizer: memory.optimizerState.map(copy),
      averages: memory.averages.map(copy),
    };
  }

  restore(state: TrainingState): void {
    const { memory } = this.#plan;
    this.#floats(memory.parameters).set(state.parameters);
    this.#floats(memory.statistics).set(state.statistics);
    for (const [i, region] of memory.optimizerState.entries()) this.#floats(region).set(state.optimizer[i] ?? []);
    for (const [i, region] of memory.averages.entries()) this.#floats(region).set(state.averages[i] ?? []);
  }

  /** What step `index` of the segment left. */
  stepValues(index: number): { loss: number; correct: number; weight: number; gradientNorm: number | undefined; penalty: number } {
    const values = this.#doubles(this.#plan.memory.stepValues);
    const at = (value: number): number => values[index * STEP.size + value] as number;
    const squares = at(STEP.gradientSquares);
    return {
      loss: at(STEP.loss),
      correct: at(STEP.correct),
      weight: at(STEP.weight),
      gradientNorm: Number.isNaN(squares) ? undefined : Math.sqrt(squares),
      penalty: at(STEP.penalty),
    };
  }

  /**
   * What an evaluation of `rows` rows left.
   *
   * @param targetSquares  see MetricTotals; asked for by r2 only
   */
  evaluation(rows: number, targetSquares: () => Float64Array): Evaluation {
    return readEvaluation(this.#plan, this.#buffer, rows, targetSquares);
  }

  /** Outputs of every layer in the last step of the last segment, over its last batch of `rows` rows. */
  activity(rows: number): LayerActivity[] {
    const { memory, network, experiment } = this.#plan;
    const sums = this.#doubles(memory.activity);
    const { widthOf } = new GraphIndex(network.graph);
    return network.graph.layers.map((layer) => {
      const { index } = layer;
      const { tensor, activation } = activityOf(network.graph, layer);
      const total = { sum: 0, squares: 0, zeros: 0, largest: 0 };
      for (let leaf = 0; leaf < experiment.numerics.leaves; leaf++) {
        const at = (index * experiment.numerics.leaves + leaf) * ACTIVITY_VALUES;
        const [sum = 0, squares = 0, zeros = 0, largest = 0] = sums.subarray(at, at + ACTIVITY_VALUES);
        total.sum += sum;
        total.squares += squares;
        total.zeros += zeros;
        total.largest = Math.max(total.largest, largest);
      }
      const count = rows * widthOf(tensor);
      const mean = total.sum / count;
      const std = Math.sqrt(Math.max(0, total.squares / count - mean * mean));
      return { layer: index, activation, mean, std, zeros: total.zeros / count, largest: total.largest };
    });
  }

  /** What the last step of the last segment did to each tensor. */
  changes(): TensorChange[] {
    const { memory, network, chunks } = this.#plan;
    const records = new ChunkRecords(memory.records, this.#buffer);
    const squares = new Map(network.parameters.map(({ name }) => [name, { weight: 0, update: 0 }]));
    for (const { index, tensor } of chunks) {
      const of = squares.get(tensor.name);
      if (of === undefined) continue;
      of.weight += records.read(index, RECORD.weightSquares);
      of.update += records.read(index, RECORD.updateSquares);
    }
    return network.parameters.map((tensor) => {
      const { weight, update } = squares.get(tensor.name) ?? { weight: 0, update: 0 };
      return { tensor, weightNorm: Math.sqrt(weight), updateNorm: Math.sqrt(update) };
    });
  }

  /** The first value of the averaged gradient that is not finite, in PyTorch's layout; undefined if all are. */
  firstNonfiniteGradient(): { tensor: string; index: number; value: number } | undefined {
    const { memory, network } = this.#plan;
    const [slab] = memory.slabs;
    if (slab === undefined) return undefined;
    const gradient = this.#floats(slab);
    for (const { name, offset, size, layout } of network.parameters) {
      const at = gradient.subarray(offset, offset + size).findIndex((value) => !Number.isFinite(value));
      if (at < 0) continue;
      const index = layout === undefined ? at : outsideIndex(layout, at);
      return { tensor: name, index, value: gradient[offset + at] as number };
    }
    return undefined;
  }

  /** The leaves of the last batch whose loss is not finite. */
  nonfiniteLeaves(): number[] {
    const sums = this.#doubles(this.#plan.memory.leafSums);
    const leaves = Array.from({ length: this.#plan.experiment.numerics.leaves }, (_, leaf) => leaf);
    return leaves.filter((leaf) => !Number.isFinite(sums[(leaf * SUM_BYTES) / F64]));
  }

  #floats(region: Region): Float32Array {
    return new Float32Array(this.#buffer, region.at, region.bytes / Float32Array.BYTES_PER_ELEMENT);
  }

  #doubles(region: Region): Float64Array {
    return new Float64Array(this.#buffer, region.at, region.bytes / F64);
  }
}
