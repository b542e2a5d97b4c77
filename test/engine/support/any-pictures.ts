import type { Dataset } from '../../../src/data/dataset.ts';
import { GradloomError } from '../../../src/errors.ts';
import { elements } from '../../../src/graph/shape.ts';
import { buildGraph } from '../../../src/model/network.ts';
import { experimentOf } from './live.ts';
import { Dice, makeSamples, type SampleOptions } from './samples.ts';

type Layer = Record<string, unknown>;

/** A network of convolutions, pools and what goes with them, with samples for it. */
export interface AnyPictures {
  title: string;
  dataset: Dataset;
  shape: readonly number[];
  /** Parts of an experiment: model, loss and train apart from what a test sets. */
  parts: { seed: number; model: { layers: Layer[] }; loss: string; numerics: { leaves: number } };
}

const CLASSES = 4;

/**
 * A function of the seed. Layers that do not fit what goes into them are drawn again.
 *
 * @param samples  other than f32 values for training alone
 */
export function anyPictures(
  seed: number,
  { rows = 24, samples = {} }: { rows?: number; samples?: Partial<SampleOptions> } = {},
): AnyPictures {
  const dice = new Dice(seed);
  const isSequence = dice.next() < 0.2;
  const shape = isSequence
    ? [dice.int(1, 4), dice.int(6, 20)]
    : dice.pick([
        [dice.int(5, 12), dice.int(5, 12)],
        [1, dice.int(5, 9), dice.int(5, 9)],
        [3, dice.int(5, 10), dice.int(5, 10)],
      ]);
  const layers: Layer[] = [];
  const wanted = dice.int(1, 4);
  for (let tries = 0; layers.length < wanted && tries < 60; tries++) {
    const layer = isSequence ? sequenceLayer(dice) : pictureLayer(dice);
    if (fits([...layers, layer], shape)) layers.push(layer);
  }
  if (dice.next() < 0.3) layers.push({ type: 'global_avg_pool' });
  else if (dice.next() < 0.5) layers.push({ type: 'flatten' }, { type: 'dense', units: dice.int(3, 9), activation: 'tanh' });
  layers.push({ type: 'dense', units: CLASSES });
  const features = elements(shape);
  const dataset = makeSamples({ rows: { train: rows }, features, shape, target: { classes: CLASSES }, seed, ...samples });
  const parts = { seed, model: { layers }, loss: 'softmax_cross_entropy', numerics: { leaves: dice.int(3, 9) } };
  return { title: `seed ${seed}: ${shape.join('x')} ${JSON.stringify(layers)}`, dataset, shape, parts };
}

function fits(layers: readonly Layer[], shape: readonly number[]): boolean {
  try {
    buildGraph(experimentOf({ model: { layers: [...layers, { type: 'dense', units: 2 }] } }), shape);
    return true;
  } catch (error) {
    if (error instanceof GradloomError && error.code === 'E_CONFIG_VALUE') return false;
    throw error;
  }
}

const ACTIVATIONS = ['identity', 'relu', 'relu', 'leaky_relu', 'tanh', 'gelu', 'sigmoid'] as const;

function common(dice: Dice): Layer {
  const norm = dice.int(0, 5);
  return {
    activation: dice.pick(ACTIVATIONS),
    // In front of a batch norm its gradient is 0, but for rounding.
    bias: norm > 0 && dice.next() < 0.8,
    ...(norm === 0 && { batch_norm: { eps: 0.01 } }),
    ...(norm === 1 && { layer_norm: { eps: 0.01 } }),
  };
}

function pictureLayer(dice: Dice): Layer {
  const kind = dice.int(0, 9);
  const either = (low: number, high: number): unknown =>
    dice.next() < 0.7 ? dice.int(low, high) : [dice.int(low, high), dice.int(low, high)];
  if (kind < 2) return pool(dice, 'pool2d', either(1, 3));
  if (kind === 2)
    return {
      type: 'residual',
      residual: { layers: [conv(dice, either)], activation: dice.pick(ACTIVATIONS), batch_norm: dice.next() < 0.3 && { eps: 0.01 } },
    };
  return conv(dice, either);
}

function conv(dice: Dice, either: (low: number, high: number) => unknown): Layer {
  const groups = dice.next() < 0.3 ? dice.int(2, 3) : 1;
  return {
    type: 'conv2d',
    filters: groups * dice.int(1, 9),
    kernel: either(1, 5),
    groups,
    dilation: dice.next() < 0.2 ? either(1, 2) : 1,
    ...(dice.next() < 0.3 ? { padding: 'same' } : { padding: either(0, 2), stride: dice.next() < 0.5 ? 1 : either(1, 4) }),
    ...common(dice),
  };
}

function sequenceLayer(dice: Dice): Layer {
  if (dice.next() < 0.25) return pool(dice, 'pool1d', dice.int(1, 3));
  return {
    type: 'conv1d',
    filters: dice.int(1, 10),
    kernel: dice.int(1, 5),
    dilation: dice.int(1, 2),
    ...(dice.next() < 0.3 ? { padding: 'same' } : { padding: dice.int(0, 2), stride: dice.int(1, 3) }),
    ...common(dice),
  };
}

function pool(dice: Dice, of: 'pool1d' | 'pool2d', kernel: unknown): Layer {
  const padding = kernel === 1 || Array.isArray(kernel) ? 0 : dice.int(0, 1);
  return {
    type: `${dice.pick(['max', 'avg'])}_${of}`,
    kernel,
    padding,
    drop_rest: true,
    ...(dice.next() < 0.4 && { stride: dice.int(1, 4) }),
  };
}
