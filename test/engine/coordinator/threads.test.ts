import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { Threads } from '../../../src/engine/coordinator/threads.ts';
import { type EnginePlan, planEngine } from '../../../src/engine/plan/plan.ts';
import { GradloomError } from '../../../src/errors.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { FAULTY_ENTRY, FAULTY_STEPS, startFaulty } from '../support/faulty-engine.ts';
import type { Fault } from '../support/faulty-rank.ts';
import { experimentOf, stateBits } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';
import { liveThreads, threadsLeft } from '../support/threads.ts';

const UNARMED: Fault = { kind: 'throw', rank: 0, step: 1e9 };
const dataset = makeSamples({ rows: { train: 60, val: 20 }, features: 12, target: { classes: 3 } });

function planFor(units: number, workers: number): EnginePlan {
  const experiment = experimentOf({
    model: { layers: [{ units, activation: 'gelu', dropout: 0.2, batch_norm: true }, { units: 3 }] },
    optimizer: 'adam',
    train: { batch_size: 10, steps: 40 },
  });
  return planEngine(experiment, dataset, workers, 20);
}

/** All bits that a run leaves. */
async function bitsOf(plan: EnginePlan, threads?: Threads): Promise<unknown> {
  const { model, seed } = plan.experiment;
  const engine = await Engine.start(plan, dataset, initialState(plan.network, model, seed), threads === undefined ? {} : { threads });
  try {
    await engine.train(0, 17);
    const evaluation = await engine.evaluate('val');
    await engine.train(17, 40);
    return { evaluation, steps: engine.takeSteps(), state: stateBits(engine.shared.snapshot()) };
  } finally {
    await engine.close();
  }
}

function threadsFor(t: ExecutionContext, entry?: URL): Threads {
  const threads = new Threads(entry);
  t.teardown(() => threads.close());
  return threads;
}

test.serial('engines that share threads, one after the other and at the same time, have the bits of each alone', async (t) => {
  const plans = [planFor(8, 1), planFor(33, 2), planFor(16, 3), planFor(5, 1)];
  const alone: unknown[] = [];
  for (const plan of plans) alone.push(await bitsOf(plan));
  const threads = threadsFor(t);
  t.deepEqual(await Promise.all(plans.map((plan) => bitsOf(plan, threads))), alone);
  for (const [i, plan] of plans.entries()) t.deepEqual(await bitsOf(plan, threads), alone[i]);
});

test.serial('runs on shared threads use one memory again, zeroed, if it is large enough', async (t) => {
  const threads = threadsFor(t);
  const plans = [planFor(33, 1), planFor(8, 1)];
  const [large, small] = plans.map(({ memory }) => memory);
  if (large === undefined || small === undefined) return t.fail();
  for (const plan of plans) await bitsOf(plan, threads);
  const memory = threads.takeMemory(small);
  t.is(memory.buffer.byteLength, 65_536 * large.pages);
  t.true(new Uint8Array(memory.buffer).every((byte) => byte === 0));
  t.not(threads.takeMemory(small), memory, 'a memory that is lent is not lent again');
});

test.serial('threads stay warm from one engine to the next, and missing ones are started', async (t) => {
  const threads = threadsFor(t);
  await bitsOf(planFor(8, 2), threads);
  t.is(threads.idle, 2);
  t.is(liveThreads(), 2);
  await bitsOf(planFor(9, 1), threads);
  t.is(liveThreads(), 2);
  await bitsOf(planFor(9, 3), threads);
  t.is(threads.idle, 3);
  t.is(liveThreads(), 3);
  await threads.close();
  t.is(await threadsLeft(), 0);
});

const HANG_MS = 600;
for (const kind of ['trap', 'throw', 'escape', 'exit', 'overflow', 'loop', 'sleep'] as const) {
  test.serial(`a fault takes the threads of its own run and leaves the others to theirs: ${kind}`, async (t) => {
    const threads = threadsFor(t, FAULTY_ENTRY);
    const hangMs = kind === 'loop' || kind === 'sleep' ? { hangMs: HANG_MS } : {};
    const undisturbed = await startFaulty(UNARMED, 2, { threads });
    await undisturbed.train(0, FAULTY_STEPS);
    const expected = { steps: undisturbed.takeSteps(), state: stateBits(undisturbed.shared.snapshot()) };
    await undisturbed.close();

    const healthy = await startFaulty(UNARMED, 2, { threads });
    // What is thrown outside of the rank ends a task before its first step.
    const faulty = await startFaulty({ kind, rank: 1, step: kind === 'escape' ? 0 : 12 }, 2, { threads, ...hangMs });
    await healthy.train(0, 10);
    await t.throwsAsync(faulty.train(0, FAULTY_STEPS), { instanceOf: GradloomError });
    await faulty.close();
    t.is(liveThreads(), 2, 'the faulty run has no thread left');
    await healthy.train(10, FAULTY_STEPS);
    t.deepEqual(healthy.takeSteps(), expected.steps.slice(10));
    t.deepEqual(stateBits(healthy.shared.snapshot()), expected.state);
    await healthy.close();

    // The next run on the same threads finds new ones in place of the dead.
    const next = await startFaulty(UNARMED, 4, { threads });
    await next.train(0, FAULTY_STEPS);
    t.is(next.takeSteps().length, FAULTY_STEPS);
    await next.close();
    t.is(threads.idle, 4);
  });
}

test.serial('an engine that is closed while its ranks work takes its threads with it', async (t) => {
  const threads = threadsFor(t, FAULTY_ENTRY);
  const engine = await startFaulty({ kind: 'sleep', rank: 1, step: 3 }, 2, { threads });
  const failure = t.throwsAsync(engine.train(0, FAULTY_STEPS), { instanceOf: GradloomError });
  await engine.close();
  await failure;
  t.is(await threadsLeft(), 0);
  t.is(threads.idle, 0);
});

test.serial('threads that are closed end with the engine that still has them, and cannot be leased again', async (t) => {
  const threads = threadsFor(t, FAULTY_ENTRY);
  const engine = await startFaulty(UNARMED, 2, { threads });
  await threads.close();
  await engine.train(0, FAULTY_STEPS);
  await engine.close();
  t.is(await threadsLeft(), 0);
  await t.throwsAsync(startFaulty(UNARMED, 2, { threads }), { instanceOf: RangeError, message: 'these threads are closed' });
});

test.serial('a thread that is not needed after all has loaded its modules before it is ended', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-threads-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [entry, mark] = [path.join(folder, 'entry.mjs'), path.join(folder, 'loaded')];
  const work = 'Array.from({ length: 2e5 }, (_, i) => String(i)).toSorted((a, b) => (a < b ? -1 : 1));';
  writeFileSync(
    entry,
    `import fs from 'node:fs';\n${work}\nfs.writeFileSync(${JSON.stringify(mark)}, '');\nexport default () => 'done';\n`,
  );
  const threads = new Threads(pathToFileURL(entry));
  threads.warm(1);
  await threads.close();
  t.true(existsSync(mark));
});
