import test from 'ava';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { initialState } from '../../src/model/initializers.ts';
import { readTensor } from '../../src/model/parameters.ts';
import { experimentOf, trained, trained64, withEngine } from './support/live.ts';
import {
  addPenalty,
  evaluatedLoss,
  type Model64,
  modelOf,
  type Pass,
  passOver,
  penaltyOf,
  relativeError,
  rowsOf,
} from './support/reference-layers.ts';
import { Dice, makeSamples } from './support/samples.ts';

const SMOOTHED = { type: 'softmax_cross_entropy', label_smoothing: 0.15, class_weights: [1, 0.5, 2, 1.25] };
const FEATURES = 7;
const CLASSES = 4;

/** Each with an output layer behind it. */
const CASES: { title: string; layers: Record<string, unknown>[]; regularization?: object; accumulate?: number; leaves?: number }[] = [
  { title: 'batch norm over the batch', layers: [{ units: 9, batch_norm: true, activation: 'tanh' }] },
  { title: 'batch norm over each leaf', layers: [{ units: 9, batch_norm: { scope: 'leaf' }, activation: 'gelu' }] },
  {
    title: 'batch norm over each leaf, some leaves of one row and some empty',
    layers: [{ units: 5, batch_norm: { scope: 'leaf', eps: 0.1 } }],
    leaves: 17,
  },
  { title: 'layer norm', layers: [{ units: 9, layer_norm: { eps: 1e-3 }, activation: 'sigmoid' }] },
  { title: 'dropout', layers: [{ units: 11, activation: 'tanh', dropout: 0.4 }] },
  { title: 'dropout of a linear layer', layers: [{ units: 11, dropout: 0.4 }] },
  {
    title: 'residual',
    layers: [
      { units: 7, activation: 'gelu', residual: true },
      { units: 7, residual: true },
    ],
  },
  {
    title: 'relu and leaky_relu behind norms',
    layers: [
      { units: 6, batch_norm: true, activation: 'relu' },
      { units: 6, layer_norm: true, activation: 'leaky_relu' },
    ],
  },
  { title: 'penalties', layers: [{ units: 6, layer_norm: true, activation: 'tanh' }], regularization: { l1: 0.01, l2: 0.03 } },
  { title: 'several batches an update', layers: [{ units: 9, batch_norm: true, activation: 'tanh', dropout: 0.25 }], accumulate: 2 },
  {
    title: 'everything at once',
    layers: [
      { units: 8, batch_norm: true, activation: 'gelu', dropout: 0.2 },
      { units: 8, layer_norm: true, activation: 'tanh', residual: true, dropout: 0.1 },
      { units: 8, batch_norm: { scope: 'leaf', momentum: 0.3 }, activation: 'sigmoid', residual: true },
    ],
    regularization: { l1: 0.002, l2: 0.01 },
  },
];

const dataset = makeSamples({ rows: { train: 54, val: 29 }, features: FEATURES, target: { classes: CLASSES }, weighted: true });

function experimentFor({ layers, regularization, accumulate, leaves }: (typeof CASES)[number]) {
  return experimentOf({
    model: { layers: [...layers, { units: CLASSES }] },
    loss: SMOOTHED,
    optimizer: { type: 'sgd', lr: 0.5 },
    regularization: { ...regularization },
    // Batches of 20, 20 and 14 rows.
    train: { batch_size: 20, steps: 3, accumulate: accumulate ?? 1, eval: { on: 'none' } },
    numerics: { leaves: leaves ?? 5 },
    track: { log_every: { steps: 1 } },
  });
}

// ---- the reference itself ------------------------------------------------------------------------------------------

/** Objective of the reference as a number: what finite differences see. */
function objective(model: Model64, rows: ReturnType<typeof rowsOf>, pass: Pass, penalties: { l1: number; l2: number }): number {
  const { loss, weight } = passOver(model, rows, pass);
  return loss / weight + penaltyOf(model.parameters, penalties);
}

