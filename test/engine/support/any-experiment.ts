import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { anyPictures } from './any-pictures.ts';
import { experimentOf } from './live.ts';
import { Dice, makeSamples, type SampleOptions } from './samples.ts';

/** Where the weights of losses, activations and steps are large enough to show, and small enough not to diverge. */
const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'nadam', 'radam', 'rmsprop', 'adagrad', 'adadelta', 'lion', 'lamb'] as const;
const ACTIVATIONS = ['identity', 'relu', 'relu', 'leaky_relu', 'sigmoid', 'tanh', 'gelu'] as const;
const SOME_UNITS = [1, 7, 8, 9, 15, 16, 17, 31, 33, 48, 66] as const;

/** An experiment of any features, with its samples, a function of the seed; how many workers it may have. */
export interface AnyExperiment {
  title: string;
  dataset: Dataset;
  leaves: number;
  /** @param parallel  keys that change no bit */
  experiment(parallel: Record<string, unknown>): Experiment;
}

/** Small, with layers of every kind; about half of them have inputs of which half are zero. */
export function anyExperiment(seed: number): AnyExperiment {
  const dice = new Dice(seed);
  const chance = (share: number): boolean => dice.next() < share;
  const isClasses = chance(0.6);
  const outputs = dice.int(2, 12);
  const train = dice.int(50, 150);
  const samples: SampleOptions = {
    rows: { train, val: dice.int(1, 60) },
    features: dice.pick([5, 16, 17, 40, 113, 130]),
    stored: dice.pick(['uint8', 'f32'] as const),
    normalize: dice.pick(['unit', 'unit256', 'zscore'] as const),
    target: isClasses ? { classes: outputs } : { width: outputs },
    weighted: chance(0.3),
    seed,
  };
  const leaves = dice.int(7, 24);
  const { dataset, layers } = chance(0.4) ? pictures(dice, samples) : { dataset: makeSamples(samples), layers: hiddenLayers(dice) };
  // One row has no variance, of a leaf neither.
  const leastBatch = layers.some(({ batch_norm: norm }) => norm?.scope === 'leaf') ? 2 * leaves : 4;
  const parts = {
    seed: dice.int(0, 1e9),
    data: { shuffle: dice.pick(['none', 'epoch']), drop_last: chance(0.2) },
    model: { layers: [...layers, { type: 'dense', units: outputs }] },
    loss: lossOf(dice, isClasses, outputs),
    optimizer: optimizerOf(dice),
    schedule: dice.pick([{ type: 'constant' }, { type: 'cosine', warmup: { steps: 2 } }, { type: 'one_cycle' }, { type: 'wsd' }]),
    regularization: regularizationOf(dice),
    train: {
      batch_size: chance(0.2) ? 'full' : dice.int(leastBatch, train),
      steps: 4,
      accumulate: dice.pick([1, 1, 3]),
      average: dice.pick([{ type: 'none' }, { type: 'ema', decay: 0.7 }, { type: 'swa', start: 0.3, every: { steps: 1 } }]),
      max_loss_ratio: 0,
      eval: { on: 'none', batch_size: dice.int(3, 50) },
    },
    numerics: { leaves },
  };
  return {
    title: `seed ${seed}: ${JSON.stringify(parts)}`,
    dataset,
    leaves,
    experiment: (parallel) => experimentOf({ ...parts, parallel: { skip_zeros: dice.pick(['auto', 'always', 'never']), ...parallel } }),
  };
}

/** A network of convolutions and pools but for its last layer, with dropout here and there. */
function pictures(dice: Dice, { features: _features, ...samples }: SampleOptions): { dataset: Dataset; layers: HiddenLayer[] } {
  const { dataset, parts } = anyPictures(dice.int(0, 1e9), { samples });
  const layers = parts.model.layers.slice(0, -1).map((layer): HiddenLayer => {
    const dimensions = /^conv([12]d)$/.exec(String(layer['type']))?.[1];
    if (dimensions === undefined || dice.next() < 0.6) return layer;
    return { ...layer, [dice.pick(['dropout', `dropout${dimensions}`])]: 0.3 };
  });
  return { dataset, layers };
}

interface HiddenLayer extends Record<string, unknown> {
  batch_norm?: { scope: 'batch' | 'leaf' };
}

function hiddenLayers(dice: Dice): HiddenLayer[] {
  const chance = (share: number): boolean => dice.next() < share;
  let width = 0;
  return Array.from({ length: dice.int(0, 3) }, () => {
    const isResidual = width > 0 && chance(0.3);
    width = isResidual ? width : dice.pick(SOME_UNITS);
    const norm = dice.int(0, 4);
    return {
      units: width,
      activation: dice.pick(ACTIVATIONS),
      residual: isResidual,
      ...(norm === 0 && { batch_norm: { scope: dice.pick(['batch', 'leaf'] as const) } }),
      ...(norm === 1 && { layer_norm: true }),
      ...(chance(0.3) && { dropout: 0.3 }),
    };
  });
}

function lossOf(dice: Dice, isClasses: boolean, outputs: number): Record<string, unknown> {
  const weights = Array.from({ length: outputs }, (_, i) => 0.5 + (i % 3));
  return isClasses
    ? dice.pick([
        { type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: weights },
        { type: 'softmax_cross_entropy' },
        { type: 'sigmoid_cross_entropy', pos_weight: 2 },
        { type: 'mse' },
      ])
    : dice.pick([{ type: 'mse' }, { type: 'huber', delta: 0.5 }, { type: 'mae' }, { type: 'sigmoid_cross_entropy' }]);
}

function optimizerOf(dice: Dice): Record<string, unknown> {
  const type = dice.pick(OPTIMIZERS);
  const more = type === 'sgd' ? dice.pick([{}, { momentum: 0.9 }, { momentum: 0.9, nesterov: true }]) : {};
  const groups = dice.next() < 0.3 ? [{ match: '*.bias', lr: 0.02 }] : [];
  return { type, lr: dice.pick([0.01, 0.05]), weight_decay: dice.pick([0, 0.01]), groups, ...more };
}

function regularizationOf(dice: Dice): Record<string, unknown> {
  const all = { l1: 1e-4, l2: 1e-3, clip_value: 0.05, clip_global_norm: 1, max_norm: 0.7, noise: { eta: 1e-4 } };
  return Object.fromEntries(Object.entries(all).filter(() => dice.next() < 0.3));
}
