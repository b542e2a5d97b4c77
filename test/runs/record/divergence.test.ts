import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../../src/errors.ts';
import type { Summary } from '../../../src/runs/events.ts';
import type { Divergence } from '../../../src/runs/record/divergence.ts';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { curve, determinedFiles, finished, runTree, type Told, temporary } from '../support/run-tree.ts';

const BATCH = 10;
/** Eight batches an epoch, in the order of the samples. */
const ROWS = 80;
const VAL_ROWS = 20;
/** Sample weight, class weights and output weights that together pass the largest f32 in a gradient, while the f64 loss is finite. */
const HUGE = { sample: 9e19, class: 1e9, output: 1e11 };

/** A classification whose batches of the given numbers have gradients that overflow. */
function withBadBatches(
  t: ExecutionContext,
  bad: readonly number[],
  train: object,
  others: Record<string, unknown> = {},
): Record<string, unknown> {
  const data = new Float32Array(ROWS + VAL_ROWS).fill(1);
  for (const batch of bad) data.fill(HUGE.sample, batch * BATCH, (batch + 1) * BATCH);
  const file = path.join(temporary(t), 'weights.safetensors');
  writeFileSync(file, encodeSafetensors(new Map([['weights', { dtype: 'F32', shape: [data.length], data }]])));
  return {
    seed: 6,
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: ROWS + VAL_ROWS, features: 5, classes: 3, noise: 3 },
      split: { train: ROWS, val: VAL_ROWS, test: 0, by: 'order' },
      shuffle: 'none',
      sample_weights: file,
    },
    model: {
      layers: [
        { type: 'dense', units: 8, activation: 'tanh' },
        { type: 'dense', units: 3, init: { type: 'normal', std: HUGE.output } },
      ],
    },
    loss: { type: 'softmax_cross_entropy', class_weights: [HUGE.class, HUGE.class, HUGE.class] },
    optimizer: { type: 'adam', lr: 0.01 },
    train: { batch_size: BATCH, epochs: 2, eval: { every: { steps: 4 } }, average: { type: 'ema', decay: 0.5 }, ...train },
    numerics: { leaves: 4 },
    track: { log_every: { steps: 1 } },
    ...others,
  };
}

/** Of a linear regression, whose loss a large learning rate blows up. */
function explosive(lr: number, train: object = {}, others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    seed: 5,
    data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 5, classes: 2 } },
    model: { layers: [{ type: 'dense', units: 2 }] },
    loss: 'mse',
    optimizer: { type: 'sgd', lr },
    train: { batch_size: 50, steps: 60, eval: { every: { steps: 5 } }, ...train },
    track: { log_every: { steps: 1 } },
    ...others,
  };
}

function readDivergence(told: Told): Divergence {
  return JSON.parse(readFileSync(path.join(told.directory!, 'diverged.json'), 'utf8')) as Divergence;
}

function summaryOf(told: Told): Summary {
  return JSON.parse(readFileSync(path.join(told.directory!, 'summary.json'), 'utf8')) as Summary;
}

/** Fails unless the run ended as diverged, with exit code 80 and finite tensors on disk. */
function assertDiverged(t: ExecutionContext, told: Told): void {
  t.is(told.error?.code, 'E_DIVERGED', told.error?.message);
  t.is(told.error?.exitCode, EXIT.diverged);
  t.is(EXIT.diverged, 80);
  const { tensors } = readSafetensors(path.join(told.directory!, 'model.safetensors'));
  t.true(tensors.size > 0);
  for (const [name, { data }] of tensors) t.true(new Float32Array(data.slice().buffer).every(Number.isFinite), `${name} is finite`);
}

// ---- stop ----------------------------------------------------------------------------------------------------------

/** Layers of the given kinds before two outputs. */
const deep = (...layers: object[]): Record<string, unknown> => ({
  model: { layers: [...layers, { units: 2 }].map((layer) => ({ type: 'dense', ...layer })) },
});
const NORMED = { units: 8, batch_norm: true, activation: 'relu' };

for (const { title, tree } of [
  { title: 'one layer', tree: explosive(1e6) },
  { title: 'one layer, no limit of the loss', tree: explosive(1e6, { max_loss_ratio: 0 }) },
  { title: 'two layers, no limit of the loss', tree: explosive(1e6, { max_loss_ratio: 0 }, deep({ units: 8 })) },
  { title: 'batch norm', tree: explosive(1e6, {}, deep(NORMED)) },
]) {
  test.serial(
    `N5 lr 1e6 ends with exit 80, a diverged.json that explains, and the finite weights of a step that another run reaches: ${title}`,
    async (t) => {
      const told = await runTree(tree, temporary(t));
      assertDiverged(t, told);
      const divergence = readDivergence(told);
      t.is(told.error!.where, `step ${divergence.step}`);
      t.is(divergence.lr, 1e6);
      t.regex(told.error!.next!, /lower optimizer\.lr \(1000000 at this step\)/);
      t.is(divergence.recent.length, Math.min(50, divergence.step), 'the steps before');
      t.is(divergence.recent.at(-1)?.step, divergence.step - 1);
      if (divergence.cause === 'loss') t.true(divergence.samples.length > 0 && divergence.samples.every((sample) => sample < 200));
      // Where the last update left numbers that are not finite, the parameters are those of the latest evaluation, or of the start.
      const [, kept] = /the parameters of step (\d+)$/.exec(told.error!.kept!) ?? [];
      t.true(Number(kept) === divergence.step || Number(kept) % 5 === 0, `step ${divergence.step}, kept ${kept}`);
      if (kept === '0') return;
      const straight = await runTree(
        { ...tree, train: { ...(tree['train'] as object), steps: Number(kept), eval: { on: 'none' } } },
        temporary(t),
      );
      t.is(summaryOf(told).digest, summaryOf(straight).digest);
    },
  );
}

