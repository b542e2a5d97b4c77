// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some values look like templates on purpose
import test from 'ava';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const LR = 'expected a number above 0, at most 1e+30';
const STEPS = 'expected an integer from 1 to 1000000000000';
const NAME = 'expected text of the form [A-Za-z0-9][A-Za-z0-9._-]{0,99}';
const ACTIVATIONS = 'expected one of identity, relu, leaky_relu, sigmoid, tanh, gelu';

/** `yaml` follows VALID, so it starts at line 3. */
const refused: { title: string; yaml: string; problems: string[] }[] = [
  {
    title: 'C2 a quoted number',
    yaml: 'optimizer: {type: sgd, lr: "0.1"}',
    problems: [`3:28 [E_CONFIG_TYPE] optimizer.lr: wrong type; got "0.1"; ${LR}; remove the quotes`],
  },
  {
    title: 'C2 yes for a number',
    yaml: 'optimizer: {lr: yes}',
    problems: [`3:17 [E_CONFIG_TYPE] optimizer.lr: wrong type; got yes; ${LR}`],
  },
  {
    title: 'C2 1e400',
    yaml: 'optimizer: {lr: 1e400}',
    problems: [`3:17 [E_CONFIG_RANGE] optimizer.lr: too large for a number; got 1e400; ${LR}`],
  },
  {
    title: 'C2 a number that would become zero',
    yaml: 'optimizer: {lr: 1e-400}',
    problems: [`3:17 [E_CONFIG_RANGE] optimizer.lr: too small for a number; got 1e-400; ${LR}`],
  },
  { title: 'C2 .nan', yaml: 'optimizer: {lr: .nan}', problems: ['3:17 [E_CONFIG_RANGE] optimizer.lr: not a finite number; got .nan'] },
  { title: 'C2 -.inf', yaml: 'optimizer: {lr: -.inf}', problems: ['3:17 [E_CONFIG_RANGE] optimizer.lr: not a finite number; got -.inf'] },
  {
    title: 'C2 a negative learning rate',
    yaml: 'optimizer: {lr: -0.1}',
    problems: [`3:17 [E_CONFIG_RANGE] optimizer.lr: out of range; got -0.1; ${LR}`],
  },
  {
    title: 'C3 a count that is no integer',
    yaml: 'train: {steps: 2000.5}',
    problems: [`3:16 [E_CONFIG_INTEGER] train.steps: not an integer; got 2000.5; ${STEPS}`],
  },
  {
    title: 'C3 an integer that would lose digits',
    yaml: 'train: {steps: 123456789012345678901}',
    problems: [
      `3:16 [E_CONFIG_INTEGER] train.steps: too large to be held exactly; got 123456789012345678901, the nearest is 123456789012345680000; ${STEPS}`,
    ],
  },
  {
    title: 'an integer beyond 2^53 for a count',
    yaml: 'train: {steps: 10000000000000000}',
    problems: [`3:16 [E_CONFIG_RANGE] train.steps: out of range; got 10000000000000000; ${STEPS}`],
  },
  {
    title: 'a seed beyond its largest',
    yaml: 'seed: 9007199254740992',
    problems: ['3:7 [E_CONFIG_RANGE] seed: out of range; got 9007199254740992; expected an integer of 0 or more, at most 9007199254740991'],
  },
  {
    title: 'a number that would become zero where 0 is allowed',
    yaml: 'optimizer: {type: sgd, momentum: -1e-400}',
    problems: ['3:34 [E_CONFIG_RANGE] optimizer.momentum: too small for a number; got -1e-400; expected a number from 0 to 1'],
  },
  {
    title: 'a number too large for a double under a key that is unknown',
    yaml: 'optimizer: {lrx: 1e400}',
    problems: ['3:18 [E_CONFIG_RANGE] optimizer.lrx: too large for a number; got 1e400; expected at most 1.7976931348623157e+308 in size'],
  },
  {
    title: 'an underscore in a number',
    yaml: 'train: {steps: 1_000}',
    problems: [`3:16 [E_CONFIG_TYPE] train.steps: wrong type; got 1_000; ${STEPS}; write 1000`],
  },
  {
    title: 'a decimal comma',
    yaml: 'optimizer:\n  lr: 1,5',
    problems: [`4:7 [E_CONFIG_TYPE] optimizer.lr: wrong type; got 1,5; ${LR}; write 1.5`],
  },
  {
    title: 'a leading zero',
    yaml: 'seed: 012',
    problems: ['3:7 [E_CONFIG_VALUE] seed: a leading zero is ambiguous; got 012; write 12, or "012" for text'],
  },
  {
    title: 'a hexadecimal number',
    yaml: 'seed: 0x10',
    problems: ['3:7 [E_CONFIG_VALUE] seed: numbers are written in decimal; got 0x10; write 16, or "0x10" for text'],
  },
  {
    title: 'a number for text',
    yaml: 'name: 12',
    problems: [
      '3:7 [E_CONFIG_TYPE] name: wrong type; got 12; expected text of the form [A-Za-z0-9][A-Za-z0-9._-]{0,99}; write "12" for text',
    ],
  },
  {
    title: 'nothing after a key',
    yaml: 'seed:',
    problems: ['3:1 [E_CONFIG_TYPE] seed: wrong type; got nothing; expected an integer of 0 or more; leave the key out for its default'],
  },
  {
    title: 'a map for a number',
    yaml: 'seed: {a: 1}',
    problems: ['3:1 [E_CONFIG_TYPE] seed: wrong type; got a map; expected an integer of 0 or more'],
  },
  { title: 'a number for a map', yaml: 'train: 3', problems: ['3:8 [E_CONFIG_TYPE] train: wrong type; got 3; expected a map of keys'] },
  {
    title: 'a word for a list',
    yaml: 'tags: a',
    problems: ['3:7 [E_CONFIG_TYPE] tags: wrong type; got a; expected a list of 0 to 100 items'],
  },
  {
    title: 'an unknown version',
    yaml: 'version: 3',
    problems: ['3:10 [E_CONFIG_RANGE] version: out of range; got 3; expected one of 1, 2'],
  },
  {
    title: 'a misspelt word of a choice',
    yaml: 'train: {eval: {on: tets}}',
    problems: ['3:20 [E_CONFIG_VALUE] train.eval.on: unknown value; got tets; expected one of val, test, train, none; did you mean test?'],
  },
  {
    title: 'a misspelt word beside numbers',
    yaml: 'train: {batch_size: ful}',
    problems: [
      '3:21 [E_CONFIG_VALUE] train.batch_size: unknown value; got ful; expected an integer from 1 to 16777216, or full; did you mean full?',
    ],
  },
  {
    title: 'a quoted number beside words',
    yaml: 'train: {batch_size: "64"}',
    problems: [
      '3:21 [E_CONFIG_TYPE] train.batch_size: wrong type; got "64"; expected an integer from 1 to 16777216, or full; remove the quotes',
    ],
  },
  {
    title: 'C15 no workers',
    yaml: 'parallel: {workers: 0}',
    problems: ['3:21 [E_CONFIG_RANGE] parallel.workers: out of range; got 0; expected an integer from 1 to 4096, or auto'],
  },
  {
    title: 'C10 a name that climbs',
    yaml: 'name: ../../etc/cron.d/x',
    problems: [`3:7 [E_RUN_NAME] name: not a usable name; got ../../etc/cron.d/x; ${NAME}`],
  },
  { title: 'C10 a name with a slash', yaml: 'name: a/b', problems: [`3:7 [E_RUN_NAME] name: not a usable name; got a/b; ${NAME}`] },
  { title: 'C10 dots for a name', yaml: 'name: ..', problems: [`3:7 [E_RUN_NAME] name: not a usable name; got ..; ${NAME}`] },
  { title: 'C10 an empty name', yaml: 'name: ""', problems: [`3:7 [E_RUN_NAME] name: not a usable name; got ""; ${NAME}`] },
  {
    title: 'C10 a name of 300 characters',
    yaml: `name: ${'n'.repeat(300)}`,
    problems: [`3:7 [E_RUN_NAME] name: not a usable name; got ${'n'.repeat(80)}...; ${NAME}`],
  },
  {
    title: 'C10 a device of Windows',
    yaml: 'name: CON',
    problems: ['3:7 [E_RUN_NAME] name: not a usable name; got CON, a device on Windows; expected another name'],
  },
  {
    title: 'C10 a device of Windows with an extension',
    yaml: 'name: lpt1.log',
    problems: ['3:7 [E_RUN_NAME] name: not a usable name; got lpt1.log, a device on Windows; expected another name'],
  },
  { title: 'C10 a NUL in a name', yaml: 'name: "a\\0"', problems: [`3:7 [E_RUN_NAME] name: not a usable name; got "a\\0"; ${NAME}`] },
  {
    title: 'C10 raw escape codes in a name',
    yaml: 'name: "\u001b[2J\u202e"',
    problems: [`3:7 [E_RUN_NAME] name: not a usable name; got "\\u001b[2J\\u202e"; ${NAME}`],
  },
  {
    title: 'C12 an environment value',
    yaml: 'track: {notes: "key ${env:AWS_SECRET_ACCESS_KEY}"}',
    problems: ['3:16 [E_CONFIG_VALUE] track.notes: environment values are not allowed; got "key ${env:AWS_SECRET_ACCESS_KEY}"'],
  },
  {
    title: 'half of a surrogate pair',
    yaml: 'track: {notes: "\\ud800"}',
    problems: ['3:16 [E_CONFIG_VALUE] track.notes: not valid Unicode; got "\\ud800"'],
  },
  { title: 'C8 __proto__ as a key', yaml: '__proto__: {x: 1}', problems: ['3:1 [E_CONFIG_RESERVED] __proto__: reserved name'] },
  {
    title: 'C8 constructor.prototype as keys',
    yaml: 'train: {constructor: {prototype: {x: 1}}}',
    problems: ['3:9 [E_CONFIG_RESERVED] train.constructor: reserved name'],
  },
];

