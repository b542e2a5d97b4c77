import test from 'ava';
import type { Experiment } from '../../src/config/schema/schema.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { stepAt } from '../../src/engine/plan/batches.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { lossWeights } from '../../src/model/losses.ts';
import { errorOf } from '../config/support/experiments.ts';
import * as rows64 from '../kernels/support/reference.ts';
import { bitsOf, epochOrder, makeExperiment, outcomeInline, outcomeOf } from './support/outcome.ts';
import { type Layer64, layersOf } from './support/reference.ts';
import { makeSamples, randomVector, rowOf, type SampleOptions } from './support/samples.ts';

const SPLITS = ['train', 'val', 'test'] as const;
const ROWS = { train: 83, val: 31, test: 5 };
const BOUND = 1e-5;

interface Case {
  loss: Record<string, unknown>;
  samples: SampleOptions;
}

const labelled: SampleOptions = { rows: ROWS, features: 9, target: { classes: 5 }, weighted: true };
const valued: SampleOptions = { rows: ROWS, features: 9, target: { width: 5 }, weighted: true };
const CASES: readonly Case[] = [
  {
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0.2, class_weights: [1, 0.5, 2, 0, 3] },
    samples: { ...labelled, weighted: false },
  },
  { loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: 'balanced' }, samples: labelled },
  { loss: { type: 'softmax_cross_entropy', label_smoothing: 1 }, samples: labelled },
  { loss: { type: 'sigmoid_cross_entropy', label_smoothing: 0.1, pos_weight: 3 }, samples: labelled },
  { loss: { type: 'sigmoid_cross_entropy', pos_weight: [1, 2, 0, 0.5, 4] }, samples: valued },
  { loss: { type: 'mse' }, samples: valued },
  { loss: { type: 'huber', delta: 0.4 }, samples: valued },
  { loss: { type: 'mae' }, samples: labelled },
];

const setup = ({ loss, samples }: Case, steps = 7) => {
  const dataset = makeSamples(samples);
  const experiment = makeExperiment({
    layers: [{ units: 5 }],
    loss,
    leaves: 6,
    train: { batch_size: 24, steps, eval: { on: 'none', batch_size: 13 } },
  });
  return { dataset, experiment, parameters: randomVector(planEngine(experiment, dataset, 1).network.vectorFloats, 0.5, 4) };
};

/** One row's loss and gradient by the logits, and its share of the mean: formulas of PyTorch, in f64. */
function weightedRow(experiment: Experiment, dataset: Dataset, sample: number, z: number[]): rows64.RowLoss & { weight: number } {
  const { loss } = experiment;
  const { target } = rowOf(dataset, sample);
  const sampleWeight = dataset.weights?.[sample] ?? 1;
  const { train } = dataset.splits;
  const labels = dataset.target.kind === 'class' ? dataset.target.labels : undefined;
  const counts = z.map((_, c) => train.filter((s) => labels?.[s] === c).length);
  const weights = lossWeights(loss, z.length, () => counts);
  const t = typeof target === 'number' ? z.map((_, j) => Number(j === target)) : Array.from(target);
  switch (loss.type) {
    case 'softmax_cross_entropy': {
      const row = rows64.softmaxCrossEntropy(z, target as number, { smoothing: loss.label_smoothing, weights });
      const weight = sampleWeight * (weights?.[target as number] ?? 1);
      return { loss: sampleWeight * row.loss, gradient: row.gradient.map((d) => sampleWeight * d), weight };
    }
    case 'sigmoid_cross_entropy':
      return scaled(rows64.sigmoidCrossEntropy(z, t, { smoothing: loss.label_smoothing, weights }), sampleWeight);
    case 'huber':
      return scaled(rows64.huber(z, t, { delta: loss.delta }), sampleWeight);
    default:
      return scaled(loss.type === 'mse' ? rows64.mse(z, t) : rows64.mae(z, t), sampleWeight);
  }
}

function scaled({ loss, gradient }: rows64.RowLoss, weight: number): rows64.RowLoss & { weight: number } {
  return { loss: weight * loss, gradient: gradient.map((d) => weight * d), weight };
}

/** Weighted mean of the loss over some samples, and its gradients for a single layer. */
function mean64(experiment: Experiment, dataset: Dataset, { inputs, units, weight: w, bias }: Layer64, samples: Uint32Array) {
  const gradient = { weight: new Float64Array(w.length), bias: new Float64Array(units) };
  let [loss, total] = [0, 0];
  for (const sample of samples) {
    const { x } = rowOf(dataset, sample);
    const z = Array.from(
      bias,
      (b, o) => b + Array.from({ length: inputs }, (_, i) => x[i]! * w[o * inputs + i]!).reduce((a, v) => a + v, 0),
    );
    const row = weightedRow(experiment, dataset, sample, z);
    loss += row.loss;
    total += row.weight;
    for (const [o, d] of row.gradient.entries()) {
      gradient.bias[o]! += d;
      for (let i = 0; i < inputs; i++) gradient.weight[o * inputs + i]! += d * x[i]!;
    }
  }
  return {
    loss: loss / total,
    weight: total,
    gradient: { weight: gradient.weight.map((v) => v / total), bias: gradient.bias.map((v) => v / total) },
  };
}

