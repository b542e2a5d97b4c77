import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { habitualMetric } from '../../../src/sweep/check/metric-habits.ts';
import { type LoadedSweep, loadSweep, sweepFiles } from '../../../src/sweep/file/load.ts';
import { checkUnchanged } from '../../../src/sweep/journal/changes.ts';
import { workplace } from '../../cli/support/run-cli.ts';

const MNIST = path.resolve('configs/mnist.yaml');
const TWO_HIDDEN = `extends: mnist.yaml
model: {layers: [{type: dense, units: 64, activation: relu}, {type: dense, units: 32, activation: relu}, {type: dense, units: 10}]}
`;

function load(t: ExecutionContext, text: string, overrides: readonly string[] = [], base = MNIST): LoadedSweep {
  const directory = workplace(t, { 'sweep.yaml': text });
  return loadSweep(path.join(directory, 'sweep.yaml'), { overrides: [`base=${base}`, ...overrides] });
}

/** Each problem as `line:column CODE message | next`. */
function problemsOf(t: ExecutionContext, text: string, overrides: readonly string[] = [], base = MNIST): string[] {
  const { problems, exitCode } = t.throws(() => load(t, text, overrides, base), { instanceOf: GradloomError });
  t.is(exitCode, 78);
  return problems.map(({ where = '', code, message, next }) => {
    return `${where.replace(/^.*sweep\.yaml:/, '')} ${code} ${message}${next === undefined ? '' : ` | ${next}`}`;
  });
}

// ---- files as W&B's users write them ---------------------------------------------------------------------------------

interface Usable {
  title: string;
  text: string;
  overrides?: readonly string[];
  keys: string[];
  notices: string[];
}

