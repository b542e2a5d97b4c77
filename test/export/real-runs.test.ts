import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { loadExperiment } from '../../src/config/load.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { exportModel } from '../../src/export/export.ts';
import type { Target } from '../../src/export/target.ts';
import { train } from '../../src/runs/training/train.ts';
import { evaluateOnOwnData } from '../../src/use/evaluate/evaluate.ts';
import { loadModel, type Model } from '../../src/use/model.ts';
import { splitRows } from './support/rows.ts';
import { TORCH } from './support/torch.ts';

env.wasm.numThreads = 1;

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');

/** Rows of the test split: as `predict` takes them, and as an export does, one number a feature. */
interface TestRows {
  own: (Record<string, unknown> | Float32Array)[];
  raw: number[][];
}

/** What somebody says of the rows of a split: numbers, [rows][names], and the class where there is one. */
interface Answer {
  numbers: number[][];
  labels: number[] | undefined;
}

interface Case {
  config: string;
  overrides: string[];
  rows: (dataset: Dataset) => TestRows;
}

/** Records of a CSV file of the repository, without quotes in it. */
function recordsOf(file: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(path.join(root, file), 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, j) => [names[j] ?? '', cell])));
}

/** Test rows out of the CSV file itself, encoded here by the names of the features. */
function tableRows(file: string, features: readonly string[]): Case['rows'] {
  const records = recordsOf(file);
  return ({ splits, sampleCount }) => {
    if (sampleCount !== records.length) throw new RangeError(`${records.length} records, ${sampleCount} samples`);
    const own = Array.from(splits.test, (i) => records[i] ?? {});
    const raw = own.map((record) =>
      features.map((feature) => {
        const [column = '', category] = feature.split('=');
        return category === undefined ? Number(record[column]) : Number(record[column] === category);
      }),
    );
    return { own: own.map((record) => valuesOf(record, features)), raw };
  };
}

/** The columns of the features: words of categories, numbers of the others. */
function valuesOf(record: Record<string, string>, features: readonly string[]): Record<string, unknown> {
  const columns = new Map(features.map((feature) => [feature.split('=')[0] ?? '', feature.includes('=')]));
  return Object.fromEntries([...columns].map(([column, isWord]) => [column, isWord ? record[column] : Number(record[column])]));
}

/** Test rows of pictures, whose bytes stand in the data set. */
function pictureRows({ features, featureCount, splits }: Dataset): TestRows {
  const own = Array.from(splits.test, (i) => Float32Array.from(features.subarray(i * featureCount, (i + 1) * featureCount)));
  return { own, raw: own.map((row) => Array.from(row)) };
}

const IRIS = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];
const DIABETES = [
  'age',
  'sex=a',
  'sex=b',
  'bmi',
  'blood_pressure',
  'total_cholesterol',
  'ldl',
  'hdl',
  'cholesterol_ratio',
  'log_triglycerides',
  'glucose',
];

const CASES: Readonly<Record<string, Case>> = {
  iris: {
    config: 'iris.yaml',
    overrides: [`data.source.path=${root}/configs/data/iris.csv`],
    rows: tableRows('configs/data/iris.csv', IRIS),
  },
  diabetes: {
    config: 'diabetes.yaml',
    overrides: [`data.source.path=${root}/configs/data/diabetes.csv`],
    rows: tableRows('configs/data/diabetes.csv', DIABETES),
  },
  mnist: {
    config: 'mnist.yaml',
    overrides: ['train.epochs=1', 'model.layers.0.units=32', 'model.layers.0.batch_norm=true'],
    rows: pictureRows,
  },
  signs: { config: 'signs-rgb.yaml', overrides: [`data.source.path=${root}/configs/data/signs`, 'train.epochs=3'], rows: pictureRows },
};

/** A run of a shipped configuration, its model, and its test rows. */
async function trained(t: ExecutionContext, { config, overrides, rows }: Case): Promise<{ model: Model; place: string; rows: TestRows }> {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-export-'));
  t.teardown(() => rmSync(place, { recursive: true, force: true }));
  const { experiment } = loadExperiment(path.join(root, 'configs', config), { overrides: [...overrides, `track.dir=${place}`] });
  const { directory } = await train({ experiment }).result;
  return { model: await loadModel(directory ?? ''), place, rows: rows(await loadDataset(experiment)) };
}

function own(model: Model, { own: given }: TestRows): Answer {
  const found = model.predict(given);
  return {
    numbers: found.map((one) => ('label' in one ? one.probabilities : one.values)),
    labels: model.classes && found.map((one) => ('label' in one ? one.label : -1)),
  };
}

async function exported(model: Model, to: Target, output: string): Promise<string> {
  await exportModel(model, to, output);
  return output;
}

