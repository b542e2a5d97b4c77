import test from 'ava';
import type { Dataset } from '../../src/data/dataset.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { initialState } from '../../src/model/initializers.ts';
import type { Network } from '../../src/model/network.ts';
import { readTensor } from '../../src/model/parameters.ts';
import { TORCH } from '../export/support/torch.ts';
import { anyPictures } from './support/any-pictures.ts';
import { experimentOf, trained } from './support/live.ts';
import { inTorch, type TorchCase } from './support/torch-graph.ts';

const NETWORKS = 200;
const TRAININGS = 12;
const STEPS = 50;
/** A power of two: the parameters before and after one step give the gradient to f32 accuracy. */
const GRADIENT_LR = 1024;
// bound: relative to the largest value of a tensor, of the largest gradient where all of a tensor's are much smaller: in front of a norm the
// gradient of a bias is the rounding of a sum that is 0.
const GRADIENT_BOUND = 1e-4;
const LOSS_BOUND = 1e-5;
const TRAINING_BOUND = 1e-4;

const torchTest = TORCH ? test : test.skip;

/** An experiment over the rows in their order. */
function ordered(
  seed: number,
  lr: number,
  steps: number,
  rows: number,
): { title: string; dataset: Dataset; experiment: ReturnType<typeof experimentOf> } {
  const { title, dataset, parts } = anyPictures(seed, { rows });
  const experiment = experimentOf({
    ...parts,
    data: { shuffle: 'none' },
    optimizer: { type: 'sgd', lr },
    train: { batch_size: 12, steps, max_loss_ratio: 0, eval: { on: 'none' } },
    parallel: { code: seed % 2 === 0 ? 'auto' : 'wasm' },
  });
  return { title, dataset, experiment };
}

function torchCase(
  { dataset, experiment }: ReturnType<typeof ordered>,
  steps: number,
): { network: Network; torch: TorchCase; before: Float32Array } {
  const { network, batches } = planEngine(experiment, dataset, 1);
  const { parameters } = initialState(network, experiment.model, experiment.seed);
  const rows = [...dataset.splits.train];
  const width = dataset.featureCount;
  const perEpoch = rows.length / batches.batchRows;
  return {
    network,
    before: parameters,
    torch: {
      graph: network.graph,
      model: Object.fromEntries(network.parameters.map((tensor) => [tensor.name, [...readTensor(parameters, tensor)]])),
      x: rows.flatMap((row) => [...dataset.features.subarray(row * width, (row + 1) * width)]),
      labels: rows.map((row) => (dataset.target.kind === 'class' ? dataset.target.labels[row]! : -1)),
      batches: Array.from({ length: steps }, (_, step) =>
        Array.from({ length: batches.batchRows }, (_row, i) => (step % perEpoch) * batches.batchRows + i),
      ),
      lr: experiment.optimizer.lr,
    },
  };
}

torchTest(`PyTorch (python3-torch) has the losses and gradients of ${NETWORKS} random networks of convolutions and pools`, async (t) => {
  t.timeout(600_000);
  const cases = Array.from({ length: NETWORKS }, (_, seed) => ordered(1000 + seed, GRADIENT_LR, 1, 12));
  const prepared = cases.map((c) => torchCase(c, 1));
  const expected = inTorch(prepared.map(({ torch }) => torch));
  for (const [i, { title, dataset, experiment }] of cases.entries()) {
    const { network, before } = prepared[i]!;
    const { losses, gradients } = expected[i]!;
    const { steps, state } = await trained(experiment, dataset, 1 + (i % 3));
    t.true(
      Math.abs(steps[0]!.loss - losses[0]!) <= LOSS_BOUND * Math.max(1, losses[0]!),
      `${title}: loss ${steps[0]!.loss}, PyTorch's ${losses[0]}`,
    );
    const largest = Object.values(gradients)
      .flat()
      .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    for (const tensor of network.parameters) {
      const theirs = gradients[tensor.name]!;
      const [from, to] = [readTensor(before, tensor), readTensor(state.parameters, tensor)];
      const scale = Math.max(
        theirs.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
        0.1 * largest,
      );
      const worst = theirs.reduce((most, g, j) => Math.max(most, Math.abs((from[j]! - to[j]!) / GRADIENT_LR - g)), 0) / scale;
      t.true(worst <= GRADIENT_BOUND, `${title}: ${tensor.name} differs by ${worst}`);
    }
  }
});

torchTest(`${STEPS} steps of training have PyTorch's (python3-torch) losses, networks of convolutions and pools`, async (t) => {
  t.timeout(600_000);
  const cases = Array.from({ length: TRAININGS }, (_, seed) => ordered(3000 + seed, 0.05, STEPS, 24));
  const expected = inTorch(cases.map((c) => torchCase(c, STEPS).torch));
  for (const [i, { title, dataset, experiment }] of cases.entries()) {
    const { steps } = await trained(experiment, dataset, 1 + (i % 3));
    for (const [step, { loss }] of steps.entries()) {
      const theirs = expected[i]!.losses[step]!;
      t.true(Math.abs(loss - theirs) <= TRAINING_BOUND * Math.max(1e-3, theirs), `${title}: step ${step} ${loss}, PyTorch's ${theirs}`);
    }
  }
});