for (const c of CASES) {
  test(`the reference's gradient is the central difference of its loss: ${c.title}`, (t) => {
    const experiment = experimentFor(c);
    const plan = planEngine(experiment, dataset, 1);
    const model = modelOf(plan.network, initialState(plan.network, experiment.model, experiment.seed));
    const dice = new Dice(77);
    // Gammas and betas start as 1 and 0, which would hide factors.
    for (const values of model.parameters.values()) for (let i = 0; i < values.length; i++) values[i] = values[i]! + 0.5 * dice.signed();
    const rows = rowsOf(dataset, dataset.splits.train.subarray(0, 20));
    const leaves = experiment.numerics.leaves;
    const pass: Pass = {
      classWeights: plan.lossWeights,
      bounds: Array.from({ length: leaves + 1 }, (_, i) => Math.floor((i * rows.length) / leaves)),
      mask: (layer, row, unit) => (new Dice(1000 * layer + 50 * row + unit).next() < 0.3 ? 0 : 1 / 0.7),
    };
    const { gradients, weight, kinkDistance } = passOver(model, rows, pass);
    t.true(kinkDistance > 1e-4, `no activation within reach of its kink: ${kinkDistance}`);
    for (const g of gradients.values()) for (let i = 0; i < g.length; i++) g[i] = g[i]! / weight;
    addPenalty(gradients, model.parameters, experiment.regularization);
    const h = 1e-5;
    let checked = 0;
    for (const [name, values] of model.parameters) {
      for (let i = 0; i < values.length; i++) {
        const kept = values[i]!;
        const at = (value: number): number => {
          values[i] = value;
          return objective(model, rows, pass, experiment.regularization);
        };
        const numeric = (at(kept + h) - at(kept - h)) / (2 * h);
        values[i] = kept;
        const analytic = gradients.get(name)![i]!;
        if (!(Math.abs(analytic - numeric) <= 1e-7 + 1e-5 * Math.abs(numeric)))
          t.fail(`${name}[${i}]: ${analytic}, differences give ${numeric}`);
        checked++;
      }
    }
    t.true(checked > 50);
  });
}

// ---- the engine against the reference ------------------------------------------------------------------------------

/** Parameters after three steps: 2^-24 for each of some twenty roundings, measured 9e-7 at most. */
const PARAMETERS = 4e-6;
const LOSS = 2e-6;

for (const c of CASES) {
  test.serial(
    `three steps of the engine are the reference's: parameters, running statistics, loss, penalty, norm: ${c.title}`,
    async (t) => {
      const experiment = experimentFor(c);
      const plan = planEngine(experiment, dataset, 2);
      const { steps, state } = await trained(experiment, dataset, 2);
      const { steps: expected, training } = trained64(experiment, dataset);
      const worst = relativeError(plan.network, state, training.model.parameters);
      t.log('parameters', worst);
      t.true(worst.error < PARAMETERS, `${worst.tensor}: ${worst.error}`);
      for (const [i, step] of steps.entries()) {
        const { loss, penalty, gradientNorm, kinkDistance } = expected[i]!;
        t.true(kinkDistance > 1e-5);
        for (const [name, actual, wanted] of [
          ['loss', step.loss, loss],
          ['penalty', step.penalty, penalty],
          ['norm', step.gradientNorm!, gradientNorm],
        ] as const) {
          t.true(Math.abs(actual - wanted) <= LOSS * Math.max(1, wanted), `step ${i}: ${name} ${actual}, reference ${wanted}`);
        }
      }
      for (const placed of plan.network.statistics) {
        const actual = readTensor(state.statistics, placed);
        for (const [u, wanted] of training.model.statistics.get(placed.name)!.entries()) {
          t.true(
            Math.abs(actual[u]! - wanted) <= 2e-6 * Math.max(1, Math.abs(wanted)),
            `${placed.name}[${u}]: ${actual[u]}, reference ${wanted}`,
          );
        }
      }
      // A step of 0.5 moves every tensor, or the comparison would say little.
      const start = modelOf(plan.network, initialState(plan.network, experiment.model, experiment.seed)).parameters;
      for (const [name, values] of training.model.parameters) {
        const isAbsorbed = name.endsWith('.bias') && training.model.statistics.has(name.replace(/bias$/, 'norm.running_mean'));
        if (isAbsorbed && !name.includes('norm')) continue;
        t.true(
          values.some((value, i) => Math.abs(value - start.get(name)![i]!) > 1e-3),
          `${name} moved`,
        );
      }
    },
  );
}

test.serial('an evaluation uses the running statistics and no dropout, for any eval.batch_size and worker count', async (t) => {
  const everything = CASES.at(-1);
  const losses: number[] = [];
  for (const [workers, size] of [
    [1, 29],
    [3, 29],
    [2, 8],
  ] as const) {
    const base = experimentFor(everything);
    const experiment = { ...base, train: { ...base.train, eval: { ...base.train.eval, batch_size: size } } };
    await withEngine(experiment, dataset, workers, async ({ engine, plan }) => {
      await engine.train(0, 3);
      const state = engine.shared.snapshot();
      const evaluation = await engine.evaluate('val');
      const reference = evaluatedLoss(modelOf(plan.network, state), rowsOf(dataset, dataset.splits.val), plan.lossWeights);
      t.true(Math.abs(evaluation!.loss - reference) <= 1e-6 * reference, `${evaluation!.loss}, reference ${reference}`);
      losses.push(evaluation!.loss);
      t.deepEqual(engine.shared.snapshot(), state, 'an evaluation changes nothing');
    });
  }
  t.is(losses[0], losses[1]);
});