const usable: Usable[] = [
  {
    title: "the first example of W&B's documentation",
    text: `program: train.py
name: sweepdemo
method: bayes
metric:
  goal: minimize
  name: validation_loss
parameters:
  learning_rate:
    min: 0.0001
    max: 0.1
  batch_size:
    values: [16, 32, 64]
  epochs:
    values: [5, 10, 15]
  optimizer:
    values: ["adam", "sgd"]
`,
    keys: ['optimizer.lr', 'train.batch_size', 'train.epochs', 'optimizer.type'],
    notices: [
      'method: bayes is read as tpe',
      'program: for W&B only, ignored',
      'parameters: learning_rate is read as optimizer.lr',
      'parameters: batch_size is read as train.batch_size',
      'parameters: epochs is read as train.epochs',
      'parameters: optimizer is read as optimizer.type',
      'metric: validation_loss is read as val.loss',
      'neither run_cap nor budget is given: 50 trials',
    ],
  },
  {
    title: 'a tutorial with PyTorch, and a command of placeholders',
    text: `program: train.py
project: pytorch-sweeps-demo
entity: someone
method: random
metric: {name: loss, goal: minimize}
run_cap: 5
parameters:
  optimizer:
    values: ['adam', 'sgd']
  fc_layer_size:
    values: [128, 256, 512]
  dropout:
    values: [0.3, 0.4, 0.5]
  epochs:
    value: 1
  learning_rate:
    # a flat distribution between 0 and 0.1
    distribution: uniform
    min: 0
    max: 0.1
  batch_size:
    distribution: q_log_uniform_values
    q: 8
    min: 32
    max: 256
command:
  - \${env}
  - \${interpreter}
  - \${program}
  - "--wandb"
  - \${args}
`,
    keys: ['optimizer.type', 'model.layers.0.units', 'model.layers.0.dropout', 'train.epochs', 'optimizer.lr', 'train.batch_size'],
    notices: [
      'program, command, entity, project: for W&B only, ignored',
      'parameters: optimizer is read as optimizer.type',
      'parameters: fc_layer_size is read as model.layers.0.units',
      'parameters: dropout is read as model.layers.0.dropout',
      'parameters: epochs is read as train.epochs',
      'parameters: learning_rate is read as optimizer.lr',
      'parameters: batch_size is read as train.batch_size',
      'metric: loss is read as val.loss',
      'optimizer.lr: min 0 is just outside what it may be (above 0), and is read as 1e-7',
    ],
  },
  {
    title: 'a grid in short',
    text: `method: grid
metric: {name: val_acc, goal: maximize}
parameters:
  bs: {values: [16, 32]}
  lr: {values: [0.1, 0.01]}
`,
    keys: ['train.batch_size', 'optimizer.lr'],
    notices: [
      'parameters: bs is read as train.batch_size',
      'parameters: lr is read as optimizer.lr',
      'metric: val_acc is read as val.accuracy',
    ],
  },
  {
    title: 'nested parameters, a title, and hyperband',
    text: `program: train.py
method: random
name: "My first sweep!"
description: nested
run_cap: 40
metric: {name: Validation/Accuracy, goal: maximize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  optimizer:
    parameters:
      learning_rate: {distribution: log_uniform_values, min: 1e-4, max: 1e-1}
      momentum: {distribution: uniform, min: 0.5, max: 1}
      name: {values: [sgd]}
`,
    keys: ['optimizer.lr', 'optimizer.momentum', 'optimizer.type'],
    notices: [
      "early_terminate: W&B's hyperband is read as asha, its iterations as epochs",
      "name: My first sweep! is read as My-first-sweep, for the directory's name",
      'program, description: for W&B only, ignored',
      'parameters: optimizer.learning_rate is read as optimizer.lr',
      'parameters: optimizer.name is read as optimizer.type',
      'metric: Validation/Accuracy is read as val.accuracy',
      'early_terminate: rungs at 1, 2, 4, 8, 16, 20 epochs',
    ],
  },
  {
    title: 'a momentum that one of two optimizers has, and bounds that are just outside',
    text: `method: random
run_cap: 5
metric: {name: test/accuracy, goal: maximize}
parameters:
  learning_rate: {distribution: log_uniform, min: -9.21, max: -2.3}
  momentum: {min: 0.5, max: 0.99}
  optimizer: {values: [adam, sgd]}
  weight_decay: {distribution: log_normal, mu: -8, sigma: 1}
  activation: {values: [relu, tanh, gelu]}
  dropout: {min: 0.0, max: 1.0}
  seed: {value: 42}
`,
    keys: [
      'optimizer.lr',
      'optimizer.momentum',
      'optimizer.type',
      'optimizer.weight_decay',
      'model.layers.0.activation.type',
      'model.layers.0.dropout',
      'seed',
    ],
    notices: [
      'parameters: learning_rate is read as optimizer.lr',
      'parameters: momentum is read as optimizer.momentum',
      'parameters: optimizer is read as optimizer.type',
      'parameters: weight_decay is read as optimizer.weight_decay',
      'parameters: activation is read as model.layers.0.activation.type',
      'parameters: dropout is read as model.layers.0.dropout',
      'optimizer.momentum: only optimizer.type sgd has it, so it varies there only',
      'metric: test/accuracy is read as val.accuracy: the test set has no part in a search',
      'model.layers.0.dropout: max 1 is just outside what it may be (at most 0.99), and is read as 0.99',
    ],
  },
  {
    title: 'names of its own, with rename in the file and on the command line',
    text: `program: train.py
method: random
run_cap: 5
metric: {name: accuracy, goal: maximize}
rename: {schritt: optimizer.lr}
parameters:
  schritt: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  layer_1_size: {distribution: q_uniform, min: 64, max: 256, q: 32}
`,
    overrides: ['rename.layer_1_size=model.layers.0.units'],
    keys: ['optimizer.lr', 'model.layers.0.units'],
    notices: ['program: for W&B only, ignored', 'metric: accuracy is read as val.accuracy'],
  },
  {
    title: 'exponents that look like values, and a key of a part that only one type has',
    text: `method: random
run_cap: 5
metric: {name: acc}
parameters:
  learning_rate: {distribution: log_uniform, min: 0.0001, max: 0.1}
  weight_decay: {distribution: inv_log_uniform, min: 0.001, max: 0.1}
  hidden_units: {distribution: int_uniform, min: 32, max: 128}
  label_smoothing: {min: 0, max: 0.2}
`,
    keys: ['optimizer.lr', 'optimizer.weight_decay', 'model.layers.0.units', 'loss.label_smoothing'],
    notices: [
      'parameters: learning_rate is read as optimizer.lr',
      'parameters: weight_decay is read as optimizer.weight_decay',
      'parameters: hidden_units is read as model.layers.0.units',
      'parameters: label_smoothing is read as loss.label_smoothing',
      'metric: acc is read as val.accuracy',
      'optimizer.lr: log_uniform: min and max are exponents of e, so values are 1.0001 to 1.1052 (e^0.0001 to e^0.1); for values use log_uniform_values',
      'optimizer.weight_decay: inv_log_uniform: min and max are exponents of e, so values are 0.90484 to 0.999 (e^-0.1 to e^-0.001); for values use inv_log_uniform_values',
    ],
  },
  {
    title: 'parts without a counterpart, left out on the command line',
    text: `program: main.py
method: grid
metric: {name: epoch/val_loss}
parameters:
  architecture: {value: mlp}
  num_layers: {values: [1, 2, 3]}
  lr: {values: [0.1, 0.2]}
`,
    overrides: ['~parameters.architecture', '~parameters.num_layers'],
    keys: ['optimizer.lr'],
    notices: ['program: for W&B only, ignored', 'parameters: lr is read as optimizer.lr', 'metric: epoch/val_loss is read as val.loss'],
  },
];
for (const { title, text, overrides, keys, notices } of usable) {
  test(`usable as it is: ${title}`, (t) => {
    const loaded = load(t, text, overrides);
    t.deepEqual(Object.keys(loaded.settings.parameters), keys);
    t.deepEqual(loaded.notices, notices);
    // The copy in a sweep's directory has our names, and needs nothing said again.
    const copy = path.join(workplace(t, sweepFiles(loaded)), 'sweep.yaml');
    const again = loadSweep(copy, { isCopy: true });
    t.notThrows(() => checkUnchanged(sweepFiles(loaded), sweepFiles(again), copy));
    t.deepEqual({ ...again.settings, base: '' }, { ...loaded.settings, base: '' });
  });
}