test.serial('N3 a gradient that overflows under a finite loss is found before the update; tensor, index and value are named', async (t) => {
  const tree = withBadBatches(t, [5], {});
  const told = await runTree(tree, temporary(t));
  assertDiverged(t, told);
  const divergence = readDivergence(told);
  t.is(divergence.step, 5);
  t.is(divergence.cause, 'gradient');
  t.true(Number.isFinite(Number(divergence.loss)));
  const { tensor, index, value } = divergence.gradient!;
  t.is(tensor, 'layers.0.weight');
  t.true(index >= 0 && index < 40);
  t.regex(value, /^(-?Infinity|NaN)$/);
  t.true(told.error!.message.startsWith(`the gradient of layers.0.weight[${index}] became ${value}`), told.error!.message);
  const straight = await runTree(withBadBatches(t, [], { epochs: undefined, steps: 5 }), temporary(t));
  const files = [told, straight].map(({ directory }) => determinedFiles(directory!));
  for (const name of ['model.safetensors', 'model-ema.safetensors']) t.is(files[0]![name], files[1]![name], `${name} is that of 5 steps`);
});

for (const accumulate of [1, 2]) {
  test.serial(`running statistics of a step that is not done are not in the saved model: accumulate ${accumulate}`, async (t) => {
    const model = {
      layers: [
        { type: 'dense', units: 8, batch_norm: true, activation: 'tanh' },
        { type: 'dense', units: 3, init: { type: 'normal', std: HUGE.output } },
      ],
    };
    const told = await runTree(withBadBatches(t, [5], { accumulate }, { model }), temporary(t));
    assertDiverged(t, told);
    const { step } = readDivergence(told);
    t.is(step, Math.floor(5 / accumulate));
    const straight = await runTree(withBadBatches(t, [], { accumulate, epochs: undefined, steps: step }, { model }), temporary(t));
    const files = [told, straight].map(({ directory }) => determinedFiles(directory!));
    t.is(files[0]!['model.safetensors'], files[1]!['model.safetensors']);
  });
}

// An update that overflows, seen by the evaluation after it.
const unseen = { max_loss_ratio: 0, eval: { every: { steps: 1 } } };

test.serial('an evaluation that is not finite ends the run with exit 80 and finite weights', async (t) => {
  const told = await runTree(explosive(1e6, unseen), temporary(t));
  assertDiverged(t, told);
  t.regex(told.error!.message, /^the val loss became (NaN|Infinity)$/);
});

test.serial('an evaluation that is not finite leaves a diverged.json', async (t) => {
  const told = await runTree(explosive(1e6, unseen), temporary(t));
  t.is(readDivergence(told).lr, 1e6);
});

test.serial('an evaluation that is not finite is rolled back like a step', async (t) => {
  const told = await runTree(explosive(1e6, { ...unseen, on_nonfinite: { type: 'rollback', lr_factor: 1e-7, limit: 2 } }));
  t.is(finished(told).steps, 60);
});

// ---- skip ----------------------------------------------------------------------------------------------------------

test.serial('skip leaves out the update of exactly the bad steps, says so, and trains on', async (t) => {
  const skip = { on_nonfinite: { type: 'skip', limit: 1 } };
  const told = await runTree(withBadBatches(t, [1, 5], skip));
  const summary = finished(told);
  t.is(summary.steps, 16);
  t.deepEqual(curve(told, 'skipped'), [
    [1, 1],
    [5, 1],
    [9, 1],
    [13, 1],
  ]);
  t.deepEqual(
    told.warnings.map(({ code }) => code),
    Array.from({ length: 4 }, () => 'W_NONFINITE'),
  );
  t.true(told.warnings[0]!.message.startsWith('step 1 left out: the gradient of layers.0.weight['), told.warnings[0]!.message);
  // Up to a bad step and past it: the same parameters.
  const before = await runTree(withBadBatches(t, [1, 5], { ...skip, epochs: undefined, steps: 5 }));
  const after = await runTree(withBadBatches(t, [1, 5], { ...skip, epochs: undefined, steps: 6 }));
  t.is(finished(after).digest, finished(before).digest);
  t.not(summary.digest, finished(after).digest);
  // An epoch's mean is that of the steps that were done.
  const losses = curve(told, 'train.loss')
    .filter(([step]) => step < 8)
    .map(([, value]) => value!);
  t.is(losses.length, 6);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  t.true(Math.abs(curve(told, 'train.epoch_loss')[0]![1]! / mean - 1) < 1e-12);
});

