import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { checkGroups, tensorRates } from '../../src/optim/groups.ts';
import { optimizerConfig } from './support/chunked.ts';

const config = (keys: Record<string, unknown> = {}) => optimizerConfig({ type: 'sgd', lr: 0.1, weight_decay: 0.01, ...keys });

test('without groups every tensor has the rates of the optimizer', (t) => {
  for (const role of ['weight', 'bias', 'norm.weight']) {
    t.deepEqual(tensorRates(config(), `layers.0.${role}`, role), { lr: 0.1, weightDecay: 0.01 });
  }
});

test('weight_decay_on weights spares biases and the parameters of norms', (t) => {
  const decay = (role: string) => tensorRates(config({ weight_decay_on: 'weights' }), `layers.0.${role}`, role).weightDecay;
  t.is(decay('weight'), 0.01);
  for (const role of ['bias', 'norm.weight', 'norm.bias']) t.is(decay(role), 0);
});

test('a group changes what it says and nothing else; of several the last wins, key by key', (t) => {
  const groups = [
    { match: 'layers.0.*', lr: 0.5, weight_decay: 1 },
    { match: '*.bias', weight_decay: 0 },
    { match: 'layers.0.bias', lr: 0.7 },
  ];
  t.deepEqual(tensorRates(config({ groups }), 'layers.0.weight', 'weight'), { lr: 0.5, weightDecay: 1 });
  t.deepEqual(tensorRates(config({ groups }), 'layers.0.bias', 'bias'), { lr: 0.7, weightDecay: 0 });
  t.deepEqual(tensorRates(config({ groups }), 'layers.1.bias', 'bias'), { lr: 0.1, weightDecay: 0 });
  t.deepEqual(tensorRates(config({ groups }), 'layers.1.weight', 'weight'), { lr: 0.1, weightDecay: 0.01 });
});

test('a group decays what weight_decay_on would spare', (t) => {
  const groups = [{ match: '*', weight_decay: 0.3 }];
  t.is(tensorRates(config({ weight_decay_on: 'weights', groups }), 'layers.0.bias', 'bias').weightDecay, 0.3);
});

const PATTERNS: [pattern: string, name: string, matches: boolean][] = [
  ['layers.0.bias', 'layers.0.bias', true],
  ['layers.0.bias', 'layers.0.biases', false],
  ['*', 'layers.0.bias', true],
  ['**', 'layers.0.bias', true],
  ['*.bias', 'layers.0.bias', true],
  ['*.bias', 'layers.0.norm.bias', true],
  ['*.bias', 'bias', false],
  ['layers.*', 'layers.0.bias', true],
  ['layers.*.bias', 'layers.0.bias', true],
  ['layers.*.bias', 'layers.bias', false],
  ['*ayers*0*ias', 'layers.0.bias', true],
  ['*0*0*', 'layers.0.bias', false],
  ['*a*a*', 'layers.0.bias', true],
  ['layers.0.b*bias', 'layers.0.bias', false],
  ['layers.0.bi*as', 'layers.0.bias', true],
  ['a*b*ab', 'aXbab', true],
  ['a*ba*ab', 'aXbab', false],
  ['layers.?.bias', 'layers.0.bias', false],
  ['layers.[0].bias', 'layers.0.bias', false],
];

for (const [pattern, name, matches] of PATTERNS) {
  test(`${pattern} ${matches ? 'matches' : 'does not match'} ${name}`, (t) => {
    t.is(tensorRates(config({ groups: [{ match: pattern, lr: 9 }] }), name, 'bias').lr === 9, matches);
  });
}

test('a pattern of many stars takes no time', (t) => {
  const name = `${'a'.repeat(5000)}b`;
  const begun = performance.now();
  t.is(tensorRates(config({ groups: [{ match: `${'*a'.repeat(90)}*c`, lr: 9 }] }), name, 'weight').lr, 0.1);
  t.true(performance.now() - begun < 100);
});

test('a group without a tensor is refused, with the names there are', (t) => {
  const names = ['layers.0.weight', 'layers.0.bias'];
  const groups = [
    { match: '*.bias', lr: 1 },
    { match: '*.biass', lr: 1 },
  ];
  const error = t.throws(() => checkGroups(config({ groups }), names), { instanceOf: GradloomError });
  t.is(error.code, 'E_CONFIG_VALUE');
  t.is(error.where, 'optimizer.groups.1.match');
  t.is(error.message, 'matches no tensor; got *.biass; the model has layers.0.weight, layers.0.bias');
  t.notThrows(() => checkGroups(config({ groups: groups.slice(0, 1) }), names));
});

test('of many tensors the first are named', (t) => {
  const names = Array.from({ length: 13 }, (_, i) => `layers.${i}.weight`);
  const error = t.throws(() => checkGroups(config({ groups: [{ match: 'x' }] }), names), { instanceOf: GradloomError });
  t.true(error.message.endsWith('layers.11.weight, ...'));
});