test('a name that means one of two layers, or nothing here, is refused with its candidates', (t) => {
  const text = `method: random
parameters:
  learn_rate: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  dropout: {values: [0.1, 0.2]}
  layer_1_size: {values: [32, 64]}
  architecture: {value: mlp}
`;
  const files = workplace(t, {
    'mnist.yaml': 'data: {source: {type: mnist}}\nmodel: {layers: [{type: dense, units: 10}]}\n',
    'two.yaml': TWO_HIDDEN,
  });
  const says = (name: string, key: string): string =>
    `--rename ${name}=${key}, or rename: {${name}: ${key}} in the file, says which; ~parameters.${name} leaves it out`;
  t.deepEqual(problemsOf(t, text, [], path.join(files, 'two.yaml')), [
    `4:3 E_CONFIG_UNKNOWN_KEY parameters.dropout: the experiment has no such key; candidates: model.layers.0.dropout, model.layers.1.dropout | ${says('dropout', 'model.layers.0.dropout')}`,
    `5:3 E_CONFIG_UNKNOWN_KEY parameters.layer_1_size: the experiment has no such key; candidates: model.layers.0.units, model.layers.1.units | ${says('layer_1_size', 'model.layers.0.units')}`,
    `6:3 E_CONFIG_UNKNOWN_KEY parameters.architecture: the experiment has no such key; candidates: optimizer.lr, optimizer.weight_decay, train.batch_size, train.epochs, model.layers.0.units | ${says('architecture', 'KEY')}`,
  ]);
});

