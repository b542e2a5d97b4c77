import path from 'node:path';
import test from 'ava';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { curve, finished, runTree, type Told, temporary } from '../support/run-tree.ts';

function tree(train: object): Record<string, unknown> {
  return {
    seed: 9,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 120, features: 6, classes: 3, noise: 0.8 } },
    model: {
      layers: [
        { type: 'dense', units: 10, activation: 'tanh' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: 'sgd',
    // Four steps an epoch.
    train: { batch_size: 24, eval: { every: { steps: 3 } }, ...train },
    metrics: ['accuracy', 'macro_f1'],
  };
}

const tensorsOf = ({ directory }: Told, name: string) => readSafetensors(path.join(directory!, name)).tensors;

test.serial(
  'the averages are evaluated under their own names and saved beside the model: decay 1 keeps those of the first step',
  async (t) => {
    const told = await runTree(tree({ steps: 9, average: { type: 'ema', decay: 1 } }), temporary(t));
    const one = await runTree(tree({ steps: 1 }), temporary(t));
    t.deepEqual(tensorsOf(told, 'model-ema.safetensors'), tensorsOf(one, 'model.safetensors'));
    t.notDeepEqual(tensorsOf(told, 'model.safetensors'), tensorsOf(one, 'model.safetensors'));
    const { last } = finished(told);
    for (const [averaged, raw] of [
      ['val.ema_loss', 'val.loss'],
      ['val.ema_accuracy', 'val.accuracy'],
      ['val.ema_macro_f1', 'val.macro_f1'],
      ['test.ema_loss', 'test.loss'],
      ['train.eval_ema_loss', 'train.eval_loss'],
    ] as const) {
      t.is(last[averaged], finished(one).last[raw], averaged);
    }
    t.deepEqual(
      curve(told, 'val.ema_loss').map(([step]) => step),
      curve(told, 'val.loss').map(([step]) => step),
    );
    t.deepEqual(
      curve(told, 'val.ema_loss').map(([, loss]) => loss),
      Array.from({ length: 3 }, () => finished(one).last['val.loss']),
    );
  },
);

test.serial('swa from a point that is the last step is the model of that step', async (t) => {
  const told = await runTree(tree({ epochs: 4, average: { type: 'swa', start: 0.75, every: { epochs: 1 } } }), temporary(t));
  t.deepEqual(tensorsOf(told, 'model-swa.safetensors'), tensorsOf(told, 'model.safetensors'));
  t.is(finished(told).last['val.swa_loss'], finished(told).last['val.loss']);
});

test.serial('swa that takes no point is refused, or has one at the end: it is never the untrained model', async (t) => {
  const told = await runTree(tree({ epochs: 3, average: 'swa' }), temporary(t));
  if (told.error !== undefined) {
    t.is(told.error.exitCode, 78);
    return;
  }
  t.true(finished(told).last['val.swa_loss']! < curve(told, 'train.loss')[0]![1]!);
});
