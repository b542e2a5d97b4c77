import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { trialExperiment, trialKey } from '../../../src/sweep/file/experiment.ts';
import { loadSweep, sweepFiles, sweepFromArguments, sweepFromObject } from '../../../src/sweep/file/load.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import { meanLastCount, parseDuration, sweepJsonSchema } from '../../../src/sweep/schema.ts';
import { SMALL, workplace } from '../../cli/support/run-cli.ts';
import { BASE, load } from '../support/loaded-sweep.ts';

const HEAD = 'base: ./base.yaml\nrun_cap: 5\n';

/** Each problem as `line:column CODE message | next`. */
function problemsOf(t: ExecutionContext, text: string, overrides: readonly string[] = []): string[] {
  const { problems, exitCode } = t.throws(() => load(t, text, overrides), { instanceOf: GradloomError });
  t.is(exitCode, 78);
  return problems.map(({ where = '', code, message, next }) => {
    return `${where.replace(/^.*sweep\.yaml:/, '')} ${code} ${message}${next === undefined ? '' : ` | ${next}`}`;
  });
}

test('a full sweep file is read with its defaults, and its texts load to the same sweep from anywhere', (t) => {
  const loaded = load(
    t,
    `version: 1
name: all
base: ./base.yaml
method: tpe
metric: {name: val.accuracy, target: 0.98, summary: mean_last_3}
seed: 7
run_cap: 60
budget: {duration: 1h30m}
seeds: 2
parameters:
  optimizer.type: {values: [adam, adamw, sgd], probabilities: [0.4, 0.4, 0.2]}
  optimizer.lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1}
  optimizer.momentum: {min: 0.5, max: 0.99, when: {optimizer.type: sgd}}
  model.layers.0.units: {min: 4, max: 64}
  model.layers.0.dropout: {min: 0.0, max: 0.0}
zip:
  shape: {train.batch_size: [16, 32], optimizer.weight_decay: [0, 0.01]}
constraints: ["model.layers.1.units <= model.layers.0.units"]
enqueue: [{optimizer.lr: 1e-3, train.batch_size: 16}]
early_terminate: asha
`,
  );
  const { settings, notices } = loaded;
  t.is(settings.metric.goal, 'maximize');
  t.deepEqual(settings.budget, { duration: 5400 });
  t.is(settings.parameters['model.layers.0.units']?.distribution, 'int_uniform');
  t.is(settings.parameters['model.layers.0.dropout']?.distribution, 'uniform');
  t.deepEqual(settings.early_terminate, { type: 'asha', resource: 'epochs', min: 1, max: 3, eta: 3, promote: 'resume' });
  t.like(settings.on_trial_error, { retries: 1, abort_after: 5, impute: 'worst' });
  t.deepEqual(notices, ['early_terminate: rungs at 1, 3 epochs']);

  const again = loadSweep(path.join(workplace(t, sweepFiles(loaded)), 'sweep.yaml'));
  t.deepEqual({ ...again.settings, base: '' }, { ...settings, base: '' });
  const [first, second] = [loaded, again].map((one) => {
    const sampler = makeSampler('random', one.space, one.settings.seed);
    return Array.from({ length: 20 }, (_, i) => trialExperiment(one, sampler.suggest(i, []) ?? {}).experiment);
  });
  t.deepEqual(second, first);
});

test('a plain W&B sweep file works, and each change of meaning is told', (t) => {
  const { settings, notices } = load(
    t,
    `program: train.py
command: [python3, "\${program}"]
entity: me
project: mnist
base: base.yaml
name: from-wandb
method: bayes
metric: {name: val_loss, goal: minimize}
run_cap: 10
early_terminate: {type: hyperband, min_iter: 3, eta: 2, strict: true}
parameters:
  optimizer:
    parameters:
      lr: {distribution: log_uniform, min: -9.2, max: -2.3}
      type: {values: [adam, sgd], probabilities: [0.5, 0.5], distribution: categorical_w_probabilities}
  train.epochs: {value: 27}
`,
  );
  t.is(settings.method, 'tpe');
  t.deepEqual(Object.keys(settings.parameters), ['optimizer.lr', 'optimizer.type', 'train.epochs']);
  t.deepEqual(settings.early_terminate, { type: 'asha', resource: 'epochs', min: 3, max: 27, eta: 2, promote: 'resume' });
  t.deepEqual(notices, [
    'method: bayes is read as tpe',
    "early_terminate: W&B's hyperband is read as asha, its iterations as epochs",
    'early_terminate.strict: asha is always strict, ignored',
    'program, command, entity, project: for W&B only, ignored',
    'metric: val_loss is read as val.loss',
    'early_terminate: rungs at 3, 6, 12, 24, 27 epochs',
    'early_terminate: no best 1/2 gets beyond 24 epochs (10 trials, eta 2): the one that comes so far goes on to its end; use run_cap >= 16, or a smaller eta',
  ]);
});

