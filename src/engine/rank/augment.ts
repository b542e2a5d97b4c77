import type { AugmentConfig } from '../../config/schema/schema.ts';
import {
  DRAWN_WORDS,
  drawCutout,
  drawMap,
  elasticReach,
  gaussian,
  moves,
  type PictureShape,
  pictureShape,
} from '../../data/augment/draw.ts';
import type { Dataset } from '../../data/dataset.ts';
import { type AugmentLayout, augmentLayout } from '../../kernels/augment.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { philox4x32 } from '../../random/philox.ts';
import { streamWords } from '../../random/stream.ts';
import type { EnginePlan } from '../plan/plan.ts';

const WHITE = 255;

/**
 * Changes a rank's training pictures at random on their way into the batch. What becomes of a sample is a function of the seed, the epoch and
 * the sample's index: the same for any number of workers, and after a resume.
 */
export class Augmenter {
  readonly #config: AugmentConfig;
  readonly #seed: number;
  readonly #dataset: Dataset;
  readonly #kernels: Kernels;
  readonly #shape: PictureShape;
  readonly #at: AugmentLayout;
  readonly #map: Float64Array;
  readonly #stream: Uint32Array;
  readonly #memory: WebAssembly.Memory;
  readonly #block = new Uint32Array(4);
  readonly #words = new Uint32Array(DRAWN_WORDS);
  /** A sample's values as they are stored, f32 [channels, height, width]: to be filled before `apply`. */
  readonly source: Float32Array;
  readonly sourceAt: number;

  constructor(config: AugmentConfig, plan: EnginePlan, dataset: Dataset, rank: number, memory: WebAssembly.Memory, kernels: Kernels) {
    const at = augmentLayout(dataset.featureCount, elasticReach(config), plan.memory.augment[rank]?.at ?? 0);
    this.#config = config;
    this.#seed = plan.experiment.seed;
    this.#dataset = dataset;
    this.#kernels = kernels;
    this.#shape = pictureShape(dataset.sampleShape);
    this.#at = at;
    this.#memory = memory;
    this.#map = new Float64Array(memory.buffer, at.map, 6);
    this.#stream = new Uint32Array(memory.buffer, at.stream, 4);
    this.source = new Float32Array(memory.buffer, at.source, dataset.featureCount);
    this.sourceAt = at.source;
    if (config.elastic !== undefined) {
      const weights = gaussian(config.elastic.sigma);
      new Float32Array(memory.buffer, at.weights, weights.length).set(weights);
    }
  }

  /**
   * Puts the changed picture of a sample, whose values stand in `source`, at an address: raw values, not yet normalised.
   *
   * @param sample  its index in the data set
   */
  apply(sample: number, epoch: number, to: number): void {
    const { noise, cutout } = this.#config;
    const width = this.#dataset.featureCount;
    this.#draw(sample, epoch);
    if (moves(this.#config)) this.#warp(to);
    else this.#kernels.copy(to, this.#at.source, width);
    if (noise !== undefined && noise > 0) this.#addNoise(to, noise);
    if (cutout !== undefined) this.#cut(to, cutout);
  }

  #draw(sample: number, epoch: number): void {
    const words = streamWords(this.#seed, 'augment', epoch * this.#dataset.sampleCount + sample);
    this.#stream.set(words);
    const [key0, key1, number0, number1] = words;
    for (let block = 0; block < DRAWN_WORDS / 4; block++) {
      philox4x32(block, 0, number0, number1, key0, key1, this.#block);
      this.#words.set(this.#block, 4 * block);
    }
  }

  #warp(to: number): void {
    const { channels, height, width } = this.#shape;
    const { elastic } = this.#config;
    const at = this.#at;
    drawMap(this.#config, this.#shape, this.#words, this.#map);
    const reach = elasticReach(this.#config);
    if (elastic !== undefined && reach !== undefined) {
      const pixels = height * width;
      for (let axis = 0; axis < 2; axis++) {
        const moved = at.moved + axis * f32Bytes(pixels);
        const first = DRAWN_WORDS + axis * pixels;
        this.#kernels.displacement(moved, at.work, height, width, at.weights, reach, elastic.alpha, first, at.stream);
      }
    }
    this.#kernels.warp(at.source, to, channels, height, width, at.map, elastic === undefined ? 0 : at.moved);
  }

  #addNoise(to: number, noise: number): void {
    const { features, featureCount } = this.#dataset;
    const { height, width } = this.#shape;
    const areBytes = features instanceof Uint8Array;
    const first = DRAWN_WORDS + 2 * height * width;
    this.#kernels.add_noise(to, featureCount, areBytes ? WHITE * noise : noise, first, this.#at.stream, this.#at.scratch);
    if (areBytes) this.#kernels.clamp(to, featureCount, 0, WHITE);
  }

  #cut(to: number, side: number): void {
    const { channels, height, width } = this.#shape;
    const { left, right, top, bottom } = drawCutout(side, this.#shape, this.#words);
    const values = new Float32Array(this.#memory.buffer, to, this.#dataset.featureCount);
    for (let c = 0; c < channels; c++) {
      for (let y = top; y < bottom; y++) values.fill(0, (c * height + y) * width + left, (c * height + y) * width + right);
    }
  }
}
