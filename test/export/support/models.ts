import { experimentFromObject } from '../../../src/config/load.ts';
import type { Preprocess } from '../../../src/data/preprocess/preprocess.ts';
import { sampleShape } from '../../../src/data/preprocess/preprocess.ts';
import type { ExportModel } from '../../../src/export/model.ts';
import { buildNetwork } from '../../../src/model/network.ts';
import { normal, uniform } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';

/** The table of the tests: numbers with very different sizes, a category, missing values. */
export const TABLE: Preprocess['input'] = {
  kind: 'table',
  columns: [
    { type: 'number', name: 'length' },
    { type: 'number', name: 'mass', fill: 3.5, indicator: true },
    {
      type: 'category',
      name: 'colour',
      categories: ['red', 'green', 'it\'s "blue" */ \u2028'],
      unknown: 'zeros',
      fill: 'red',
      indicator: true,
    },
    { type: 'category', name: 'site', categories: ['a', 'b'], unknown: 'error' },
  ],
};
const TABLE_CENTER = [5.8, 31000, 0, 0, 0, 0, 0, 0, 0];
const TABLE_SCALE = [0.83, 1234.5, 1, 1, 1, 1, 1, 1, 1];

export const CLASSES = ['setosa', "it's $`{x}` */", 'virginica'];

/** Every kind of input and normalisation. */
export const PREPROCESSES: Readonly<Record<string, Pick<Preprocess, 'input' | 'normalization'>>> = {
  'a table, zscore': { input: TABLE, normalization: { kind: 'affine', center: TABLE_CENTER, scale: TABLE_SCALE } },
  'a table as it is': { input: TABLE, normalization: { kind: 'divide', divisor: 1 } },
  'pictures of bytes, unit': { input: { kind: 'images', channels: 3, size: [2, 3] }, normalization: { kind: 'divide', divisor: 255 } },
  'pictures, by channel': {
    input: { kind: 'images', channels: 3, size: [2, 2] },
    normalization: {
      kind: 'affine',
      center: Array.from({ length: 12 }, (_, i) => 100 + Math.floor(i / 4) / 3),
      scale: Array.from({ length: 12 }, (_, i) => 60 + Math.floor(i / 4)),
    },
  },
  'grey bytes [3, 3], unit256': { input: { kind: 'array', shape: [3, 3], stored: 'u8' }, normalization: { kind: 'divide', divisor: 256 } },
  'numbers [5], robust': {
    input: { kind: 'array', shape: [5], stored: 'f32' },
    normalization: { kind: 'affine', center: [0.1, -2, 300, 1e-3, 0], scale: [0.3, 2, 17, 1e-4, 1] },
  },
};

/** Every layer and activation. */
export const LAYERS: Readonly<Record<string, object[]>> = {
  linear: [],
  relu: [{ units: 16, activation: 'relu', dropout: 0.3 }],
  leaky_relu: [{ units: 9, activation: { type: 'leaky_relu', slope: 0.2 } }],
  sigmoid: [{ units: 9, activation: 'sigmoid' }],
  tanh: [{ units: 9, activation: 'tanh' }],
  gelu: [{ units: 9, activation: 'gelu' }],
  'batch norm': [
    { units: 9, batch_norm: true, activation: 'relu' },
    { units: 7, batch_norm: { eps: 0.01 } },
  ],
  'layer norm': [{ units: 9, layer_norm: { eps: 1e-3 }, activation: 'tanh' }],
  residual: [
    { units: 8, activation: 'relu' },
    { units: 8, activation: 'gelu', residual: true },
    { units: 8, residual: true, batch_norm: true },
  ],
  everything: [
    { units: 12, batch_norm: true, activation: 'gelu', dropout: 0.2 },
    { units: 12, layer_norm: true, activation: 'sigmoid', residual: true },
    { units: 12, batch_norm: { scope: 'leaf' }, activation: 'leaky_relu', residual: true },
    { units: 5, activation: 'tanh' },
  ],
};

/** Every meaning of the outputs. */
export const OUTCOMES: Readonly<Record<string, { loss: string; target: Preprocess['target'] }>> = {
  softmax: { loss: 'softmax_cross_entropy', target: { kind: 'class', classes: CLASSES, column: 'species' } },
  'one sigmoid for two classes': { loss: 'sigmoid_cross_entropy', target: { kind: 'class', classes: ['no', 'yes'] } },
  'a sigmoid a class': { loss: 'sigmoid_cross_entropy', target: { kind: 'class', classes: CLASSES } },
  'several sigmoids': { loss: 'sigmoid_cross_entropy', target: { kind: 'value', names: ['wet', 'cold'] } },
  'one value': { loss: 'mse', target: { kind: 'value', names: ['price'] } },
  'several values': { loss: 'huber', target: { kind: 'value', names: ['a', 'b', 'c'] } },
  'values of classes': { loss: 'mse', target: { kind: 'class', classes: CLASSES } },
};

/** A network of the given parts with random weights, statistics included: nothing in it is 0 or 1 by its beginning. */
export function modelOf(layers: string, preprocess: string, outcome: string, seed = 1): ExportModel {
  const { target } = OUTCOMES[outcome]!;
  const names = target.kind === 'class' ? target.classes : target.names;
  const units = outcome === 'one sigmoid for two classes' ? 1 : names.length;
  const list = [...LAYERS[layers]!, { units }].map((layer) => ({ type: 'dense', ...layer }));
  return madeOf(`${layers} ${outcome}`, list, PREPROCESSES[preprocess]!, outcome, seed);
}

/** The same of any layers, the last with as many outputs as the outcome has. */
export function madeOf(
  name: string,
  layers: readonly object[],
  preprocess: Pick<Preprocess, 'input' | 'normalization'>,
  outcome: string,
  seed = 1,
): ExportModel {
  const { loss, target } = OUTCOMES[outcome]!;
  const { experiment } = experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs' } },
    model: { layers },
    loss,
    train: { steps: 1 },
  });
  const whole: Preprocess = { version: 1, ...preprocess, target };
  const { graph } = buildNetwork(experiment, sampleShape(whole.input));
  const tensors = new Map<string, Float32Array>();
  for (const [index, { name: tensor, shape, fanIn }] of [...graph.parameters, ...graph.statistics].entries()) {
    const stream = new RandomStream(seed, 'init', index);
    const size = shape.reduce((product, extent) => product * extent, 1);
    const isVariance = tensor.endsWith('running_var');
    const isGamma = tensor.endsWith('norm.weight');
    const spread = isGamma ? 0.5 : 1 / Math.sqrt(fanIn);
    tensors.set(
      tensor,
      Float32Array.from({ length: size }, (_, i) =>
        isVariance ? 0.2 + 3 * uniform(stream, i) : spread * normal(stream, i) + (isGamma ? 1 : 0),
      ),
    );
  }
  const { layers: entries, blocks } = experiment.model;
  return { name, layers: entries, blocks, graph, tensors, preprocess: whole };
}

/** Layers, preprocessing and outcomes, each kind at least once, without all that could be combined. */
export function cases(): [layers: string, preprocess: string, outcome: string][] {
  const [layers, preprocesses, outcomes] = [LAYERS, PREPROCESSES, OUTCOMES].map(Object.keys) as [string[], string[], string[]];
  return [
    ...layers
      .filter((name) => name !== 'relu')
      .map((name, i): [string, string, string] => [name, preprocesses[i % preprocesses.length]!, 'softmax']),
    ...preprocesses.map((name): [string, string, string] => ['relu', name, 'softmax']),
    ...outcomes.map((name): [string, string, string] => ['everything', 'a table, zscore', name]),
  ];
}
