import test from 'ava';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const LOSSES = 'expected one of softmax_cross_entropy, sigmoid_cross_entropy, mse, huber, mae';
const ACTIVATIONS = 'expected one of identity, relu, leaky_relu, sigmoid, tanh, gelu';
const layers = (text: string) => `data: {source: mnist}\nmodel: {layers: [${text}]}\n`;

/** Slips that users of other tools make; each is answered with the cure. */
const slips: { text: string; problems: string[] }[] = [
  {
    text: layers('256, 10'),
    problems: [
      '2:18 [E_CONFIG_TYPE] model.layers.0: wrong type; got 256; expected dense; write {type: dense, units: 256}',
      '2:23 [E_CONFIG_TYPE] model.layers.1: wrong type; got 10; expected dense; write {type: dense, units: 10}',
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
    ['log_softmax', 'the loss includes the softmax: leave this layer out'],
    ['Linear', 'did you mean dense?'],
    ['ReLU', 'an activation is a key of a dense layer: {type: dense, units: N, activation: relu}'],
    ['dropout', 'dropout is a key of a dense layer: {type: dense, units: N, dropout: 0.5}'],
    ['BatchNorm1d', 'it is a key of a dense layer: {type: dense, units: N, batch_norm: true}'],
    ['flatten', 'samples are flattened by themselves: leave this layer out'],
    ['conv2d', 'this version has dense layers only'],
  ].map(([type, advice]) => ({
    text: layers(`{type: ${type}}`),
    problems: [`2:25 [E_CONFIG_VALUE] model.layers.0.type: unknown value; got ${type}; expected dense; ${advice}`],
  })),
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
  test(`answered with the cure: ${problems[0]?.replace(/; expected [^;]*;/, ';')}`, (t) => {
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
      'a.yaml:2:18 [E_CONFIG_MISSING] model.layers.0.type: missing; expected dense',
      'a.yaml:2:26 [E_CONFIG_TYPE] model.layers.0.units: wrong type; got x; expected an integer from 1 to 1000000',
      `a.yaml:2:41 [E_CONFIG_VALUE] model.layers.0.activation: unknown value; got rleu; ${ACTIVATIONS}; did you mean relu?`,
      'a.yaml:2:47 [E_CONFIG_UNKNOWN_KEY] model.layers.0.foo: unknown key; the keys here are type, units, batch_norm, layer_norm, activation, dropout, residual, init',
      'a.yaml:2:56 [E_CONFIG_MISSING] model.layers.1.type: missing; expected dense',
    ],
  );
  t.deepEqual(
    problemsOf(() => parse('data: {source: {images: a, label: b}}\nmodel: {layers: [{type: dense, units: 1}]}\n')),
    [
      'a.yaml:1:8 [E_CONFIG_MISSING] data.source.type: missing; expected one of mnist, idx, csv, parquet, npy, npz, arrays, images, synthetic',
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
