import test from 'ava';
import type { SplitName } from '../../../src/data/dataset.ts';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import type { Evaluation } from '../../../src/engine/rank/evaluation.ts';
import { makeExperiment, startingFrom } from '../support/outcome.ts';
import { evaluate64, layersOf } from '../support/reference.ts';
import { makeSamples, randomVector, rowOf, type SampleOptions } from '../support/samples.ts';
import { threads } from '../support/warm-threads.ts';

const SPLITS: readonly SplitName[] = ['train', 'val', 'test'];
/** bound: means of f32 losses summed in f64. */
const LOSS_BOUND = 1e-6;

async function evaluateAll(samples: SampleOptions, loss: 'softmax_cross_entropy' | 'mse', evalBatch: number, workers: number, leaves = 6) {
  const dataset = makeSamples(samples);
  const outputs = 'classes' in samples.target ? samples.target.classes : samples.target.width;
  // Batches of training smaller than those of the evaluation, so that the memory must be planned for the larger.
  const layers = [{ units: 14, activation: 'tanh' }, { units: outputs }];
  const experiment = makeExperiment({ layers, loss, leaves, train: { batch_size: 4, eval: { on: 'none', batch_size: evalBatch } } });
  const plan = planEngine(experiment, dataset, workers);
  const parameters = randomVector(plan.network.vectorFloats, 0.7, 9);
  const engine = await Engine.start(plan, dataset, startingFrom(plan, parameters), { threads });
  const results = new Map<SplitName, Evaluation | undefined>();
  try {
    for (const split of SPLITS) results.set(split, await engine.evaluate(split));
  } finally {
    await engine.close();
  }
  return { results, dataset, layers64: layersOf(plan.network, parameters), loss };
}

const labelled: SampleOptions = {
  rows: { train: 53, val: 29, test: 1 },
  features: 12,
  stored: 'uint8',
  normalize: 'zscore',
  target: { classes: 4 },
};
const valued: SampleOptions = { rows: { train: 40, val: 7 }, features: 5, target: { width: 3 } };

for (const [samples, loss] of [
  [labelled, 'softmax_cross_entropy'],
  [labelled, 'mse'],
  [valued, 'mse'],
] as const) {
  for (const evalBatch of [1, 2, 7, 10, 28, 29, 30, 53, 2048]) {
    test.serial(
      `evaluation sees each sample exactly once: ${loss} on ${Object.keys(samples.target)[0]}, batches of ${evalBatch}`,
      async (t) => {
        const { results, dataset, layers64 } = await evaluateAll(samples, loss, evalBatch, 1 + (evalBatch % 3));
        for (const split of SPLITS) {
          const rows = Array.from(dataset.splits[split], (sample) => rowOf(dataset, sample));
          const result = results.get(split);
          if (rows.length === 0) {
            t.is(result, undefined);
            continue;
          }
          const expected = evaluate64(layers64, loss, rows);
          t.is(result!.rows, rows.length);
          t.is(result!.accuracy, expected.correct / rows.length);
          t.true(
            Math.abs(result!.loss - expected.loss) <= LOSS_BOUND * Math.max(1, expected.loss),
            `${split}: ${result!.loss}, f64 ${expected.loss}`,
          );
        }
      },
    );
  }
}

test.serial('evaluations are equal for any worker count, and the second one equals the first', async (t) => {
  const one = await evaluateAll(labelled, 'softmax_cross_entropy', 10, 1);
  for (const workers of [2, 3, 6]) {
    const many = await evaluateAll(labelled, 'softmax_cross_entropy', 10, workers);
    t.deepEqual([...many.results], [...one.results]);
  }
});

test.serial('a leaf of the evaluation may be empty: more leaves than rows', async (t) => {
  const few: SampleOptions = { ...labelled, rows: { train: 3, val: 1 } };
  const one = await evaluateAll(few, 'softmax_cross_entropy', 2048, 1, 16);
  const many = await evaluateAll(few, 'softmax_cross_entropy', 2048, 7, 16);
  t.deepEqual([...many.results], [...one.results]);
  t.is(one.results.get('val')!.rows, 1);
});