test("W&B's hyperband with max_iter counts its rungs down", (t) => {
  const text = `${HEAD}early_terminate: {type: hyperband, max_iter: 27, s: 2}\nparameters: {optimizer.lr: {values: [1, 2]}}\n`;
  const { settings, notices } = load(t, text);
  t.deepEqual(settings.early_terminate, { type: 'asha', resource: 'epochs', min: 3, max: 27, eta: 3, promote: 'resume' });
  t.deepEqual(notices.slice(1), [
    'early_terminate: rungs at 3, 9, 27 epochs',
    'early_terminate.max: trials train 27 epochs',
    'early_terminate: no best 1/3 gets beyond 9 epochs (5 trials, eta 3): the one that comes so far goes on to its end; use run_cap >= 9, or a smaller eta',
  ]);
});

test('every problem is told at once, with its place and the remedy', (t) => {
  t.deepEqual(
    problemsOf(
      t,
      `base: ./base.yaml
run_cap: 5
parameters:
  optimizer.lrr: {min: 0.1, max: 1}
  optimizer.momentum: {min: 0.5, max: 0.99}
  optimizer.type: {values: [adam, sgd]}
  model.layers.0.dropout: {min: 0.0, max: 1.5}
  model.layers.4.units: {values: [3, 4]}
  parallel.workers: {values: [1, 2]}
  train.checkpoint.keep: {values: [1, 2]}
  train.batch_size: {values: [16, 0]}
constraints: [train.batch_sise < 20]
`,
    ),
    [
      '9:3 E_CONFIG_VALUE parameters.parallel.workers: can not change a result, so there is nothing to search | gradloom speedup compares numbers of workers',
      '10:3 E_CONFIG_VALUE parameters.train.checkpoint.keep: can not change a result, so there is nothing to search',
      '12:15 E_CONFIG_VALUE constraints.0: unknown key train.batch_sise; did you mean train.batch_size?',
      '4:3 E_CONFIG_UNKNOWN_KEY optimizer.lrr: unknown key; did you mean optimizer.lr?',
      '8:3 E_OVERRIDE model.layers.4.units: model.layers has items 0 to 1; got 4',
      '11:35 E_CONFIG_RANGE train.batch_size: out of range; got 0; expected an integer from 1 to 16777216, or full',
      '5:3 E_CONFIG_UNKNOWN_KEY optimizer.momentum: unknown key; only type: sgd, rmsprop has it | add when: {optimizer.type: [sgd, rmsprop]}',
      '7:43 E_CONFIG_RANGE model.layers.0.dropout: out of range; got 1.5; expected a number from 0 to 0.99',
    ],
  );
});

