import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { experimentFromObject } from '../src/config/load.ts';
import { loadDataset } from '../src/data/load.ts';
import { Engine } from '../src/engine/coordinator/engine.ts';
import { formatCount, formatPercent } from '../src/report/text/numbers.ts';
import { prepare } from '../src/runs/prepare/prepare.ts';
import { train } from '../src/runs/training/train.ts';
import { loadModel } from '../src/use/model.ts';
import { predictStream } from '../src/use/predict/stream.ts';
import type { RowBatch } from '../src/use/rows/encode.ts';
import { openRows } from '../src/use/rows/open.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';

// What predictions cost beside an evaluation of the same network, 784-128-10, on rows that are in memory: `node dist/bench/predict.js
// [rows] [rounds]`. One thread computes on either side; rounds go forth and back, and medians count. Seconds are those of processors, of
// all threads together, so that a busy machine does not spoil them: rates are those of one core.
const ROWS = Number(process.argv[2] ?? 10_000);
const ROUNDS = Number(process.argv[3] ?? 7);
/** Rows in memory are taken so often that a start does not count. */
const PASSES = 24;
/** The first rows, which the model is trained on; the others are evaluated. */
const FITTED = 1000;
const INPUTS = 784;

interface Digits {
  /** [rows, 784] */
  pixels: Uint8Array;
  labels: Int32Array;
}

/** How rows get into a file; gives the source for training, and what is predicted. */
const FORMS: Readonly<Record<string, (digits: Digits) => { source: object; input: string }>> = {
  IDX: ({ pixels, labels }) => {
    const source = { type: 'idx', images: path.join(root, 'images.idx'), labels: path.join(root, 'labels.idx') };
    writeFileSync(source.images, Buffer.concat([idxHead([ROWS, 28, 28]), pixels]));
    writeFileSync(source.labels, Buffer.concat([idxHead([ROWS]), Uint8Array.from(labels)]));
    return { source, input: source.images };
  },
  CSV: ({ pixels, labels }) => {
    const source = { type: 'csv', path: path.join(root, 'digits.csv'), target: 'digit' };
    const names = Array.from({ length: INPUTS }, (_, j) => `x${j}`).join(',');
    const lines = Array.from(labels, (label, row) => `${pixels.subarray(row * INPUTS, (row + 1) * INPUTS).join(',')},${label}`);
    writeFileSync(source.path, `${names},digit\n${lines.join('\n')}\n`);
    return { source, input: source.path };
  },
};

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-bench-predict-'));
try {
  const digits = await embeddedDigits();
  for (const [name, write] of Object.entries(FORMS)) {
    const { source, input } = write(digits);
    console.log(`${name}: ${await measured(name, source, input)}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** Trains the network for a moment on rows of a file, and measures what it does with all of them. */
async function measured(name: string, source: object, input: string): Promise<string> {
  const data = { source, split: { train: FITTED, val: 0, test: ROWS - FITTED, by: 'order' } };
  const layers = [
    { type: 'dense', units: 128, activation: 'relu' },
    { type: 'dense', units: 10 },
  ];
  const { experiment } = experimentFromObject({ data, model: { layers }, metrics: ['accuracy'], train: { steps: 20 } });
  const directory = path.join(root, name);
  await train({ experiment }, { directory }).result;
  const model = await loadModel(directory);
  const { dataset, plan } = await prepare(experiment, await loadDataset(experiment), 1);
  const read = async (): Promise<AsyncIterable<RowBatch>> => (await openRows(input, model.preprocess, INPUTS)).batches;
  const kept: RowBatch[] = [];
  for await (const { rows, features } of await read()) kept.push({ rows, features: features.slice(0, rows * INPUTS) });
  const predict = (rows: AsyncIterable<RowBatch>): Promise<number> =>
    predictStream(model, rows, { write: () => Promise.resolve(true) }, { format: 'csv' });
  const engine = await Engine.start(plan, dataset, model);
  const evaluate = async (): Promise<number> => {
    let rows = 0;
    for (let pass = 0; pass < PASSES; pass++) rows += (await engine.evaluate('test'))?.rows ?? 0;
    return rows;
  };
  try {
    const programs = [evaluate, () => predict(again(kept)), async () => predict(await read()), async () => countOf(await read())];
    const rates = await inRounds(
      programs.map((program) => () => rate(program)),
      ROUNDS,
    );
    const [evaluated = [], predicted = [], whole = [], parsed = []] = rates;
    const ratio = estimateRatio(predicted, evaluated);
    const share = [ratio.value, ratio.low, ratio.high].map((value) => formatPercent(value, 0));
    const per = (values: readonly number[]): string => `${formatCount(estimate(values).value)} rows/s`;
    return [
      `evaluate ${per(evaluated)}`,
      `predict without the parse ${per(predicted)}, ${share[0]} of it (${share[1]} to ${share[2]})`,
      `the parse alone ${per(parsed)}`,
      `predict ${per(whole)}`,
    ].join('; ');
  } finally {
    await engine.close();
  }
}

/** So many of the digits that the package has, from the first on again where they end. */
async function embeddedDigits(): Promise<Digits> {
  const { experiment } = experimentFromObject({ data: { source: 'mnist' }, model: { layers: [{ type: 'dense', units: 10 }] } });
  const { features, sampleCount, target } = await loadDataset(experiment);
  if (target.kind !== 'class') throw new RangeError('digits have classes');
  const pixels = new Uint8Array(ROWS * INPUTS);
  for (let row = 0; row < ROWS; row++) {
    const at = (row % sampleCount) * INPUTS;
    pixels.set(features.subarray(at, at + INPUTS), row * INPUTS);
  }
  return { pixels, labels: Int32Array.from({ length: ROWS }, (_, row) => target.labels[row % sampleCount] ?? 0) };
}

/** Of an IDX file of bytes. */
function idxHead(shape: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * i);
  return head;
}

async function* again(batches: readonly RowBatch[]): AsyncGenerator<RowBatch, void, undefined> {
  for (let pass = 0; pass < PASSES; pass++) yield* batches;
}

async function countOf(batches: AsyncIterable<RowBatch>): Promise<number> {
  let count = 0;
  for await (const { rows } of batches) count += rows;
  return count;
}

/** Rows for each second of processor time. */
async function rate(work: () => Promise<number>): Promise<number> {
  const from = process.cpuUsage();
  const rows = await work();
  const { user, system } = process.cpuUsage(from);
  return (rows * 1e6) / (user + system);
}
