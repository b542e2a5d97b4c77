import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { idxBytes, ramp } from '../../data/support/idx-file.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { curve, determinedFiles, finished, runTree, temporary } from '../support/run-tree.ts';

const EVERYTHING = {
  shift: 2,
  rotate: 20,
  scale: 0.2,
  flip: 'both',
  elastic: { alpha: 8, sigma: 1.5 },
  noise: 0.05,
  cutout: 3,
};

/** 60 colour pictures of 9 x 7, of four classes. */
function pictures(t: ExecutionContext): Record<string, unknown> {
  const folder = temporary(t);
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(path.join(folder, name), bytes);
    return path.join(folder, name);
  };
  const pixels = ramp(60 * 3 * 9 * 7).map((value, i) => (value * 31 + Math.floor(i / 189) * 17) % 256);
  return {
    type: 'idx',
    images: file('images', idxBytes([60, 3, 9, 7], pixels)),
    labels: file(
      'labels',
      idxBytes(
        [60],
        ramp(60).map((value) => value % 4),
      ),
    ),
  };
}

function tree(
  t: ExecutionContext,
  augment: object | undefined,
  others: Record<string, unknown> = {},
  data: object = {},
): Record<string, unknown> {
  return {
    data: { source: pictures(t), split: { val: 10, test: 10 }, ...(augment && { augment }), ...data },
    model: {
      layers: [
        { type: 'dense', units: 12, activation: 'relu' },
        { type: 'dense', units: 4 },
      ],
    },
    loss: 'softmax_cross_entropy',
    optimizer: { type: 'sgd', lr: 0.05 },
    train: { epochs: 4, batch_size: 7, accumulate: 2 },
    track: { log_every: { steps: 1 } },
    ...others,
  };
}

test.serial('files of a run with every augmentation are byte-equal for workers 1, 2, 3 and 7, and others than without', async (t) => {
  const experiment = tree(t, EVERYTHING);
  const files = [];
  for (const workers of [1, 2, 3, 7]) {
    const told = await runTree({ ...experiment, parallel: { workers } }, temporary(t));
    finished(told);
    files.push(determinedFiles(told.directory ?? ''));
  }
  for (const other of files) t.deepEqual(other, files[0]);
  const plain = await runTree(tree(t, undefined), temporary(t));
  t.not(determinedFiles(plain.directory ?? '')['model.safetensors'], files[0]?.['model.safetensors']);
});

test.serial('each augmentation changes the result', async (t) => {
  const digests = new Set([finished(await runTree(tree(t, undefined))).digest]);
  for (const [key, value] of Object.entries(EVERYTHING)) digests.add(finished(await runTree(tree(t, { [key]: value }))).digest);
  t.is(digests.size, 1 + Object.keys(EVERYTHING).length);
});

test.serial(
  'a run with augmentation that is paused and resumed by another number of workers has the files of an undisturbed one',
  async (t) => {
    const undisturbed = await runTree(tree(t, EVERYTHING), temporary(t));
    const { experiment } = experimentFromObject({
      parallel: { workers: 1 },
      ...tree(t, EVERYTHING),
      track: { dir: temporary(t), log_every: { steps: 1 } },
    });
    const paused = await train({ experiment }, { engine: { threads }, pauseAt: 6 }).result;
    const resumed = await resume(paused.directory ?? '', { engine: { threads }, workers: 3 }).result;
    t.is(resumed.digest, finished(undisturbed).digest);
    t.deepEqual(determinedFiles(resumed.directory ?? ''), determinedFiles(undisturbed.directory ?? ''));
  },
);

/** So little that no parameter changes. */
const STILL = { optimizer: { type: 'sgd', lr: 1e-30 } };

test.serial('evaluation is never augmented', async (t) => {
  const changed = await runTree(tree(t, EVERYTHING, STILL));
  const plain = await runTree(tree(t, undefined, STILL));
  for (const key of ['val.loss', 'test.loss', 'val.accuracy']) t.deepEqual(curve(changed, key), curve(plain, key), key);
  t.notDeepEqual(curve(changed, 'train.loss'), curve(plain, 'train.loss'));
});

test.serial('a batch of the same samples is augmented anew each step', async (t) => {
  const told = await runTree(tree(t, { shift: 2 }, { ...STILL, train: { steps: 5, batch_size: 'full' } }, { shuffle: 'none' }));
  const losses = curve(told, 'train.loss').map(([, loss]) => loss);
  t.is(losses.length, 5);
  t.is(new Set(losses).size, 5);
});

test.serial('pictures of numbers are moved as those of bytes are', async (t) => {
  const { experiment } = experimentFromObject({
    parallel: { workers: 2 },
    ...tree(t, { shift: 1, rotate: 30, elastic: { alpha: 5, sigma: 1 } }),
  });
  const bytes = await loadDataset(experiment);
  const features = new Float32Array(new SharedArrayBuffer(4 * bytes.features.length));
  features.set(bytes.features);
  const digests = [];
  for (const dataset of [bytes, { ...bytes, features }]) {
    digests.push((await train({ experiment }, { dataset, dry: true, engine: { threads } }).result).digest);
  }
  t.is(digests[0], digests[1]);
});

test.serial('augmentation of what is no picture is refused, with the place and what to do', async (t) => {
  const { error } = await runTree(tree(t, { shift: 1 }, {}, { source: { type: 'synthetic', kind: 'blobs', classes: 4 } }));
  t.is(error?.code, 'E_CONFIG_VALUE');
  t.is(error?.exitCode, 78);
  t.regex(error?.message ?? '', /changes pictures, of height x width or channels x height x width; these samples are 2$/);
  t.is(error?.next, 'remove data.augment, or use a source of pictures');
});
