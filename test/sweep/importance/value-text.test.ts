import test from 'ava';
import { exactParameter, formatParameter } from '../../../src/sweep/importance/value-text.ts';
import type { ParameterValue } from '../../../src/sweep/value.ts';

const TEXTS: readonly [value: ParameterValue, text: string][] = [
  [[{ type: 'dense', units: 3 }], '[dense 3]'],
  [
    [{ type: 'conv2d', filters: 8, kernel: 3, activation: 'relu' }, 'flatten', { type: 'dense', units: 10 }],
    '[conv2d 8 kernel 3 relu, flatten, dense 10]',
  ],
  [[{ type: 'dense', units: 8, batch_norm: true, dropout: 0.2, residual: false }], '[dense 8 batch_norm dropout 0.2 residual false]'],
  [[{ repeat: 3, layers: [{ type: 'dense', units: 8 }] }], '[3 x [dense 8]]'],
  [[{ repeat: { times: 3, layers: [{ type: 'dense', units: 8 }] } }], '[3 x [dense 8]]'],
  [[{ block: 'stem' }, { type: 'dense', units: 8 }], '[stem, dense 8]'],
  [[{ residual: { layers: [{ type: 'dense', units: 8 }], activation: 'relu' } }], '[residual (layers [dense 8] relu)]'],
  [[{ type: 'conv2d', filters: 8, kernel: [3, 5], batch_norm: { eps: 0.1 } }], '[conv2d 8 kernel [3, 5] batch_norm (eps 0.1)]'],
  [{ type: 'sgd', momentum: 0.9 }, 'sgd momentum 0.9'],
  [[64, 32], '[64, 32]'],
  ['adamw', 'adamw'],
  [null, 'null'],
];

for (const [value, text] of TEXTS) {
  test(`a value as a table shows it: ${text} of ${JSON.stringify(value)}`, (t) => {
    t.is(formatParameter(value), text);
  });
}

test('an export has values with layers as YAML reads them', (t) => {
  t.is(exactParameter([{ type: 'dense', units: 3 }]), '[{"type":"dense","units":3}]');
  t.is(exactParameter([64, 32]), '[64, 32]');
});