test('rename is checked: its names against the parameters, its keys against the experiment', (t) => {
  const text = 'parameters: {learn_rate: {values: [0.1, 0.2]}, lr: {values: [1, 2]}}\n';
  const command = (argument: string): string => `command line: ${argument}`;
  t.deepEqual(problemsOf(t, text, ['rename.larn_rate=optimizer.lr', '~parameters.lr']), [
    `${command('rename.larn_rate=optimizer.lr')} E_CONFIG_VALUE rename.larn_rate: no parameter has this name; did you mean learn_rate?`,
  ]);
  t.deepEqual(problemsOf(t, text, ['rename.learn_rate=optimizer.lrr', '~parameters.lr']), [
    `${command('rename.learn_rate=optimizer.lrr')} E_CONFIG_UNKNOWN_KEY rename.learn_rate: the experiment has no such key; got optimizer.lrr; did you mean optimizer.lr?`,
  ]);
  t.deepEqual(problemsOf(t, text, ['rename.learn_rate=batch_size', '~parameters.lr']), [
    `${command('rename.learn_rate=batch_size')} E_CONFIG_UNKNOWN_KEY rename.learn_rate: the experiment has no such key; got batch_size; did you mean train.batch_size?`,
  ]);
  t.deepEqual(problemsOf(t, `rename: [a]\n${text}`, ['~parameters.lr']), [
    '1:1 E_CONFIG_TYPE rename: wrong type; got a list; expected a map of keys',
  ]);
  t.deepEqual(problemsOf(t, text), ['1:48 E_CONFIG_VALUE parameters.lr: given twice: lr and learn_rate are both optimizer.lr']);
});

test('a file may rename a name that it does not use, unless it is a slip', (t) => {
  const file = (name: string): string =>
    `run_cap: 3\nrename: {${name}: optimizer.lr}\nparameters: {train.batch_size: {values: [16, 32]}}\n`;
  t.deepEqual(load(t, file('learn_rate')).notices, ['rename.learn_rate: no parameter has this name, ignored']);
  t.deepEqual(problemsOf(t, file('train.batchsize')), [
    '2:10 E_CONFIG_VALUE rename.train.batchsize: no parameter has this name; did you mean train.batch_size?',
  ]);
});

test('names are read in when, zip and enqueue too', (t) => {
  const { settings, space } = load(
    t,
    `run_cap: 3
parameters:
  optimizer: {values: [adam, sgd]}
  momentum: {min: 0.5, max: 0.9, when: {optimizer: sgd}}
zip: {size: {batch_size: [16, 32], lr: [0.1, 0.2]}}
enqueue: [{optimizer: sgd, momentum: 0.6, lr: 0.2}]
`,
  );
  t.deepEqual(settings.parameters['optimizer.momentum']?.when, { 'optimizer.type': 'sgd' });
  t.deepEqual(settings.zip, { size: { 'train.batch_size': [16, 32], 'optimizer.lr': [0.1, 0.2] } });
  t.deepEqual(space.enqueued, [{ 'optimizer.type': 'sgd', 'optimizer.momentum': 0.6, 'optimizer.lr': 0.2, 'train.batch_size': 32 }]);
});

test('the command line fixes and varies keys that the file has by another name', (t) => {
  const text = 'run_cap: 3\nparameters: {learning_rate: {min: 0.1, max: 1.5}, batch_size: {values: [8, 16]}}\n';
  const fixed = load(t, text, ['optimizer.lr=0.3']);
  t.deepEqual(Object.keys(fixed.settings.parameters), ['train.batch_size']);
  t.true(fixed.notices.includes('optimizer.lr no longer varies: the command line fixes it'));
  const changed = load(t, text, ['parameters.learning_rate.max=2']);
  t.is(changed.settings.parameters['optimizer.lr']?.max, 2);
});

// ---- slips -----------------------------------------------------------------------------------------------------------

