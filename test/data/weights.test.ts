import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import type { Samples } from '../../src/data/samples.ts';
import { classCounts, targetSquares } from '../../src/data/targets.ts';
import { loadWeights } from '../../src/data/weights.ts';
import { encodeSafetensors, type TensorToWrite } from '../../src/storage/safetensors/bytes.ts';
import { errorOf } from '../config/support/experiments.ts';

const directory = mkdtempSync(join(tmpdir(), 'gradloom-weights-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;

function write(tensors: Record<string, TensorToWrite>): string {
  const path = join(directory, `${files++}.safetensors`);
  writeFileSync(path, encodeSafetensors(new Map(Object.entries(tensors))));
  return path;
}

const f32 = (values: readonly number[], shape = [values.length]): TensorToWrite => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});

/** What the loader asks of a source: 6 samples, the last two of them its own test set. */
const samples = { sampleCount: 6, ownTestCount: 2 } as Samples;

test('weights for all samples, or for all but the test set of the source, which then weighs 1', (t) => {
  t.deepEqual(Array.from(loadWeights(write({ weights: f32([1, 2, 3, 0, 5, 6]) }), samples)), [1, 2, 3, 0, 5, 6]);
  t.deepEqual(Array.from(loadWeights(write({ weights: f32([1, 2, 3, 0.5]) }), samples)), [1, 2, 3, 0.5, 1, 1]);
});

const refused: { title: string; tensors: Record<string, TensorToWrite>; code: string; message: string }[] = [
  {
    title: 'a file without the tensor',
    tensors: { weight: f32([1]) },
    code: 'E_TENSOR_MISMATCH',
    message: 'weights: missing; expected F32 [4] or [6]',
  },
  {
    title: 'too few weights',
    tensors: { weights: f32([1, 2, 3]) },
    code: 'E_TENSOR_MISMATCH',
    message: 'weights: F32 [3]; expected F32 [4] or [6]',
  },
  {
    title: 'a matrix',
    tensors: { weights: f32([1, 2, 3, 4], [4, 1]) },
    code: 'E_TENSOR_MISMATCH',
    message: 'weights: F32 [4, 1]; expected F32 [4] or [6]',
  },
  {
    title: 'f64',
    tensors: { weights: { dtype: 'F64', shape: [4], data: new Float64Array(4) } },
    code: 'E_TENSOR_MISMATCH',
    message: 'weights: F64 [4]; expected F32 [4] or [6]',
  },
  {
    title: 'a negative weight',
    tensors: { weights: f32([1, 2, -3, 1]) },
    code: 'E_WEIGHT_RANGE',
    message: 'weights: row 2 has -3; expected 0, or 1e-30 to 1e+20',
  },
  {
    title: 'NaN',
    tensors: { weights: f32([1, NaN, 3, 1]) },
    code: 'E_WEIGHT_RANGE',
    message: 'weights: row 1 has NaN; expected 0, or 1e-30 to 1e+20',
  },
  {
    title: 'infinity',
    tensors: { weights: f32([Infinity, 2, 3, 1]) },
    code: 'E_WEIGHT_RANGE',
    message: 'weights: row 0 has Infinity; expected 0, or 1e-30 to 1e+20',
  },
];

for (const { title, tensors, code, message } of refused) {
  test(`sample weights: ${title} is refused, exit code 65`, (t) => {
    const path = write(tensors);
    const error = errorOf(() => loadWeights(path, samples));
    t.deepEqual([error.code, error.message, error.where, error.exitCode], [code, message, path, 65]);
  });
}

function config(sampleWeights?: string) {
  const source = { type: 'synthetic', kind: 'blobs', samples: 30 };
  const data = { source, split: { by: 'order' }, ...(sampleWeights !== undefined && { sample_weights: sampleWeights }) };
  return experimentFromObject({ data, model: { layers: [{ type: 'dense', units: 3 }] }, seed: 1 }).experiment;
}

test('a data set carries its weights, and they are part of its fingerprint', async (t) => {
  const values = Array.from({ length: 30 }, (_, i) => i / 8);
  const [plain, weighted] = [await loadDataset(config()), await loadDataset(config(write({ weights: f32(values) })))];
  t.is(plain.weights, undefined);
  t.deepEqual(Array.from(weighted.weights ?? []), values);
  const other = await loadDataset(config(write({ weights: f32(values.with(3, 9)) })));
  t.is(new Set([plain.fingerprint, weighted.fingerprint, other.fingerprint]).size, 3);
  t.is((await loadDataset(config(write({ weights: f32(values) })))).fingerprint, weighted.fingerprint);
});

test('weights that are 0 for the whole training set are refused', async (t) => {
  const path = write({ weights: f32(Array.from({ length: 30 }, (_, i) => (i < 24 ? 0 : 1))) });
  const error = await t.throwsAsync(loadDataset(config(path)));
  t.is(error.message, 'weights: all weights of the training set are 0; expected at least one above 0');
});

function classes(values: number[], count: number): Dataset['target'] {
  const labels = new Int32Array(new SharedArrayBuffer(4 * values.length));
  labels.set(values);
  return { kind: 'class', labels, classes: count };
}

test('classes are counted among the given samples only', (t) => {
  t.deepEqual(classCounts({ target: classes([0, 2, 2, 1, 2], 4) }, Uint32Array.of(0, 1, 4)), [1, 0, 2, 0]);
});

test('squared distances of targets from their mean: of values, one-hot rows and a single output', (t) => {
  const target: Dataset['target'] = { kind: 'value', values: new Float32Array(new SharedArrayBuffer(32)), width: 2 };
  target.values.set([1e8, 5, 1e8, 7, 1e8, 9, 0, 0]);
  t.deepEqual(Array.from(targetSquares({ target }, Uint32Array.of(0, 1, 2), 2)), [0, 8]);
  const labels = { target: classes([0, 1, 1, 0], 2) };
  t.deepEqual(Array.from(targetSquares(labels, Uint32Array.of(0, 1, 2, 3), 2)), [1, 1]);
  t.deepEqual(Array.from(targetSquares(labels, Uint32Array.of(0, 1, 2, 3), 1)), [1]);
});
