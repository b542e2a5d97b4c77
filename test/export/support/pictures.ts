import type { Preprocess } from '../../../src/data/preprocess/preprocess.ts';
import type { ExportModel } from '../../../src/export/model.ts';
import { madeOf } from './models.ts';

type Input = Pick<Preprocess, 'input' | 'normalization'>;

const array = (shape: number[], stored: 'u8' | 'f32' = 'f32'): Input => ({
  input: { kind: 'array', shape, stored },
  normalization: { kind: 'divide', divisor: stored === 'u8' ? 255 : 1 },
});

const colour: Input = {
  input: { kind: 'images', channels: 3, size: [8, 9] },
  normalization: {
    kind: 'affine',
    center: Array.from({ length: 216 }, (_, i) => 100 + Math.floor(i / 72)),
    scale: Array.from({ length: 216 }, (_, i) => 60 + Math.floor(i / 72)),
  },
};
const grey = array([9, 8], 'u8');
const sequences = array([3, 12]);

const conv = (filters: number, kernel: number | number[], rest: object = {}): object => ({ type: 'conv2d', filters, kernel, ...rest });
const conv1d = (filters: number, kernel: number, rest: object = {}): object => ({ type: 'conv1d', filters, kernel, ...rest });

/** Networks of pictures and sequences: every layer, and every way in which a window can lie. */
const NETWORKS: Readonly<Record<string, [input: Input, layers: object[]]>> = {
  'a convolution of grey pictures': [grey, [conv(4, 3, { activation: 'relu' })]],
  'one channel that is told': [array([1, 6, 7]), [conv(3, [2, 3], { stride: [2, 1], activation: 'gelu' })]],
  'colours, padding same, an even kernel, dilation': [
    colour,
    [conv(4, 4, { padding: 'same', activation: 'tanh' }), conv(5, [2, 3], { padding: 'same', dilation: [2, 3] })],
  ],
  'groups and depthwise, stride, padding, no bias': [
    colour,
    [conv(6, 3, { groups: 3, padding: [1, 2], bias: false }), conv(12, 3, { groups: 6, stride: 2, padding: 1, activation: 'leaky_relu' })],
  ],
  'batch norm and layer norm': [
    colour,
    [
      conv(4, 3, { batch_norm: true, activation: 'relu', dropout2d: 0.2 }),
      conv(5, 2, { batch_norm: { eps: 0.01 }, bias: false, activation: 'sigmoid' }),
      conv(3, 3, { layer_norm: { eps: 0.01 }, activation: 'relu', dropout: 0.1 }),
    ],
  ],
  'pools with padding and what is left out, flatten, dense layers': [
    grey,
    [
      conv(4, 3, { padding: 1 }),
      { type: 'max_pool2d', kernel: 3, stride: 2, padding: 1, drop_rest: true },
      { type: 'avg_pool2d', kernel: [2, 3], padding: 1, drop_rest: true },
      { type: 'flatten' },
      { type: 'dense', units: 7, batch_norm: true, activation: 'relu' },
      { type: 'dense', units: 7, residual: true },
    ],
  ],
  'a pool first, a global pool last': [
    colour,
    [{ type: 'max_pool2d', kernel: 2, drop_rest: true }, conv(6, 3), { type: 'global_avg_pool' }],
  ],
  'a global pool alone': [colour, [{ type: 'global_avg_pool' }]],
  'layers and blocks with what came in': [
    colour,
    [
      conv(3, 3, { padding: 'same', residual: true, activation: 'relu' }),
      {
        residual: {
          layers: [
            conv(6, 3, { padding: 1, stride: 2, batch_norm: true, activation: 'relu' }),
            conv(6, 3, { padding: 1, batch_norm: true }),
          ],
          batch_norm: true,
          activation: 'relu',
        },
      },
      { repeat: 2, layers: [{ residual: { layers: [conv(6, 3, { padding: 1 }), conv(6, 1)], activation: 'relu' } }] },
      { residual: { layers: [conv(5, 1)] } },
      { type: 'global_avg_pool' },
      {
        residual: {
          layers: [
            { type: 'dense', units: 9, activation: 'tanh' },
            { type: 'dense', units: 5 },
          ],
        },
      },
    ],
  ],
  'a block of grey pictures at the beginning': [
    grey,
    [{ residual: { layers: [conv(1, 3, { padding: 'same' }), conv(1, 3, { padding: 1 })] } }],
  ],
  'a block of colours at the beginning': [
    colour,
    [{ residual: { layers: [conv(3, 3, { padding: 'same' }), conv(3, 3, { padding: 1 })], projection: true } }, conv(2, 3)],
  ],
  sequences: [
    sequences,
    [
      conv1d(6, 3, { padding: 'same', dilation: 2, batch_norm: true, activation: 'relu', dropout1d: 0.1 }),
      { type: 'max_pool1d', kernel: 2 },
      conv1d(4, 3, { stride: 2, padding: 1, groups: 2, layer_norm: true }),
      { residual: { layers: [conv1d(5, 3, { padding: 1 })] } },
      { type: 'avg_pool1d', kernel: 3, padding: 1, drop_rest: true },
    ],
  ],
  'sequences of one channel, a global pool': [
    array([11]),
    [conv1d(4, 4, { padding: 'same', activation: 'relu' }), { type: 'global_avg_pool' }],
  ],
  'columns of a table as pictures, channels first': [
    {
      input: { kind: 'table', columns: Array.from({ length: 9 }, (_, i) => ({ type: 'number', name: `pixel${i}` })) },
      normalization: {
        kind: 'affine',
        center: Array.from({ length: 9 }, (_, i) => 10 * i),
        scale: Array.from({ length: 9 }, (_, i) => 3 + i),
      },
    },
    [{ type: 'reshape', shape: [1, 3, 3] }, conv(4, 2, { activation: 'relu' })],
  ],
  'numbers as pictures, channels last': [
    array([24]),
    [{ type: 'reshape', shape: [3, 4, 2], channels: 'last' }, conv(4, 2, { activation: 'relu' })],
  ],
  'pictures out of a dense layer': [
    array([5]),
    [
      { type: 'dense', units: 36, activation: 'relu' },
      { type: 'reshape', shape: [4, 3, 3] },
      conv(3, 2, { layer_norm: true }),
      { type: 'flatten' },
      { type: 'dense', units: 12 },
      { type: 'reshape', shape: [6, 2] },
      conv1d(3, 2),
    ],
  ],
  'dense layers of colours': [colour, [{ type: 'dense', units: 5, activation: 'relu' }]],
};

export const PICTURE_NETWORKS: readonly string[] = Object.keys(NETWORKS);

/** A network of pictures with three classes, or three values. */
export function picturesOf(name: string, outcome: 'softmax' | 'several values' = 'softmax'): ExportModel {
  const [input, layers] = NETWORKS[name]!;
  return madeOf(name, [...layers, { type: 'dense', units: 3 }], input, outcome);
}
