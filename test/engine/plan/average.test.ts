import test from 'ava';
import type { Dataset } from '../../../src/data/dataset.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { experimentOf, hex, trained, trained64, withEngine } from '../support/live.ts';
import { evaluatedLoss, modelOf, relativeError, rowsOf } from '../support/reference-layers.ts';
import { makeSamples } from '../support/samples.ts';

const dataset: Dataset = makeSamples({ rows: { train: 90, val: 31 }, features: 8, target: { classes: 4 } });

function experiment(average: object | string, steps = 50) {
  return experimentOf({
    model: { layers: [{ units: 12, batch_norm: true, activation: 'tanh', dropout: 0.1 }, { units: 4 }] },
    optimizer: { type: 'sgd', lr: 0.5 },
    // Three steps an epoch.
    train: { batch_size: 40, steps, average, eval: { on: 'none' } },
    numerics: { leaves: 6 },
  });
}

const CASES = [
  { title: 'ema, decay 0.9', average: { type: 'ema', decay: 0.9 } },
  { title: 'ema, decay 0.999', average: { type: 'ema', decay: 0.999 } },
  { title: 'swa of every step from the start', average: { type: 'swa', start: 0, every: { steps: 1 } } },
  { title: 'swa every 4 steps from 0.3', average: { type: 'swa', start: 0.3, every: { steps: 4 } } },
  { title: 'swa every 2 epochs from 0.5', average: { type: 'swa', start: 0.5, every: { epochs: 2 } } },
];

for (const { title, average } of CASES) {
  test.serial(`50 steps of averages are the f64 formula's, and are evaluated with the running statistics: ${title}`, async (t) => {
    const settings = experiment(average);
    const { training } = trained64(settings, dataset);
    await withEngine(settings, dataset, 2, async ({ engine, plan }) => {
      await engine.train(0, 50);
      const state = engine.shared.snapshot();
      const [averaged] = state.averages;
      const worst = relativeError(plan.network, { parameters: averaged! }, training.average!);
      t.log(worst);
      t.true(worst.error < 1e-5, `${worst.tensor}: ${worst.error}`);
      t.true(relativeError(plan.network, { parameters: averaged! }, training.model.parameters).error > 1e-3, 'it is not the raw vector');
      const evaluation = await engine.evaluate('val', true);
      const rows = rowsOf(dataset, dataset.splits.val);
      const expected = evaluatedLoss({ ...training.model, parameters: training.average! }, rows, plan.lossWeights);
      t.true(Math.abs(evaluation!.loss - expected) < 1e-5, `${evaluation!.loss}, f64 ${expected}`);
      const raw = await engine.evaluate('val');
      t.true(Math.abs(raw!.loss - evaluatedLoss(training.model, rows, plan.lossWeights)) < 1e-5);
      t.not(raw!.loss, evaluation!.loss);
    });
  });
}

test.serial('the first ema step copies the parameters; decay 1 then keeps that copy, decay 0 follows them', async (t) => {
  const once = await trained(experiment({ type: 'ema', decay: 0.9 }, 1), dataset, 2);
  t.is(hex(once.state.averages[0]!), hex(once.state.parameters));
  const kept = await trained(experiment({ type: 'ema', decay: 1 }, 9), dataset, 2);
  t.is(hex(kept.state.averages[0]!), hex(once.state.parameters));
  const following = await trained(experiment({ type: 'ema', decay: 0 }, 9), dataset, 2);
  const { network } = planEngine(experiment('ema'), dataset, 1);
  const { error } = relativeError(network, { parameters: following.state.averages[0]! }, modelOf(network, following.state).parameters);
  t.true(error < 1e-6, `${error}`);
});

test.serial('averaging changes no bit of the training beside it', async (t) => {
  const plain = await trained(experiment({ type: 'none' }, 20), dataset, 2);
  for (const { average } of [CASES[0]!, CASES[3]!]) {
    const { state } = await trained(experiment(average, 20), dataset, 1);
    t.is(hex(state.parameters), hex(plain.state.parameters));
    t.is(hex(state.statistics), hex(plain.state.statistics));
  }
});