const refused: [title: string, text: string, problems: string[]][] = [
  [
    'a sweep without its experiment',
    'parameters: {optimizer.lr: {values: [1, 2]}}',
    [
      '1:1 E_CONFIG_MISSING base: missing; expected a file name | add base: ./experiment.yaml to the file, or run with --base experiment.yaml',
    ],
  ],
  ['an experiment that is not there', 'base: no.yaml\nparameters: {}', ['1:7 E_CONFIG_READ base: cannot read no.yaml: no such file']],
  ['nothing that varies', HEAD, ['1:1 E_CONFIG_MISSING parameters: nothing varies; expected a parameter with values, or min and max']],
  [
    'a misspelt key',
    `${HEAD}paramters: {}\nearly_terminate: {type: asha, mim: 2}\nmetod: grid\n`,
    [
      '3:1 E_CONFIG_UNKNOWN_KEY paramters: unknown key; did you mean parameters?',
      '4:31 E_CONFIG_UNKNOWN_KEY early_terminate.mim: unknown key; did you mean early_terminate.min?',
      '5:1 E_CONFIG_UNKNOWN_KEY metod: unknown key; did you mean method?',
    ],
  ],
  [
    'a metric that is not evaluated',
    `${HEAD}metric: {name: val.acuracy}\nparameters: {optimizer.lr: {values: [1, 2]}}\n`,
    [
      '3:16 E_CONFIG_VALUE metric.name: not evaluated during training; got val.acuracy; expected one of val.loss, val.accuracy; did you mean val.accuracy?',
    ],
  ],
  [
    'a parameter that takes the metric away',
    `${HEAD}metric: {name: val.loss}\nparameters: {data.split.val: {values: [0.1, 0]}}\n`,
    [
      '3:16 E_CONFIG_VALUE metric.name: not evaluated during training; got val.loss; data.split.val is 0; in a trial with data.split.val=0 | give data.split.val some rows, or evaluate another part: train.eval.on, and a metric of that part',
    ],
  ],
  [
    'parameters that do not say how they vary, or twice',
    `${HEAD}parameters:
  optimizer.lr: {}
  optimizer.momentum: {min: 0.1}
  optimizer.weight_decay: {distribution: normal, min: 0}
  train.batch_size: {values: [8, 8]}
  seed: {values: [1, 2], probabilities: [0.5]}
  train.eval.batch_size: {values: [1, 2], probabilities: [0.5, 0.6]}
  model.layers.0.units: {min: 8, max: 2}
  model.layers.0.dropout: {distribution: log_uniform_values, min: 0, max: 0.5}
  optimizer.dampening: {distribution: log_uniform, min: 0.001, max: 1000}
  optimizer.nesterov: {min: 1, max: 2.5, distribution: int_uniform}
  train.accumulate: {q: 1}
`,
    [
      '4:3 E_CONFIG_MISSING parameters.optimizer.lr: missing how it varies; expected value, values, or min and max',
      '5:3 E_CONFIG_MISSING parameters.optimizer.momentum.max: missing; uniform needs it',
      '6:55 E_CONFIG_VALUE parameters.optimizer.weight_decay.min: does not go with normal; expected one of mu, sigma',
      '7:34 E_CONFIG_VALUE parameters.train.batch_size.values.1: given twice; got 8',
      '8:26 E_CONFIG_VALUE parameters.seed.probabilities: got 1 probabilities; expected one for each of the 2 values',
      '9:43 E_CONFIG_RANGE parameters.train.eval.batch_size.probabilities: the probabilities sum to 1.1; expected 1',
      '10:39 E_CONFIG_RANGE parameters.model.layers.0.units.max: max must not be below min; got min 8 and max 2 | swap the two',
      '11:67 E_CONFIG_RANGE parameters.model.layers.0.dropout.min: a logarithm needs values above 0; got 0; min and max of log_uniform_values are values, those of log_uniform are exponents',
      '12:69 E_CONFIG_RANGE parameters.optimizer.dampening.max: min and max of log_uniform are exponents of e; got 0.001 and 1000; expected at most 700, or distribution log_uniform_values',
      '13:37 E_CONFIG_INTEGER parameters.optimizer.nesterov.max: not an integer; got 2.5; int_uniform expects integers',
      '14:3 E_CONFIG_MISSING parameters.train.accumulate: missing how it varies; expected value, values, or min and max',
    ],
  ],
  [
    'conditions and zips that can not be',
    `${HEAD}parameters:
  optimizer.type: {values: [sgd, adam], when: {optimizer.lr: 0.1}}
  optimizer.lr: {values: [0.1, 0.2], when: {optimizer.type: [sgd]}}
  optimizer.momentum: {min: 0.5, max: 0.9, when: {optimizer.type: sdg, optimiser.type: sgd}}
zip:
  a: {optimizer.lr: [1, 2], train.batch_size: [1, 2, 3]}
  b: {}
enqueue: [{optimizer.momentum: 0.7}, {optimizer.type: nadam}]
`,
    [
      '4:41 E_CONFIG_VALUE parameters.optimizer.type.when: the conditions go in a circle: optimizer.type -> optimizer.lr -> optimizer.type',
      '6:67 E_CONFIG_VALUE parameters.optimizer.momentum.when.optimizer.type: never the case; got sdg; expected one of sgd, adam',
      '6:88 E_CONFIG_VALUE parameters.optimizer.momentum.when.optimiser.type: no parameter varies it; did you mean optimizer.type?',
      '8:7 E_CONFIG_VALUE zip.a.optimizer.lr: varied twice; parameters has it too',
      '8:29 E_CONFIG_VALUE zip.a.train.batch_size: got 3 values; expected 2, as many as optimizer.lr has',
      '9:3 E_CONFIG_MISSING zip.b: missing its keys; expected a list of values for each of two or more keys',
      '10:32 E_CONFIG_VALUE enqueue.0.optimizer.momentum: does not exist there; it needs optimizer.type to be sdg in the same entry',
      '10:55 E_CONFIG_VALUE enqueue.1.optimizer.type: not a value that the search may choose; got nadam; expected one of sgd, adam; did you mean adam?',
    ],
  ],
  [
    'a grid without end',
    `${HEAD}method: grid\nparameters: {optimizer.lr: {min: 0.1, max: 0.2}}\n`,
    [
      '4:14 E_CONFIG_VALUE parameters.optimizer.lr: a grid needs finitely many values; got uniform; expected values, int_uniform, or a bounded q_ distribution',
    ],
  ],
  [
    'early termination of trials that can not be compared',
    `${HEAD}early_terminate: {type: median, resource: steps}\nparameters: {train.epochs: {values: [1, 2]}}\n`,
    [
      '3:1 E_CONFIG_VALUE early_terminate: trials of different lengths can not be compared; train.epochs varies',
      '3:1 E_CONFIG_MISSING early_terminate.max: missing; the base experiment counts its length in epochs',
    ],
  ],
  [
    'a first rung above the last',
    `${HEAD}early_terminate: {type: asha, min: 9, max: 3}\nparameters: {optimizer.lr: {values: [1, 2]}}\n`,
    ['3:36 E_CONFIG_RANGE early_terminate.min: min must not be above max; got min 9 and max 3'],
  ],
  [
    'a budget that is not a time',
    `${HEAD}budget: {duration: soon}\nparameters: {optimizer.lr: {values: [1, 2]}}\n`,
    [
      '3:20 E_CONFIG_VALUE budget.duration: not understood; got soon; expected a number above 0, at most 1000000000, or a length of time such as 90s, 30m, 1h30m or 2d',
    ],
  ],
  ['a file that is a list', '- 1\n', ['1:1 E_CONFIG_TYPE wrong type; expected a map of keys']],
  ['broken YAML', 'base: [1\n', ['2:1 E_YAML_SYNTAX flow sequence in block collection must be sufficiently indented and end with a ]']],
];
for (const [title, text, expected] of refused) {
  test(`refused: ${title}`, (t) => {
    t.deepEqual(problemsOf(t, text), expected);
  });
}

