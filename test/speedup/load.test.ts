import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { loadSpeedup, settingsFromObject } from '../../src/speedup/load.ts';
import { chooseCounts } from '../../src/speedup/measurement/groups.ts';
import { parseCounts, parseTarget, speedupJsonSchema } from '../../src/speedup/schema.ts';
import { SMALL, workplace } from '../cli/support/run-cli.ts';
import { makeExperiment } from '../engine/support/outcome.ts';

const counts: [text: string, expected: number[] | undefined][] = [
  ['1', [1]],
  ['1..4', [1, 2, 3, 4]],
  ['1,2,4', [1, 2, 4]],
  ['4, 1..2', [1, 2, 4]],
  ['2,2', [2]],
  ['3..3', [3]],
  ['', undefined],
  ['0', undefined],
  ['0..2', undefined],
  ['4..1', undefined],
  ['1..', undefined],
  ['1-4', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['two', undefined],
  ['1..4097', undefined],
  ['1..65', undefined],
  ['99999999999', undefined],
];
for (const [text, expected] of counts) {
  test(`the list ${JSON.stringify(text)} is ${expected === undefined ? 'refused' : expected.join(' ')}`, (t) => {
    t.deepEqual(parseCounts(text, 4096), expected);
  });
}

const targets: [text: string, expected: [metric: string, value: number] | undefined][] = [
  ['val.accuracy=0.95', ['val.accuracy', 0.95]],
  ['val.loss = 1e-2', ['val.loss', 0.01]],
  ['val.r2=-.5', ['val.r2', -0.5]],
  ['val.accuracy', undefined],
  ['=0.95', undefined],
  ['val.accuracy=', undefined],
  ['val.accuracy=95 %', undefined],
  ['val.accuracy=0x1', undefined],
  ['val.accuracy=1e999', undefined],
  ['val accuracy=1', undefined],
  ['a=1=2', undefined],
];
for (const [text, expected] of targets) {
  test(`the target ${JSON.stringify(text)} is ${expected === undefined ? 'refused' : expected.join(' ')}`, (t) => {
    t.deepEqual(parseTarget(text), expected && { metric: expected[0], value: expected[1] });
  });
}

test('a target is given as text or as a map', (t) => {
  const target = { metric: 'val.accuracy', value: 0.9 };
  t.deepEqual(settingsFromObject({ time_to: 'val.accuracy=0.9' }).time_to, target);
  t.deepEqual(settingsFromObject({ time_to: target }).time_to, target);
  t.throws(() => settingsFromObject({ time_to: 'val.accuracy' }), {
    code: 'E_CONFIG_VALUE',
    message:
      'time_to: not understood; got "val.accuracy"; expected a map with metric and value, or METRIC=VALUE, such as val.accuracy=0.95',
  });
});

test('an experiment is compared with the default settings, and arguments change them', (t) => {
  const file = path.join(workplace(t), 'small.yaml');
  const { loaded, settings } = loadSpeedup(
    file,
    ['seed=7'],
    [
      { option: '--workers', key: 'workers', text: '1..2' },
      { option: '--steps', key: 'work.steps', text: '5' },
    ],
  );
  t.is(loaded.experiment.seed, 7);
  t.deepEqual(settings, { workers: [1, 2], mode: 'strong', work: { steps: 5 }, repeats: 8, baselines: ['sequential'], confidence: 0.95 });
});

test('a speedup file names its experiment by a path of its own, and arguments win over it', (t) => {
  const text =
    'version: 1\nbase: ./small.yaml\nworkers: [4, 1]\nmode: both\nwork: {seconds: 0.5}\nrepeats: 5\nbatch_sizes: 16,64\nbaselines: []\n';
  const file = path.join(workplace(t, { 'small.yaml': SMALL, 'speedup.yaml': text }), 'speedup.yaml');
  const { loaded, settings } = loadSpeedup(file, ['train.batch_size=8'], [{ option: '--repeats', key: 'repeats', text: '3' }]);
  t.is(loaded.experiment.name, 'small');
  t.is(loaded.experiment.train.batch_size, 8);
  t.deepEqual(settings, {
    workers: [1, 4],
    mode: 'both',
    work: { seconds: 0.5 },
    repeats: 3,
    batch_sizes: [16, 64],
    baselines: [],
    confidence: 0.95,
  });
});

test('every problem of a speedup file is told with its place', (t) => {
  const text = 'base: ./small.yaml\nworkes: 1..2\nrepeats: 1\nbatch_sizes: []\nbaselines: [seqential]\nmode: wek\nlearning_rate: 1\n';
  const file = path.join(workplace(t, { 'small.yaml': SMALL, 'bad.yaml': text }), 'bad.yaml');
  const { problems } = t.throws(() => loadSpeedup(file), { instanceOf: GradloomError });
  t.deepEqual(
    problems.map(({ code, where, message }) => [code, where?.replace(file, 'bad.yaml'), message]),
    [
      ['E_CONFIG_UNKNOWN_KEY', 'bad.yaml:2:1', 'workes: unknown key; did you mean workers?'],
      ['E_CONFIG_RANGE', 'bad.yaml:3:10', 'repeats: out of range; got 1; expected an integer from 3 to 10000'],
      ['E_CONFIG_RANGE', 'bad.yaml:4:1', 'batch_sizes: out of range; got 0 items; expected a list of 1 to 64 items'],
      [
        'E_CONFIG_VALUE',
        'bad.yaml:5:13',
        'baselines.0: unknown value; got seqential; expected one of sequential, unsliced, javascript; did you mean sequential?',
      ],
      ['E_CONFIG_VALUE', 'bad.yaml:6:7', 'mode: unknown value; got wek; expected one of strong, weak, both; did you mean weak?'],
      [
        'E_CONFIG_UNKNOWN_KEY',
        'bad.yaml:7:1',
        'learning_rate: unknown key; the keys here are version, base, workers, mode, work, repeats, batch_sizes, baselines, time_to, predict, confidence',
      ],
    ],
  );
});

test('a speedup file without an experiment says so', (t) => {
  const file = path.join(workplace(t, { 'bad.yaml': 'workers: 1..2\n' }), 'bad.yaml');
  t.throws(() => loadSpeedup(file), { message: 'base: missing; expected a file name' });
});

test('settings of a program are checked like those of a file', (t) => {
  t.deepEqual(settingsFromObject({ workers: [4, 2, 4] }).workers, [2, 4]);
  t.throws(() => settingsFromObject({ workers: [0] }), { message: /^workers\.0: out of range; got 0; expected an integer from 1 to 4096/ });
  t.throws(() => settingsFromObject({ confidence: 2 }), { message: /^confidence: out of range/ });
});

test('without a list there is a row for each core up to eight, then for powers of two; one worker is always among them', (t) => {
  const experiment = makeExperiment({ layers: [{ units: 2 }] });
  const cores = (usable: number) => ({ available: usable, quota: undefined, usable });
  t.deepEqual(chooseCounts(experiment, undefined, cores(1)), [1]);
  t.deepEqual(chooseCounts(experiment, undefined, cores(3)), [1, 2, 3]);
  t.deepEqual(chooseCounts(experiment, undefined, cores(12)), [1, 2, 4, 8, 12]);
  t.deepEqual(chooseCounts(experiment, undefined, cores(64)), [1, 2, 4, 8, 16]);
  t.deepEqual(chooseCounts(experiment, [4], cores(2)), [1, 4]);
});

test('the JSON Schema has every key, and none of our own keywords', (t) => {
  const schema = speedupJsonSchema() as { title: string; required: string[]; properties: object };
  t.is(schema.title, 'gradloom speedup');
  t.deepEqual(schema.required, ['base']);
  t.deepEqual(Object.keys(schema.properties).length, 11);
  t.false(/"isPath"|"form"/.test(JSON.stringify(schema)));
});
