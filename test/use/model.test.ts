import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { loadDataset } from '../../src/data/load.ts';
import { GradloomError } from '../../src/errors.ts';
import { encodeSafetensors } from '../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../src/storage/safetensors.ts';
import { evaluateOnOwnData } from '../../src/use/evaluate/evaluate.ts';
import { loadModel, type Model } from '../../src/use/model.ts';
import { trained } from './support/trained.ts';

/** Features of all samples and their labels, as the source has them. */
async function samplesOf({ experiment }: Model): Promise<{ rows: Float32Array[]; labels: Int32Array; val: Uint32Array }> {
  if (experiment === undefined) throw new TypeError('a run has an experiment');
  const { features, featureCount, sampleCount, target, splits } = await loadDataset(experiment);
  if (target.kind !== 'class') throw new TypeError('blobs have classes');
  const rows = Array.from({ length: sampleCount }, (_, i) =>
    Float32Array.from(features.subarray(i * featureCount, (i + 1) * featureCount)),
  );
  return { rows, labels: target.labels, val: splits.val };
}

test('evaluate gives the numbers that training reported, to the bit, for any worker count', async (t) => {
  const run = await trained(t);
  const model = await loadModel(run.directory);
  for (const workers of [1, 3]) {
    const found = await evaluateOnOwnData(model, { split: 'val', workers });
    t.is(found.loss, run.last['val.loss'] as number);
    t.is(found.metrics['accuracy'], run.last['val.accuracy'] as number);
    t.is(found.metrics['macro_f1'], run.last['val.macro_f1'] as number);
    t.deepEqual(found.confusion, run.confusion?.val);
  }
});

test('the labels and probabilities of predict are those that the evaluation counts', async (t) => {
  const run = await trained(t);
  const model = await loadModel(run.directory);
  const { rows, labels, val } = await samplesOf(model);
  const predictions = model.predict([...val].map((i) => rows[i] as Float32Array));
  const right = predictions.filter((one, i) => 'label' in one && one.label === labels[val[i] as number]).length;
  t.is(right / val.length, run.last['val.accuracy'] as number);
  let loss = 0;
  for (const [i, one] of predictions.entries())
    if ('label' in one) loss -= Math.log(one.probabilities[labels[val[i] as number] as number] as number);
  t.true(Math.abs(loss / val.length - (run.last['val.loss'] as number)) < 1e-6);
});

test("a row's prediction has the same bits alone, among others, in a batch, from WebAssembly and from machine code", async (t) => {
  const run = await trained(t);
  const model = await loadModel(run.directory);
  const { rows } = await samplesOf(model);
  const alone = rows.map((row) => model.predict(row));
  t.deepEqual(model.predict(rows), alone);
  const batch = Float32Array.from(rows.flatMap((row) => [...row]));
  t.deepEqual(model.predict(batch, [rows.length, 5]), alone);
  await model.useNative();
  t.deepEqual(model.predict(batch, [rows.length, 5]), alone);
  t.deepEqual(model.predict([...(rows[0] as Float32Array)]), alone[0]);
  // Machine code is for 512 rows; it does those that are half of them or more, with the rest of the last ones behind them.
  for (const count of [512, 300, 256, 255, 1]) {
    const some = Array.from({ length: count }, (_, i) => (7 * i) % rows.length);
    t.deepEqual(
      model.predict(some.map((row) => rows[row] as Float32Array)),
      some.map((row) => alone[row]),
    );
  }
});

test('a picture is one row flat or nested, alone or in a list of one', async (t) => {
  const run = await trained(t, {
    data: { source: { type: 'mnist' }, split: { train: 300, val: 100, test: 100 } },
    model: { layers: [{ type: 'dense', units: 10 }] },
    train: { epochs: 1 },
  });
  const model = await loadModel(run.directory);
  const flat = Array.from({ length: 784 }, (_, i) => (7 * i) % 256);
  const nested = Array.from({ length: 28 }, (_, line) => flat.slice(28 * line, 28 * (line + 1)));
  const one = model.predict(flat);
  t.deepEqual(model.predict(nested), one);
  t.deepEqual(model.predict([flat]), [one]);
  t.deepEqual(model.predict([nested]), [one]);
  t.deepEqual(model.predict([flat, nested]), [one, one]);
  t.deepEqual(model.predict([Uint8Array.from(flat)]), [one]);
});

test('a bare model.safetensors predicts as its run does, and evaluates rows with their labels', async (t) => {
  const run = await trained(t);
  const model = await loadModel(run.directory);
  const bare = await loadModel(path.join(run.directory, 'model.safetensors'));
  const { rows, labels } = await samplesOf(model);
  t.deepEqual(bare.predict(rows), model.predict(rows));
  const found = await bare.evaluate({ x: rows, y: labels });
  const right = model.predict(rows).filter((one, i) => 'label' in one && one.label === labels[i]).length;
  t.is(found.metrics['accuracy'], right / rows.length);
  t.is(
    found.classes?.reduce((sum, { support }) => sum + support, 0),
    rows.length,
  );
  t.true(bare.summary().includes('layers.0.norm.running_mean'));
});

test('a row that does not fit is told with its number, its value and what was expected', async (t) => {
  const model = await loadModel((await trained(t)).directory);
  const row = [0, 1, 2, 3, 4];
  t.throws(() => model.predict([row, [1, 2]]), { code: 'E_ROW', message: '2 values; expected 5 numbers' } as never);
  const wrong = t.throws(() => model.predict([row, [0, 1, 'a', 3, 4]])) as Error & { where?: string };
  t.is(wrong.message, '"a"; expected a number');
  t.is(wrong.where, 'row 1, value 2');
  t.throws(() => model.predict([[0, Number.NaN, 0, 0, 0]]), { message: 'NaN; expected a finite number, at most 3.4e38' });
  t.throws(() => model.predict(new Float32Array(9), [2, 5]), { message: '9 values; a batch of shape 2x5 has 10' });
});