for (const { title, yaml, problems } of refused) {
  test(`${title} is refused`, (t) => {
    const call = () => parse(`${VALID}${yaml}\n`);
    t.deepEqual(
      problemsOf(call),
      problems.map((problem) => `a.yaml:${problem}`),
    );
    t.is(errorOf(call).exitCode, 78);
  });
}

test('C8 reserved keys do not touch the prototype of objects', (t) => {
  t.throws(() => parse(`${VALID}__proto__: {x: 1}\n`));
  t.false('x' in {});
});

const layers: { title: string; model: string; problems: string[] }[] = [
  {
    title: 'C13 a layer without units',
    model: '{layers: [{type: dense, units: 0}]}',
    problems: ['2:39 [E_CONFIG_RANGE] model.layers.0.units: out of range; got 0; expected an integer from 1 to 1000000'],
  },
  {
    title: 'C13 no layers',
    model: '{layers: []}',
    problems: ['2:9 [E_CONFIG_RANGE] model.layers: out of range; got 0 items; expected a list of 1 to 1000 items'],
  },
  {
    title: 'a misspelt bare word',
    model: '{layers: [{type: dense, units: 3, activation: rleu}]}',
    problems: [`2:54 [E_CONFIG_VALUE] model.layers.0.activation: unknown value; got rleu; ${ACTIVATIONS}; did you mean relu?`],
  },
  {
    title: 'a misspelt type',
    model: '{layers: [{type: dense, units: 3, activation: {type: rleu}}]}',
    problems: [`2:61 [E_CONFIG_VALUE] model.layers.0.activation.type: unknown value; got rleu; ${ACTIVATIONS}; did you mean relu?`],
  },
  {
    title: 'a layer without type',
    model: '{layers: [{units: 3}]}',
    problems: [
      '2:18 [E_CONFIG_MISSING] model.layers.0.type: missing; expected one of dense, conv2d, conv1d, max_pool2d, avg_pool2d, max_pool1d, avg_pool1d, global_avg_pool, flatten, reshape, repeat, block, residual; by its keys it is dense',
    ],
  },
  {
    title: 'a bare word for what needs more keys',
    model: '{layers: [dense]}',
    problems: ['2:18 [E_CONFIG_MISSING] model.layers.0.units: missing; expected an integer from 1 to 1000000'],
  },
  {
    title: 'a number for a tagged union',
    model: '{init: 3, layers: [{type: dense, units: 3}]}',
    problems: [
      '2:15 [E_CONFIG_TYPE] model.init: wrong type; got 3; expected one of normal, uniform, he_normal, he_uniform, xavier_normal, xavier_uniform, torch_linear, zeros, file, run',
    ],
  },
];

