// Training by several ranks, with real launchers of MPI: every shipped experiment and those of the tests, made short, for ranks 1, 2, 4 and
// threads 1, 2 must have the files of one process with one thread; then ranks are killed after a random number of steps, and what is resumed (by
// other ranks, or by none) must come out byte-equal.
//
//   npm run build && node scripts/check-mpi.mjs [--limit N] [--kills 20] [--seed N] [--launcher mpirun.openmpi]
//
// Needs mpirun.openmpi and mpirun.mpich (Debian: openmpi-bin, mpich). Without --limit all cases, which takes a quarter of an hour. Prints its seed.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Dice } from '../dist/test/engine/support/samples.js';
import { EXPERIMENTS } from '../dist/test/remote/mpi/support/experiments.js';
import { LAUNCHERS, launch, MAIN } from '../dist/test/remote/mpi/support/launch.js';
import { checkpointed, processOf } from '../dist/test/remote/mpi/support/ranks.js';
import { determinedFiles } from '../dist/test/runs/support/run-tree.js';

const { values } = parseArgs({
  options: {
    limit: { type: 'string' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string' },
    launcher: { type: 'string' },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
const dice = new Dice(seed);
const launchers = values.launcher === undefined ? LAUNCHERS : [values.launcher];
const CONFIGS = fileURLToPath(new URL('../configs', import.meta.url));
/** Enough for two epochs of some and a part of one of others; nothing depends on how long they are. */
const SHORT = ['train.steps=6', 'numerics.digest.every={steps: 2}', 'track.log_every={steps: 1}'];

/** What does not fit into so few steps. */
const OTHERS = { 'mnist-best.yaml': ['~schedule.warmup'], 'mnist-cnn.yaml': ['~schedule.warmup'] };

/** Of the run whose ranks are killed. */
const STEPS = 600;

const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-mpi-'));
let wrong = 0;

/** One process by itself. */
function alone(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function report(place, problem) {
  wrong++;
  console.log(`${place}: ${problem}`);
}

function compare(place, directory, expected) {
  const found = determinedFiles(directory);
  const name = [...new Set([...Object.keys(found), ...Object.keys(expected)])].find((file) => found[file] !== expected[file]);
  if (name !== undefined) report(place, `${name} differs`);
}

console.log(`seed ${seed}`);
const shipped = readdirSync(CONFIGS).filter((name) => name.endsWith('.yaml') && !/^(?:sweep|speedup)/.test(name));
const files = shipped.map((name) => ({ name, file: path.join(CONFIGS, name), overrides: [...SHORT, ...(OTHERS[name] ?? [])] }));
for (const [name, tree] of Object.entries(EXPERIMENTS)) {
  const file = path.join(parent, `${name}.yaml`);
  writeFileSync(file, JSON.stringify({ name, ...tree }));
  files.push({ name: `test ${name}`, file, overrides: [] });
}
const cases = files.flatMap((experiment) =>
  launchers.flatMap((launcher) => [1, 2, 4].flatMap((ranks) => [1, 2].map((threads) => ({ experiment, launcher, ranks, threads })))),
);
const limit = Math.min(cases.length, Number(values.limit ?? cases.length));
const chosen = limit === cases.length ? cases : Array.from({ length: limit }, () => cases.splice(dice.int(0, cases.length - 1), 1)[0]);
console.log(`${chosen.length} cases`);

/** By one process with one thread, by experiment; undefined where its data is not in the repository. */
const expectations = new Map();
async function expectationOf({ name, file, overrides }) {
  const directory = path.join(parent, `${name}-alone`);
  const first = await alone(['train', file, ...overrides, 'parallel.workers=1', '--json', '--dir', directory]);
  if (first.code === 0) {
    const summary = JSON.parse(first.stdout);
    return { digest: summary.digest, files: determinedFiles(summary.directory) };
  }
  if (JSON.parse(first.stdout).error.code === 'E_DATA_READ') console.log(`${name}: left out, its data is not here`);
  else report(name, `exit code ${first.code}: ${first.stdout}`);
  return undefined;
}

for (const { experiment, launcher, ranks, threads } of chosen) {
  const { name, file, overrides } = experiment;
  if (!expectations.has(name)) {
    expectations.set(name, await expectationOf(experiment));
    const digest = expectations.get(name)?.digest;
    if (digest !== undefined) console.log(`${name}: ${digest.slice(0, 16)}, ${wrong} wrong`);
  }
  const expected = expectations.get(name);
  if (expected === undefined) continue;
  const place = `${name}, ${launcher}, ${ranks} ranks of ${threads}`;
  const dir = path.join(parent, place.replaceAll(/\W+/g, '-'));
  const args = ['train', file, ...overrides, `parallel.workers=${threads}`, '--json', '--dir', dir];
  const { code, stdout, stderr } = await launch(launcher, ranks, args).ended;
  if (code !== 0) report(place, `exit code ${code}: ${stderr}`);
  else compare(place, JSON.parse(stdout).directory, expected.files);
}

const file = path.join(parent, 'long.yaml');
writeFileSync(
  file,
  JSON.stringify({
    name: 'long',
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 300, features: 12, classes: 3 } },
    model: {
      layers: [
        { type: 'dense', units: 30, batch_norm: true, activation: 'relu', dropout: 0.1 },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'adam', lr: 0.001 },
    train: { steps: STEPS, batch_size: 64, checkpoint: { every: { steps: 20 } } },
    parallel: { workers: 1 },
  }),
);
const undisturbed = await alone(['train', file, '--json', '--dir', path.join(parent, 'undisturbed')]);
const expected = determinedFiles(JSON.parse(undisturbed.stdout).directory);
let killed = 0;
for (let i = 0; killed < kills; i++) {
  const launcher = launchers[i % launchers.length];
  const runs = path.join(parent, `killed-${i}`);
  mkdirSync(runs);
  const ranks = dice.int(0, 1) === 0 ? 2 : 4;
  const victim = dice.int(0, ranks - 1);
  const [afterStep, afterMs] = [dice.int(0, STEPS - 40), dice.int(0, 40)];
  const place = `kill ${killed} (seed ${seed}, ${launcher}, rank ${victim} of ${ranks} ${afterMs} ms after step ${afterStep})`;
  const { ended } = launch(launcher, ranks, ['train', file, '--dir', runs]);
  const directory = await checkpointed(runs, afterStep);
  await sleep(afterMs);
  let pid;
  try {
    pid = processOf(victim, runs);
  } catch {
    // It has come to its end before.
  }
  if (pid !== undefined) {
    process.kill(pid, 'SIGKILL');
    killed++;
  }
  const started = performance.now();
  const { code } = await ended;
  if (pid !== undefined && code === 0) report(place, 'exit code 0');
  if (performance.now() - started > 30_000) report(place, 'the others went on for more than 30 s');
  const args = ['resume', directory, '--json'];
  const how = dice.int(0, 2);
  const resumed = how === 0 ? await alone(args) : await launch(launchers[dice.int(0, launchers.length - 1)], 2 * how, args).ended;
  if (resumed.code === 0) compare(place, directory, expected);
  // Killed before there was a config.yaml: there is no run, only the start of a directory.
  else if (!readdirSync(directory).includes('config.yaml')) console.log(`${place}: before it was a run`);
  else report(place, `resumed with exit code ${resumed.code}: ${resumed.stdout}${resumed.stderr}`);
}
console.log(`${killed} kills`);
if (wrong === 0) rmSync(parent, { recursive: true });
console.log(wrong === 0 ? 'all equal' : `${wrong} wrong, see ${parent}`);
process.exitCode = wrong === 0 ? 0 : 1;
