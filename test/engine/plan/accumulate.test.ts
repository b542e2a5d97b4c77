import test from 'ava';
import { batchesAt } from '../../../src/engine/plan/batches.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { experimentOf, hex, stateBits, trained, trained64 } from '../support/live.ts';
import { relativeError } from '../support/reference-layers.ts';
import { makeSamples } from '../support/samples.ts';

const LEAVES = 16;
const BATCH = 32;

interface Case {
  title: string;
  layers: object[];
  optimizer: object;
  regularization?: object;
}

const PLAIN: Case = { title: 'sgd', layers: [{ units: 13, activation: 'tanh' }], optimizer: { type: 'sgd', lr: 0.2 } };
const FULL: Case = {
  title: 'adam, dropout, layer norm, penalties and clipping',
  layers: [
    { units: 13, activation: 'gelu', dropout: 0.5 },
    { units: 13, layer_norm: true, dropout: 0.2 },
  ],
  optimizer: { type: 'adam', lr: 0.01 },
  regularization: { l2: 0.01, clip_global_norm: 0.1 },
};

function experiment({ layers, optimizer, regularization = {} }: Case, batch: number, accumulate: number, leaves: number, steps: number) {
  return experimentOf({
    model: { layers: [...layers, { units: 3 }] },
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: [1, 2, 0.5] },
    optimizer,
    regularization,
    train: { batch_size: batch, accumulate, steps, eval: { on: 'none' } },
    numerics: { leaves },
    track: { log_every: { steps: 1 } },
  });
}

for (const c of [PLAIN, FULL]) {
  for (const k of [1, 2, 3, 5, 8]) {
    test.serial(
      `${k} accumulated batches of ${BATCH} have the bits of one of ${k * BATCH} with ${k} times the leaves: ${c.title}`,
      async (t) => {
        // Two epochs of two updates each.
        const dataset = makeSamples({ rows: { train: 2 * k * BATCH }, features: 6, target: { classes: 3 }, weighted: true });
        const one = await trained(experiment(c, k * BATCH, 1, k * LEAVES, 4), dataset, 1);
        const accumulated = await trained(experiment(c, BATCH, k, LEAVES, 4), dataset, k === 3 ? 3 : 1);
        t.deepEqual(accumulated.steps, one.steps);
        t.true(one.steps.every(({ loss, gradientNorm }) => loss > 0 && gradientNorm! > 0));
        t.deepEqual(stateBits(accumulated.state), stateBits(one.state));
      },
    );
  }
}

for (const k of [2, 3, 5, 6, 7]) {
  test.serial(`an epoch of ${k} batches under accumulate ${k + 2} is one update over its true rows`, async (t) => {
    const dataset = makeSamples({ rows: { train: k * BATCH }, features: 6, target: { classes: 3 } });
    const one = await trained(experiment(FULL, k * BATCH, 1, k * LEAVES, 3), dataset, 1);
    const accumulated = await trained(experiment(FULL, BATCH, k + 2, LEAVES, 3), dataset, 1);
    t.deepEqual(accumulated.steps, one.steps);
    t.deepEqual(stateBits(accumulated.state), stateBits(one.state));
  });
}

test.serial('a last group of fewer batches and a smaller last batch weigh by their rows: 50 updates against f64', async (t) => {
  for (const { rows, accumulate } of [
    { rows: 5 * BATCH, accumulate: 2 },
    { rows: 5 * BATCH + 7, accumulate: 2 },
    { rows: 4 * BATCH + 1, accumulate: 3 },
  ]) {
    const dataset = makeSamples({ rows: { train: rows }, features: 6, target: { classes: 3 }, weighted: true });
    const steps = 50;
    const settings = experiment(
      { title: '', layers: [{ units: 9, batch_norm: true, activation: 'tanh', dropout: 0.2 }], optimizer: { type: 'sgd', lr: 0.2 } },
      BATCH,
      accumulate,
      LEAVES,
      steps,
    );
    const plan = planEngine(settings, dataset, 3);
    const actual = await trained(settings, dataset, 3);
    const { steps: expected, training } = trained64(settings, dataset);
    const worst = relativeError(plan.network, actual.state, training.model.parameters);
    t.log(worst);
    t.true(worst.error < 1e-5, `${worst.tensor}: ${worst.error}`);
    for (const [i, { loss, rows: counted }] of actual.steps.entries()) {
      t.true(Math.abs(loss - expected[i]!.loss) < 1e-5, `step ${i}: ${loss}, reference ${expected[i]!.loss}`);
      t.is(
        counted,
        batchesAt(plan.batches, i).reduce((sum, batch) => sum + batch.rows, 0),
      );
    }
    t.is(
      actual.steps.slice(0, plan.batches.stepsPerEpoch).reduce((sum, step) => sum + step.rows, 0),
      rows,
      'each sample once an epoch',
    );
  }
});

test.serial('N6 accumulation gives the same bits for workers 1, 3 and 7, with leaves and batches that do not divide', async (t) => {
  const dataset = makeSamples({ rows: { train: 131 }, features: 6, target: { classes: 3 }, weighted: true });
  const settings = experiment(
    { title: '', layers: [{ units: 9, batch_norm: true, activation: 'tanh', dropout: 0.2 }], optimizer: { type: 'adam', lr: 0.01 } },
    29,
    3,
    11,
    6,
  );
  const [one, ...others] = await Promise.all([1, 3, 7].map((workers) => trained(settings, dataset, workers)));
  for (const other of others) {
    t.deepEqual(other.steps, one!.steps);
    t.deepEqual(stateBits(other.state), stateBits(one!.state));
  }
  t.not(
    hex(one!.state.parameters),
    hex((await trained({ ...settings, train: { ...settings.train, accumulate: 2 } }, dataset, 1)).state.parameters),
  );
});
