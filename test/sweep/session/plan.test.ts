import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { renderPlan } from '../../../src/report/sweep/plan.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { loadSweep, sweepFromObject } from '../../../src/sweep/file/load.ts';
import type { SweepInput } from '../../../src/sweep/schema.ts';
import { planSweep, type SweepPlan } from '../../../src/sweep/session/plan.ts';
import { workplace } from '../../cli/support/run-cli.ts';

const QUICK = { probeMs: 50 };
const LOOK = { boxed: false, paint: unpainted };

/** A plan of a sweep over the small experiment, and the text of it. */
async function planOf(t: Parameters<typeof workplace>[0], input: Partial<SweepInput>): Promise<{ plan: SweepPlan; text: string }> {
  const base = path.join(workplace(t), 'small.yaml');
  const loaded = sweepFromObject({ base, ...input });
  const plan = await planSweep(loaded, QUICK);
  return { plan, text: renderPlan(plan, loaded.settings, LOOK) };
}

test('a grid is listed whole, with its budget, a time, and memory that counts the data set once', async (t) => {
  const parameters = { 'optimizer.lr': { values: [0.1, 0.2] }, 'train.batch_size': { values: [16, 32, 64] } };
  const { plan, text } = await planOf(t, { method: 'grid', parameters, execution: { cores: 1, trials: 4 } });
  t.is(plan.trials, 6);
  t.deepEqual(
    plan.known.map(({ number }) => number),
    [0, 1, 2, 3, 4, 5],
  );
  t.like(plan.budget, { total: 18, full: 18, text: '6x3 = 18 epochs' });
  t.true(plan.seconds! > 0);
  // 1,000 rows of 2 features and a label, and three lists of 1,000 positions.
  t.is(plan.memory.dataset, 1000 * (2 + 1 + 1) * 4);
  t.is(plan.memory.total, plan.memory.dataset + 4 * plan.memory.trial);
  t.regex(text, /^budget +6x3 = 18 epochs$/m);
  t.regex(text, /^trial +lr +batch_size\n +0 +0\.1 +16$/m);
});

test('a bigger network costs more than the base: the probe is scaled by arithmetic', async (t) => {
  const { plan } = await planOf(t, { method: 'grid', parameters: { 'model.layers.0.units': { values: [8, 24] } } });
  // Flops per row grow with the units: (1 + 3) / 2 = 2 times the base's 8.
  t.true(Math.abs(plan.probe.relativeCost - 2) < 0.1, String(plan.probe.relativeCost));
});

test('rungs have the budget that even halving would spend; a search that learns knows only what is enqueued', async (t) => {
  const { plan, text } = await planOf(t, {
    method: 'tpe',
    metric: { name: 'val.accuracy' },
    run_cap: 60,
    parameters: { 'optimizer.lr': { distribution: 'log_uniform_values', min: 1e-3, max: 1 } },
    enqueue: [{ 'optimizer.lr': 0.1 }],
    early_terminate: { type: 'asha', min: 1, max: 27, eta: 3 },
  });
  t.is(plan.budget?.text, '60x1 + 20x2 + 6x6 + 2x18 = 172 epochs');
  t.is(plan.budget?.full, 1620);
  t.deepEqual(plan.known, [{ number: 0, assignment: { 'optimizer.lr': 0.1 }, origin: 'enqueue' }]);
  t.regex(text, /^trials +60; 1 known now, the others depend on results$/m);
  t.regex(text, /^budget +60x1 .* = 172 epochs if halved evenly; 1,620 without early termination$/m);
});

test('trials that would train the same experiment are found beforehand', async (t) => {
  // A rate below 1/2 of a choice of two: with five draws some are equal.
  const { plan, text } = await planOf(t, { method: 'random', run_cap: 5, parameters: { 'optimizer.lr': { values: [0.1, 0.2] } } });
  t.is(plan.duplicates, 3);
  t.is(plan.budget?.total, 2 * 3);
  t.regex(text, /^duplicates +3, not run again: trial \d is trial 0/m);
});

test('trials of different lengths, and a sweep that only time ends, say so', async (t) => {
  const varied = await planOf(t, { method: 'grid', parameters: { 'train.epochs': { values: [1, 3] } } });
  t.true(varied.plan.hasVariedLength);
  t.regex(varied.text, /^time +about \S+ on \d+ cores?, from the mean length of the trials$/m);
  const timed = await planOf(t, { method: 'random', budget: { duration: '30m' }, parameters: { 'optimizer.lr': { min: 0.1, max: 0.5 } } });
  t.is(timed.plan.seconds, undefined);
  t.regex(timed.text, /^trials +as many as fit, at most 30m$/m);
  t.regex(timed.text, /^time +until the budget ends$/m);
});

for (const name of ['sweep-grid', 'sweep-seeds', 'sweep-tpe-asha', 'sweep-mnist-best']) {
  test(`configs/${name}.yaml is a valid sweep`, (t) => {
    const { settings } = loadSweep(`configs/${name}.yaml`);
    t.true(settings.metric.name.startsWith('val.'), 'chosen by the validation set, never by the test set');
  });
}

test('the file of docs/sweeps.md is a valid sweep', (t) => {
  const block = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/sweeps.md', 'utf8'))?.[1] ?? '';
  const base = path.resolve('configs/mnist.yaml');
  const cwd = workplace(t, { 'sweep.yaml': block.replace('./mnist.yaml', base) });
  const { settings, space } = loadSweep(path.join(cwd, 'sweep.yaml'));
  t.is(settings.early_terminate.type, 'asha');
  t.is(space.dimensions.length, 7);
});
