// How far optimizers and learning rates come where an experiment leaves all else out: `node scripts/measure-defaults.mjs [seeds] [epochs]
// [hidden]`, after `npx tsc -p .`. Prints the tables of docs/defaults.md.
//   seeds   of splits and weights, 3 by default
//   epochs  10 by default, as in an experiment that says nothing
//   hidden  units of the two hidden layers, 64,32 by default
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { experimentFromObject, GradloomError, train } from '../dist/src/index.js';
import { mean } from '../dist/src/sweep/space/values.js';

const PYTHON = '/usr/bin/python3';
/** Writes scikit-learn's tables, and one that it makes: a column `y` after the features. */
const PROGRAM = `
import csv, sys
from sklearn import datasets
def put(name, x, y):
    with open(f"{sys.argv[1]}/{name}.csv", "w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow([f"x{j}" for j in range(x.shape[1])] + ["y"])
        rows.writerows([*map(repr, map(float, row)), y[i]] for i, row in enumerate(x))
for name in ["iris", "wine", "breast_cancer"]:
    d = getattr(datasets, "load_" + name)()
    put(name, d.data, [str(d.target_names[k]) for k in d.target])
d = datasets.load_diabetes(scaled=False)
put("diabetes", d.data, d.target)
put("friedman1", *datasets.make_friedman1(n_samples=1000, noise=1, random_state=0))
`;

/** Sets by name, with how many outputs a network of theirs has, and the score of the test rows that counts. */
const SETS = {
  digits: { outputs: 10, metric: 'accuracy' },
  iris: { outputs: 3, metric: 'accuracy' },
  wine: { outputs: 3, metric: 'accuracy' },
  breast_cancer: { outputs: 2, metric: 'accuracy' },
  diabetes: { outputs: 1, metric: 'r2' },
  friedman1: { outputs: 1, metric: 'r2' },
};

const OPTIMIZERS = [
  ...[0.01, 0.03, 0.1].map((lr) => ({ type: 'sgd', lr })),
  ...[0.003, 0.01, 0.03].map((lr) => ({ type: 'sgd', momentum: 0.9, lr })),
  ...[0.001, 0.003, 0.01, 0.03].map((lr) => ({ type: 'adam', lr })),
  ...[0.003, 0.01, 0.03].map((lr) => ({ type: 'adamw', lr })),
  ...[0.001, 0.003, 0.01].map((lr) => ({ type: 'rmsprop', lr })),
  ...[0.003, 0.01, 0.03].map((lr) => ({ type: 'adagrad', lr })),
  ...[0.0003, 0.001, 0.003].map((lr) => ({ type: 'lion', lr })),
];

const [seeds, epochs] = [process.argv[2] ?? 3, process.argv[3] ?? 10].map(Number);
const hidden = (process.argv[4] ?? '64,32').split(',').map(Number);
if (spawnSync(PYTHON, ['-c', 'import sklearn']).status !== 0) {
  console.error(`needs scikit-learn in ${PYTHON}: apt-get install python3-sklearn`);
  process.exitCode = 1;
} else if (![seeds, epochs, ...hidden].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(`expected whole numbers from 1; got ${process.argv.slice(2).join(' ')}`);
  process.exitCode = 64;
} else {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-defaults-'));
  try {
    execFileSync(PYTHON, ['-c', PROGRAM, root], { stdio: ['ignore', 'ignore', 'inherit'] });
    await measure(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A line an optimizer as soon as it is measured; how far it stays behind the best ones is known in the end. */
async function measure(root) {
  const names = Object.keys(SETS);
  const rows = [];
  for (const optimizer of OPTIMIZERS) {
    const scores = [];
    for (const name of names) scores.push(await scoreOf(root, name, optimizer));
    rows.push({ optimizer, scores });
    console.error(`${rows.length}/${OPTIMIZERS.length} ${nameOf(optimizer)}: ${scores.map(show).join('  ')}`);
  }
  const best = names.map((_, i) => Math.max(...rows.map(({ scores }) => scores[i]).filter((score) => !Number.isNaN(score))));
  console.log(`| optimizer | lr | ${names.join(' | ')} | worst gap |`);
  console.log(`|---|---:|${'---:|'.repeat(names.length + 1)}`);
  for (const { optimizer, scores } of rows) {
    const gap = Math.max(...scores.map((score, i) => best[i] - (Number.isNaN(score) ? 0 : Math.max(0, score))));
    console.log(`| ${nameOf(optimizer)} | ${optimizer.lr} | ${scores.map(show).join(' | ')} | ${gap.toFixed(3)} |`);
  }
}

/** Of the test rows, the mean over seeds; NaN where one diverged. */
async function scoreOf(root, name, optimizer) {
  const { outputs, metric } = SETS[name];
  const isClass = metric === 'accuracy';
  const units = [...hidden, outputs];
  const scores = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const data =
      name === 'digits'
        ? { source: 'mnist', split: { val: 0 } }
        : {
            source: { type: 'csv', path: path.join(root, `${name}.csv`), target: 'y' },
            split: { val: 0, test: 0.3, by: isClass ? 'stratify' : 'shuffle' },
          };
    const layers = units.map((count, i) => ({ type: 'dense', units: count, ...(i < hidden.length && { activation: 'relu' }) }));
    const input = {
      seed,
      data,
      model: { layers },
      loss: isClass ? 'softmax_cross_entropy' : 'mse',
      metrics: [metric],
      optimizer,
      train: { epochs, eval: { on: 'test', every: { epochs } } },
    };
    try {
      const { last } = await train(experimentFromObject(input), { dry: true }).result;
      scores.push(last[`test.${metric}`]);
    } catch (error) {
      if (!(error instanceof GradloomError && error.code === 'E_DIVERGED')) throw error;
      return Number.NaN;
    }
  }
  return mean(scores);
}

function nameOf({ type, momentum }) {
  return momentum === undefined ? type : `${type}, momentum ${momentum}`;
}

function show(score) {
  return Number.isNaN(score) ? 'diverged' : score.toFixed(3);
}
