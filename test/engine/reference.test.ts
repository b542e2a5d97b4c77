import test from 'ava';
import type { ActivationConfig } from '../../src/config/schema/layers/activation.ts';
import type { LossConfig } from '../../src/config/schema/schema.ts';
import { activate, slopeAt } from '../../src/graph/ops/activation.ts';
import { erf } from '../../src/graph/ops/erf.ts';
import { evaluate64, type Layer64, type Row64, rowLoss } from './support/reference.ts';
import { Dice } from './support/samples.ts';

/** mpmath, 20 digits. */
const ERF = [
  [0.1, 0.1124629160182848922],
  [0.5, 0.52049987781304653768],
  [1, 0.84270079294971486934],
  [2, 0.99532226501895273416],
  [2.4, 0.99931148610335492143],
  [2.6, 0.9997639655834706508],
  [3, 0.99997790950300141456],
  [4, 0.99999998458274209972],
] as const;

test('the reference erf is right to f64 rounding, on both sides of its two formulas', (t) => {
  for (const [x, value] of ERF) {
    t.true(Math.abs(erf(x) - value) <= 4e-16, `erf(${x}) = ${erf(x)}`);
    t.is(erf(-x), -erf(x));
  }
  t.true(Math.abs(erf(2.5 - 1e-12) - erf(2.5)) < 1e-14);
  t.is(erf(0), 0);
});

const ACTIVATIONS: readonly ActivationConfig[] = [
  { type: 'identity' },
  { type: 'relu' },
  { type: 'leaky_relu', slope: 0.01 },
  { type: 'leaky_relu', slope: 0.3 },
  { type: 'sigmoid' },
  { type: 'tanh' },
  { type: 'gelu' },
];
const LOSSES: readonly { type: LossConfig['type']; targets: 'labels' | 'values' | 'one output' }[] = [
  { type: 'softmax_cross_entropy', targets: 'labels' },
  { type: 'sigmoid_cross_entropy', targets: 'labels' },
  { type: 'sigmoid_cross_entropy', targets: 'values' },
  { type: 'sigmoid_cross_entropy', targets: 'one output' },
  { type: 'mse', targets: 'labels' },
  { type: 'mse', targets: 'values' },
  { type: 'mse', targets: 'one output' },
];

const EPS = 1e-6;
const ROWS = 6;

function tinyNet(dice: Dice, widths: readonly number[], activation: ActivationConfig): Layer64[] {
  return widths.slice(1).map((units, l) => {
    const inputs = widths[l]!;
    const values = (count: number): Float64Array => Float64Array.from({ length: count }, () => 1.2 * dice.signed());
    const last = l === widths.length - 2;
    return { inputs, units, activation: last ? { type: 'identity' } : activation, weight: values(inputs * units), bias: values(units) };
  });
}

for (const activation of ACTIVATIONS) {
  const name = activation.type === 'leaky_relu' ? `leaky_relu ${activation.slope}` : activation.type;
  for (const { type, targets } of LOSSES) {
    test(`N1 gradients equal central differences: ${name}, ${type} on ${targets}`, (t) => {
      const outputs = targets === 'one output' ? 1 : 3;
      const dice = new Dice(17);
      const layers = tinyNet(dice, [4, 5, 4, outputs], activation);
      const all = Array.from({ length: ROWS }, (): Row64 => {
        const x = Array.from({ length: 4 }, () => dice.signed());
        if (targets === 'labels') return { x, target: dice.int(0, outputs - 1) };
        return { x, target: Array.from({ length: outputs }, () => dice.next()) };
      });
      // Kinks are skipped by rule: rows with a unit closer to 0 than any perturbation could move it.
      const rows = all.filter((row) => evaluate64(layers, type, [row]).kinkDistance > 10 * EPS);
      t.true(rows.length >= ROWS - 1, 'the rule must not skip what is to be tested');
      const { gradients } = evaluate64(layers, type, rows);
      const lossAt = (): number => evaluate64(layers, type, rows).loss;
      for (const [l, layer] of layers.entries()) {
        for (const role of ['weight', 'bias'] as const) {
          for (let i = 0; i < layer[role].length; i++) {
            const kept = layer[role][i]!;
            layer[role][i] = kept + EPS;
            const above = lossAt();
            layer[role][i] = kept - EPS;
            const below = lossAt();
            layer[role][i] = kept;
            const numeric = (above - below) / (2 * EPS);
            const analytic = gradients[l]![role][i]!;
            const bound = 1e-7 + 1e-5 * Math.abs(numeric);
            t.true(Math.abs(analytic - numeric) <= bound, `layer ${l} ${role}[${i}]: analytic ${analytic}, numeric ${numeric}`);
          }
        }
      }
    });
  }

  test(`N1 the slope of ${name} is its derivative far from 0 too`, (t) => {
    for (const z of [-30, -8, -3.3, -1, -0.2, 0.2, 1, 3.3, 8, 30]) {
      const numeric = (activate(activation, z + EPS) - activate(activation, z - EPS)) / (2 * EPS);
      t.true(Math.abs(slopeAt(activation, z) - numeric) <= 1e-7 + 1e-5 * Math.abs(numeric), `z ${z}`);
    }
  });
}

test('N2 the reference losses stay finite for logits of 1e3 and equal their limits', (t) => {
  t.deepEqual(rowLoss('softmax_cross_entropy', [1000, 0], 0), { loss: 0, dz: [0, 0], correct: true });
  t.is(rowLoss('softmax_cross_entropy', [1000, 0], 1).loss, 1000);
  t.is(rowLoss('sigmoid_cross_entropy', [-1000], 1).loss, 1000);
});
