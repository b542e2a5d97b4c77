import type { Dataset, Normalization } from '../../../src/data/dataset.ts';
import { normalizationFor } from '../../../src/data/normalize/fit.ts';
import type { Row64 } from './reference.ts';

/** mulberry32: a small generator, so that a case is a function of a printed seed and of no code under test. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Uniform in [-1, 1). */
  signed(): number {
    return 2 * this.next() - 1;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }
}

export interface SampleOptions {
  rows: { train: number; val?: number; test?: number };
  features: number;
  /** Of a sample; its values are the features. @default [features] */
  shape?: readonly number[];
  /** uint8 0..255 with many zeros, or f32 in [-1, 1). */
  stored?: 'uint8' | 'f32';
  /** Class labels below `classes`, or `width` values in [0, 1). */
  target: { classes: number } | { width: number };
  normalize?: 'none' | 'unit' | 'unit256' | 'zscore';
  /** Weights in [0, 2) with some zeros. */
  weighted?: boolean;
  seed?: number;
}

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

/** A data set of random samples; splits take turns over the stored rows, so that position and index differ. */
export function makeSamples({
  rows,
  features: width,
  shape = [width],
  stored = 'f32',
  target,
  normalize = 'none',
  weighted = false,
  seed = 1,
}: SampleOptions): Dataset {
  const dice = new Dice(seed);
  const counts = { train: rows.train, val: rows.val ?? 0, test: rows.test ?? 0 };
  const total = counts.train + counts.val + counts.test;
  const features = stored === 'uint8' ? new Uint8Array(shared(total * width)) : new Float32Array(shared(4 * total * width));
  for (let i = 0; i < features.length; i++) features[i] = stored === 'f32' ? dice.signed() : dice.next() < 0.5 ? 0 : dice.int(1, 255);
  const order = Uint32Array.from({ length: total }, (_, i) => i).sort((a, b) => ((a * 7919) % 104729) - ((b * 7919) % 104729));
  const part = (from: number, count: number): Uint32Array<SharedArrayBuffer> => {
    const taken = new Uint32Array(shared(4 * count));
    taken.set(order.subarray(from, from + count));
    return taken;
  };
  const splits = { train: part(0, counts.train), val: part(counts.train, counts.val), test: part(counts.train + counts.val, counts.test) };
  return {
    features,
    featureCount: width,
    sampleCount: total,
    sampleShape: shape,
    target: makeTarget(target, total, dice),
    splits,
    normalization: normalizationOf(normalize, features, width, splits.train),
    // Nothing in the engine looks at it.
    preprocess: {
      version: 1,
      input: { kind: 'array', shape: [width], stored: stored === 'f32' ? 'f32' : 'u8' },
      normalization: { kind: 'divide', divisor: 1 },
      target: { kind: 'value', names: [] },
    },
    ...(weighted && { weights: makeWeights(total, dice) }),
    fingerprint: '',
    description: 'random samples',
  };
}

function makeWeights(total: number, dice: Dice): Float32Array<SharedArrayBuffer> {
  const weights = new Float32Array(shared(4 * total));
  for (let i = 0; i < total; i++) weights[i] = dice.next() < 0.2 ? 0 : 2 * dice.next();
  return weights;
}

function makeTarget(target: SampleOptions['target'], total: number, dice: Dice): Dataset['target'] {
  if ('classes' in target) {
    const labels = new Int32Array(shared(4 * total));
    for (let i = 0; i < total; i++) labels[i] = dice.int(0, target.classes - 1);
    return { kind: 'class', labels, classes: target.classes };
  }
  const values = new Float32Array(shared(4 * total * target.width));
  for (let i = 0; i < values.length; i++) values[i] = dice.next();
  return { kind: 'value', values, width: target.width };
}

function normalizationOf(
  kind: SampleOptions['normalize'],
  features: Dataset['features'],
  width: number,
  train: Uint32Array,
): Normalization {
  if (kind === 'zscore') return normalizationFor('zscore', { features, featureCount: width, train, perStatistic: 1 });
  return { kind: 'divide', divisor: kind === 'unit' ? 255 : kind === 'unit256' ? 256 : 1 };
}

/** A sample as the formulas of the reference take it: normalised in f64. */
export function rowOf({ features, featureCount: width, target, normalization }: Dataset, sample: number): Row64 {
  const stored = Array.from(features.subarray(sample * width, (sample + 1) * width));
  const x = stored.map((v, j) =>
    normalization.kind === 'divide' ? v / normalization.divisor : (v - normalization.center[j]!) / normalization.scale[j]!,
  );
  if (target.kind === 'class') return { x, target: target.labels[sample]! };
  return { x, target: target.values.subarray(sample * target.width, (sample + 1) * target.width) };
}

/** Parameters in [-scale, scale). */
export function randomVector(floats: number, scale: number, seed: number): Float32Array {
  const dice = new Dice(seed);
  return Float32Array.from({ length: floats }, () => scale * dice.signed());
}
