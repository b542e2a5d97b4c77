import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { sweepFromArguments } from '../../../src/sweep/file/load.ts';
import { workplace } from '../../cli/support/run-cli.ts';

const forms: [argument: string, key: string, config: object][] = [
  ['optimizer.lr=1e-3,3e-3', 'optimizer.lr', { distribution: 'categorical', values: [0.001, 0.003] }],
  ['optimizer.lr=choice(0.1, 0.2)', 'optimizer.lr', { distribution: 'categorical', values: [0.1, 0.2] }],
  ['optimizer.lr=loguniform(1e-4,1e-1)', 'optimizer.lr', { distribution: 'log_uniform_values', min: 1e-4, max: 0.1 }],
  ['optimizer.lr=uniform(0.1,0.2)', 'optimizer.lr', { distribution: 'uniform', min: 0.1, max: 0.2 }],
  ['optimizer.lr=interval(1,2)', 'optimizer.lr', { distribution: 'uniform', min: 1, max: 2 }],
  ['optimizer.lr=lognormal(-3,0.5)', 'optimizer.lr', { distribution: 'log_normal', mu: -3, sigma: 0.5 }],
  ['optimizer.lr=normal(1,0.1)', 'optimizer.lr', { distribution: 'normal', mu: 1, sigma: 0.1 }],
  ['train.batch_size=int(8,64)', 'train.batch_size', { distribution: 'int_uniform', min: 8, max: 64 }],
  ['model.layers.0.units=quniform(8,64,8)', 'model.layers.0.units', { distribution: 'q_uniform', min: 8, max: 64, q: 8 }],
  ['model.layers.0.units=qloguniform(8,64,8)', 'model.layers.0.units', { distribution: 'q_log_uniform_values', min: 8, max: 64, q: 8 }],
  ['model.layers.0.units=range(4,10,2)', 'model.layers.0.units', { distribution: 'categorical', values: [4, 6, 8] }],
  ['optimizer.lr=range(0.1,0.4,0.1)', 'optimizer.lr', { distribution: 'categorical', values: [0.1, 0.2, 0.3] }],
  ['optimizer.type=sgd,adam', 'optimizer.type', { distribution: 'categorical', values: ['sgd', 'adam'] }],
  ['seed=1,2,3', 'seed', { distribution: 'categorical', values: [1, 2, 3] }],
  ['train.batch_size=16,"full"', 'train.batch_size', { distribution: 'categorical', values: [16, 'full'] }],
];
for (const [argument, key, config] of forms) {
  test(`${argument} varies ${key}`, (t) => {
    const { settings } = sweepFromArguments(path.join(workplace(t), 'small.yaml'), [argument], { count: 4 });
    t.deepEqual(settings.parameters, { [key]: config });
  });
}

test('brackets and quotes keep a value whole', (t) => {
  const file = path.join(workplace(t), 'small.yaml');
  const { settings, experiment } = sweepFromArguments(file, [
    'tags=[a,b]',
    'track.notes="x, y"',
    'optimizer=adam',
    'optimizer.betas=[0.9,0.99],[0.8,0.99]',
  ]);
  t.deepEqual(experiment.experiment.tags, ['a', 'b']);
  t.is(experiment.experiment.track.notes, 'x, y');
  t.deepEqual(settings.parameters, {
    'optimizer.betas': {
      distribution: 'categorical',
      values: [
        [0.9, 0.99],
        [0.8, 0.99],
      ],
    },
  });
});

const refused: [argument: string, message: string][] = [
  ['optimizer.lr=logunifor(1,2)', 'optimizer.lr: unknown function logunifor; did you mean loguniform?'],
  [
    'optimizer.lr=exec(1)',
    'optimizer.lr: unknown function exec; expected one of uniform, interval, loguniform, int, quniform, qloguniform, normal, lognormal, choice, range',
  ],
  ['optimizer.lr=uniform(1)', 'optimizer.lr: uniform takes 2 numbers: uniform(min,max); got 1'],
  ['optimizer.lr=1,,2', 'optimizer.lr: no value between commas'],
  [
    'optimizer.lr=range(1,0)',
    'optimizer.lr: not understood; expected range(start,stop,step) with numbers, the stop not included, and 1 to 100000 values',
  ],
  [
    'optimizer.lr=range(0,1,0)',
    'optimizer.lr: not understood; expected range(start,stop,step) with numbers, the stop not included, and 1 to 100000 values',
  ],
  ['optimizer.lr=uniform(a,b)', 'parameters.optimizer.lr.min: wrong type; got a; expected a number'],
  ['optimizer.lrr=1,2', 'optimizer.lrr: unknown key; did you mean optimizer.lr?'],
  ['optimizer.lr=uniform(2,1)', 'parameters.optimizer.lr.max: max must not be below min; got min 2 and max 1'],
  ['optimizer.lr=0,1', 'optimizer.lr: out of range; got 0; expected a number above 0, at most 1e+30'],
];
for (const [argument, message] of refused) {
  test(`refused: ${argument}`, (t) => {
    const file = path.join(workplace(t), 'small.yaml');
    const error = t.throws(() => sweepFromArguments(file, [argument], { count: 2 }), { instanceOf: GradloomError, message });
    t.is(error.where, `command line: ${argument}`);
    t.is(error.exitCode, 78);
  });
}

test('without anything that varies there is no sweep', (t) => {
  t.throws(() => sweepFromArguments(path.join(workplace(t), 'small.yaml'), ['train.epochs=2']), {
    message: 'parameters: nothing varies; expected a parameter with values, or min and max',
  });
});
