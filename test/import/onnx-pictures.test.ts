import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { readOnnxModel } from '../../src/export/from-onnx.ts';
import { encodeOnnx } from '../../src/export/onnx/encode.ts';
import { elements } from '../../src/graph/shape.ts';
import type { ImportedLayer } from '../../src/import/onnx/match/layer-types.ts';
import { matchLayers } from '../../src/import/onnx/match/layers.ts';
import type { OnnxAttribute, OnnxModel, OnnxTensor } from '../../src/import/onnx/proto.ts';
import { normal } from '../../src/random/distributions.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { fileOf } from './support/file.ts';

type Attributes = Record<string, number | number[] | string>;
/** Operator, weights and other constants by the shapes or values of them, attributes; each node reads what the one before it made. */
type Step = [op: string, constants?: (number[] | OnnxTensor)[], attributes?: Attributes];

const attribute = (value: Attributes[string]): OnnxAttribute =>
  typeof value === 'number' ? { type: 'int', value } : typeof value === 'string' ? { type: 'string', value } : { type: 'ints', value };

const whole = (...values: number[]): OnnxTensor => ({ name: '', dims: [values.length], values });

/** A file of a chain of nodes. */
function chainOf(input: (number | string)[], steps: Step[]): OnnxModel {
  const model: OnnxModel = {
    irVersion: 8,
    producer: 'test',
    opset: 17,
    graphName: 'chain',
    nodes: [],
    initializers: new Map(),
    inputs: [{ name: 't0', type: 'float', dims: ['N', ...input] }],
    outputs: [{ name: `t${steps.length}`, type: 'float', dims: ['N', '?'] }],
    metadata: {},
  };
  for (const [i, [op, constants = [], attributes = {}]] of steps.entries()) {
    const names = constants.map((constant, k) => {
      const name = `c${i}_${k}`;
      const dims = Array.isArray(constant) ? constant : constant.dims;
      const stream = new RandomStream(7, 'init', 10 * i + k);
      const values = Array.isArray(constant)
        ? Float32Array.from({ length: elements(dims) }, (_, j) => normal(stream, j) / Math.sqrt(elements(dims.slice(1))))
        : constant.values;
      model.initializers.set(name, { name, dims, values });
      return name;
    });
    model.nodes.push({
      name: `n${i}`,
      op,
      inputs: [`t${i}`, ...names],
      outputs: [`t${i + 1}`],
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attribute(value)])),
      at: 0,
    });
  }
  return model;
}

test('outputs without softmax are logits where classes are named, and values else', (t) => {
  const file = fileOf(t, encodeOnnx(chainOf([3, 4, 4], [['GlobalAveragePool'], ['Flatten'], ['Gemm', [[2, 3], [2]], { transB: 1 }]])));
  const { model } = readOnnxModel(file, 'm', ['cat', 'dog']);
  t.is(model.graph.loss.loss.type, 'softmax_cross_entropy');
  t.deepEqual(model.preprocess.target, { kind: 'class', classes: ['cat', 'dog'] });
  t.is(readOnnxModel(file, 'm').model.graph.loss.loss.type, 'mse');
});

const layersOf = (input: (number | string)[], steps: Step[]): ImportedLayer[] => matchLayers(chainOf(input, steps), 'm.onnx').layers;

/** The file means the same to gradloom as to its own operators: compared when it is read. */
function assertReads(t: ExecutionContext, model: OnnxModel): void {
  const { check } = readOnnxModel(fileOf(t, encodeOnnx(model)), 'm');
  t.true(check.rows === 100 && check.difference < 1e-5);
}

const head: Step[] = [['Flatten'], ['Gemm', [[3, 4 * 3 * 3], [3]], { transB: 1 }]];

test('pools in front of relu, as many examples of PyTorch have them, are pools behind it', (t) => {
  const steps: Step[] = [
    ['Conv', [[4, 1, 3, 3], [4]], { kernel_shape: [3, 3] }],
    ['MaxPool', [], { kernel_shape: [2, 2], strides: [2, 2] }],
    ['Relu'],
    ...head,
  ];
  t.deepEqual(layersOf([1, 8, 8], steps), [
    { type: 'conv2d', filters: 4, kernel: 3, activation: { type: 'relu' } },
    { type: 'max_pool2d', kernel: 2 },
    { type: 'dense', units: 3 },
  ]);
  assertReads(t, chainOf([1, 8, 8], steps));
});

test('pictures that come with their channels last, and are flattened so, as TensorFlow has them', (t) => {
  const steps: Step[] = [
    ['Transpose', [], { perm: [0, 3, 1, 2] }],
    ['Conv', [[4, 2, 3, 3]], { auto_pad: 'SAME_UPPER' }],
    ['Add', [[1, 4, 1, 1]]],
    ['Relu'],
    ['AveragePool', [], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'VALID' }],
    ['Transpose', [], { perm: [0, 2, 3, 1] }],
    ['Reshape', [whole(-1, 36)]],
    ['MatMul', [[36, 3]]],
    ['Add', [[3]]],
    ['Softmax', [], { axis: 1 }],
  ];
  t.deepEqual(layersOf([7, 6, 2], steps), [
    { type: 'reshape', shape: [2, 7, 6], channels: 'last' },
    { type: 'conv2d', filters: 4, kernel: 3, padding: 'same', activation: { type: 'relu' } },
    { type: 'avg_pool2d', kernel: 2, drop_rest: true },
    { type: 'dense', units: 3 },
  ]);
  assertReads(t, chainOf([7, 6, 2], steps));
});

