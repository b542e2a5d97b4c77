// Trains three small experiments under this Node and under another one, and compares the digests: the same bits on every version (N8).
//
//   npm run build && node scripts/check-node-versions.mjs [version=24 ...]      for example 22 24
//
// The other Node is the npm package `node`, fetched by npx. Where it cannot be fetched the check is skipped (exit 0), unless CI is set.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LIBRARY = new URL('../dist/src/index.js', import.meta.url).href;
const FETCH_MS = 180_000;
const RUN_MS = 120_000;

const COMMON = { seed: 7, train: { batch_size: 60, steps: 100 }, numerics: { leaves: 13 } };
// All activations and losses, a smaller last batch, leaves that do not divide the batch, and 100 steps in which an error of a bit grows.
const EXPERIMENTS = [
  {
    ...COMMON,
    data: { source: { type: 'synthetic', kind: 'spirals', samples: 1000, classes: 5, noise: 0.1 }, normalize: 'zscore' },
    model: { layers: [dense(33, 'gelu'), dense(29, 'tanh'), dense(19, { type: 'leaky_relu', slope: 0.1 }), dense(5)] },
    optimizer: { type: 'sgd', lr: 0.3 },
  },
  {
    ...COMMON,
    data: { source: { type: 'mnist' }, normalize: 'unit' },
    model: { init: 'he_normal', layers: [dense(21, 'sigmoid'), dense(17, 'relu'), dense(10)] },
    loss: 'sigmoid_cross_entropy',
    optimizer: { type: 'sgd', lr: 1 },
  },
  {
    ...COMMON,
    data: { source: { type: 'synthetic', kind: 'linear', samples: 500, features: 11, classes: 3 } },
    model: { init: 'xavier_uniform', layers: [dense(13, 'tanh'), dense(3)] },
    loss: 'mse',
    optimizer: { type: 'sgd', lr: 0.1 },
  },
];

function dense(units, activation = 'identity') {
  return { type: 'dense', units, activation };
}

const program = `
  import { createHash } from 'node:crypto';
  import { experimentFromObject, train } from ${JSON.stringify(LIBRARY)};
  for (const workers of [1, 3]) {
    const hash = createHash('sha256');
    const losses = [];
    for (const experiment of ${JSON.stringify(EXPERIMENTS)}) {
      const { digest, last } = await train(experimentFromObject({ ...experiment, parallel: { workers } }), { dry: true }).result;
      hash.update(digest + JSON.stringify(last));
      losses.push(last['val.loss'].toFixed(6));
    }
    console.log(JSON.stringify({ node: process.version, workers, losses, digest: hash.digest('hex') }));
  }
`;

function runUnder(command) {
  const [file, ...head] = command;
  const child = spawnSync(file, [...head, '--input-type=module', '--eval', program], { encoding: 'utf8', timeout: RUN_MS });
  if (child.status !== 0) throw new Error(`${command.join(' ')} failed: ${child.error?.message ?? child.stderr}`);
  return child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The command that runs another Node, or undefined where it cannot be fetched. */
function otherNode(version) {
  const print = ['-y', '-p', `node@${version}`, '-c', 'node -p process.execPath'];
  const child = spawnSync('npx', print, { encoding: 'utf8', timeout: FETCH_MS, cwd: fileURLToPath(new URL('/', import.meta.url)) });
  const found = child.stdout?.trim().split('\n').at(-1);
  return child.status === 0 && found ? [found] : undefined;
}

const results = runUnder([process.execPath]);
let isMissing = false;
for (const version of process.argv.length > 2 ? process.argv.slice(2) : ['24']) {
  const command = otherNode(version);
  if (command === undefined) {
    console.log(`node@${version} could not be fetched: skipped`);
    isMissing = true;
    continue;
  }
  results.push(...runUnder(command));
}

for (const { node, workers, digest, losses } of results)
  console.log(`${node.padEnd(10)} ${workers} workers  ${digest}  val.loss ${losses.join(' ')}`);
const digests = new Set(results.map(({ digest }) => digest));
const versions = new Set(results.map(({ node }) => node));
console.log(digests.size === 1 ? `the same bits on ${[...versions].join(', ')}` : `${digests.size} different results`);
process.exitCode = digests.size > 1 || (isMissing && process.env.CI !== undefined && process.env.CI !== '') ? 1 : 0;
