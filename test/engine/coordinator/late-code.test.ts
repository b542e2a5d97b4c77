import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { LateCode } from '../../../src/engine/coordinator/late-code.ts';
import { Threads } from '../../../src/engine/coordinator/threads.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import type { specialise } from '../../../src/kernels/native/specialise.ts';
import { nativeSupport } from '../../../src/kernels/native/support.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { modelDigest } from '../../../src/runs/files/model-file.ts';
import { experimentOf } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';
import { threadsLeft } from '../support/threads.ts';

const nativeTest = 'isa' in nativeSupport() ? test.serial : test.skip;
const dataset = makeSamples({ rows: { train: 64, val: 32 }, features: 23, target: { classes: 4 } });

function planFor(units: number, code: 'auto' | 'wasm') {
  const experiment = experimentOf({
    model: { layers: [{ units, activation: 'relu', dropout: 0.1 }, { units: 4 }] },
    optimizer: 'adam',
    train: { batch_size: 24, steps: 100_000 },
    parallel: { code },
  });
  return planEngine(experiment, dataset, 2, 5);
}

/** Starts an engine whose code comes late, with a width that no other test has. */
function startLate(units: number, make?: typeof specialise): Promise<Engine> {
  const plan = planFor(units, 'auto');
  const initial = initialState(plan.network, plan.experiment.model, 1);
  return Engine.start(plan, dataset, initial, { codeLater: true, ...(make && { specialise: make }) });
}

/** Trains until machine code is there, and returns the step that it came at. */
async function trainUntilDue(engine: Engine): Promise<number> {
  let step = 0;
  while (!engine.isCodeDue) step += (await engine.train(step, step + 4000)).steps;
  return step;
}

nativeTest('machine code that comes after the first steps ends a segment, and changes no bit of it or of an evaluation', async (t) => {
  const engine = await startLate(71);
  const plan = planFor(71, 'wasm');
  const reference = await Engine.start(plan, dataset, initialState(plan.network, plan.experiment.model, 1));
  try {
    t.false(engine.hasItsCode);
    const step = await trainUntilDue(engine);
    t.true(step > 0);
    await engine.takeCode();
    t.true(engine.hasItsCode);
    t.false(engine.isCodeDue);
    t.is((await engine.train(step, step + 40)).steps, 40);
    for (let done = 0; done < step + 40; ) done += (await reference.train(done, Math.min(done + 4000, step + 40))).steps;
    t.is(modelDigest(plan.network, engine.shared.snapshot()), modelDigest(plan.network, reference.shared.snapshot()));
    t.deepEqual(await engine.evaluate('val'), await reference.evaluate('val'));
    t.regex(engine.code.name, /^native-/);
  } finally {
    await Promise.all([engine.close(), reference.close()]);
  }
});

nativeTest('machine code that cannot be made after the first steps leaves WebAssembly at work, with the reason', async (t) => {
  const engine = await startLate(72, () => {
    throw new RangeError('the system gives no memory for code');
  });
  try {
    const step = await trainUntilDue(engine);
    await engine.takeCode();
    t.like(engine.code, { name: 'wasm', reason: 'the system gives no memory for code' });
    t.is((await engine.train(step, step + 10)).steps, 10);
  } finally {
    await engine.close();
  }
});

nativeTest('an engine that is closed while its code is made asks for nothing more', async (t) => {
  const engine = await startLate(73);
  await engine.train(0, 3);
  await engine.close();
  t.is(await threadsLeft(), 0);
  t.false(engine.isCodeDue);
});

test.serial('threads that are warm are used, and those that nobody needed end with them', async (t) => {
  const warm = new Threads();
  warm.warm(3);
  t.is(warm.idle, 3);
  const plan = planFor(74, 'wasm');
  const engine = await Engine.start(plan, dataset, initialState(plan.network, plan.experiment.model, 1), { warm });
  t.is(warm.idle, 1);
  await engine.train(0, 2);
  await engine.close();
  await warm.close();
  t.is(await threadsLeft(), 0);
});

test('what making code throws is thrown where it is taken', async (t) => {
  let due: (() => void) | undefined;
  const told = new Promise<void>((resolve) => {
    due = resolve;
  });
  const late = new LateCode<never>({ make: () => Promise.reject(new TypeError('x')), hasStepped: () => true, onDue: () => due?.() });
  late.start();
  await told;
  t.true(late.isDue);
  t.throws(() => late.take(), { instanceOf: TypeError, message: 'x' });
  t.true(late.isOver);
});

test('code is made when the ranks have done a step, and not before', async (t) => {
  let hasStepped = false;
  let made = 0;
  const make = (): Promise<number> => Promise.resolve(++made);
  const late = new LateCode({ make, hasStepped: () => hasStepped, onDue: () => undefined });
  late.start();
  late.start();
  await setTimeout(30);
  t.is(made, 0);
  hasStepped = true;
  while (!late.isDue) await setTimeout(1);
  t.is(late.take(), 1);
  t.is(made, 1);
});
