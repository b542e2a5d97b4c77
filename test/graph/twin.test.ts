import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { Experiment, LossConfig } from '../../src/config/schema/schema.ts';
import { OP_TYPES, type Op } from '../../src/graph/op.ts';
import type { ActivationOp } from '../../src/graph/ops/activation.ts';
import { elements } from '../../src/graph/shape.ts';
import { GraphTwin, type Tensors, type TwinBatch } from '../../src/graph/twin.ts';
import { buildGraph } from '../../src/model/network.ts';
import { Dice } from '../engine/support/samples.ts';

const FEATURES = 4;
const OUTPUTS = 3;
const ROWS = 7;
const H = 1e-5;

/** All there are, or this does not compile. */
const ACTIVATIONS: Record<ActivationOp['function']['type'], true> = { relu: true, leaky_relu: true, sigmoid: true, tanh: true, gelu: true };
const LOSSES: Record<LossConfig['type'], true> = {
  softmax_cross_entropy: true,
  sigmoid_cross_entropy: true,
  mse: true,
  huber: true,
  mae: true,
};

interface Case {
  title: string;
  /** Shape of a sample. @default [FEATURES] */
  sample?: number[];
  layers?: Record<string, unknown>[];
  loss?: string | Record<string, unknown>;
}

const activations = ['relu', { type: 'leaky_relu', slope: 0.2 }, 'sigmoid', 'tanh', 'gelu'];
const losses = [
  'softmax_cross_entropy',
  { type: 'softmax_cross_entropy', label_smoothing: 0.2, class_weights: [1, 0.5, 2] },
  'sigmoid_cross_entropy',
  { type: 'sigmoid_cross_entropy', label_smoothing: 0.3, pos_weight: [2, 1, 0.5] },
  'mse',
  { type: 'huber', delta: 0.4 },
  'mae',
];

const CASES: Case[] = [
  ...activations.map((activation) => ({ title: `activation ${JSON.stringify(activation)}`, layers: [{ units: 5, activation }] })),
  ...losses.map((loss) => ({ title: `loss ${JSON.stringify(loss)}`, loss })),
  { title: 'batch norm over the batch', layers: [{ units: 5, batch_norm: { eps: 0.1 } }] },
  { title: 'batch norm over each leaf', layers: [{ units: 5, batch_norm: { scope: 'leaf', eps: 0.1 }, activation: 'tanh' }] },
  { title: 'layer norm', layers: [{ units: 5, layer_norm: { eps: 0.1 }, activation: 'gelu' }] },
  { title: 'dropout', layers: [{ units: 5, activation: 'tanh', dropout: 0.4 }] },
  {
    title: 'residual connections, one behind the other',
    layers: [
      { units: 4, activation: 'gelu', residual: true },
      { units: 4, residual: true },
      { units: 4, batch_norm: true, activation: 'tanh', dropout: 0.2, residual: true },
    ],
  },
  ...picturesAndSequences(),
];

