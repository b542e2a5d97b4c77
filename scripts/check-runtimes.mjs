// Uses gradloom under Bun and Deno as under Node. Equal to the bit must be: training by command (finished, and interrupted and gone on with),
// predictions, and the library with its part for browsers. `verify` and a sweep must end well.
//
//   npm run build && node scripts/check-runtimes.mjs [bun | deno ...]      default: both
//
// They are the npm packages `bun` and `deno`, installed into a temporary folder. Without a network they are skipped, and that is said (exit
// 0), unless CI is set.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const LIBRARY = new URL('../dist/src/index.js', import.meta.url).href;
const PORTABLE = new URL('../dist/src/browser.js', import.meta.url).href;
const FETCH_MS = 300_000;
const RUN_MS = 180_000;
/** Words between the program and what it runs. */
const WORDS = { node: [], bun: [], deno: ['run', '-A'] };

const EXPERIMENT = `seed: 7
data: {source: {type: synthetic, kind: spirals, samples: 600, classes: 3}}
model: {layers: [{type: dense, units: 16, activation: gelu, batch_norm: true}, {type: dense, units: 3}]}
train: {epochs: 3, batch_size: 60}
parallel: {workers: 2}
`;
const SWEEP = `base: ./small.yaml
method: random
run_cap: 3
seed: 1
metric: {name: val.loss}
parameters: {optimizer.lr: {min: 0.001, max: 0.1}}
`;
const ROWS = '[[0.1, 0.2], [-0.3, 0.5], [0.9, -0.7]]';

/** What a program does with the library: digests without and with machine code, and predictions by both ways to load a model. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import { experimentFromObject, loadExperiment, loadModel, train } from ${JSON.stringify(LIBRARY)};
import { loadModel as loadBytes } from ${JSON.stringify(PORTABLE)};
const found = [];
for (const workers of [1, 3]) for (const code of ['wasm', 'auto']) {
  const { experiment } = loadExperiment('small.yaml');
  const loaded = experimentFromObject({ ...experiment, parallel: { workers, code } });
  found.push((await train(loaded, { dry: true }).result).digest);
}
const directory = process.argv[2];
const rows = ${ROWS};
found.push((await loadModel(directory)).predict(rows), (await loadBytes(readFileSync(directory + '/model.safetensors'))).predict(rows));
console.log(JSON.stringify(found));
`;

/** A runtime, at work in a folder of its own. */
class Runtime {
  constructor(name, program, folder) {
    this.name = name;
    this.command = [program, ...WORDS[name]];
    this.folder = path.join(folder, `work-${name}`);
    mkdirSync(this.folder);
    writeFileSync(path.join(this.folder, 'small.yaml'), EXPERIMENT);
    writeFileSync(path.join(this.folder, 'sweep.yaml'), SWEEP);
    writeFileSync(path.join(this.folder, 'use.mjs'), PROGRAM);
  }

  run(words, input = '') {
    const [file, ...head] = this.command;
    const child = spawnSync(file, [...head, ...words], { cwd: this.folder, encoding: 'utf8', input, timeout: RUN_MS });
    if (child.status !== 0) throw new Error(`${this.name} ${words.join(' ')}: ${child.error?.message ?? child.stderr}`);
    return child.stdout;
  }

  gradloom(...words) {
    return this.run([MAIN, ...words]);
  }

  /** Trains until Ctrl-C, then goes on to the end; the digest of that. */
  async interrupted() {
    const long = ['train.epochs=2000', 'train.eval.every={epochs: 2000}', 'track.dir=./interrupted'];
    const [file, ...head] = this.command;
    const child = spawn(file, [...head, MAIN, 'train', 'small.yaml', ...long], { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      if (!told.includes('epoch') && (told + text).includes('epoch')) child.kill('SIGINT');
      told += text;
    });
    const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
    if (code !== 130 && code !== 0) throw new Error(`${this.name}: interrupted, exit code ${code}:\n${told}`);
    const [run] = runsIn(path.join(this.folder, 'interrupted'));
    return { wasInterrupted: code === 130, digest: digestIn(this.gradloom('resume', path.join('interrupted', run), '--json', '--quiet')) };
  }

  async results() {
    const digest = digestIn(this.gradloom('train', 'small.yaml', '--json', '--quiet'));
    const [run] = runsIn(path.join(this.folder, 'runs'));
    const directory = path.join('runs', run);
    this.gradloom('verify', directory);
    const predicted = this.run([MAIN, 'predict', directory, '--input', '-', '--proba'], ROWS.slice(1, -1).replaceAll('], ', ']\n'));
    if (predicted.trim().split('\n').length !== 3) throw new Error(`${this.name}: three rows, and predictions ${predicted}`);
    const library = JSON.parse(this.run(['use.mjs', directory]));
    this.gradloom('sweep', 'sweep.yaml', 'track.dir=./trials', '--quiet');
    const { digest: resumed, wasInterrupted } = await this.interrupted();
    return { wasInterrupted, compared: { digest, library, predicted, resumed } };
  }
}

const runsIn = (folder) => readdirSync(folder).filter((name) => name.startsWith('experiment-'));

function digestIn(text) {
  const { digest } = JSON.parse(text);
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`no digest in ${text}`);
  return digest;
}

/** The program of a package; undefined where it cannot be fetched. */
function fetched(name, folder) {
  const child = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, name], { encoding: 'utf8', timeout: FETCH_MS });
  return child.status === 0 ? path.join(folder, 'node_modules', '.bin', name) : undefined;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : ['bun', 'deno'];
const unknown = names.find((name) => name !== 'bun' && name !== 'deno');
if (unknown !== undefined) throw new Error(`${unknown} is neither bun nor deno`);
const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-runtimes-'));
try {
  const expected = await new Runtime('node', process.execPath, folder).results();
  console.log(`node ${process.version}: ${JSON.stringify(expected.compared).slice(0, 120)}...`);
  for (const name of names) {
    const program = fetched(name, folder);
    if (program === undefined) {
      console.log(`${name} could not be fetched from npm: skipped`);
      if (process.env.CI !== undefined) process.exitCode = 1;
      continue;
    }
    const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0];
    const { compared, wasInterrupted } = await new Runtime(name, program, folder).results();
    const isSame = JSON.stringify(compared) === JSON.stringify(expected.compared);
    console.log(`${name} (${version}): ${isSame ? 'the same bits as Node' : `other results: ${JSON.stringify(compared)}`}`);
    if (!wasInterrupted) console.log(`${name}: the training was done before it could be interrupted`);
    if (!isSame) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
