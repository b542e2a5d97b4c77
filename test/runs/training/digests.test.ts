import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { GradloomError } from '../../../src/errors.ts';
import type { DigestLine } from '../../../src/runs/files/digests.ts';
import { train } from '../../../src/runs/training/train.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { finished, runTree, temporary } from '../support/run-tree.ts';

const tree = {
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 100 }, split: { val: 0.2, test: 0 } },
  model: {
    layers: [
      { type: 'dense', units: 5, batch_norm: true, activation: 'relu' },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: 'adam',
  train: { batch_size: 20, steps: 10, average: 'ema', eval: { on: 'none' } },
};

const digestsIn = (directory: string): DigestLine[] =>
  readFileSync(path.join(directory, 'digests.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DigestLine);

test.serial('digests.jsonl has a line every so many steps and one at the end, over all that training changes', async (t) => {
  const told = await runTree({ ...tree, numerics: { digest: { every: { steps: 4 } } } }, temporary(t));
  finished(told);
  const lines = digestsIn(told.directory!);
  t.deepEqual(
    lines.map(({ step }) => step),
    [4, 8, 10],
  );
  const names = ['0.weight', '0.bias', '0.norm.weight', '0.norm.bias', '1.weight', '1.bias'].map((name) => `layers.${name}`);
  t.deepEqual(Object.keys(lines[0]!.tensors), [
    ...['0.weight', '0.bias', '0.norm.weight', '0.norm.bias', '0.norm.running_mean', '0.norm.running_var', '1.weight', '1.bias'].map(
      (name) => `layers.${name}`,
    ),
    ...names.map((name) => `optimizer.exp_avg.${name}`),
    ...names.map((name) => `optimizer.exp_avg_sq.${name}`),
    ...names.map((name) => `average.${name}`),
  ]);
  const { tensors } = readSafetensors(path.join(told.directory!, 'model.safetensors'));
  for (const [name, { data }] of tensors) t.is(lines[2]!.tensors[name], createHash('sha256').update(data).digest('hex').slice(0, 16), name);
  t.is(new Set(lines.map(({ digest }) => digest)).size, 3);
});

test.serial('a digest of parameters alone is the sha256 of their file', async (t) => {
  const told = await runTree({ ...tree, optimizer: 'sgd', train: { batch_size: 20, steps: 3 } }, temporary(t));
  t.is(digestsIn(told.directory!).at(-1).digest, finished(told).digest);
});

test.serial('a run can have a directory of its own, which must not exist, and a data set that is loaded already', async (t) => {
  const { experiment } = experimentFromObject({ ...tree, parallel: { workers: 1 } });
  const directory = path.join(temporary(t), 'trials', 'mine');
  const dataset = await loadDataset(experiment);
  const summary = await train({ experiment }, { directory, dataset }).result;
  t.is(summary.directory, directory);
  t.is(summary.id, 'mine');
  t.is(summary.digest, (await train({ experiment }, { dry: true }).result).digest);
  const error = await t.throwsAsync(train({ experiment }, { directory, dataset }).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.is(error.message, 'cannot make the run directory: EEXIST: file already exists');
});