const slips: [title: string, text: string, problems: string[]][] = [
  [
    'numbers in quotes',
    'optimizer.lr: {values: ["1e-3", 0.1]}',
    ['2:27 E_CONFIG_TYPE optimizer.lr: wrong type; got "1e-3"; expected a number above 0, at most 1e+30; remove the quotes'],
  ],
  [
    'a number in quotes as a constant, and as an end',
    `optimizer.weight_decay: {value: '0.1'}
  optimizer.lr: {min: "0.1", max: 1}`,
    ['3:23 E_CONFIG_TYPE parameters.optimizer.lr.min: wrong type; got "0.1"; expected a number; remove the quotes'],
  ],
  [
    'a constant in quotes',
    `optimizer.weight_decay: {value: '0.1'}
  optimizer.lr: {values: [1, 2]}`,
    ["2:35 E_CONFIG_TYPE optimizer.weight_decay: wrong type; got '0.1'; expected a number from 0 to 1e+30; remove the quotes"],
  ],
  [
    'distributions by the names of other tools',
    `lr: {distribution: loguniform, min: 1e-5, max: 1e-1}
  batch_size: {distribution: choice, values: [32, 64]}
  dropout: {distribution: Log-Uniform-Values, min: 0.1, max: 0.5}
  fc_layer_size: {distribution: randint, min: 32, max: 64}`,
    [
      '2:22 E_CONFIG_VALUE parameters.optimizer.lr.distribution: unknown value; got loguniform; did you mean log_uniform_values, whose min and max are values (of log_uniform they are exponents)?',
      '3:30 E_CONFIG_VALUE parameters.train.batch_size.distribution: unknown value; got choice; did you mean categorical?',
      '4:27 E_CONFIG_VALUE parameters.model.layers.0.dropout.distribution: unknown value; got Log-Uniform-Values; did you mean log_uniform_values, whose min and max are values (of log_uniform they are exponents)?',
      '5:33 E_CONFIG_VALUE parameters.model.layers.0.units.distribution: unknown value; got randint; did you mean int_uniform?',
    ],
  ],
  [
    'one value as values, several as a value, a list or number for the whole parameter',
    `epochs: {values: 27}
  lr: {values: "0.1, 0.2"}
  weight_decay: {value: [0.1, 0.2]}
  momentum: 0.9
  batch_size: [16, 32]
  dropout: {values: {min: 0.1, max: 0.5}}`,
    [
      '2:20 E_CONFIG_TYPE parameters.train.epochs.values: wrong type; got 27; expected a list; write value: 27 for one value, values: [27, ...] for a choice',
      '3:16 E_CONFIG_TYPE parameters.optimizer.lr.values: wrong type; got "0.1, 0.2"; expected a list; write values: [0.1, 0.2]',
      '4:18 E_CONFIG_TYPE parameters.optimizer.weight_decay.value: wrong type; got a list; expected one value; for a choice write values: [0.1, 0.2]',
      '5:13 E_CONFIG_TYPE parameters.optimizer.momentum: wrong type; got 0.9; expected a map such as {value: 0.9}',
      '6:3 E_CONFIG_TYPE parameters.train.batch_size: wrong type; got a list; expected a map such as {values: [16, 32]}',
      '7:13 E_CONFIG_TYPE parameters.model.layers.0.dropout.values: wrong type; got a map; expected a list; the keys min, max belong beside it, not in it',
    ],
  ],
  [
    'ends in the wrong order',
    'units: {min: 256, max: 32}',
    ['2:26 E_CONFIG_RANGE parameters.model.layers.0.units.max: max must not be below min; got min 256 and max 32 | swap the two'],
  ],
  [
    'numbers between where whole ones are needed, and whole ones where the key ends below',
    `batch_size: {distribution: uniform, min: 16, max: 256}
  dropout: {min: 0, max: 1}`,
    [
      '3:26 E_CONFIG_RANGE model.layers.0.dropout: out of range; got 1; expected a number from 0 to 0.99 | whole min and max give whole numbers; distribution: uniform takes all between',
      '2:3 E_CONFIG_INTEGER train.batch_size: not an integer; got 164.3282; expected an integer from 1 to 16777216, or full | distribution: int_uniform takes whole numbers',
    ],
  ],
  [
    'bounds that are really outside',
    `momentum: {min: 0.1, max: 1.5}
  lr: {distribution: uniform, min: -0.1, max: 0.5}
  dropout: {min: 0.1, max: 1.1}`,
    [
      '2:29 E_CONFIG_RANGE optimizer.momentum: out of range; got 1.5; expected a number from 0 to 1',
      '3:36 E_CONFIG_RANGE optimizer.lr: out of range; got -0.1; expected a number above 0, at most 1e+30',
      '4:28 E_CONFIG_RANGE model.layers.0.dropout: out of range; got 1.1; expected a number from 0 to 0.99',
    ],
  ],
];
for (const [title, parameters, expected] of slips) {
  test(`a slip: ${title}`, (t) => t.deepEqual(problemsOf(t, `parameters:\n  ${parameters}\n`).toSorted(), expected.toSorted()));
}