test.serial('an evaluation that is due after a skipped step takes place', async (t) => {
  const clean = await runTree(withBadBatches(t, [], { on_nonfinite: 'skip' }));
  const told = await runTree(withBadBatches(t, [3, 7], { on_nonfinite: 'skip' }));
  const steps = ({ lines }: Told): number[] => curve({ lines }, 'val.loss').map(([step]) => step);
  t.deepEqual(steps(clean), [4, 8, 12, 16]);
  t.deepEqual(steps(told), steps(clean));
});

test.serial('more bad steps in a row than the limit end the run; as many do not', async (t) => {
  const bad = [3, 4, 5];
  const enough = await runTree(withBadBatches(t, bad, { on_nonfinite: { type: 'skip', limit: 3 } }));
  t.is(finished(enough).steps, 16);
  const spent = await runTree(withBadBatches(t, bad, { on_nonfinite: { type: 'skip', limit: 2 } }), temporary(t));
  assertDiverged(t, spent);
  t.is(spent.error!.where, 'step 5');
  t.regex(spent.error!.message, /, after 2 skipped steps in a row$/);
  t.deepEqual(curve(spent, 'skipped'), [
    [3, 1],
    [4, 1],
  ]);
  t.is(readDivergence(spent).step, 5);
});

// ---- rollback ------------------------------------------------------------------------------------------------------

test.serial('rollback goes back to the last evaluation with a lower learning rate until training holds', async (t) => {
  const told = await runTree(explosive(2, { on_nonfinite: { type: 'rollback', lr_factor: 0.25, limit: 3 }, max_loss_ratio: 3 }));
  const summary = finished(told);
  t.is(summary.steps, 60);
  const back = told.lines.filter((line) => 'rollback.to' in line);
  t.true(back.length >= 1 && back.length <= 3, JSON.stringify(back));
  for (const [i, line] of back.entries()) {
    t.is(line['rollback.lr_factor'], 0.25 ** (i + 1));
    t.is(line['rollback.to']! % 5, 0, 'an evaluation, or the start');
    t.true(line.step - line['rollback.to']! <= 5);
  }
  const lrs = curve(told, 'lr').map(([, lr]) => lr);
  t.is(lrs[0], 2);
  t.is(lrs.at(-1), 2 * 0.25 ** back.length);
  t.true(summary.last['val.loss']! < 0.05, `${summary.last['val.loss']}`);
  t.is(told.warnings.length, back.length);
  t.true(told.warnings.every(({ code }) => code === 'W_NONFINITE'));
});

test.serial('what follows a rollback is what a run with the lower rate does from there on', async (t) => {
  const told = await runTree(
    explosive(2, { on_nonfinite: { type: 'rollback', lr_factor: 0.125, limit: 1 }, max_loss_ratio: 1.5, steps: 20 }),
  );
  const [line] = told.lines.filter((candidate) => 'rollback.to' in candidate);
  t.is(line?.['rollback.to'], 0, 'back to the start');
  t.is(finished(told).digest, finished(await runTree(explosive(0.25, { steps: 20 }))).digest);
});

test.serial('after the last rollback that the limit allows the run ends with the last good parameters', async (t) => {
  const told = await runTree(explosive(1e6, { on_nonfinite: { type: 'rollback', lr_factor: 0.9, limit: 2 } }), temporary(t));
  assertDiverged(t, told);
  t.regex(told.error!.message, /, after 2 rollbacks$/);
  t.is(told.lines.filter((line) => 'rollback.to' in line).length, 2);
  t.true(Math.abs(readDivergence(told).lr - 810_000) < 1);
});

for (const { title, tree } of [
  { title: 'skip', tree: (t: ExecutionContext) => withBadBatches(t, [1, 2, 6], { on_nonfinite: 'skip' }) },
  { title: 'skip, limit spent', tree: (t: ExecutionContext) => withBadBatches(t, [1, 2, 6], { on_nonfinite: { type: 'skip', limit: 1 } }) },
  {
    title: 'rollback',
    tree: () => explosive(2, { on_nonfinite: { type: 'rollback', lr_factor: 0.25 }, max_loss_ratio: 3, average: 'ema' }),
  },
  { title: 'rollback, limit spent', tree: () => explosive(1e6, { on_nonfinite: 'rollback' }) },
  { title: 'stop', tree: () => explosive(1e6) },
]) {
  test.serial(`N6 two runs through bad steps, by one worker and by three, are equal in every byte: ${title}`, async (t) => {
    const files: Record<string, string>[] = [];
    for (const workers of [1, 3]) {
      const { directory } = await runTree({ ...tree(t), parallel: { workers } }, temporary(t));
      files.push(determinedFiles(directory!));
    }
    t.true(files[0]!['metrics.jsonl']!.length > 0);
    t.deepEqual(files[1], files[0]);
  });
}