test('a base that is broken is told as itself', (t) => {
  const files = { 'base.yaml': `${BASE}lr: 1\n`, 'sweep.yaml': `${HEAD}parameters: {optimizer.lr: {values: [1, 2]}}\n` };
  const error = t.throws(() => loadSweep(path.join(workplace(t, files), 'sweep.yaml')), { instanceOf: GradloomError });
  t.regex(error.where ?? '', /base\.yaml:7:1$/);
  t.is(error.message, 'lr: unknown key; did you mean optimizer.lr?');
});

test('a sweep file that is not there is named', (t) => {
  const error = t.throws(() => loadSweep(path.join(workplace(t), 'none.yaml')), { instanceOf: GradloomError });
  t.is(error.message, 'cannot read the sweep: no such file');
});

test('arguments change settings of the sweep, of a parameter, and of the base', (t) => {
  const text = `${HEAD}parameters: {optimizer.lr: {min: 0.1, max: 1}, optimizer.momentum: {min: 0.1, max: 0.9}, train.batch_size: {values: [8, 16]}}\n`;
  const { settings, experiment, notices } = load(t, text, [
    'run_cap=9',
    'parameters.optimizer.lr.max=2',
    'optimizer.momentum=0.5',
    'train.batch_size=4,8',
    'train.epochs=2',
    'early_terminate=asha',
    'method=bayes',
  ]);
  t.is(settings.method, 'tpe');
  t.is(settings.run_cap, 9);
  t.deepEqual(settings.parameters, {
    'optimizer.lr': { distribution: 'uniform', min: 0.1, max: 2 },
    'train.batch_size': { distribution: 'categorical', values: [4, 8] },
  });
  t.is(experiment.experiment.train.epochs, 2);
  t.like(experiment.experiment.optimizer, { momentum: 0.5 });
  t.deepEqual(notices, [
    'method: bayes is read as tpe',
    'optimizer.momentum no longer varies: the command line fixes it',
    'early_terminate: rungs at 1, 2 epochs',
  ]);
});

