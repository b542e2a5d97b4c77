// Runs the seed network (configs/seed.yaml) to its end and compares it with the numbers of the numpy original: 20 losses within 2e-4,
// training accuracy within 0.1 point. Where the original MNIST files are at hand, also its accuracy on the 10,000 test images.
//
//   npm run build && node scripts/check-seed.mjs [override ...]          for example parallel.workers=4
//
// GRADLOOM_TEST_MNIST: directory of {train,t10k}-{images-idx3,labels-idx1}-ubyte.gz; default ../shared/data/mnist beside the repository.
// Prints a table; exits with 1 if a number is off.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExperiment, train } from '../dist/src/index.js';

const LOSSES = [
  2.422624, 2.129232, 1.876095, 1.604213, 1.350205, 1.144823, 0.990554, 0.876603, 0.791154, 0.725441, 0.673485, 0.631386, 0.596598,
  0.567342, 0.542346, 0.520746, 0.501865, 0.485205, 0.470368, 0.457054,
];
const LOSS_EVERY = 100;
const LOSS_BOUND = 2e-4;
const TRAIN_ACCURACY = 0.8774;
const TEST_ACCURACY = 0.8674;
const ACCURACY_BOUND = 0.001;

const root = fileURLToPath(new URL('..', import.meta.url));
const config = path.join(root, 'configs', 'seed.yaml');
const overrides = process.argv.slice(2);
const mnist = process.env.GRADLOOM_TEST_MNIST ?? path.join(root, '..', 'shared', 'data', 'mnist');

let failures = 0;

function row(what, expected, actual, bound, digits) {
  const isRight = actual !== undefined && Math.abs(actual - expected) <= bound;
  if (!isRight) failures++;
  const columns = [what.padEnd(34), expected.toFixed(digits), actual?.toFixed(digits) ?? '-', isRight ? 'ok' : 'OFF'];
  console.log(columns.join('  '));
}

async function runSeed(extra) {
  const run = train(loadExperiment(config, { overrides: [...extra, ...overrides] }), { dry: true });
  const losses = new Map();
  for await (const event of run) {
    if (event.type === 'metrics' && event.line['train.loss'] !== undefined) losses.set(event.line.step, event.line['train.loss']);
  }
  return { losses, summary: await run.result };
}

console.log(`${'seed network'.padEnd(34)}  published  here`);
const { losses, summary } = await runSeed([]);
for (const [i, loss] of LOSSES.entries()) row(`loss before step ${i * LOSS_EVERY}`, loss, losses.get(i * LOSS_EVERY), LOSS_BOUND * loss, 6);
row('accuracy on the 5,000 it trained on', TRAIN_ACCURACY, summary.last['train.accuracy'], ACCURACY_BOUND, 4);
console.log(`${summary.steps} steps in ${summary.seconds.toFixed(1)} s with ${summary.workers} workers; digest ${summary.digest}`);

const files = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map((name) =>
  path.join(mnist, `${name}-ubyte.gz`),
);
if (files.every((file) => existsSync(file))) {
  const [images, labels, testImages, testLabels] = files;
  const idx = await runSeed([
    'data.source.type=idx',
    ...Object.entries({ images, labels, test_images: testImages, test_labels: testLabels }).map(
      ([key, file]) => `+data.source.${key}=${file}`,
    ),
    'data.split.test=auto',
  ]);
  row('accuracy on the 10,000 test images', TEST_ACCURACY, idx.summary.last['test.accuracy'], ACCURACY_BOUND, 4);
  const isSame = idx.summary.digest === summary.digest;
  if (!isSame) failures++;
  console.log(`trained on the IDX files: ${isSame ? 'the same weights' : `OTHER weights, digest ${idx.summary.digest}`}`);
} else {
  console.log(`no MNIST files in ${mnist}: the 10,000 test images were not looked at`);
}

console.log(failures === 0 ? 'all numbers agree' : `${failures} numbers are off`);
process.exitCode = failures === 0 ? 0 : 1;
