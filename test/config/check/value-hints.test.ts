import test from 'ava';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const LOSSES = 'expected one of softmax_cross_entropy, sigmoid_cross_entropy, mse, huber, mae';
const ACTIVATIONS = 'expected one of identity, relu, leaky_relu, sigmoid, tanh, gelu';
const TYPES =
  'expected one of dense, conv2d, conv1d, max_pool2d, avg_pool2d, max_pool1d, avg_pool1d, global_avg_pool, flatten, reshape, repeat, block, residual';
const layers = (text: string) => `data: {source: mnist}\nmodel: {layers: [${text}]}\n`;

/** Slips that users of other tools make; each is answered with the cure. */
const slips: { text: string; problems: string[] }[] = [
  {
    text: layers('256, 10'),
    problems: [
      `2:18 [E_CONFIG_TYPE] model.layers.0: wrong type; got 256; ${TYPES}; write {type: dense, units: 256}`,
      `2:23 [E_CONFIG_TYPE] model.layers.1: wrong type; got 10; ${TYPES}; write {type: dense, units: 10}`,
    ],
  },
  {
    text: layers('{type: dense, units: [256, 128, 64, 10]}'),
    problems: [
      '2:32 [E_CONFIG_TYPE] model.layers.0.units: wrong type; got a list; expected an integer from 1 to 1000000; write a layer for each: model.layers: [{type: dense, units: 256}, {type: dense, units: 128}, {type: dense, units: 64}, ...]',
    ],
  },
  {
    text: layers('{type: dense, units: 10, activation: softmax}'),
    problems: [
      `2:55 [E_CONFIG_VALUE] model.layers.0.activation: unknown value; got softmax; ${ACTIVATIONS}; the loss includes the softmax: leave the activation of the last layer out`,
    ],
  },
  ...[
    ['silu', 'it is not there; gelu comes nearest'],
    ['Swish', 'it is not there; gelu comes nearest'],
    ['ELU', 'it is not there; gelu comes nearest'],
    ['ReLU6', 'it is not there; relu or leaky_relu comes nearest'],
    ['prelu', 'it is not there; relu or leaky_relu comes nearest'],
  ].map(([activation, advice]) => ({
    text: layers(`{type: dense, units: 10, activation: ${activation}}`),
    problems: [`2:55 [E_CONFIG_VALUE] model.layers.0.activation: unknown value; got ${activation}; ${ACTIVATIONS}; ${advice}`],
  })),
  ...[
    ['log_softmax', 'the loss includes the softmax: leave this layer out'],
    ['ReLU', 'an activation is a key of a layer: {type: dense, units: N, activation: relu}'],
    ['dropout', 'dropout is a key of a layer: {type: dense, units: N, dropout: 0.5}'],
    ['SpatialDropout2D', 'it is a key of a layer: dropout2d of conv2d, dropout1d of conv1d'],
    ['BatchNorm1d', 'it is a key of a layer: {type: dense, units: N, batch_norm: true}, of conv2d and conv1d too'],
    ['InputLayer', 'what goes in follows from the data: leave this layer out'],
    ['ZeroPadding2D', 'it is a key of the layer behind it: {type: conv2d, filters: N, kernel: 3, padding: 1}'],
    ['DepthwiseConv2D', 'a conv2d with as many groups as channels is depthwise; kernel: 1 behind it makes it separable'],
    ['GlobalMaxPooling1D', 'a max_pool2d with a kernel as large as the picture does it, and flatten behind it'],
    ['GlobalAveragePooling2D', 'did you mean global_avg_pool?'],
    ['nn.AdaptiveAvgPool2d', 'did you mean global_avg_pool?'],
  ].map(([type, advice]) => ({
    text: layers(`{type: ${type}}`),
    problems: [`2:25 [E_CONFIG_VALUE] model.layers.0.type: unknown value; got ${type}; ${TYPES}; ${advice}`],
  })),
  ...[
    ['Linear, units: 10', 'dense'],
    ['nn.Conv2d, filters: 8, kernel: 3', 'conv2d'],
    ['convolution, filters: 8, kernel: 3', 'conv2d'],
    ['Conv1D, filters: 8, kernel: 3', 'conv1d'],
    ['MaxPooling2D, kernel: 2', 'max_pool2d'],
    ['max_pool, kernel: 2', 'max_pool2d'],
    ['AvgPool1d, kernel: 2', 'avg_pool1d'],
    ['average_pooling2d, kernel: 2', 'avg_pool2d'],
    ['unflatten, shape: [1, 28, 28]', 'reshape'],
  ].map(([given = '', ours]) => ({
    text: layers(`{type: ${given}}, {type: dense, units: 10}`),
    problems: [`2:25 [E_CONFIG_VALUE] model.layers.0.type: unknown value; got ${given.split(',')[0]}; ${TYPES}; did you mean ${ours}?`],
  })),
  ...[
    ['lstm', 'no recurrent layers'],
    ['GRU', 'no recurrent layers'],
    ['SimpleRNN', 'no recurrent layers'],
    ['conv_transpose2d', 'no transposed convolutions'],
    ['Conv2DTranspose', 'no transposed convolutions'],
    ['Conv3D', 'no layers for volumes'],
    ['MaxPool3d', 'no layers for volumes'],
    ['MultiHeadAttention', 'no attention'],
    ['transformer', 'no attention'],
    ['Embedding', 'no embeddings'],
    ['GroupNorm', 'batch_norm and layer_norm only'],
    ['UpSampling2D', 'no layers that make pictures larger'],
    ['concatenate', 'no layers of several inputs, but residual'],
  ].map(([type, lack]) => ({
    text: layers(`${type}, {type: dense, units: 10}`),
    problems: [`2:18 [E_CONFIG_VALUE] model.layers.0: gradloom has ${lack}; got ${type}; ${TYPES} | docs/features.md tells what there is`],
  })),
  ...[
    ['conv2d, filters: 8, kernel: 3, strides: 2', 'strides', 'stride'],
    ['conv2d, filters: 8, kernel: 3, dilation_rate: 2', 'dilation_rate', 'dilation'],
    ['conv2d, filters: 8, kernel: 3, use_bias: false', 'use_bias', 'bias'],
    ['conv2d, filters: 8, kernel: 3, bn: true', 'bn', 'batch_norm'],
    ['conv2d, filters: 8, kernel: 3, spatial_dropout: 0.1', 'spatial_dropout', 'dropout2d'],
    ['conv1d, filters: 8, kernel: 3, spatial_dropout: 0.1', 'spatial_dropout', 'dropout1d'],
    ['conv2d, filters: 8, kernel: 3, border_mode: same', 'border_mode', 'padding'],
    ['max_pool2d, kernel: 2, floor_mode: true', 'floor_mode', 'drop_rest'],
    // The key that is missing is not told beside the one that was meant for it.
    ['conv2d, out_channels: 8, kernel: 3', 'out_channels', 'filters'],
    ['conv2d, units: 8, kernel: 3', 'units', 'filters'],
    ['conv1d, filters: 8, kernel_size: 3', 'kernel_size', 'kernel'],
    ['max_pool2d, pool_size: 3', 'pool_size', 'kernel'],
    ['dense, filters: 3', 'filters', 'units'],
  ].map(([layer, key = '', ours]) => ({
    text: layers(`{type: ${layer}}, {type: dense, units: 10}`),
    problems: [
      `2:${`model: {layers: [{type: ${layer}`.indexOf(`${key}:`) + 1} [E_CONFIG_UNKNOWN_KEY] model.layers.0.${key}: unknown key; did you mean model.layers.0.${ours}?`,
    ],
  })),
  {
    text: layers('{type: max_pool2d, kernel: 2, ceil_mode: true}, {type: dense, units: 10}'),
    problems: [
      '2:48 [E_CONFIG_UNKNOWN_KEY] model.layers.0.ceil_mode: unknown key; windows end inside the picture: drop_rest: true leaves out the pixels behind the last one, padding takes them in',
    ],
  },
  {
    text: layers('{type: conv2d, filters: 8, kernel: 3, padding: 100000}, {type: dense, units: 10}'),
    problems: [
      '2:65 [E_CONFIG_RANGE] model.layers.0.padding: out of range; got 100000; expected an integer from 0 to 4096, or a list of 2 items, or one of same, valid',
    ],
  },
  ...['3x3', '(3, 3)'].map((kernel) => ({
    text: layers(`{type: conv2d, filters: 8, kernel: "${kernel}"}, {type: dense, units: 10}`),
    problems: [
      `2:53 [E_CONFIG_TYPE] model.layers.0.kernel: wrong type; got "${kernel}"; expected an integer from 1 to 4096, or a list of 2 items; write [3, 3]`,
    ],
  })),
  {
    text: 'data: {source: mnist}\nmodel: {layers: [stem, {type: dense, units: 10}], blocks: {stem: [flatten]}}\n',
    problems: ['2:18 [E_CONFIG_VALUE] model.layers.0: unknown value; got stem; a block is put in as {block: stem}'],
  },
  ...[
    ['cross_entropy', 'softmax_cross_entropy'],
    ['CrossEntropyLoss', 'softmax_cross_entropy'],
    ['categorical_crossentropy', 'softmax_cross_entropy'],
    ['nll_loss', 'softmax_cross_entropy'],
    ['bce', 'sigmoid_cross_entropy'],
    ['mean_squared_error', 'mse'],
    ['l1', 'mae'],
  ].map(([loss, ours]) => ({
    text: `${VALID}loss: ${loss}`,
    problems: [`3:7 [E_CONFIG_VALUE] loss: unknown value; got ${loss}; ${LOSSES}; did you mean ${ours}?`],
  })),
  ...[
    ['early_stop: {}', 'early_stop', 'train.early_stop'],
    ['early_stopping: {patience: 3}', 'early_stopping', 'train.early_stop'],
    ['hidden_layers: [3]', 'hidden_layers', 'model.layers'],
    ['learning_rate: 0.1', 'learning_rate', 'optimizer.lr'],
    ['lr: 0.1', 'lr', 'optimizer.lr'],
    ['epoch: 3', 'epoch', 'train.epochs'],
    ['batchsize: 3', 'batchsize', 'train.batch_size'],
    ['dataset: mnist', 'dataset', 'data.source'],
  ].map(([yaml, key, ours]) => ({
    text: `${VALID}${yaml}`,
    problems: [`3:1 [E_CONFIG_UNKNOWN_KEY] ${key}: unknown key; did you mean ${ours}?`],
  })),
  {
    text: `${VALID}device: cuda`,
    problems: [
      '3:1 [E_CONFIG_UNKNOWN_KEY] device: unknown key; gradloom computes on the cores of the processor; parallel.workers says on how many',
    ],
  },
  {
    text: 'data: {source: {type: hdf5, path: x}}\nmodel: {layers: [{type: dense, units: 1}]}\n',
    problems: [
      '1:23 [E_CONFIG_VALUE] data.source.type: unknown value; got hdf5; expected one of mnist, idx, csv, parquet, npy, npz, arrays, images, synthetic; write the rows as one of these: numpy.savez for type: npz, to_csv or to_parquet of pandas for tables',
    ],
  },
];
for (const { text, problems } of slips) {
  test(`answered with the cure: ${problems.at(-1)?.replace(/; expected [^;]*;/, ';')}`, (t) => {
    t.is(errorOf(() => parse(text)).exitCode, 78);
    t.deepEqual(
      problemsOf(() => parse(text)),
      problems.map((problem) => `a.yaml:${problem}`),
    );
  });
}

test('a capital letter in a name is no riddle, and the keys beside it are looked at too', (t) => {
  t.deepEqual(
    problemsOf(() => parse(`${VALID}optimizer: {type: Adam, lr: x, betas: [0.9]}`)).map((line) => line.replace(/; expected.*; /, ' ... ')),
    [
      'a.yaml:3:19 [E_CONFIG_VALUE] optimizer.type: unknown value; got Adam ... did you mean adam?',
      'a.yaml:3:29 [E_CONFIG_TYPE] optimizer.lr: wrong type; got x; expected a number above 0, at most 1e+30',
      'a.yaml:3:32 [E_CONFIG_RANGE] optimizer.betas: out of range; got 1 items; expected a list of 2 items',
    ],
  );
});

test('a missing type does not hide what else is wrong beside and below it, nor invent anything', (t) => {
  t.deepEqual(
    problemsOf(() => parse(layers('{units: x, activation: rleu, foo: 1}, {units: 10, activation: relu, init: zeros}'))),
    [
      `a.yaml:2:18 [E_CONFIG_MISSING] model.layers.0.type: missing; ${TYPES}; by its keys it is dense`,
      'a.yaml:2:26 [E_CONFIG_TYPE] model.layers.0.units: wrong type; got x; expected an integer from 1 to 1000000',
      `a.yaml:2:41 [E_CONFIG_VALUE] model.layers.0.activation: unknown value; got rleu; ${ACTIVATIONS}; did you mean relu?`,
      'a.yaml:2:47 [E_CONFIG_UNKNOWN_KEY] model.layers.0.foo: unknown key; the keys here are type, units, batch_norm, layer_norm, activation, dropout, residual, init',
      `a.yaml:2:56 [E_CONFIG_MISSING] model.layers.1.type: missing; ${TYPES}; by its keys it is dense`,
    ],
  );
  t.deepEqual(
    problemsOf(() => parse('data: {source: {images: a, label: b}}\nmodel: {layers: [{type: dense, units: 1}]}\n')),
    [
      'a.yaml:1:8 [E_CONFIG_MISSING] data.source.type: missing; expected one of mnist, idx, csv, parquet, npy, npz, arrays, images, synthetic; by its keys it is idx',
      'a.yaml:1:8 [E_CONFIG_MISSING] data.source.labels: missing; expected a file name, or a list of them',
      'a.yaml:1:28 [E_CONFIG_UNKNOWN_KEY] data.source.label: unknown key; did you mean data.source.labels?',
    ],
  );
});

test('several values in an argument are for a sweep, whose command is told', (t) => {
  for (const [argument, message] of [
    ['optimizer.lr=0.1,0.2', 'optimizer.lr: wrong type; got 0.1,0.2; expected a number above 0, at most 1e+30'],
    ['lr=0.1,0.2', 'lr: unknown key; did you mean optimizer.lr?'],
    ['train.epochs=1,5', 'train.epochs: wrong type; got 1,5; expected an integer from 1 to 1000000000'],
    ['loss=mse,mae', `loss: unknown value; got mse,mae; ${LOSSES}`],
  ] as const) {
    const { problems, exitCode } = errorOf(() => parse(VALID, [argument]));
    t.is(exitCode, 78);
    t.deepEqual(
      problems.map((problem) => [problem.message, problem.next]),
      [[message, `to try each of the values: gradloom sweep FILE ${argument}`]],
    );
  }
  t.is(errorOf(() => parse(VALID, ['train.epochs="1,5"'])).next, undefined);
});
