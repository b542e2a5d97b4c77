import test from 'ava';
import type { Experiment } from '../../src/config/schema/schema.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import type { Evaluation } from '../../src/engine/rank/evaluation.ts';
import { argmax, errorOf, isInTop, scoreOf } from '../model/support/scores.ts';
import { bitsOf, type ExperimentTree, makeExperiment, outcomeOf } from './support/outcome.ts';
import { Dice, makeSamples, type SampleOptions } from './support/samples.ts';

const SPLITS = ['train', 'val', 'test'] as const;
const SCORES = ['macro_precision', 'macro_recall', 'macro_f1', 'micro_precision', 'micro_recall', 'micro_f1'];
const WORKERS = [1, 2, 3, 5];
const ROWS = { train: 90, val: 37, test: 1 };

/** Samples whose features are the outputs: small whole numbers, so that ties are common. */
function outputsAsFeatures(options: SampleOptions): Dataset {
  const dataset = makeSamples(options);
  const dice = new Dice(77);
  for (let i = 0; i < dataset.features.length; i++) dataset.features[i] = dice.int(-2, 2);
  // Two classes that no row has.
  if (dataset.target.kind === 'class' && dataset.target.classes > 4) {
    const { labels } = dataset.target;
    for (let i = 0; i < labels.length; i++) labels[i] = labels[i]! % 4;
  }
  return dataset;
}

/** A single layer that passes its inputs on exactly; a learning rate that is 0 in f32 keeps it so. */
function identity(experiment: Experiment, dataset: Dataset): Float32Array {
  const { network } = planEngine(experiment, dataset, 1);
  const vector = new Float32Array(network.vectorFloats);
  const weight = network.parameters.find(({ role }) => role === 'weight')!;
  for (let i = 0; i < network.outputs; i++) vector[weight.offset + i * network.outputs + i] = 1;
  return vector;
}

async function evaluations(tree: Omit<ExperimentTree, 'layers'>, dataset: Dataset, workers: number, evalBatch: number) {
  const experiment = makeExperiment({
    layers: [{ units: dataset.featureCount }],
    leaves: 6,
    ...tree,
    train: { steps: 1, eval: { on: 'none', batch_size: evalBatch } },
    lr: 1e-60,
  });
  return outcomeOf({ experiment, dataset, workers, parameters: identity(experiment, dataset), splits: SPLITS });
}

interface Rows {
  outputs: number[][];
  labels: number[];
  targets: number[][];
}

function rowsOf({ features, featureCount: o, target }: Dataset, samples: Uint32Array): Rows {
  const outputs = Array.from(samples, (s) => Array.from(features.subarray(s * o, (s + 1) * o)));
  const labels = Array.from(samples, (s) => (target.kind === 'class' ? target.labels[s]! : -1));
  const targets = Array.from(samples, (s, i) => {
    if (target.kind === 'value') return Array.from(target.values.subarray(s * o, (s + 1) * o));
    return Array.from({ length: o }, (_, j) => Number(j === labels[i]));
  });
  return { outputs, labels, targets };
}

const CLASSIFIED = ['accuracy', 'top2_accuracy', 'top4_accuracy', ...SCORES, 'confusion'];

interface Case {
  title: string;
  loss: string;
  metrics: string[];
  samples: SampleOptions;
}

const CASES: readonly Case[] = [
  { title: 'softmax', loss: 'softmax_cross_entropy', metrics: CLASSIFIED, samples: { rows: ROWS, features: 6, target: { classes: 6 } } },
  {
    title: 'softmax with sample weights',
    loss: 'softmax_cross_entropy',
    metrics: CLASSIFIED,
    samples: { rows: ROWS, features: 6, target: { classes: 6 }, weighted: true },
  },
  {
    title: 'sigmoid on labels',
    loss: 'sigmoid_cross_entropy',
    metrics: CLASSIFIED,
    samples: { rows: ROWS, features: 6, target: { classes: 6 } },
  },
  {
    title: 'one sigmoid output',
    loss: 'sigmoid_cross_entropy',
    metrics: ['accuracy', ...SCORES, 'confusion'],
    samples: { rows: ROWS, features: 1, target: { classes: 2 } },
  },
  { title: 'mse', loss: 'mse', metrics: ['mae', 'rmse', 'r2'], samples: { rows: ROWS, features: 3, target: { width: 3 } } },
  { title: 'huber on labels', loss: 'huber', metrics: ['r2', 'mae'], samples: { rows: ROWS, features: 4, target: { classes: 4 } } },
];

