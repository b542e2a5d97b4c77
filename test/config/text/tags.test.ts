import test from 'ava';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const read: { yaml: string; key: (experiment: ReturnType<typeof parse>['experiment']) => unknown; value: unknown }[] = [
  { yaml: 'optimizer: {lr: !!float 1e-5}', key: ({ optimizer }) => optimizer.lr, value: 1e-5 },
  { yaml: 'optimizer: {lr: !!float 1}', key: ({ optimizer }) => optimizer.lr, value: 1 },
  { yaml: 'optimizer: {lr: !!float "0.5"}', key: ({ optimizer }) => optimizer.lr, value: 0.5 },
  { yaml: 'optimizer: {lr: !!int 2}', key: ({ optimizer }) => optimizer.lr, value: 2 },
  { yaml: 'optimizer: !!map\n  lr: !!float &x\n    2', key: ({ optimizer }) => optimizer.lr, value: 2 },
  { yaml: 'seed: !!int 3', key: ({ seed }) => seed, value: 3 },
  { yaml: 'seed: !!int "3"', key: ({ seed }) => seed, value: 3 },
  { yaml: 'name: !!str 12', key: ({ name }) => name, value: '12' },
  { yaml: 'name: ! 12', key: ({ name }) => name, value: '12' },
  { yaml: 'name: !<tag:yaml.org,2002:str> true', key: ({ name }) => name, value: 'true' },
  { yaml: 'tags: !!seq [!!str 1, !!str no]', key: ({ tags }) => tags, value: ['1', 'no'] },
  { yaml: 'train: {early_stop: {restore_best: !!bool False}}', key: ({ train }) => train.early_stop?.restore_best, value: false },
  { yaml: 'train: {early_stop: {restore_best: False}}', key: ({ train }) => train.early_stop?.restore_best, value: false },
  { yaml: 'train: {early_stop: {restore_best: TRUE}}', key: ({ train }) => train.early_stop?.restore_best, value: true },
  { yaml: 'track: {notes: !!str }', key: ({ track }) => track.notes, value: '' },
];
for (const { yaml, key, value } of read) {
  test(`${JSON.stringify(yaml)} means what YAML says`, (t) => {
    t.deepEqual(key(parse(VALID + yaml).experiment), value);
  });
}

test("YAML's own tags and words in capitals mean the same in arguments", (t) => {
  const { experiment } = parse(VALID, ['optimizer.lr=!!float 1e-5', 'data.drop_last=True', 'name=!!str 7']);
  t.deepEqual([experiment.optimizer.lr, experiment.data.drop_last, experiment.name], [1e-5, true, '7']);
});

test('a fraction of !!float 1 is every row, a count of !!int 1 one', (t) => {
  const train = (text: string) => parse(VALID, [`data.split={train: ${text}, val: 0, test: 0}`]).experiment.data.split.train;
  t.deepEqual([train('!!float 1'), train('!!int 1')], ['rest', 1]);
});

const refused: { yaml: string; problem: string }[] = [
  { yaml: 'seed: !!int 3.5', problem: '3:13 [E_CONFIG_INTEGER] seed: not an integer; got !!int 3.5' },
  { yaml: 'seed: !!int x', problem: '3:13 [E_CONFIG_TYPE] seed: not an integer; got !!int x' },
  { yaml: 'seed: !!int 012', problem: '3:13 [E_CONFIG_VALUE] seed: a leading zero is ambiguous; got 012; write 12, or "012" for text' },
  { yaml: 'seed: !!float x', problem: '3:15 [E_CONFIG_TYPE] seed: not a number; got !!float x' },
  { yaml: 'optimizer: {lr: !!float .inf}', problem: '3:25 [E_CONFIG_RANGE] optimizer.lr: not a finite number; got !!float .inf' },
  {
    yaml: 'optimizer: {lr: !!float 1e400}',
    problem: '3:25 [E_CONFIG_RANGE] optimizer.lr: too large for a number; got 1e400; expected a number above 0, at most 1e+30',
  },
  {
    yaml: 'optimizer: {lr: !!str 1}',
    problem: '3:23 [E_CONFIG_TYPE] optimizer.lr: wrong type; got !!str 1; expected a number above 0, at most 1e+30; remove the tag',
  },
  { yaml: 'track: {notes: !!null x}', problem: '3:23 [E_CONFIG_TYPE] track.notes: not null; got !!null x' },
  {
    yaml: 'train: {early_stop: {restore_best: !!bool yes}}',
    problem: '3:43 [E_CONFIG_TYPE] train.early_stop.restore_best: neither true nor false; got !!bool yes',
  },
  { yaml: 'tags: !!map [a]', problem: '3:7 [E_CONFIG_TYPE] tags: wrong type; got a list under the tag !!map' },
  { yaml: 'optimizer: !!seq {lr: 1}', problem: '3:12 [E_CONFIG_TYPE] optimizer: wrong type; got a map under the tag !!seq' },
  { yaml: 'tags: !!seq a', problem: '3:13 [E_CONFIG_TYPE] tags: a word is no list; got !!seq a' },
  ...['!foo x', '!!binary aGk=', '!!js/function x', '!!set {a}', '!!timestamp 2001-01-01', '!!python/object:x y', '!!merge x'].map(
    (value) => ({
      yaml: `name: ${value}`,
      problem: '3:7 [E_YAML_TAG] custom tags are not allowed',
    }),
  ),
];
for (const { yaml, problem } of refused) {
  test(`${yaml} is refused with its place`, (t) => {
    t.is(errorOf(() => parse(VALID + yaml)).exitCode, 78);
    t.deepEqual(
      problemsOf(() => parse(VALID + yaml)),
      [`a.yaml:${problem}`],
    );
  });
}