const titleOf = ({ loss, samples }: Case): string => `${JSON.stringify(loss)}${samples.weighted ? ' with sample weights' : ''}`;

for (const one of CASES) {
  test.serial(`weighted training has the same bits for workers 1, 2, 3, 5: ${titleOf(one)}`, async (t) => {
    const { dataset, experiment, parameters } = setup(one);
    const run = async (workers: number) => bitsOf(await outcomeOf({ experiment, dataset, workers, parameters, splits: SPLITS }));
    const expected = await run(1);
    for (const workers of [2, 3, 5]) t.deepEqual(await run(workers), expected, `${workers} workers`);
  });

  test.serial(`weighted training and evaluation are PyTorch's in f64: ${titleOf(one)}`, async (t) => {
    const { dataset, experiment, parameters } = setup(one);
    const { steps, parameters: trained, evaluations } = await outcomeOf({ experiment, dataset, workers: 2, parameters, splits: SPLITS });
    const plan = planEngine(experiment, dataset, 1);
    const [layer] = layersOf(plan.network, parameters) as [Layer64];
    for (const [step, record] of steps.entries()) {
      const { epoch, first, rows } = stepAt(plan.batches, step);
      const want = mean64(experiment, dataset, layer, epochOrder(experiment, dataset, epoch).slice(first, first + rows));
      t.true(Math.abs(record.loss - want.loss) <= BOUND, `step ${step}: loss ${record.loss}, f64 ${want.loss}`);
      t.true(Math.abs(record.weight - want.weight) <= BOUND, `step ${step}: weight ${record.weight}, f64 ${want.weight}`);
      for (const role of ['weight', 'bias'] as const) {
        for (const [i, d] of want.gradient[role].entries()) layer[role][i]! -= experiment.optimizer.lr * d;
      }
    }
    const [got] = layersOf(plan.network, trained) as [Layer64];
    for (const role of ['weight', 'bias'] as const) {
      for (const [i, v] of got[role].entries()) t.true(Math.abs(v - layer[role][i]!) <= BOUND, `${role} ${i}: ${v}, f64 ${layer[role][i]}`);
    }
    for (const split of SPLITS) {
      const want = mean64(experiment, dataset, got, dataset.splits[split]);
      t.true(Math.abs(evaluations[split]!.loss - want.loss) <= BOUND, `${split}: ${evaluations[split]!.loss}, f64 ${want.loss}`);
    }
  });
}

test('sample weights of 1 and class weights of 1 give the bits of none', (t) => {
  const { dataset, experiment, parameters } = setup({ loss: { type: 'softmax_cross_entropy' }, samples: { ...labelled, weighted: false } });
  const plain = bitsOf(outcomeInline({ experiment, dataset, parameters }));
  const ones = { ...dataset, weights: new Float32Array(new SharedArrayBuffer(4 * dataset.sampleCount)).fill(1) };
  t.deepEqual(bitsOf(outcomeInline({ experiment, dataset: ones, parameters })), plain);
  const { experiment: weighted } = setup({ loss: { type: 'softmax_cross_entropy', class_weights: [1, 1, 1, 1, 1] }, samples: labelled });
  t.deepEqual(bitsOf(outcomeInline({ experiment: weighted, dataset, parameters })), plain);
});

test.serial('a batch whose rows all weigh 0 has loss 0 and changes nothing', async (t) => {
  const { dataset, experiment, parameters } = setup({ loss: { type: 'softmax_cross_entropy' }, samples: labelled }, 3);
  dataset.weights!.fill(0);
  const outcome = await outcomeOf({ experiment, dataset, workers: 3, parameters, splits: SPLITS });
  t.deepEqual(
    outcome.steps.map(({ loss, weight }) => [loss, weight]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  );
  t.deepEqual(outcome.parameters, parameters);
  for (const split of SPLITS) t.is(outcome.evaluations[split]!.loss, 0);
  t.true(outcome.evaluations.train!.accuracy > 0, 'accuracy is unweighted');
});

test('balanced weights are N / (K count), from the training split alone', (t) => {
  const weights = lossWeights({ type: 'softmax_cross_entropy', label_smoothing: 0, class_weights: 'balanced' }, 3, () => [6, 2, 4]);
  t.deepEqual(Array.from(weights!), [Math.fround(12 / 18), 2, 1]);
});

test('balanced weights of a class without a training row are refused, exit code 65', (t) => {
  const { dataset } = setup({ loss: { type: 'mse' }, samples: labelled });
  const experiment = makeExperiment({ layers: [{ units: 7 }], loss: { type: 'softmax_cross_entropy', class_weights: 'balanced' } });
  const error = errorOf(() => planEngine(experiment, dataset, 1));
  t.is(error.code, 'E_DATA_MISMATCH');
  t.is(error.where, 'loss.class_weights');
  t.is(error.message, 'balanced needs rows of all 7 classes in the training set; class 5 has none');
  t.is(error.exitCode, 65);
});