for (const { title, model, problems } of layers) {
  test(`${title} is refused`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(`data: {source: mnist}\nmodel: ${model}\n`)),
      problems.map((problem) => `a.yaml:${problem}`),
    );
  });
}

test('yes for a boolean is refused with the word to write', (t) => {
  t.deepEqual(
    problemsOf(() => parse('data: {source: mnist, drop_last: yes}\nmodel: {layers: [{type: dense, units: 10}]}\n')),
    ['a.yaml:1:34 [E_CONFIG_TYPE] data.drop_last: wrong type; got yes; expected true or false; write true'],
  );
});

test('missing parts are marked at the key that should hold them', (t) => {
  t.deepEqual(
    problemsOf(() => parse('data:\n  shuffle: none\n')),
    [
      'a.yaml:1:1 [E_CONFIG_MISSING] data.source: missing; expected one of mnist, idx, csv, parquet, npy, npz, arrays, images, synthetic',
      'a.yaml:1:1 [E_CONFIG_MISSING] model: missing; expected a map with layers',
    ],
  );
});

test('all problems come at once, in the order of the file', (t) => {
  const error = errorOf(() => parse('seed: -1\ndata: {source: mnst}\nmodel:\n  layers:\n    - {type: dense, unit: 3}\ntrian: {}\n'));
  t.deepEqual(
    error.problems.map(({ code, where }) => `${where} ${code}`),
    [
      'a.yaml:1:7 E_CONFIG_RANGE',
      'a.yaml:2:16 E_CONFIG_VALUE',
      'a.yaml:5:7 E_CONFIG_MISSING',
      'a.yaml:5:21 E_CONFIG_UNKNOWN_KEY',
      'a.yaml:6:1 E_CONFIG_UNKNOWN_KEY',
    ],
  );
});

test('numbers in YAML 1.2 forms are read exactly', (t) => {
  const { experiment } = parse(`${VALID}seed: 9007199254740991\noptimizer: {lr: 1e-3}\ntrain: {steps: 2e3}\n`);
  t.is(experiment.seed, Number.MAX_SAFE_INTEGER);
  t.is(experiment.optimizer.lr, 0.001);
  t.is(experiment.train.steps, 2000);
});