async function byOnnx(file: string, { raw }: TestRows): Promise<Answer> {
  const session = await InferenceSession.create(readFileSync(file));
  try {
    const [input] = session.inputMetadata;
    const each = input?.isTensor === true ? input.shape.slice(1).map(Number) : [];
    const results = await session.run({ x: new Tensor('float32', Float32Array.from(raw.flat()), [raw.length, ...each]) });
    const values = (results['probabilities'] ?? results['y'])?.data as Float32Array;
    return {
      numbers: splitRows(values, raw.length),
      labels: results['label'] && Array.from(results['label'].data as BigInt64Array, Number),
    };
  } finally {
    await session.release();
  }
}

interface Module {
  predict: (rows: number[][]) => { label?: number; class?: string; probabilities?: number[]; y?: number[] }[];
  encode?: (row: Record<string, unknown>) => number[];
  classes?: string[];
  features: string[];
}

async function byModule(t: ExecutionContext, file: string, { raw, own: given }: TestRows): Promise<Answer> {
  const module = (await import(pathToFileURL(file).href)) as Module;
  const found = module.predict(raw);
  const { classes, encode } = module;
  if (encode !== undefined)
    t.deepEqual(
      given.map((row) => encode(row as Record<string, unknown>)),
      raw,
    );
  if (classes === undefined) return { numbers: found.map(({ y = [] }) => y), labels: undefined };
  t.deepEqual(
    found.map((one) => one.class),
    found.map(({ label }) => classes[label ?? -1]),
  );
  return { numbers: found.map(({ probabilities = [] }) => probabilities), labels: found.map(({ label }) => label ?? -1) };
}

/** Loads the file as its users do, in another directory, with PyTorch's softmax behind it. */
const DRIVER = `import json, sys
sys.path.insert(0, sys.argv[1])
import torch
from model import load
rows = torch.tensor(json.load(open(sys.argv[2])))
with torch.no_grad():
    y = load()(rows)
print(json.dumps((torch.softmax(y, 1) if sys.argv[3] == "classes" else y).tolist()))
`;

function byTorch(place: string, { raw }: TestRows, isClassified: boolean): Answer {
  const [driver, rows] = [path.join(place, 'driver.py'), path.join(place, 'rows.json')];
  writeFileSync(driver, DRIVER);
  writeFileSync(rows, JSON.stringify(raw));
  const args = [driver, place, rows, isClassified ? 'classes' : 'values'];
  const numbers = JSON.parse(execFileSync('/usr/bin/python3', args, { cwd: tmpdir(), encoding: 'utf8', maxBuffer: 2 ** 26 })) as number[][];
  return { numbers, labels: isClassified ? numbers.map((row) => row.indexOf(Math.max(...row))) : undefined };
}

/** Every label equal; probabilities within 1e-5, values within 1e-5 of themselves. */
function assertSame(t: ExecutionContext, got: Answer, expected: Answer, title: string): void {
  t.deepEqual(got.labels, expected.labels, title);
  t.is(got.numbers.length, expected.numbers.length, title);
  const off = expected.numbers.flatMap((row, r) =>
    row.map((value, j) => {
      const distance = Math.abs((got.numbers[r]?.[j] ?? Number.NaN) - value);
      return expected.labels === undefined ? distance / Math.abs(value) : distance;
    }),
  );
  const worst = off.reduce((most, one) => (one <= most ? most : one), 0);
  t.true(worst <= 1e-5, `${title}: off by ${worst}`);
}

for (const [name, given] of Object.entries(CASES)) {
  test.serial(
    `${name}: ONNX, the module${TORCH ? ' and PyTorch' : ' (no python3-torch here)'} say of every test row what evaluate counts`,
    async (t) => {
      const { model, place, rows } = await trained(t, given);
      const expected = own(model, rows);
      const { rows: count, confusion } = await evaluateOnOwnData(model);
      t.is(rows.raw.length, count);
      if (expected.labels !== undefined) {
        const predicted = (confusion ?? []).reduce(
          (sums, row) => sums.map((sum, j) => sum + (row[j] ?? 0)),
          model.classes!.map(() => 0),
        ); // by class
        t.deepEqual(
          predicted,
          predicted.map((_, j) => expected.labels!.filter((label) => label === j).length),
        );
      }
      assertSame(t, await byOnnx(await exported(model, 'onnx', path.join(place, 'model.onnx')), rows), expected, 'onnx');
      assertSame(t, await byModule(t, await exported(model, 'js', path.join(place, 'model.mjs')), rows), expected, 'js');
      if (!TORCH) return;
      await exported(model, 'torch', path.join(place, 'model.py'));
      assertSame(t, byTorch(place, rows, expected.labels !== undefined), expected, 'torch');
    },
  );
}
