import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';
import { determinedFiles, finished, runTree, temporary } from '../support/run-tree.ts';

const SAMPLES = 211;
const FEATURES = 40;

function weightsFile(t: ExecutionContext): string {
  const file = path.join(temporary(t), 'weights.safetensors');
  const data = Float32Array.from({ length: SAMPLES }, (_, i) => (i % 5) / 2);
  writeFileSync(file, encodeSafetensors(new Map([['weights', { dtype: 'F32', shape: [SAMPLES], data }]])));
  return file;
}

/** Everything switched on: 169 training rows in batches of 30 and a last one of 19, three to an update; 13 leaves; tensors of several chunks. */
function everything(t: ExecutionContext, others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    seed: 8,
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: SAMPLES, features: FEATURES, classes: 5, noise: 0.6 },
      normalize: 'zscore',
      sample_weights: weightsFile(t),
    },
    model: {
      layers: [
        { type: 'dense', units: 66, batch_norm: true, activation: 'relu', dropout: 0.3 },
        { type: 'dense', units: 66, layer_norm: true, activation: 'gelu', residual: true, dropout: 0.1 },
        { type: 'dense', units: 66, batch_norm: { scope: 'leaf' }, activation: 'tanh', residual: true },
        { type: 'dense', units: 5 },
      ],
    },
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: 'balanced' },
    metrics: ['accuracy', 'macro_f1', 'top2_accuracy', 'confusion'],
    optimizer: { type: 'adamw', lr: 0.01, weight_decay_on: 'weights', groups: [{ match: '*.norm.*', lr: 0.02 }] },
    schedule: { type: 'cosine', warmup: { steps: 2 } },
    regularization: { l1: 1e-5, l2: 1e-4, clip_global_norm: 1, clip_value: 0.05, max_norm: 0.7, noise: { eta: 1e-4 } },
    train: { epochs: 3, batch_size: 30, accumulate: 3, average: { type: 'ema', decay: 0.7 }, eval: { batch_size: 11 } },
    numerics: { leaves: 13, digest: { every: { steps: 2 } } },
    track: { log_every: { steps: 1 }, statistics: { every: { steps: 3 } } },
    ...others,
  };
}

/** Files of the runs of a tree by one worker and by others must be equal. */
async function assertEqualFiles(
  t: ExecutionContext,
  tree: Record<string, unknown>,
  workers: readonly number[],
): Promise<Record<string, string>> {
  let first: Record<string, string> | undefined;
  for (const count of [1, ...workers]) {
    const told = await runTree({ ...tree, parallel: { workers: count } }, temporary(t));
    finished(told);
    const files = determinedFiles(told.directory!);
    first ??= files;
    for (const [name, text] of Object.entries(first)) t.true(files[name] === text, `${name}, ${count} workers`);
    t.deepEqual(Object.keys(files), Object.keys(first));
  }
  return first!;
}

test.serial('N6 with everything switched on, models, averages and metrics are byte-equal for workers 1, 2, 3, 4 and 7', async (t) => {
  const files = await assertEqualFiles(t, everything(t), [2, 3, 4, 7]);
  t.deepEqual(Object.keys(files), ['digests.jsonl', 'metrics.jsonl', 'model-ema.safetensors', 'model.safetensors']);
  const metrics = files['metrics.jsonl']!;
  for (const key of [
    'train.loss',
    'train.penalty',
    'grad_norm',
    'lr',
    'val.macro_f1',
    'val.ema_loss',
    'layers.0.norm.weight.update_ratio',
    'layers.2.activation.zeros',
  ]) {
    t.true(metrics.includes(`"${key}":`), key);
  }
  t.false(metrics.includes(':null'));
  t.not(files['model-ema.safetensors'], files['model.safetensors']);
  for (const name of ['layers.0.norm.running_mean', 'layers.1.norm.bias', 'layers.2.norm.running_var'])
    t.true(files['model.safetensors']!.includes(name), name);
});

for (const type of ['sgd', 'adam', 'nadam', 'radam', 'rmsprop', 'adagrad', 'adadelta', 'lion', 'lamb']) {
  test.serial(
    `N6 with everything switched on, files are byte-equal for workers 1 and ${type === 'lamb' ? '2 and 7' : '3'}: ${type}`,
    async (t) => {
      const optimizer = type === 'sgd' ? { type, lr: 0.05, momentum: 0.9, nesterov: true } : { type };
      await assertEqualFiles(
        t,
        everything(t, { optimizer, train: { steps: 3, batch_size: 30, accumulate: 2, average: 'ema' } }),
        type === 'lamb' ? [2, 7] : [3],
      );
    },
  );
}

test.serial(
  'N6 with everything switched on, files are byte-equal for workers 1, 2 and 7: swa, and fewer rows than leaves in the last batch',
  async (t) => {
    // 169 rows: the last batch has four.
    const train = { epochs: 4, batch_size: 55, average: { type: 'swa', start: 0.5, every: { steps: 3 } } };
    const files = await assertEqualFiles(t, everything(t, { train, numerics: { leaves: 7 } }), [2, 7]);
    t.true('model-swa.safetensors' in files);
    t.true(files['metrics.jsonl']!.includes('"val.swa_loss":'));
  },
);

// ---- prefixes ------------------------------------------------------------------------------------------------------

test.serial('a run of 30 steps under a horizon of 100 is a prefix of the run of 100, line by line and bit by bit', async (t) => {
  const tree = (steps: number, horizon: object) => {
    const train = { steps, batch_size: 30, average: { type: 'ema', decay: 0.9 }, eval: { every: { steps: 10 }, batch_size: 31 } };
    return everything(t, { schedule: { type: 'cosine', warmup: { steps: 5 }, ...horizon }, train });
  };
  const short = await runTree(tree(30, { horizon: { steps: 100 } }), temporary(t));
  const long = await runTree(tree(100, { horizon: { steps: 100 } }), temporary(t));
  // What follows the last step is the evaluation of the other splits; the validation after it is of the parameters.
  const lines = short.lines.slice(0, short.lines.findLastIndex((line) => 'val.ema_loss' in line) + 1);
  t.is(lines.at(-1).step, 30);
  t.deepEqual(lines, long.lines.slice(0, lines.length));
  t.is(finished(long).steps, 100);
  // The run of 100, whose horizon is its length, stopped early at step 30: equal files.
  const stop = { early_stop: { metric: 'val.loss', patience: 2, min_delta: 1e9, restore_best: false } };
  const cut = tree(100, {});
  const stopped = await runTree(
    { ...cut, train: { ...(cut['train'] as object), ...stop, eval: { every: { steps: 10 }, batch_size: 31 } } },
    temporary(t),
  );
  t.is(finished(stopped).steps, 30);
  for (const name of ['model.safetensors', 'model-ema.safetensors']) {
    t.true(determinedFiles(stopped.directory!)[name] === determinedFiles(short.directory!)[name], name);
  }
  const free = await runTree(tree(30, {}));
  t.not(finished(free).digest, finished(short).digest);
});