function picturesAndSequences(): Case[] {
  const conv = (config: Record<string, unknown>): Record<string, unknown> => ({ type: 'conv2d', filters: 2, kernel: 2, ...config });
  return [
    { title: 'convolution of one channel', sample: [4, 3], layers: [conv({})] },
    {
      title: 'convolution of several channels, padded, with strides',
      sample: [2, 5, 4],
      layers: [conv({ kernel: [3, 2], stride: [2, 3], padding: [2, 1] })],
    },
    {
      title: 'dilation, padding: same',
      sample: [2, 4, 5],
      layers: [conv({ kernel: [2, 3], dilation: [3, 2], padding: 'same', bias: false })],
    },
    { title: 'a stride beyond the kernel', sample: [1, 5, 5], layers: [conv({ kernel: 1, stride: 3 }), conv({ kernel: 2 })] },
    {
      title: 'groups, and one a channel',
      sample: [2, 3, 4],
      layers: [conv({ filters: 4, groups: 2 }), conv({ filters: 4, groups: 4, padding: 1 })],
    },
    {
      title: 'max pool, padded',
      sample: [2, 5, 5],
      layers: [conv({ kernel: 1 }), { type: 'max_pool2d', kernel: 3, stride: 2, padding: 1 }],
    },
    { title: 'mean pool, padded', sample: [2, 4, 6], layers: [{ type: 'avg_pool2d', kernel: [2, 3], padding: [1, 0] }, conv({})] },
    { title: 'mean of each channel', sample: [3, 3, 2], layers: [conv({ activation: 'tanh' }), { type: 'global_avg_pool' }] },
    {
      title: 'batch norm of channels',
      sample: [2, 3, 3],
      layers: [conv({ batch_norm: { eps: 0.1 }, activation: 'gelu' }), { type: 'flatten' }],
    },
    { title: 'batch norm of channels over each leaf', sample: [3, 4], layers: [conv({ batch_norm: { scope: 'leaf', eps: 0.1 } })] },
    { title: 'layer norm of pictures', sample: [2, 3, 3], layers: [conv({ layer_norm: { eps: 0.1 } })] },
    { title: 'dropout of channels', sample: [3, 3], layers: [conv({ filters: 5, dropout2d: 0.4 })] },
    { title: 'a convolution that adds its input', sample: [2, 3, 3], layers: [conv({ kernel: 3, padding: 'same', residual: true })] },
    {
      title: 'a residual block with a projection, and one without',
      sample: [2, 4, 4],
      layers: [
        { residual: { layers: [conv({ filters: 3, kernel: 3, stride: 2, padding: 1, activation: 'tanh' })], activation: 'gelu' } },
        { residual: { layers: [conv({ filters: 3, kernel: 3, padding: 'same' })], batch_norm: { eps: 0.1 } } },
      ],
    },
    {
      title: 'sequences',
      sample: [2, 7],
      layers: [
        { type: 'conv1d', filters: 3, kernel: 3, stride: 2, padding: 1, activation: 'tanh', dropout1d: 0.3 },
        { type: 'max_pool1d', kernel: 2 },
      ],
    },
    {
      title: 'a table of time as sequences',
      sample: [12],
      layers: [
        { type: 'reshape', shape: [2, 6], channels: 'last' },
        { type: 'conv1d', filters: 2, kernel: 2 },
        { type: 'avg_pool1d', kernel: 5 },
      ],
    },
  ];
}

/** What was not said about a layer: that it is dense. */
const complete = (layer: Record<string, unknown>): Record<string, unknown> =>
  'type' in layer || ('residual' in layer && typeof layer['residual'] === 'object') ? layer : { type: 'dense', ...layer };

const sampleOf = ({ sample = [FEATURES] }: Case): number[] => sample;

function experimentFor({ layers = [], loss = 'softmax_cross_entropy' }: Case): Experiment {
  return experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs' } },
    model: { layers: [...layers, { units: OUTPUTS }].map(complete) },
    loss,
  }).experiment;
}

function batchFor({ loss }: Experiment, dice: Dice, features = FEATURES): TwinBatch {
  const weights = 'class_weights' in loss ? loss.class_weights : 'pos_weight' in loss ? loss.pos_weight : undefined;
  return {
    rows: ROWS,
    training: true,
    bounds: [0, 2, 2, 5, ROWS],
    x: Float64Array.from({ length: ROWS * features }, () => dice.signed()),
    labels: Array.from({ length: ROWS }, () => dice.int(0, OUTPUTS - 1)),
    targets: Float64Array.from({ length: ROWS * OUTPUTS }, () => dice.next()),
    sampleWeights: Array.from({ length: ROWS }, () => 0.2 + dice.next()),
    lossWeights: Array.isArray(weights) ? weights : undefined,
    mask: (stream, row, unit, p) => ((31 * stream + 17 * row + 7 * unit) % 10 < 10 * p ? 0 : 1 / (1 - p)),
  };
}