test('checkpoints: a step, the best one, and what a run has not', async (t) => {
  const run = await trained(t, {
    train: {
      batch_size: 37,
      epochs: 4,
      checkpoint: { every: { epochs: 1 }, keep: 10, best: { metric: 'val.loss' } },
      average: { type: 'ema', decay: 0.9 },
    },
  });
  const last = await loadModel(run.directory);
  const best = await loadModel(run.directory, { checkpoint: 'best' });
  const best_ = run.best['val.loss'];
  t.is(best.origin.step, best_?.step);
  t.is((await evaluateOnOwnData(best, { split: 'val' })).loss, best_?.value as number);
  t.deepEqual((await loadModel(run.directory, { checkpoint: run.steps })).parameters, last.parameters);
  const averaged = await loadModel(run.directory, { average: true });
  t.is((await evaluateOnOwnData(averaged, { split: 'val' })).loss, run.last['val.ema_loss'] as number);
  await t.throwsAsync(loadModel(run.directory, { checkpoint: 1 }), { message: /^no checkpoint of step 1; it has those of steps / });
  const plain = await trained(t);
  await t.throwsAsync(loadModel(plain.directory, { checkpoint: 'best' }), { message: 'it keeps no best checkpoint' });
  await t.throwsAsync(loadModel(plain.directory, { average: true }), { message: 'it has no averaged parameters' });
});

test('files of a run that do not fit together are errors that name file and key or tensor', async (t) => {
  const run = await trained(t);
  const copy = path.join(path.dirname(run.directory), 'copy');
  const broken = async (name: string, change: (text: string) => string, message: RegExp): Promise<void> => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(run.directory, copy, { recursive: true });
    writeFileSync(path.join(copy, name), change(readFileSync(path.join(copy, name), 'utf8')));
    await t.throwsAsync(loadModel(copy), { message });
  };
  await broken('preprocess.json', () => '{', /^not JSON: /);
  await broken('preprocess.json', (text) => text.replace('"affine"', '"linear"'), /^normalization\.kind: /);
  await broken(
    'preprocess.json',
    (text) => text.replace('"shape": [', '"shape": [2, '),
    /^normalization: 5 centers and 5 scales; its input has 10 features$/,
  );
  await broken(
    'preprocess.json',
    (text) => text.replace(/"classes": \[/, '"classes": ["x", '),
    /^target: 5 classes, but the model has 4 outputs$/,
  );
  await broken('config.yaml', (text) => text.replace('units: 12', 'units: 13'), /tensors are not the model's/);
});

test('a run without preprocess.json makes it again from its data', async (t) => {
  const run = await trained(t);
  const { preprocess } = await loadModel(run.directory);
  rmSync(path.join(run.directory, 'preprocess.json'));
  t.deepEqual((await loadModel(run.directory)).preprocess, preprocess);
});

test('a safetensors file of another program, and one with parameters that are not finite, are refused', async (t) => {
  const run = await trained(t);
  const file = path.join(run.directory, 'model.safetensors');
  const { tensors, metadata } = readSafetensors(file);
  const other = path.join(run.directory, 'other.safetensors');
  writeFileSync(other, encodeSafetensors(tensors));
  await t.throwsAsync(loadModel(other), { message: 'its metadata has no gradloom.model, so its layers are not known' });
  writeFileSync(
    other,
    encodeSafetensors(tensors, { ...metadata, 'gradloom.model': '{"layers": [{"type": "magic"}], "loss": {"type": "mse"}}' }),
  );
  await t.throwsAsync(loadModel(other), { message: /^gradloom\.model: layers\.0\.type: / });
  const bias = Float32Array.of(0, Number.NaN, 0, 0);
  const changed = new Map(tensors).set('layers.1.bias', { dtype: 'F32', shape: [4], data: new Uint8Array(bias.buffer) });
  writeFileSync(other, encodeSafetensors(changed, metadata));
  await t.throwsAsync(loadModel(other), { message: /^layers\.1\.bias.*expected finite parameters$/ });
  await t.throwsAsync(loadModel(path.join(run.directory, 'none')), { message: 'no such run and no such file' });
});

test('predict of the library refuses a row for which the network gives no finite number, alone, in a list and in a batch', async (t) => {
  const run = await trained(t, { optimizer: { type: 'sgd', lr: 1e30 }, train: { epochs: 1 } }).catch((error: unknown) => error);
  t.true(run instanceof GradloomError && run.code === 'E_DIVERGED');
  const file = path.join(run instanceof GradloomError ? (run.kept?.split(',')[0] ?? '') : '', 'model.safetensors');
  const model = await loadModel(file);
  const row = [1, 2, 3, 4, 5];
  const message = /^the network's output is (?:NaN|-?Infinity); expected a finite number$/;
  for (const [predict, where] of [
    [() => model.predict(row), 'the row'],
    [() => model.predict([row, row]), 'row 0'],
    [() => model.predict(Float32Array.from([...row, ...row]), [2, 5]), 'row 0'],
  ] as const) {
    const error = t.throws(predict, { instanceOf: GradloomError, message });
    t.like(error, { code: 'E_ROW', where });
  }
});