test("a slip: W&B's hyperband without what it counts from, or with text for a number", (t) => {
  const file = (stopping: string): string => `early_terminate: ${stopping}\nparameters: {lr: {values: [1, 2]}}\n`;
  t.deepEqual(problemsOf(t, file('{type: hyperband, s: 2}')).slice(0, 1), [
    '1:39 E_CONFIG_MISSING early_terminate.s: counts rungs down from max_iter, which is missing | give max_iter, or min_iter in its place',
  ]);
  t.deepEqual(problemsOf(t, file('{type: hyperband, min_iter: "3"}')), [
    '1:46 E_CONFIG_TYPE early_terminate.min: wrong type; got "3"; expected an integer from 1 to 1000000000000; remove the quotes',
  ]);
});

test('whole ends of a key that takes any number are told to give whole values', (t) => {
  const { notices } = load(t, 'run_cap: 3\nparameters: {momentum: {min: 0, max: 1}}\n');
  t.deepEqual(notices.slice(1), [
    'optimizer.momentum: min 0 and max 1 are whole numbers, so its values are; distribution: uniform takes all between',
  ]);
});

for (const [config, found] of [
  ['{distribution: log_uniform, min: -9.2, max: -2.3}', undefined],
  ['{distribution: log_uniform, min: -4, max: -1}', 'values are 0.018316 to 0.36788 (e^-4 to e^-1)'],
  ['{distribution: q_log_uniform, min: 0, max: 0.5}', 'values are 1 to 1.6487 (e^0 to e^0.5)'],
  ['{distribution: inv_log_uniform, min: 2.3, max: 9.2}', 'values are 0.00010104 to 0.10026 (e^-9.2 to e^-2.3)'],
  ['{distribution: log_normal, mu: -7, sigma: 1}', undefined],
  ['{distribution: log_normal, mu: 0.01, sigma: 0.005}', 'the median is 1.0101 and most values are 1 to 1.0202'],
  ['{distribution: log_uniform_values, min: 1e-4, max: 0.1}', undefined],
] as const) {
  test(`exponents: ${config}: ${found ?? 'no notice'}`, (t) => {
    const { notices } = load(t, `run_cap: 3\nparameters: {optimizer.lr: ${config}}\n`);
    if (found === undefined) t.deepEqual(notices, []);
    else t.true(notices.at(-1)?.includes(found), notices.at(-1));
  });
}

// ---- metrics ---------------------------------------------------------------------------------------------------------

