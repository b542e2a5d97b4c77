import test from 'ava';
import { lowerProgram } from '../../../src/engine/plan/lower/lower.ts';
import { named } from '../../../src/engine/plan/lower/share.ts';
import { type EnginePlan, planEngine } from '../../../src/engine/plan/plan.ts';
import { GraphIndex } from '../../../src/graph/graph.ts';
import { experimentOf } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';

const ROWS = 24;
const dataset = makeSamples({ rows: { train: ROWS }, features: 36, shape: [6, 6], target: { classes: 3 } });

function planOf(layers: object[], workers = 3): EnginePlan {
  const experiment = experimentOf({
    model: { layers: [...layers, { units: 3 }] },
    train: { batch_size: ROWS, steps: 1, eval: { on: 'none', batch_size: 1 } },
    numerics: { leaves: 6 },
  });
  return planEngine(experiment, dataset, workers);
}

const conv = { type: 'conv2d', filters: 5, kernel: 3, padding: 1, activation: 'relu' };
const projected = { type: 'residual', residual: { layers: [{ ...conv, filters: 7 }], projection: true } };
const plain = { type: 'residual', residual: { layers: [conv] } };

/** Calls that add to the gradient of a tensor, and the distance between the two operands of each. */
function additions(plan: EnginePlan, tensor: string, rank: number): { into: number; from: number; count: number }[] {
  const { phases } = lowerProgram(plan, rank, { kind: 'full', batchRows: ROWS, stepRow: 0, averaged: false });
  const { at, bytes } = named(plan.memory.graph.gradients, tensor);
  return phases
    .flat()
    .filter(({ kernel }) => kernel === 'add')
    .map(({ args: [into = 0, from = 0, count = 0] }) => ({ into, from, count }))
    .filter(({ into }) => into >= at && into < at + bytes);
}

/** The tensor that goes into the last layer but the output's. */
function blockInput({ network: { graph } }: EnginePlan): string {
  return graph.layers[0]!.y;
}

test('of several that read a tensor the last of forward writes its gradient, the others add theirs', (t) => {
  const plan = planOf([conv, projected]);
  const tensor = blockInput(plan);
  const index = new GraphIndex(plan.network.graph);
  t.deepEqual(
    index.readersOf(tensor).map(({ type }) => type),
    ['conv', 'conv'],
  );
  const { spare, spareWidth } = plan.memory.graph;
  t.is(spareWidth, index.widthOf(tensor));
  for (let rank = 0; rank < 3; rank++) {
    const [addition, ...others] = additions(plan, tensor, rank);
    t.deepEqual(others, []);
    const { into, from, count } = addition!;
    t.is(count, (ROWS / 3) * spareWidth);
    t.is(into - named(plan.memory.graph.gradients, tensor).at, from - spare.at);
    t.true(from + 4 * count <= spare.at + spare.bytes);
  }
});

test('a residual of its input begins the gradient with a copy, to which the block adds', (t) => {
  const plan = planOf([conv, plain]);
  t.is(additions(plan, blockInput(plan), 0).length, 1);
  t.is(plan.memory.graph.ops.flatMap(({ kept }) => Object.keys(kept)).length, 0, 'no op keeps the gradient of another');
});

test('what is made of the inputs without a parameter has no gradient, and no call makes one', (t) => {
  const several = makeSamples({ rows: { train: ROWS }, features: 36, shape: [4, 3, 3], target: { classes: 3 } });
  const pool = { type: 'avg_pool2d', kernel: 2, stride: 1 };
  const experiment = experimentOf({
    model: { layers: [pool, projected, { units: 3 }] },
    train: { batch_size: ROWS, steps: 1, eval: { on: 'none' } },
  });
  const plan = planEngine(experiment, several, 1);
  const { phases } = lowerProgram(plan, 0, { kind: 'full', batchRows: ROWS, stepRow: 0, averaged: false });
  const kernels = phases.flat().map(({ kernel }) => kernel);
  t.deepEqual(
    plan.network.graph.ops.map(({ type }) => type),
    ['swap_axes', 'pool', 'conv', 'activation', 'conv', 'add', 'dense'],
  );
  t.is(kernels.filter((kernel) => kernel === 'conv_weight_gradient').length, 2);
  t.false(kernels.some((kernel) => ['conv_input_gradient', 'avg_pool_backward'].includes(kernel)));
  t.is(kernels.filter((kernel) => kernel === 'swap_axes').length, 1);
  t.is(plan.memory.graph.spare.bytes, 0);
});

test('one region of the widest rows serves all such tensors, and none is there without them', (t) => {
  t.is(planOf([conv, conv]).memory.graph.spare.bytes, 0);
  const one = planOf([conv, projected]).memory.graph.spare;
  const many = planOf([conv, projected, projected, plain, plain]).memory.graph.spare;
  t.is(one.bytes, 4 * ROWS * 36 * 5);
  t.is(many.bytes, 4 * ROWS * 36 * 7);
});

test('the calls of a step are the same for any number of workers, apart from rows and places', (t) => {
  const kernels = (workers: number): string[] => {
    const plan = planOf([conv, projected, plain], workers);
    const { phases } = lowerProgram(plan, 0, { kind: 'full', batchRows: ROWS, stepRow: 0, averaged: false });
    return phases.flat().map(({ kernel }) => kernel);
  };
  // A gradient of a weight is one call a subtree of leaves; sums of gradients stand between the same ops.
  const order = (names: readonly string[]): string[] => names.filter((name, i) => name !== names[i - 1] && !name.endsWith('_gradient'));
  t.deepEqual(order(kernels(3)), order(kernels(1)));
});
