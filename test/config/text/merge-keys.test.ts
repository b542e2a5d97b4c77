import test from 'ava';
import { denseLayers, parse, problemsOf, VALID } from '../support/experiments.ts';

const layers = (text: string) =>
  `data: {source: mnist}\nmodel:\n  layers:\n    - &hidden {type: dense, units: 8, activation: relu}\n    - ${text}\n    - {type: dense, units: 3}\n`;

test('a merge key takes over the keys of a map, and the keys beside it win wherever they stand', (t) => {
  for (const text of ['{<<: *hidden, units: 4}', '{units: 4, <<: *hidden}', '{<<: [*hidden], units: 4}', '{<<: {units: 4}, <<: *hidden}']) {
    const { experiment } = parse(layers(text));
    t.like(experiment.model.layers[1], { type: 'dense', units: 4, activation: { type: 'relu' } }, text);
    t.is(denseLayers(experiment)[0]?.units, 8);
  }
});

test('of several merged maps the earlier wins', (t) => {
  const { experiment } = parse(layers('{<<: [{units: 5}, {units: 6, dropout: 0.5}, *hidden]}'));
  t.like(experiment.model.layers[1], { type: 'dense', units: 5, dropout: 0.5 });
  t.is(denseLayers(parse(layers('{<<: *hidden, <<: *hidden}')).experiment)[1]?.units, 8);
  t.is(parse(`${VALID}<<: {seed: 4}\ntrain: {<<: {epochs: 3}}`).experiment.seed, 4);
  t.is(parse(VALID, ['train={<<: {epochs: 3}, batch_size: 2}']).experiment.train.epochs, 3);
});

test('what is wrong with a merged value is told where the value is written', (t) => {
  t.deepEqual(
    problemsOf(() => parse(`${VALID}train: {<<: {steps: x, foo: 1}, batch_size: 3}`)).map((line) => line.replace(/; .*/, '')),
    ['a.yaml:3:21 [E_CONFIG_TYPE] train.steps: wrong type', 'a.yaml:3:24 [E_CONFIG_UNKNOWN_KEY] train.foo: unknown key'],
  );
});

const refused: { yaml: string; problem: string }[] = [
  {
    yaml: 'train: {<<: 3}',
    problem: '3:9 [E_CONFIG_TYPE] train.<<: wrong type; expected a map, such as *name of an anchor, or a list of maps',
  },
  {
    yaml: 'train: {<<: [{steps: 3}, 4]}',
    problem: '3:9 [E_CONFIG_TYPE] train.<<.1: wrong type; expected a map, such as *name of an anchor, or a list of maps',
  },
  { yaml: 'train: &t {<<: *t}', problem: '3:16 [E_YAML_CYCLE] train.<<: *t contains itself' },
  { yaml: 'train: {<<: *no}', problem: '3:13 [E_YAML_SYNTAX] train.<<: no anchor &no stands before this alias' },
  { yaml: 'train: {<<: {__proto__: 3}}', problem: '3:14 [E_CONFIG_RESERVED] train.<<.__proto__: reserved name' },
  { yaml: '"<<": {seed: 1}', problem: '3:1 [E_CONFIG_UNKNOWN_KEY] <<: unknown key; a merge key is written without quotes, in a file' },
];
for (const { yaml, problem } of refused) {
  test(`${yaml} is refused with its place`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(VALID + yaml)),
      [`a.yaml:${problem}`],
    );
  });
}
