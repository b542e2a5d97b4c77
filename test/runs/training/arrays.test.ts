import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { CallerData } from '../../../src/config/caller-data.ts';
import { experimentFromObject, parseExperiment } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { inspectExperiment } from '../../../src/runs/prepare/inspect.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { verify } from '../../../src/runs/training/verify.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-arrays-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const ROWS = 60;
const x = Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: ROWS }, (_, i) => (i % 3) * 10);
const experiment = {
  model: { layers: [{ type: 'dense', units: 3 }] },
  train: { steps: 6, batch_size: 8 },
  parallel: { workers: 1, code: 'wasm' },
  track: { dir: path.join(root, 'runs') },
};
const load = (data: CallerData, changes: object = {}) => experimentFromObject({ ...experiment, ...changes }, { data });
const fingerprint = async (data: CallerData): Promise<string> => {
  const loaded = load(data);
  return (await loadDataset(loaded.experiment, loaded.data)).fingerprint;
};

test('a run on arrays trains, is looked at, goes on and is verified with the same arrays, and with no others', async (t) => {
  const loaded = load({ x, y });
  t.is(loaded.experiment.data.source.type, 'arrays');
  const { dataset } = await inspectExperiment(loaded);
  t.is(dataset.features, 2);
  const directory = path.join(root, 'run');
  const paused = await train(loaded, { directory, pauseAt: 3 }).result;
  t.is(paused.status, 'paused');
  const none = await t.throwsAsync(resume(directory).result, { instanceOf: GradloomError });
  t.is(none.code, 'E_CONFIG_VALUE');
  t.is(none.exitCode, 78);
  t.is(none.where, 'data.source.type');
  t.is(none.message, 'arrays are what a program passes, and none were passed');
  t.regex(none.next ?? '', /experimentFromObject\(\{\.\.\.\}, \{ data: \{ x, y \} \}\), and \{ data \} again for resume/);
  const other = await t.throwsAsync(resume(directory, { data: { x: x.map((value) => -value), y } }).result, { instanceOf: GradloomError });
  t.is(other.code, 'E_DATA_FINGERPRINT');
  const whole = await train(loaded, { directory: path.join(root, 'whole') }).result;
  const resumed = await resume(directory, { data: { x: Float32Array.from(x), y: [...y] } }).result;
  t.is(resumed.digest, whole.digest);
  t.is((await verify(directory, { data: { x, y } }).result).status, 'same');
});

test('rows are the same in every form that they are passed in', async (t) => {
  const expected = await fingerprint({ x, y });
  const rows = Array.from({ length: ROWS }, (_, i) => [...x.subarray(2 * i, 2 * i + 2)]);
  async function* batches() {
    // One pair of arrays is filled again and again.
    const [inputs, targets] = [new Float32Array(20), new Int32Array(10)];
    for (let at = 0; at < ROWS; at += 10) {
      inputs.set(x.subarray(2 * at, 2 * at + 20));
      targets.set(y.subarray(at, at + 10));
      yield await Promise.resolve({ x: inputs, y: targets });
    }
  }
  const forms: CallerData[] = [
    { x: rows, y: [...y] },
    { x: rows.map((row) => Float64Array.from(row)), y: BigInt64Array.from(y, BigInt) },
    { x: { data: x, shape: [ROWS, 2] }, y: { data: y, shape: [ROWS] } },
    batches(),
  ];
  for (const form of forms) t.is(await fingerprint(form), expected);
  const once = load(batches());
  const twice = [await loadDataset(once.experiment, once.data), await loadDataset(once.experiment, once.data)];
  t.deepEqual(
    twice.map((dataset) => dataset.fingerprint),
    [expected, expected],
  );
  t.deepEqual(twice[0]?.preprocess.target, { kind: 'class', classes: ['0', '10', '20'] });
});

test('bytes stay bytes, a shape is kept, sets of their own are the splits, and targets of a regression are numbers', async (t) => {
  const bytes = { data: Uint8Array.from({ length: ROWS * 6 }, (_, i) => i % 251), shape: [ROWS, 2, 3] };
  const test = { testX: { data: bytes.data.slice(0, 30), shape: [5, 2, 3] }, testY: [[0.5], [1], [2], [3], [4]] };
  const loaded = load({ x: bytes, y: Array.from({ length: ROWS }, (_, i) => [i / 2]), ...test }, { loss: 'mse' });
  const dataset = await loadDataset(loaded.experiment, loaded.data);
  t.true(dataset.features instanceof Uint8Array);
  t.deepEqual(dataset.sampleShape, [2, 3]);
  t.is(dataset.splits.test.length, 5);
  t.is(dataset.target.kind, 'value');
});