test('means and maxima over all places, a channel that is put in front of sequences', (t) => {
  for (const axes of [[2], [-1]]) {
    const steps: Step[] = [
      ['Unsqueeze', [whole(1)]],
      ['Conv', [[5, 1, 3], [5]], { dilations: [2], pads: [1, 1], strides: [2] }],
      ['Tanh'],
      ['ReduceMean', [], { axes, keepdims: 0 }],
    ];
    t.deepEqual(layersOf([11], steps), [
      { type: 'conv1d', filters: 5, kernel: 3, stride: 2, padding: 1, dilation: 2, activation: { type: 'tanh' } },
      { type: 'global_avg_pool' },
    ]);
    assertReads(t, chainOf([11], steps));
  }
  const steps: Step[] = [['Conv', [[5, 2, 2, 3]]], ['GlobalMaxPool'], ['Flatten'], ['Gemm', [[5, 2]]]];
  t.deepEqual(layersOf([2, 4, 4], steps), [
    { type: 'conv2d', filters: 5, kernel: [2, 3], bias: false },
    { type: 'max_pool2d', kernel: [3, 2] },
    { type: 'dense', units: 2 },
  ]);
});

const conv: Step = ['Conv', [[4, 1, 3, 3], [4]]];
const refused: [title: string, input: (number | string)[], steps: Step[], message: RegExp][] = [
  ['open extents', [1, 'H', 'W'], [conv, ...head], /^node n0 \(Conv\): an input of open extents; expected pictures/],
  ['flat rows', [64], [conv, ...head], /^node n0 \(Conv\): rows of shape \[64\]; expected pictures/],
  ['weights for other channels', [2, 5, 5], [conv, ...head], /weights of shape \[4, 1, 3, 3\] in 1 groups for pictures of \[2, 5, 5\]/],
  [
    'uneven padding',
    [1, 8, 8],
    [['Conv', [[4, 1, 3, 3]], { pads: [0, 0, 1, 1], strides: [2, 2] }], ...head],
    /pads 0 before and 1 behind; expected/,
  ],
  ['a kernel that is too large', [1, 2, 2], [conv, ...head], /a kernel of 3 does not fit into 2/],
  [
    'means without padding',
    [1, 5, 5],
    [conv, ['AveragePool', [], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }], ...head],
    /count_include_pad 0/,
  ],
  [
    'dilated pools',
    [1, 6, 6],
    [conv, ['MaxPool', [], { kernel_shape: [2, 2], dilations: [2, 2] }], ...head],
    /dilations is \[2, 2\], expected 1/,
  ],
  [
    'windows beyond the padding',
    [1, 6, 6],
    [conv, ['MaxPool', [], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }], ...head],
    /ceil_mode/,
  ],
  [
    'an axis too few',
    [1, 5, 5],
    [['Conv', [[4, 1, 3, 3]], { strides: [1] }], ...head],
    /strides is \[1\], expected 2 whole numbers above 0/,
  ],
  ['a mean of channels', [1, 5, 5], [conv, ['ReduceMean', [], { axes: [1] }], ...head], /a mean over other axes/],
  [
    'relu behind a mean',
    [1, 5, 5],
    [conv, ['AveragePool', [], { kernel_shape: [1, 1] }], ['Relu'], ...head],
    /^node n2 \(Relu\): no layer/,
  ],
  ['pictures at the end', [1, 5, 5], [conv], /the last layer gives pictures of \[4, 3, 3\]; expected numbers/],
  ['pictures in a product', [1, 5, 3], [conv, ['MatMul', [[1, 3]]]], /multiplies rows of shape \[4, 3, 1\]; expected flat ones/],
  ['pictures of another form', [1, 5, 5], [conv, ['Reshape', [whole(0, 9, 4)]], ...head], /makes \[9, 4\] of pictures of \[4, 3, 3\]/],
  [
    'channels between height and width',
    [1, 5, 5],
    [conv, ['Transpose', [], { perm: [0, 2, 1, 3] }], ...head],
    /perm is \[0, 2, 1, 3\]; expected/,
  ],
];

for (const [title, input, steps, message] of refused) {
  test(`refused with the node: ${title}`, (t) => {
    const error = t.throws(() => layersOf(input, steps), { instanceOf: GradloomError });
    t.is(error.code, 'E_ONNX');
    t.regex(error.message, message);
  });
}

test('a block whose projection goes by other steps than gradloom would take is refused', (t) => {
  const model = chainOf([2, 9, 9], [['Conv', [[3, 2, 1, 1]], { strides: [4, 4] }]]);
  const weight = (name: string, dims: number[]): void => {
    model.initializers.set(name, { name, dims, values: new Float32Array(elements(dims)) });
  };
  weight('w', [3, 2, 3, 3]);
  weight('d', [27, 2]);
  const node = (op: string, inputs: string[], output: string, attributes: Attributes = {}): void => {
    const entries = Object.entries(attributes).map(([key, value]): [string, OnnxAttribute] => [key, attribute(value)]);
    model.nodes.push({ name: op, op, inputs, outputs: [output], attributes: new Map(entries), at: 0 });
  };
  node('Conv', ['t0', 'w'], 'a', { strides: [3, 3], pads: [1, 1, 1, 1] });
  node('Add', ['a', 't1'], 'b');
  node('Flatten', ['b'], 'c');
  node('Gemm', ['c', 'd'], 'e');
  model.outputs = [{ name: 'e', type: 'float', dims: ['N', 2] }];
  t.throws(() => matchLayers(model, 'm.onnx'), {
    code: 'E_ONNX',
    message: 'node n0 (Conv): is no projection of [2, 9, 9] to [3, 3, 3]: stride [4, 4] gives [3, 3, 3]',
  });
});
