import type { Dataset } from '../../data/dataset.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { NativeGather } from '../../kernels/native/gather.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { STAGE_ROWS } from '../plan/memory.ts';
import type { EnginePlan } from '../plan/plan.ts';
import { Augmenter } from './augment.ts';

/**
 * Brings one rank's rows of a batch from the data set into the batch's arrays: uint8 rows are copied into the rank's stage and converted
 * there by a kernel, or converted from where they are by machine code; f32 rows are copied and normalised in place.
 */
export class Gatherer {
  readonly #plan: EnginePlan;
  readonly #dataset: Dataset;
  readonly #kernels: Kernels;
  readonly #stageAt: number;
  readonly #stage: Uint8Array;
  readonly #x: Float32Array;
  readonly #labels: Int32Array;
  readonly #targets: Float32Array;
  readonly #weights: Float32Array;
  readonly #native: NativeGather | undefined;
  readonly #augmenter: Augmenter | undefined;

  constructor(
    plan: EnginePlan,
    dataset: Dataset,
    rank: number,
    memory: WebAssembly.Memory,
    kernels: Kernels,
    native?: (bytes: Uint8Array<SharedArrayBuffer>) => NativeGather | undefined,
  ) {
    const { memory: regions } = plan;
    const stage = regions.stages[rank] ?? { at: 0, bytes: 0 };
    this.#plan = plan;
    this.#dataset = dataset;
    this.#kernels = kernels;
    this.#stageAt = stage.at;
    this.#stage = new Uint8Array(memory.buffer, stage.at, stage.bytes);
    this.#x = new Float32Array(memory.buffer, regions.x.at, regions.x.bytes / 4);
    this.#labels = new Int32Array(memory.buffer, regions.labels.at, regions.labels.bytes / 4);
    this.#targets = new Float32Array(memory.buffer, regions.targets.at, regions.targets.bytes / 4);
    this.#weights = new Float32Array(memory.buffer, regions.weights.at, regions.weights.bytes / 4);
    if (dataset.features instanceof Uint8Array) this.#native = native?.(dataset.features);
    const { augment } = plan.experiment.data;
    if (augment !== undefined) this.#augmenter = new Augmenter(augment, plan, dataset, rank, memory, kernels);
  }

  /**
   * Fills batch rows [from, to).
   *
   * @param samples  index in the data set of every batch row: row r is sample `samples[offset + r]`
   * @param epoch    of training, whose pictures may be changed; undefined for an evaluation
   */
  gather(samples: Uint32Array, offset: number, from: number, to: number, epoch?: number): void {
    if (this.#augmenter !== undefined && epoch !== undefined) this.#gatherChanged(this.#augmenter, samples, offset, from, to, epoch);
    else if (this.#dataset.features instanceof Uint8Array) this.#gatherBytes(this.#dataset.features, samples, offset, from, to);
    else this.#gatherFloats(this.#dataset.features, samples, offset, from, to);
    this.#gatherTargets(samples, offset, from, to);
    if (this.#dataset.weights !== undefined) this.#gatherWeights(this.#dataset.weights, samples, offset, from, to);
  }

  #gatherWeights(weights: Float32Array, samples: Uint32Array, offset: number, from: number, to: number): void {
    for (let row = from; row < to; row++) this.#weights[row] = weights[samples[offset + row] as number] as number;
  }

  #gatherBytes(features: Uint8Array, samples: Uint32Array, offset: number, from: number, to: number): void {
    const { featureCount: width, normalization } = this.#dataset;
    if (this.#native !== undefined && normalization.kind === 'divide') {
      const at = this.#plan.memory.x.at + f32Bytes(from * width);
      if (this.#native.gather(samples, offset + from, to - from, width, at, normalization.divisor)) return;
    }
    for (let first = from; first < to; first += STAGE_ROWS) {
      const rows = Math.min(STAGE_ROWS, to - first);
      for (let r = 0; r < rows; r++) {
        const at = (samples[offset + first + r] as number) * width;
        this.#stage.set(features.subarray(at, at + width), r * width);
      }
      this.#convert(first, rows);
    }
  }

  #convert(first: number, rows: number): void {
    const width = this.#dataset.featureCount;
    const normalization = this.#dataset.normalization;
    const to = this.#plan.memory.x.at + f32Bytes(first * width);
    if (normalization.kind === 'divide') this.#kernels.u8_to_f32(this.#stageAt, to, rows * width, normalization.divisor);
    else this.#kernels.u8_to_f32_zscore(this.#stageAt, to, rows, width, this.#centerAt, this.#scaleAt);
  }

  #gatherFloats(features: Float32Array, samples: Uint32Array, offset: number, from: number, to: number): void {
    const width = this.#dataset.featureCount;
    for (let row = from; row < to; row++) {
      const at = (samples[offset + row] as number) * width;
      this.#x.set(features.subarray(at, at + width), row * width);
    }
    this.#normalize(from, to);
  }

  #gatherChanged(augmenter: Augmenter, samples: Uint32Array, offset: number, from: number, to: number, epoch: number): void {
    const { features, featureCount: width } = this.#dataset;
    for (let row = from; row < to; row++) {
      const sample = samples[offset + row] as number;
      const stored = features.subarray(sample * width, (sample + 1) * width);
      if (stored instanceof Uint8Array) {
        this.#stage.set(stored);
        this.#kernels.u8_to_f32(this.#stageAt, augmenter.sourceAt, width, 1);
      } else augmenter.source.set(stored);
      augmenter.apply(sample, epoch, this.#plan.memory.x.at + f32Bytes(row * width));
    }
    this.#normalize(from, to);
  }

  /** Rows of x that hold raw values. */
  #normalize(from: number, to: number): void {
    const { featureCount: width, normalization } = this.#dataset;
    const at = this.#plan.memory.x.at + f32Bytes(from * width);
    if (normalization.kind === 'affine') this.#kernels.f32_zscore(at, to - from, width, this.#centerAt, this.#scaleAt);
    else if (normalization.divisor !== 1) this.#kernels.f32_divide(at, (to - from) * width, normalization.divisor);
  }

  #gatherTargets(samples: Uint32Array, offset: number, from: number, to: number): void {
    const { target } = this.#dataset;
    const { outputs } = this.#plan.network;
    if (target.kind === 'value') {
      for (let row = from; row < to; row++) {
        const at = (samples[offset + row] as number) * outputs;
        this.#targets.set(target.values.subarray(at, at + outputs), row * outputs);
      }
      return;
    }
    if (this.#labels.length > 0) {
      for (let row = from; row < to; row++) this.#labels[row] = target.labels[samples[offset + row] as number] as number;
    }
    if (this.#targets.length > 0) {
      this.#targets.fill(0, from * outputs, to * outputs);
      for (let row = from; row < to; row++) {
        const label = target.labels[samples[offset + row] as number] as number;
        // One output for two classes: the target is the label itself.
        if (outputs === 1) this.#targets[row] = label;
        else this.#targets[row * outputs + label] = 1;
      }
    }
  }

  get #centerAt(): number {
    return this.#plan.memory.normalization.at;
  }

  get #scaleAt(): number {
    return this.#plan.memory.normalization.at + f32Bytes(this.#dataset.featureCount);
  }
}
