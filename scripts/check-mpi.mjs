// Training by several ranks, with real launchers of MPI: every shipped experiment, made short, for ranks 1, 2, 4 and threads 1, 2 must have the
// digest of one process with one thread; then ranks are killed at random instants, and what is resumed (by other ranks, or by none) must come out
// byte-equal.
//
//   npm run build && node scripts/check-mpi.mjs [kills=20] [seed=from the clock] [launcher=both]
//
// Needs mpirun.openmpi and mpirun.mpich (Debian: openmpi-bin, mpich). Prints its seed.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Dice } from '../dist/test/engine/support/samples.js';
import { LAUNCHERS, launch, MAIN } from '../dist/test/remote/mpi/support/launch.js';
import { processOf } from '../dist/test/remote/mpi/support/ranks.js';
import { determinedFiles } from '../dist/test/runs/support/run-tree.js';

const kills = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Math.floor(Date.now() / 1000));
const launchers = process.argv[4] === undefined ? LAUNCHERS : [process.argv[4]];
const CONFIGS = fileURLToPath(new URL('../configs', import.meta.url));
/** Enough for two epochs of some and a part of one of others; nothing depends on how long they are. */
const SHORT = ['train.steps=6', 'numerics.digest.every={steps: 2}', 'track.log_every={steps: 1}'];

/** What does not fit into so few steps. */
const OTHERS = { 'mnist-best.yaml': ['~schedule.warmup'] };

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
const experiments = readdirSync(CONFIGS).filter((name) => name.endsWith('.yaml') && !/^(?:sweep|speedup)/.test(name));
for (const name of experiments) {
  const file = path.join(CONFIGS, name);
  const train = (threads, dir) => [
    'train',
    file,
    ...SHORT,
    ...(OTHERS[name] ?? []),
    `parallel.workers=${threads}`,
    '--json',
    '--dir',
    path.join(parent, dir),
  ];
  const first = await alone(train(1, `${name}-alone`));
  if (first.code !== 0) {
    // Of data that is not in the repository; anything else is a fault.
    if (JSON.parse(first.stdout).error.code === 'E_DATA_READ') console.log(`${name}: left out, its data is not here`);
    else report(name, `exit code ${first.code}: ${first.stdout}`);
    continue;
  }
  const { digest, directory } = JSON.parse(first.stdout);
  const expected = determinedFiles(directory);
  for (const launcher of launchers) {
    for (const ranks of [1, 2, 4]) {
      for (const threads of [1, 2]) {
        const place = `${name}, ${launcher}, ${ranks} ranks of ${threads}`;
        const { code, stdout, stderr } = await launch(launcher, ranks, train(threads, place.replaceAll(/\W+/g, '-'))).ended;
        if (code !== 0) report(place, `exit code ${code}: ${stderr}`);
        else compare(place, JSON.parse(stdout).directory, expected);
      }
    }
  }
  console.log(`${name}: ${digest.slice(0, 16)}, ${wrong} wrong`);
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
    train: { steps: 1500, batch_size: 64, checkpoint: { every: { steps: 40 } } },
    parallel: { workers: 1 },
  }),
);
const undisturbed = await alone(['train', file, '--json', '--dir', path.join(parent, 'undisturbed')]);
const expected = determinedFiles(JSON.parse(undisturbed.stdout).directory);
const dice = new Dice(seed);
let killed = 0;
for (let i = 0; killed < kills; i++) {
  const launcher = launchers[i % launchers.length];
  const runs = path.join(parent, `killed-${i}`);
  mkdirSync(runs);
  const ranks = dice.int(0, 1) === 0 ? 2 : 4;
  const victim = dice.int(0, ranks - 1);
  const afterMs = dice.int(0, 3000);
  const place = `kill ${killed} (seed ${seed}, ${launcher}, rank ${victim} of ${ranks} after ${afterMs} ms)`;
  const { ended } = launch(launcher, ranks, ['train', file, '--dir', runs]);
  // From where there is a run.
  let [id] = readdirSync(runs);
  for (; id === undefined; [id] = readdirSync(runs)) await sleep(5);
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
  const directory = path.join(runs, id);
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