test('an argument is blamed for what it breaks', (t) => {
  const text = `${HEAD}parameters: {optimizer.lr: {min: 0.1, max: 1}}\n`;
  t.deepEqual(problemsOf(t, text, ['run_kap=2', 'optimizer.lr=logunifor(1,2)']), [
    'command line: run_kap=2 E_CONFIG_UNKNOWN_KEY run_kap: unknown key; did you mean run_cap?',
    'command line: optimizer.lr=logunifor(1,2) E_OVERRIDE optimizer.lr: unknown function logunifor; did you mean loguniform? | put quotes inside the quotes for text: optimizer.lr=\'"..."\'',
  ]);
  t.deepEqual(problemsOf(t, text, ['parameters.optimizer.lr.mx=2']), [
    'command line: parameters.optimizer.lr.mx=2 E_CONFIG_UNKNOWN_KEY parameters.optimizer.lr.mx: unknown key; did you mean parameters.optimizer.lr.max?',
  ]);
  t.deepEqual(problemsOf(t, text, ['run_kap=2']), [
    'command line: run_kap=2 E_CONFIG_UNKNOWN_KEY run_kap: unknown key; did you mean run_cap?',
  ]);
});

test('an experiment is swept by what the arguments vary: lists are a grid, distributions are random', (t) => {
  const file = path.join(workplace(t), 'small.yaml');
  const grid = sweepFromArguments(file, ['optimizer.lr=1e-3,3e-3', 'train.batch_size=64,128', 'train.epochs=1']);
  t.is(grid.settings.method, 'grid');
  t.is(grid.experiment.experiment.train.epochs, 1);
  t.is(makeSampler('grid', grid.space, 0).total, 4);
  const random = sweepFromArguments(file, ['optimizer.lr=loguniform(1e-4,1e-1)', 'metric.name=val.accuracy'], { count: 20 });
  t.like(random.settings, { method: 'random', run_cap: 20 });
  t.is(random.settings.metric.goal, 'maximize');
  t.is(loadSweep(file, { overrides: ['seed=1', 'optimizer.lr=1,2'] }).settings.method, 'grid');
  t.is(sweepFromArguments(file, ['optimizer.lr=1,2'], { method: 'tpe' }).settings.method, 'tpe');
});

test('an object is read like a file', (t) => {
  const file = path.join(workplace(t), 'small.yaml');
  const { settings } = sweepFromObject({ base: file, run_cap: 3, parameters: { 'optimizer.lr': { min: 0.1, max: 0.5 } } });
  t.is(settings.parameters['optimizer.lr']?.distribution, 'uniform');
  t.throws(() => sweepFromObject({ base: file, parameters: { 'optimizer.lr': { min: 1 } } }), {
    message: 'parameters.optimizer.lr.max: missing; uniform needs it',
  });
});