const NAMES = ['val.loss', 'val.accuracy', 'val.macro_f1', 'val.top5_accuracy', 'val.ema_loss', 'val.ema_accuracy'];
for (const [name, found] of [
  ['val.loss', 'val.loss'],
  ['loss', 'val.loss'],
  ['val_loss', 'val.loss'],
  ['valid_loss', 'val.loss'],
  ['Validation Loss', 'val.loss'],
  ['best_val_loss', 'val.loss'],
  ['accuracy', 'val.accuracy'],
  ['Accuracy', 'val.accuracy'],
  ['acc', 'val.accuracy'],
  ['val_acc', 'val.accuracy'],
  ['val/accuracy', 'val.accuracy'],
  ['valAccuracy', 'val.accuracy'],
  ['Validation/Accuracy', 'val.accuracy'],
  ['test/accuracy', 'val.accuracy'],
  ['test_acc', 'val.accuracy'],
  ['eval/acc', 'val.accuracy'],
  ['val_categorical_accuracy', 'val.accuracy'],
  ['val_f1', 'val.macro_f1'],
  ['val/top5_acc', 'val.top5_accuracy'],
  ['test.accuracy', undefined],
  ['train_loss', undefined],
  ['train/loss_epoch', undefined],
  ['auroc', undefined],
  ['val_constructor', undefined],
] as const) {
  test(`a metric's habit: ${name} is ${found ?? 'nothing evaluated'}`, (t) => t.is(habitualMetric(name, NAMES), found));
}

test("a metric's habit: with an evaluation of the training set, its loss is that", (t) => {
  t.is(habitualMetric('train_loss', ['train.eval_loss', 'train.accuracy']), 'train.eval_loss');
  t.is(habitualMetric('loss', ['train.eval_loss', 'train.accuracy']), 'train.eval_loss');
  t.is(habitualMetric('val_loss', ['train.eval_loss']), undefined);
});

test('a map that the experiment has not is told by name, with the keys that its parts mean', (t) => {
  const text = 'method: random\nrun_cap: 2\nparameters: {optim: {parameters: {lr: {min: 0.1, max: 0.2}, name: {value: adam}}}}\n';
  const remedy = (name: string, key: string): string =>
    `the experiment has no such key; candidates: ${key} | --rename ${name}=${key}, or rename: {${name}: ${key}} in the file, says which; ~parameters.${name} leaves it out`;
  const problems = problemsOf(t, text).map((problem) => problem.replace(/^\S+ /, ''));
  t.deepEqual(problems, [
    `E_CONFIG_UNKNOWN_KEY parameters.optim.lr: ${remedy('optim.lr', 'optimizer.lr')}`,
    `E_CONFIG_UNKNOWN_KEY parameters.optim.name: ${remedy('optim.name', 'optimizer.type')}`,
  ]);
  const renamed = load(t, text, ['rename.optim.lr=optimizer.lr', '~parameters.optim.name']);
  t.deepEqual(Object.keys(renamed.settings.parameters), ['optimizer.lr']);
});

test('values in the words and capitals of other tools are read as ours; one that stands for none is refused at its place', (t) => {
  const text = (activation: string) => `method: random
metric: {name: val_acc}
run_cap: 3
parameters:
  optimizer: {values: [Adam, SGD, AdamW]}
  activation: {values: [ReLU, ${activation}]}
  loss: {value: CrossEntropy}
`;
  const { settings, notices } = load(t, text('LeakyReLU'));
  t.deepEqual(settings.parameters['optimizer.type']?.values, ['adam', 'sgd', 'adamw']);
  t.deepEqual(settings.parameters['model.layers.0.activation.type']?.values, ['relu', 'leaky_relu']);
  t.is(settings.parameters['loss.type']?.value, 'softmax_cross_entropy');
  for (const notice of ['optimizer.type: Adam is read as adam', 'loss.type: CrossEntropy is read as softmax_cross_entropy'])
    t.true(notices.includes(notice), notices.join('\n'));
  t.deepEqual(
    problemsOf(t, text('Swish')).map((problem) => problem.slice(0, 74)),
    ['6:31 E_CONFIG_VALUE model.layers.0.activation.type: unknown value; got Swi'],
  );
  // A key of ours takes our words only.
  t.regex(
    problemsOf(t, 'parameters: {optimizer.type: {values: [Adam, sgd]}}\n')[0] ?? '',
    /unknown value; got Adam; .*did you mean adam\?/,
  );
});