const faults: { title: string; data: unknown; code: ErrorCode; where: string; message: RegExp }[] = [
  {
    title: 'rows of two lengths',
    data: { x: [[1, 2], [3]], y: [0, 1] },
    code: 'E_DATA_MISMATCH',
    where: 'data.x[1]',
    message: /^1 entries; the first has 2$/,
  },
  {
    title: 'a text',
    data: { x: [[1, 'a']], y: [0] },
    code: 'E_DATA_MISMATCH',
    where: 'data.x[0][1]',
    message: /^a string; expected a number$/,
  },
  {
    title: 'a number among rows',
    data: { x: [[1, 2], 3], y: [0, 1] },
    code: 'E_DATA_MISMATCH',
    where: 'data.x[1]',
    message: /^one number; expected a list$/,
  },
  { title: 'x without y', data: { x: [1, 2] }, code: 'E_DATA_MISMATCH', where: 'data.y', message: /^missing; data\.x needs it$/ },
  {
    title: 'a length that no rows have',
    data: { x: new Float32Array(7), y: [0, 1] },
    code: 'E_DATA_MISMATCH',
    where: 'data.x',
    message: /^7 numbers cannot be 2 rows/,
  },
  {
    title: 'a shape of another size',
    data: { x: { data: new Float32Array(7), shape: [2, 3] }, y: [0, 1] },
    code: 'E_DATA_MISMATCH',
    where: 'data.x',
    message: /^shape \[2, 3\] does not hold 7 numbers$/,
  },
  {
    title: 'fewer targets than rows',
    data: { x: [[1], [2], [3]], y: [0, 1] },
    code: 'E_DATA_MISMATCH',
    where: 'data.y',
    message: /^2 targets, but data\.x holds 3 rows$/,
  },
  {
    title: 'NaN',
    data: { x: [[1], [Number.NaN]], y: [0, 1] },
    code: 'E_DATA_NONFINITE',
    where: 'data.x:8',
    message: /^row 1, column 0: NaN/,
  },
  { title: 'no arrays', data: { x: 'abc', y: [0] }, code: 'E_DATA_MISMATCH', where: 'data.x', message: /^expected a typed array/ },
  { title: 'no rows', data: { x: [], y: [] }, code: 'E_DATA_EMPTY', where: 'data.x:0', message: /^holds no samples$/ },
  { title: 'no batches', data: [], code: 'E_DATA_EMPTY', where: 'data.source', message: /^the batches that were passed hold no samples$/ },
];
for (const { title, data, code, where, message } of faults) {
  test(`arrays: ${title} is ${code} at its place`, async (t) => {
    const loaded = experimentFromObject(experiment, { data: data as CallerData });
    const error = await t.throwsAsync(loadDataset(loaded.experiment, loaded.data), { instanceOf: GradloomError });
    t.deepEqual([error.code, error.where, error.exitCode], [code, where, 65]);
    t.regex(error.message, message);
  });
}

test('arrays in a file are refused where they are written, with what they are for', async (t) => {
  const text = 'data:\n  source: {type: arrays}\nmodel: {layers: [{type: dense, units: 3}]}\n';
  const error = await t.throwsAsync(inspectExperiment(parseExperiment(text, { file: 'exp.yaml' })), { instanceOf: GradloomError });
  t.is(error.where, 'exp.yaml:2:18');
  t.regex(error.message, /^data\.source\.type: arrays are what a program passes/);
  t.regex(error.next ?? '', /in a file name files: source: \{type: npy/);
});

test('data beside another source is refused', (t) => {
  const error = t.throws(() => load({ x, y }, { data: { source: 'mnist' } }), { instanceOf: GradloomError });
  t.is(error.code, 'E_CONFIG_VALUE');
  t.is(error.exitCode, 78);
  t.is(error.message, 'got mnist; the data that is passed needs arrays');
});
