// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some values look like templates on purpose
import { resolve } from 'node:path';
import test from 'ava';
import { denseLayers, errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

test('an argument changes a value and becomes its origin', (t) => {
  const { experiment, origins } = parse(`${VALID}optimizer: {lr: 0.1}\n`, ['optimizer.lr=3e-3']);
  t.is(experiment.optimizer.lr, 0.003);
  t.deepEqual(origins.get('optimizer.lr'), { kind: 'command line', argument: 'optimizer.lr=3e-3' });
});

test('an argument may set what the file leaves to the default', (t) => {
  const { experiment } = parse(VALID, ['train.eval.every.steps=5', 'tags=[a, b]', 'track.notes="x: y"']);
  t.deepEqual(experiment.train.eval.every, { steps: 5 });
  t.deepEqual(experiment.tags, ['a', 'b']);
  t.is(experiment.track.notes, 'x: y');
});

test('an argument on top of a bare word adds to its map', (t) => {
  t.like(parse(`${VALID}optimizer: sgd\n`, ['optimizer.lr=0.1']).experiment.optimizer, { type: 'sgd', lr: 0.1 });
});

test('an argument reaches an item of a list by its number', (t) => {
  t.is(denseLayers(parse(VALID, ['model.layers.0.units=64']).experiment)[0]?.units, 64);
});

test('of two arguments for one key the later wins', (t) => {
  t.is(parse(VALID, ['seed=1', 'seed=2']).experiment.seed, 2);
});

test('a map given by an argument merges, as one of an extending file does', (t) => {
  t.like(parse(`${VALID}train: {batch_size: 8}\n`, ['train={epochs: 2}']).experiment.train, { batch_size: 8, epochs: 2 });
});

test('+ adds a key and an item, ++ adds or sets', (t) => {
  const { experiment } = parse(VALID, ['+seed=3', '+model.layers.1={type: dense, units: 4}', '++seed=4', '+tags.0=a']);
  t.is(experiment.seed, 4);
  t.deepEqual(
    denseLayers(experiment).map(({ units }) => units),
    [10, 4],
  );
  t.deepEqual(experiment.tags, ['a']);
});

test('~ removes a key and an item', (t) => {
  const { experiment } = parse(`${VALID}tags: [a, b, c]\ntrain: {steps: 3}\n`, ['~tags.1', '~train.steps']);
  t.deepEqual(experiment.tags, ['a', 'c']);
  t.is(experiment.train.steps, undefined);
  t.is(experiment.train.epochs, 10);
});

test('a new type keeps the keys that it has, and the notice names the others', (t) => {
  const text = 'data: {source: mnist}\nmodel: {init: {type: normal, mean: 1, std: 2}, layers: [{type: dense, units: 3}]}\n';
  const { experiment, notices } = parse(text, ['model.init.type=uniform', 'model.init.low=-1']);
  t.deepEqual(experiment.model.init, { type: 'uniform', low: -1, high: 0.05 });
  t.deepEqual(notices, ['model.init.type changes from normal to uniform, which drops mean, std']);
});

test('a new type may be a bare word', (t) => {
  const { experiment, notices } = parse('data: {source: {type: mnist, order: by_seed}}\nmodel: {layers: [{type: dense, units: 3}]}\n', [
    'data.source={type: synthetic, kind: blobs}',
    'model.init=zeros',
  ]);
  t.is(experiment.data.source.type, 'synthetic');
  t.deepEqual(experiment.model.init, { type: 'zeros' });
  t.deepEqual(notices, ['data.source.type changes from mnist to synthetic, which drops order']);
});

test('steps from the command line replace epochs of the file, with a notice', (t) => {
  const { experiment, notices } = parse(`${VALID}train: {epochs: 3}\n`, ['train.steps=5']);
  t.is(experiment.train.epochs, undefined);
  t.is(experiment.train.steps, 5);
  t.deepEqual(notices, ['train.steps replaces train.epochs']);
});

test('a path from the command line counts from the working directory', (t) => {
  const { experiment } = parse(VALID, ['model.init={type: file, path: w.safetensors}']);
  t.deepEqual(experiment.model.init, { type: 'file', path: resolve('w.safetensors') });
});

const refused: { args: string[]; problems: string[] }[] = [
  { args: ['train.epoch=3'], problems: ['train.epoch=3 [E_CONFIG_UNKNOWN_KEY] train.epoch: unknown key; did you mean train.epochs?'] },
  {
    args: ['optimizer.lr=abc'],
    problems: ['optimizer.lr=abc [E_CONFIG_TYPE] optimizer.lr: wrong type; got abc; expected a number above 0, at most 1e+30'],
  },
  {
    args: ['train.steps=1_000'],
    problems: [
      'train.steps=1_000 [E_CONFIG_TYPE] train.steps: wrong type; got 1_000; expected an integer from 1 to 1000000000000; write 1000',
    ],
  },
  { args: ['seed=012'], problems: ['seed=012 [E_CONFIG_VALUE] seed: a leading zero is ambiguous; got 012; write 12, or "012" for text'] },
  { args: ['seed=[1'], problems: ['seed=[1 [E_YAML_SYNTAX] flow sequence must end with a ]'] },
  { args: ['seed=!x 1'], problems: ['seed=!x 1 [E_YAML_TAG] custom tags are not allowed'] },
  { args: ['name=${env:HOME}'], problems: ['name=${env:HOME} [E_CONFIG_VALUE] name: environment values are not allowed; got ${env:HOME}'] },
  { args: ['seed'], problems: ['seed [E_OVERRIDE] not of the form key=value; got seed'] },
  { args: ['seed='], problems: ['seed= [E_OVERRIDE] seed: no value after = | write seed="" for empty text, or ~seed to remove the key'] },
  { args: ['seed=# none'], problems: ['seed=# none [E_OVERRIDE] seed: no value after ='] },
  { args: ['=3'], problems: ['=3 [E_OVERRIDE] not a dotted key; got '] },
  { args: ['a..b=1'], problems: ['a..b=1 [E_OVERRIDE] not a dotted key; got a..b'] },
  { args: ['~seed=3'], problems: ['~seed=3 [E_OVERRIDE] ~ removes a key and takes no value | write ~seed'] },
  { args: ['~seed'], problems: ['~seed [E_OVERRIDE] seed: nothing to remove: no file or argument gives it'] },
  {
    args: ['+data.source.type=idx'],
    problems: ['+data.source.type=idx [E_OVERRIDE] data.source.type: already given at a.yaml:1:16 | leave out the + to replace it'],
  },
  { args: ['seed=3', '+seed=4'], problems: ['+seed=4 [E_OVERRIDE] seed: already given by seed=3 | leave out the + to replace it'] },
  {
    args: ['model.layers.1.units=3'],
    problems: [
      'model.layers.1.units=3 [E_OVERRIDE] model.layers.1.units: model.layers has items 0 to 0; got 1 | +model.layers.1=... adds an item',
    ],
  },
  {
    args: ['+model.layers.2={type: dense, units: 3}'],
    problems: [
      '+model.layers.2={type: dense, units: 3} [E_OVERRIDE] model.layers.2: model.layers has items 0 to 0; got 2 | +model.layers.1=... adds an item',
    ],
  },
  { args: ['tags.x=3'], problems: ['tags.x=3 [E_OVERRIDE] tags.x: tags has no items; got x | +tags.0=... adds an item'] },
  { args: [`${'a.'.repeat(70)}b=1`], problems: [`${'a.'.repeat(70)}b=1 [E_OVERRIDE] the key has more than 64 parts`] },
  { args: ['__proto__.x=1'], problems: ['__proto__.x=1 [E_CONFIG_RESERVED] __proto__.x: reserved name'] },
  {
    args: ['a.constructor.prototype.x=1'],
    problems: ['a.constructor.prototype.x=1 [E_CONFIG_RESERVED] a.constructor.prototype.x: reserved name'],
  },
  { args: ['+toString=1'], problems: ['+toString=1 [E_CONFIG_RESERVED] toString: reserved name'] },
  { args: ['seed.x=1'], problems: ['seed.x=1 [E_CONFIG_TYPE] seed: wrong type; got a map; expected an integer of 0 or more'] },
];

for (const { args, problems } of refused) {
  test(`${args.join(' ').slice(0, 60)} is refused`, (t) => {
    const call = () => parse(VALID, args);
    t.deepEqual(
      problemsOf(call),
      problems.map((problem) => `command line: ${problem}`),
    );
    t.is(errorOf(call).exitCode, 78);
    t.false('x' in {});
  });
}

test('the frame shows the argument with a caret', (t) => {
  t.is(errorOf(() => parse(VALID, ['train.epoch=3'])).frame, 'command line: train.epoch=3\n              ^^^^^^^^^^^');
  t.is(errorOf(() => parse(VALID, ['optimizer.lr=-1'])).frame, 'command line: optimizer.lr=-1\n                           ^^');
});

test('faults of the file and of arguments come together, the file first', (t) => {
  t.deepEqual(
    errorOf(() => parse(`${VALID}sed: 1\n`, ['lr=1', 'seed=x'])).problems.map(({ where }) => where),
    ['a.yaml:3:1', 'command line: lr=1', 'command line: seed=x'],
  );
});

test('what a later argument mends is no fault', (t) => {
  t.is(parse(`${VALID}seed: -1\n`, ['seed=1']).experiment.seed, 1);
});
