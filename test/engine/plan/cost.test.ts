import test from 'ava';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { Threads } from '../../../src/engine/coordinator/threads.ts';
import { WORD } from '../../../src/engine/plan/control.ts';
import { stepCost } from '../../../src/engine/plan/lower/cost.ts';
import type { MemoryPlan } from '../../../src/engine/plan/memory.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { reserveMemory } from '../../../src/machine/refusal.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { experimentOf } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';

/** Threads that let a test look at the memory of their run. */
class OpenThreads extends Threads {
  memory: WebAssembly.Memory | undefined;

  override takeMemory(plan: MemoryPlan): WebAssembly.Memory {
    this.memory = reserveMemory(plan);
    return this.memory;
  }
}

const threads = new OpenThreads();
test.after.always(() => threads.close());

const SAMPLES = makeSamples({ rows: { train: 64, val: 0, test: 0 }, features: 12, target: { classes: 10 } });
const LAYERS = [{ units: 24, activation: 'relu' }, { units: 10 }];

const barriers: [title: string, parts: { layers?: object[]; rest?: object }, expected: number][] = [
  ['plain sgd', {}, 3],
  ['adam and a clipped norm', { rest: { optimizer: { type: 'adam', lr: 0.01 }, regularization: { clip_global_norm: 1 } } }, 3],
  ['rates by the norms of tensors', { rest: { optimizer: { type: 'lamb', lr: 0.01 } } }, 4],
  ['limited norms of units', { rest: { regularization: { max_norm: 1 } } }, 4],
  ['statistics of the batch', { layers: [{ units: 24, batch_norm: true, activation: 'relu' }, { units: 10 }] }, 5],
  ['three batches an update', { rest: { train: { batch_size: 16, epochs: 100, accumulate: 3, eval: { on: 'none' } } } }, 7],
];
for (const [title, { layers = LAYERS, rest }, expected] of barriers) {
  test.serial(`a step has as many barriers as its cost says: ${expected} with ${title}`, async (t) => {
    const experiment = experimentOf({ model: { layers }, train: { batch_size: 16, epochs: 100, eval: { on: 'none' } }, ...rest });
    const plan = planEngine(experiment, SAMPLES, 2);
    t.is(stepCost(plan).barriers, expected);
    const engine = await Engine.start(plan, SAMPLES, initialState(plan.network, experiment.model, 1), { threads });
    const generation = (): number => new Int32Array(threads.memory!.buffer)[WORD.generation]!;
    const before = generation();
    // The first step of an epoch is a full one.
    await engine.train(0, 1);
    t.is(generation() - before, expected);
    await engine.close();
  });
}

test.serial('a barrier by itself is measured', async (t) => {
  const experiment = experimentOf({ model: { layers: LAYERS } });
  const plan = planEngine(experiment, SAMPLES, 2);
  const engine = await Engine.start(plan, SAMPLES, initialState(plan.network, experiment.model, 1), { threads });
  const generation = (): number => new Int32Array(threads.memory!.buffer)[WORD.generation]!;
  const before = generation();
  const seconds = await engine.measureBarrier(200);
  t.true(seconds > 0 && seconds < 1);
  t.is(generation() - before, 201);
  await engine.close();
});

const SGD = { model: { layers: LAYERS }, train: { batch_size: 48, epochs: 1, eval: { on: 'none' } } };

test('the busiest rank has the most rows: leaves that do not divide leave some with more', (t) => {
  const costs = (workers: number, leaves: number) => stepCost(planEngine(experimentOf({ ...SGD, numerics: { leaves } }), SAMPLES, workers));
  t.like(costs(1, 16), { rows: 48, leaves: 16 });
  t.like(costs(2, 16), { rows: 24, leaves: 8 });
  t.like(costs(3, 16), { rows: 18, leaves: 6 });
  t.like(costs(16, 16), { rows: 3, leaves: 1 });
});

test('what ranks exchange follows from the plan: slabs are added, factors are read, one worker does neither', (t) => {
  const costs = (workers: number, exchange: string) =>
    stepCost(planEngine(experimentOf({ ...SGD, parallel: { exchange } }), SAMPLES, workers));
  const parameters = 12 * 24 + 24 + 24 * 10 + 10;
  t.like(costs(1, 'gradients'), {
    parameterFloats: parameters,
    updatedFloats: parameters,
    addedFloats: 0,
    factorFloats: 0,
    slicedShare: 0,
  });
  const gradients = costs(4, 'gradients');
  // Three other slabs, each as long as the rank's slice.
  t.is(gradients.addedFloats, 3 * gradients.updatedFloats);
  t.is(gradients.factorFloats, 0);
  t.true(gradients.updatedFloats >= parameters / 4);
  const factors = costs(4, 'factors');
  t.true(factors.addedFloats < gradients.addedFloats, 'biases alone');
  t.true(factors.factorFloats > 0);
  // Forward of both, one gradient of inputs, two of weights: 12*24 and 24*10 multiplications each.
  const [first, second] = [12 * 24, 24 * 10];
  t.is(factors.slicedShare.toFixed(6), ((first + second) / (2 * first + 3 * second)).toFixed(6));
  t.true(factors.largestSlice >= 0.25 && factors.largestSlice <= 1);
});
