import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Summary } from '../../../src/runs/events.ts';
import { train } from '../../../src/runs/training/train.ts';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';

const directory = mkdtempSync(join(tmpdir(), 'gradloom-metrics-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

const SAMPLES = 300;
const CLI = new URL('../../../src/cli/main.js', import.meta.url).pathname;

function weightsFile(): string {
  const path = join(directory, 'weights.safetensors');
  const data = Float32Array.from({ length: SAMPLES }, (_, i) => (i % 7) / 4);
  writeFileSync(path, encodeSafetensors(new Map([['weights', { dtype: 'F32', shape: [SAMPLES], data }]])));
  return path;
}

interface Outcome {
  summary: Summary;
  lines: string[];
}

async function run(tree: Record<string, unknown>, workers: number): Promise<Outcome> {
  const { experiment } = experimentFromObject({ ...tree, parallel: { workers }, track: { dir: join(directory, `${workers}`) } });
  const summary = await train({ experiment }).result;
  const text = readFileSync(join(summary.directory ?? '', 'metrics.jsonl'), 'utf8');
  checkWritten(summary);
  return { summary, lines: text.trimEnd().split('\n') };
}

/** summary.json holds what `train` resolves to. */
function checkWritten(summary: Summary): void {
  const written = JSON.parse(readFileSync(join(summary.directory ?? '', 'summary.json'), 'utf8')) as Summary;
  if (JSON.stringify(written.confusion) !== JSON.stringify(summary.confusion)) throw new Error('summary.json has another matrix');
}

const CLASSIFICATION = {
  seed: 3,
  data: { source: { type: 'synthetic', kind: 'blobs', samples: SAMPLES, classes: 4, noise: 0.4 }, split: { by: 'stratify' } },
  model: {
    layers: [
      { type: 'dense', units: 12, activation: 'tanh' },
      { type: 'dense', units: 4 },
    ],
  },
  loss: { type: 'softmax_cross_entropy', class_weights: 'balanced', label_smoothing: 0.05 },
  metrics: ['top2_accuracy', 'accuracy', 'macro_f1', 'confusion'],
  optimizer: { lr: 0.3 },
  train: { batch_size: 37, epochs: 6, eval: { batch_size: 13 } },
};

test('balanced classes, sample weights and metrics from end to end: equal files for workers 1, 2, 3, 5', async (t) => {
  const tree = { ...CLASSIFICATION, data: { ...CLASSIFICATION.data, sample_weights: weightsFile() } };
  const one = await run(tree, 1);
  const { summary, lines } = one;
  const validation = lines.map((line) => JSON.parse(line) as Record<string, number>).filter((line) => 'val.loss' in line);
  t.is(validation.length, 6);
  t.deepEqual(Object.keys(validation[0] ?? {}), ['step', 'epoch', 'val.loss', 'val.top2_accuracy', 'val.accuracy', 'val.macro_f1']);
  t.false(lines.some((line) => line.includes('confusion')));
  t.true((summary.last['test.macro_f1'] ?? 0) > 0.8, `test.macro_f1 ${summary.last['test.macro_f1']}`);
  const best = Math.max(...validation.map((line) => line['val.macro_f1'] ?? 0));
  t.is(summary.best['val.macro_f1']?.value, best);
  for (const [split, rows] of [
    ['train', 240],
    ['val', 30],
    ['test', 30],
  ] as const) {
    const matrix = summary.confusion?.[split] ?? [];
    t.is(
      matrix.flat().reduce((sum, count) => sum + count, 0),
      rows,
      `each sample of ${split} once`,
    );
    t.is(matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0) / rows, summary.last[`${split}.accuracy`] ?? NaN);
  }
  for (const workers of [2, 3, 5]) {
    const many = await run(tree, workers);
    t.deepEqual(many.lines, lines);
    t.is(many.summary.digest, summary.digest);
    t.deepEqual(many.summary.confusion, summary.confusion);
  }
});

test('weights change the result, and where all are equal they change nothing', async (t) => {
  const plain = await run({ ...CLASSIFICATION, loss: 'softmax_cross_entropy' }, 1);
  const ones = await run({ ...CLASSIFICATION, loss: { class_weights: [1, 1, 1, 1] } }, 1);
  const others = await run({ ...CLASSIFICATION, loss: { class_weights: [1, 1, 1, 4] } }, 1);
  t.is(ones.summary.digest, plain.summary.digest);
  t.deepEqual(ones.lines, plain.lines);
  t.not(others.summary.digest, plain.summary.digest);
});

test('a regression reports errors, the best of which is the lowest, and r2, of which it is the highest', async (t) => {
  const tree = {
    data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 3, classes: 2 } },
    model: { layers: [{ type: 'dense', units: 2 }] },
    loss: { type: 'huber', delta: 0.5 },
    metrics: ['mae', 'rmse', 'r2'],
    optimizer: { lr: 0.3 },
    train: { batch_size: 10, epochs: 5 },
  };
  const { summary, lines } = await run(tree, 2);
  const validation = lines.map((line) => JSON.parse(line) as Record<string, number>).filter((line) => 'val.loss' in line);
  t.is(summary.best['val.rmse']?.value, Math.min(...validation.map((line) => line['val.rmse'] ?? 0)));
  t.is(summary.best['val.r2']?.value, Math.max(...validation.map((line) => line['val.r2'] ?? 0)));
  t.true((summary.last['test.r2'] ?? 0) > 0.9);
  t.is(summary.last['test.accuracy'], undefined);
  t.deepEqual(lines, (await run(tree, 3)).lines);
});

test('the command line: a metric that does not fit is refused with exit code 78, weights that do not fit with 65', (t) => {
  const file = join(directory, 'a.yaml');
  writeFileSync(
    file,
    'data: {source: {type: synthetic, kind: blobs}}\nmodel: {layers: [{type: dense, units: 3}]}\nmetrics: [top3_accuracy]\n',
  );
  weightsFile();
  t.like(
    t.throws(() => execFileSync(process.execPath, [CLI, 'check', file], { stdio: 'pipe' })),
    { status: 78 },
  );
  const fitting = ['metrics=[accuracy]', 'data.sample_weights=weights.safetensors'];
  t.like(
    t.throws(() => execFileSync(process.execPath, [CLI, 'check', file, ...fitting], { stdio: 'pipe', cwd: directory })),
    { status: 65 },
  );
  execFileSync(process.execPath, [CLI, 'check', file, ...fitting, 'data.source.samples=300'], { stdio: 'pipe', cwd: directory });
});