test('the base may stand in another directory, and is read once', (t) => {
  const directory = workplace(t, {
    'small.yaml': SMALL,
    'sweep.yaml': `base: ./small.yaml\nrun_cap: 2\nparameters: {optimizer.lr: {values: [1, 2]}}\n`,
  });
  const loaded = loadSweep(path.join(directory, 'sweep.yaml'));
  writeFileSync(path.join(directory, 'small.yaml'), 'broken: [');
  t.is(trialExperiment(loaded, { 'optimizer.lr': 2 }).experiment.optimizer.lr, 2);
});

test('lengths of time and summaries are read', (t) => {
  t.deepEqual(['90s', '30m', '1h30m', '2d', '1.5h'].map(parseDuration), [90, 1800, 5400, 172_800, 5400]);
  t.deepEqual(
    ['', '5', '-1s', '0s', '1w', '1h 30'].map(parseDuration),
    Array.from({ length: 6 }, () => undefined),
  );
  t.deepEqual(['best', 'last', 'mean_last_1', 'mean_last_10', 'mean_last_0', 'mean_last_k'].map(meanLastCount), [
    undefined,
    undefined,
    1,
    10,
    undefined,
    undefined,
  ]);
});

test('the JSON Schema has every key, and none of our own keywords', (t) => {
  const schema = sweepJsonSchema() as { title: string; required: string[]; properties: object };
  t.is(schema.title, 'gradloom sweep');
  t.deepEqual(schema.required, ['base']);
  t.is(Object.keys(schema.properties).length, 17);
  t.false(/"isPath"|"form"/.test(JSON.stringify(schema)));
});

test('constraints that nothing satisfies end in an error, not in a loop', (t) => {
  const { space } = load(t, `${HEAD}parameters: {optimizer.lr: {min: 0.1, max: 1}}\nconstraints: [optimizer.lr > 2]\n`);
  const error = t.throws(() => makeSampler('random', space, 1).suggest(0, []), { instanceOf: GradloomError });
  t.is(error.code, 'E_SWEEP_CONSTRAINTS');
  t.is(error.message, 'none of 2000 points satisfies the constraint optimizer.lr > 2');
  t.is(error.exitCode, 78);
});

test('paths among the values are relative to what says them, also for a sweep that goes on from its copy', (t) => {
  const directory = workplace(t, {
    'idx.yaml': `data: {source: {type: idx, images: ./images.idx, labels: ./labels.idx}}\n${SMALL.replace(/^data:.*\n/m, '')}`,
    'sweep.yaml': `base: ./idx.yaml
method: grid
parameters: {data.source.images: {values: [./a.idx, ../b.idx, /c.idx, ./$d/e.idx]}}
zip: {init: {model.init.type: [run, torch_linear], model.init.path: [./first, null]}}
`,
    'more.yaml': `base: ./idx.yaml
method: random
run_cap: 3
parameters:
  data.source.labels: {values: [./f.idx, ~/g.idx], when: {data.source.images: ./a.idx}}
  data.source.images: {values: [./a.idx, ./b.idx]}
enqueue: [{data.source.images: ./b.idx}]
`,
  });
  for (const file of ['sweep.yaml', 'more.yaml']) {
    const first = loadSweep(path.join(directory, file), { overrides: file === 'more.yaml' ? [] : ['data.source.labels=./x.idx,./y.idx'] });
    const place = path.join(workplace(t), 'copy');
    mkdirSync(place);
    for (const [name, text] of Object.entries(sweepFiles(first))) writeFileSync(path.join(place, name), text);
    const copy = loadSweep(path.join(place, 'sweep.yaml'), { isCopy: true });
    t.deepEqual(copy.settings, { ...first.settings, base: path.join(place, 'base.yaml') });
    const [images] = first.settings.parameters['data.source.images']?.values ?? [];
    t.is(images, path.join(directory, 'a.idx'));
    const labels = first.settings.parameters['data.source.labels']?.values;
    t.deepEqual(
      labels,
      file === 'more.yaml'
        ? [path.join(directory, 'f.idx'), path.join(homedir(), 'g.idx')]
        : ['x.idx', 'y.idx'].map((name) => path.resolve(name)),
    );
    const key = { 'data.source.images': images ?? null };
    t.is(trialKey(copy, key), trialKey(first, key));
  }
});