function expected(name: string, { outputs, labels, targets }: Rows): number {
  const predicted = outputs.map((row) => (row.length === 1 ? Number(row[0]! > 0) : argmax(row)));
  const share = (is: (i: number) => boolean): number => labels.filter((_, i) => is(i)).length / labels.length;
  if (name === 'accuracy') return share((i) => predicted[i] === labels[i]);
  const k = /^top(\d+)/.exec(name)?.[1];
  if (k !== undefined) return share((i) => isInTop(outputs[i]!, labels[i]!, Number(k)));
  if (SCORES.includes(name)) return scoreOf(name, labels, predicted);
  return errorOf(name, targets, outputs);
}

function checkEvaluation(
  t: { true(value: boolean, message?: string): unknown },
  rows: Rows,
  evaluation: Evaluation,
  names: readonly string[],
): void {
  for (const name of names) {
    if (name === 'confusion' || (name === 'r2' && rows.labels.length < 2)) continue;
    const [got, want] = [evaluation.metrics[name]!, expected(name, rows)];
    t.true(Math.abs(got - want) <= 1e-12 * Math.max(1, Math.abs(want)), `${name}: ${got}, expected ${want}`);
  }
  if (!names.includes('confusion')) return;
  const matrix = evaluation.confusion!;
  const k = matrix.length;
  const predicted = rows.outputs.map((row) => (row.length === 1 ? Number(row[0]! > 0) : argmax(row)));
  const want = Array.from({ length: k }, (_, label) =>
    Array.from({ length: k }, (_, guess) => rows.labels.filter((own, i) => own === label && predicted[i] === guess).length),
  );
  t.true(JSON.stringify(matrix) === JSON.stringify(want), `confusion: ${JSON.stringify(matrix)}, expected ${JSON.stringify(want)}`);
}

for (const { title, loss, metrics, samples } of CASES) {
  test.serial(`metrics are those of a loop, with the same bits for workers ${WORKERS.join(', ')}: ${title}`, async (t) => {
    const dataset = outputsAsFeatures(samples);
    for (const evalBatch of [1, 7, 36, 2048]) {
      const one = await evaluations({ loss, metrics }, dataset, 1, evalBatch);
      for (const split of SPLITS) {
        const evaluation = one.evaluations[split]!;
        t.deepEqual(
          Object.keys(evaluation.metrics),
          metrics.filter((name) => name !== 'confusion'),
        );
        checkEvaluation(t, rowsOf(dataset, dataset.splits[split]), evaluation, metrics);
      }
      for (const workers of WORKERS.slice(1)) {
        const many = await evaluations({ loss, metrics }, dataset, workers, evalBatch);
        t.deepEqual(bitsOf(many).evaluations, bitsOf(one).evaluations, `${workers} workers, batches of ${evalBatch}`);
      }
    }
  });
}

test.serial('a second evaluation starts from zero', async (t) => {
  const dataset = outputsAsFeatures(CASES[0]!.samples);
  const tree = { loss: 'softmax_cross_entropy', metrics: ['confusion', 'macro_f1'] };
  const experiment = makeExperiment({
    layers: [{ units: 6 }],
    ...tree,
    train: { steps: 1, eval: { on: 'none', batch_size: 8 } },
    lr: 1e-60,
  });
  const run = (splits: ('train' | 'val')[]) =>
    outcomeOf({ experiment, dataset, workers: 2, parameters: identity(experiment, dataset), splits });
  const [once, again] = [await run(['val']), await run(['train', 'val', 'train', 'val'])];
  t.deepEqual(again.evaluations.val, once.evaluations.val);
});

test.serial('the split of one row has no r2', async (t) => {
  const { loss, metrics, samples } = CASES[4]!;
  const { evaluations: found } = await evaluations({ loss, metrics }, outputsAsFeatures(samples), 2, 64);
  t.is(found.test!.metrics['r2'], NaN);
});