for (const c of CASES) {
  test(`the gradient of a twin is the central difference of its loss: ${c.title}`, (t) => {
    const experiment = experimentFor(c);
    const graph = buildGraph(experiment, sampleOf(c));
    const dice = new Dice(5);
    const model: Tensors = new Map(
      [...graph.parameters, ...graph.statistics].map(({ name, shape }) => {
        return [name, Float64Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, () => dice.signed())];
      }),
    );
    const twin = new GraphTwin(graph, model);
    const batch = batchFor(experiment, dice, elements(sampleOf(c)));
    const pass = twin.forward(batch);
    twin.backward(pass);
    let checked = 0;
    for (const { name } of graph.parameters) {
      const values = model.get(name)!;
      for (let i = 0; i < values.length; i++) {
        const kept = values[i]!;
        const lossAt = (value: number): number => {
          values[i] = value;
          return twin.forward(batch).sums.loss;
        };
        const numeric = (lossAt(kept + H) - lossAt(kept - H)) / (2 * H);
        values[i] = kept;
        const analytic = pass.gradient(name)[i]!;
        t.true(Math.abs(analytic - numeric) <= 1e-7 + 1e-5 * Math.abs(numeric), `${name}[${i}]: ${analytic}, differences give ${numeric}`);
        checked++;
      }
    }
    t.true(checked > OUTPUTS);
    const x = Float64Array.from(batch.x);
    for (let i = 0; i < x.length; i++) {
      const lossAt = (value: number): number => twin.forward({ ...batch, x: x.with(i, value) }).sums.loss;
      const numeric = (lossAt(x[i]! + H) - lossAt(x[i]! - H)) / (2 * H);
      const analytic = pass.gradient(graph.input)[i]!;
      t.true(Math.abs(analytic - numeric) <= 1e-7 + 1e-5 * Math.abs(numeric), `x[${i}]: ${analytic}, differences give ${numeric}`);
    }
  });
}

test('the cases above hold every op, every activation that is one, and every loss', (t) => {
  const graphs = CASES.map((c) => buildGraph(experimentFor(c), sampleOf(c)));
  const ops = graphs.flatMap(({ ops: layerOps, loss }): Op[] => [...layerOps, loss]);
  t.deepEqual([...new Set(ops.map(({ type }) => type))].toSorted(), OP_TYPES.toSorted());
  const functions = ops.flatMap((op) => (op.type === 'activation' ? [op.function.type] : []));
  t.deepEqual([...new Set(functions)].toSorted(), Object.keys(ACTIVATIONS).toSorted());
  const lossTypes = ops.flatMap((op) => (op.type === 'loss' ? [op.loss.type] : []));
  t.deepEqual([...new Set(lossTypes)].toSorted(), Object.keys(LOSSES).toSorted());
});

test('evaluation uses the running statistics, and no dropout', (t) => {
  const graph = buildGraph(experimentFor({ title: '', layers: [{ units: 2, batch_norm: { eps: 0.25 }, dropout: 0.5 }] }), [1]);
  const model: Tensors = new Map(
    Object.entries({
      'layers.0.weight': [1, 2],
      'layers.0.bias': [0, 0],
      'layers.0.norm.weight': [1, 3],
      'layers.0.norm.bias': [0, 1],
      'layers.0.norm.running_mean': [1, 0],
      'layers.0.norm.running_var': [0.75, 3.75],
      'layers.1.weight': [0, 0, 0, 0, 0, 0],
      'layers.1.bias': [0, 0, 0],
    }).map(([name, values]) => [name, Float64Array.from(values)]),
  );
  const pass = new GraphTwin(graph, model).forward({
    ...batchFor(experimentFor({ title: '' }), new Dice(1)),
    rows: 1,
    training: false,
    bounds: [0, 1],
    x: [2],
    mask: () => t.fail('no mask is asked for'),
  });
  // (2 - 1) / sqrt(0.75 + 0.25) = 1; 3 (4 - 0) / sqrt(3.75 + 0.25) + 1 = 7
  t.deepEqual([...pass.value('layers.0.dropout')], [1, 7]);
});

test('a batch norm tells the mean and the unbiased variance of the whole batch, whatever its scope', (t) => {
  for (const scope of ['batch', 'leaf']) {
    const graph = buildGraph(experimentFor({ title: '', layers: [{ units: 1, batch_norm: { scope, momentum: 0.3 } }] }), [1]);
    const ones: Tensors = new Map(
      [...graph.parameters, ...graph.statistics].map(({ name, shape }) => [name, new Float64Array(shape[0]! * (shape[1] ?? 1)).fill(1)]),
    );
    ones.set('layers.0.bias', new Float64Array(1));
    const pass = new GraphTwin(graph, ones).forward({
      ...batchFor(experimentFor({ title: '' }), new Dice(1)),
      rows: 4,
      bounds: [0, 1, 4],
      x: [1, 2, 3, 6],
      labels: [0, 1, 2, 0],
      sampleWeights: undefined,
    });
    t.deepEqual([...pass.observed.get('layers.0.norm.running_mean')!.values], [3]);
    t.true(Math.abs(pass.observed.get('layers.0.norm.running_var')!.values[0]! - 14 / 3) < 1e-12);
    t.is(pass.observed.get('layers.0.norm.running_mean')!.momentum, 0.3);
  }
});
