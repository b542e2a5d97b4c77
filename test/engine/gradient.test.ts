import test from 'ava';
import type { LossConfig } from '../../src/config/schema/schema.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { makeExperiment, outcome64, outcomeOf } from './support/outcome.ts';
import { type Layer64, layersOf } from './support/reference.ts';
import { makeSamples, randomVector, type SampleOptions } from './support/samples.ts';

// bound: errors relative to the largest value of a tensor; measured 2026-11 over the cases below: at most 4.7e-7 (gradients) and 4.5e-7
// (parameters), f32 rounding being 6e-8. GRADLOOM_TEST_VERBOSE=1 prints each.
const GRADIENT_BOUND = 1.5e-6;
const PARAMETER_BOUND = 1.5e-6;
const LOSS_BOUND = 1e-6;
/** A power of two: the difference of parameters before and after one step gives the gradient to f32 accuracy. */
const GRADIENT_LR = 1024;

/** Largest difference between two runs' tensors, relative to the largest value of each tensor. */
function largestDifference(actual: readonly Layer64[], expected: readonly Layer64[]): number {
  let largest = 0;
  for (const [l, layer] of expected.entries()) {
    for (const role of ['weight', 'bias'] as const) {
      const scale = layer[role].reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30);
      for (const [i, value] of layer[role].entries()) largest = Math.max(largest, Math.abs(actual[l]![role][i]! - value) / scale);
    }
  }
  return largest;
}

const difference = (before: readonly Layer64[], after: readonly Layer64[], lr: number): Layer64[] =>
  before.map((layer, l) => ({
    ...layer,
    weight: layer.weight.map((v, i) => (v - after[l]!.weight[i]!) / lr),
    bias: layer.bias.map((v, i) => (v - after[l]!.bias[i]!) / lr),
  }));

const DATA: readonly { title: string; stored: 'uint8' | 'f32'; normalize: NonNullable<SampleOptions['normalize']> }[] = [
  { title: 'f32', stored: 'f32', normalize: 'none' },
  { title: 'f32 zscore', stored: 'f32', normalize: 'zscore' },
  { title: 'uint8 unit256', stored: 'uint8', normalize: 'unit256' },
  { title: 'uint8 zscore', stored: 'uint8', normalize: 'zscore' },
];
const TARGETS: readonly { loss: LossConfig['type']; target: SampleOptions['target']; outputs: number; title: string }[] = [
  { title: 'softmax_cross_entropy on labels', loss: 'softmax_cross_entropy', target: { classes: 7 }, outputs: 7 },
  { title: 'sigmoid_cross_entropy on labels', loss: 'sigmoid_cross_entropy', target: { classes: 5 }, outputs: 5 },
  { title: 'sigmoid_cross_entropy on two classes', loss: 'sigmoid_cross_entropy', target: { classes: 2 }, outputs: 1 },
  { title: 'sigmoid_cross_entropy on values', loss: 'sigmoid_cross_entropy', target: { width: 6 }, outputs: 6 },
  { title: 'mse on labels', loss: 'mse', target: { classes: 4 }, outputs: 4 },
  { title: 'mse on values', loss: 'mse', target: { width: 3 }, outputs: 3 },
];
const ACTIVATIONS = ['identity', 'relu', { type: 'leaky_relu', slope: 0.2 }, 'sigmoid', 'tanh', 'gelu'] as const;

let number = 0;
for (const activation of ACTIVATIONS) {
  const name = typeof activation === 'string' ? activation : activation.type;
  for (const { title, loss, target, outputs } of TARGETS) {
    const data = DATA[number++ % DATA.length]!;
    test.serial(`N1 one gradient and three steps are those of the f64 reference: ${name}, ${title}, ${data.title}`, async (t) => {
      const dataset = makeSamples({ rows: { train: 61 }, features: 29, ...data, target, seed: number });
      const layers = [{ units: 19, activation }, { units: 12, activation }, { units: outputs }];
      const workers = 1 + (number % 3);
      const tree = { layers, loss, leaves: 9 };

      const one = makeExperiment({ ...tree, lr: GRADIENT_LR, train: { steps: 1 } });
      const onePlan = planEngine(one, dataset, workers);
      const parameters = randomVector(onePlan.network.vectorFloats, 0.4, 5);
      const before = layersOf(onePlan.network, parameters);
      const gradient = await outcomeOf({ experiment: one, dataset, workers, parameters });
      const gradient64 = outcome64(onePlan, dataset, parameters);
      const actual = difference(before, layersOf(onePlan.network, gradient.parameters), GRADIENT_LR);
      const expected = difference(before, gradient64.layers, GRADIENT_LR);
      const gradientError = largestDifference(actual, expected);
      t.true(gradientError <= GRADIENT_BOUND, `gradient differs by ${gradientError}`);

      const three = makeExperiment({ ...tree, lr: 0.5 });
      const plan = planEngine(three, dataset, workers);
      const outcome = await outcomeOf({ experiment: three, dataset, workers, parameters });
      const expected3 = outcome64(plan, dataset, parameters);
      const error = largestDifference(layersOf(plan.network, outcome.parameters), expected3.layers);
      t.true(error <= PARAMETER_BOUND, `parameters differ by ${error}`);
      for (const [i, value] of expected3.losses.entries()) {
        const lossError = Math.abs(outcome.steps[i]!.loss - value) / Math.max(1, value);
        t.true(lossError <= LOSS_BOUND, `loss of step ${i} differs by ${lossError}`);
      }
      t.deepEqual(
        outcome.steps.map(({ correct }) => correct),
        expected3.correct,
      );
      if (process.env['GRADLOOM_TEST_VERBOSE'] !== undefined) t.log({ gradientError, error });
    });
  }
}
