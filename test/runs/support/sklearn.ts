import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { experimentFromObject } from '../../../src/config/load.ts';
import { train } from '../../../src/runs/training/train.ts';
import { interval95, mean } from '../../../src/sweep/space/values.ts';

/** Debian's python3-sklearn belongs to this one. */
const PYTHON = '/usr/bin/python3';

export const hasSklearn: boolean = spawnSync(PYTHON, ['-c', 'import sklearn']).status === 0;

/** A table that comes with scikit-learn, and how a network with one hidden layer of ReLU learns it in both programs. */
export interface Task {
  table: 'iris' | 'wine' | 'breast_cancer' | 'digits' | 'diabetes';
  hidden: number;
  /** Of one sigmoid unit are two classes, as scikit-learn has them. */
  outputs: number;
  loss: 'softmax_cross_entropy' | 'sigmoid_cross_entropy' | 'mse';
  epochs: number;
}

export const TASKS: readonly Task[] = [
  { table: 'iris', hidden: 16, outputs: 3, loss: 'softmax_cross_entropy', epochs: 50 },
  { table: 'wine', hidden: 16, outputs: 3, loss: 'softmax_cross_entropy', epochs: 30 },
  { table: 'breast_cancer', hidden: 16, outputs: 1, loss: 'sigmoid_cross_entropy', epochs: 30 },
  { table: 'digits', hidden: 64, outputs: 10, loss: 'softmax_cross_entropy', epochs: 30 },
  { table: 'diabetes', hidden: 16, outputs: 1, loss: 'mse', epochs: 30 },
];

/** What is alike in all tasks, in both programs. */
const COMMON = { batch: 32, lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, testShare: 0.3 } as const;

/** What scikit-learn came to, and the table that it cut: a column `part` says `train` or `test`. */
interface SklearnRun extends Task {
  file: string;
  score: number;
}

/**
 * Cuts each table anew for each seed, writes it as it is, and trains on standardised columns. Biases start by chance in scikit-learn, at 0
 * here; weights start alike (Glorot and Bengio 2010). Its squared loss is half of ours, which Adam does not feel.
 */
const PROGRAM = `
import csv, json, sys, warnings
from sklearn import datasets, exceptions
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
root, common, tasks, seeds = sys.argv[1], *map(json.loads, sys.argv[2:])
for task in tasks:
    name = task["table"]
    data = getattr(datasets, "load_" + name)(**({"scaled": False} if name == "diabetes" else {}))
    x, y, is_class = data.data, data.target, task["loss"] != "mse"
    # Targets around 0, of deviation 1: a network from scratch would spend its epochs on the way to 150.
    words = [str(data.target_names[k]) for k in y] if is_class else (y - y.mean()) / y.std()
    for seed in seeds:
        train, test = train_test_split(range(len(x)), test_size=common["testShare"], random_state=seed, stratify=y if is_class else None)
        part = dict.fromkeys(train, "train") | dict.fromkeys(test, "test")
        file = f"{root}/{name}-{seed}.csv"
        with open(file, "w", newline="") as f:
            rows = csv.writer(f)
            rows.writerow([f"x{j}" for j in range(x.shape[1])] + ["y", "part"])
            rows.writerows([*map(repr, map(float, x[i])), words[i], part[i]] for i in range(len(x)))
        scaler = StandardScaler().fit(x[train])
        known = [words[i] for i in train], [words[i] for i in test]
        mlp = (MLPClassifier if is_class else MLPRegressor)(
            hidden_layer_sizes=(task["hidden"],), activation="relu", solver="adam", alpha=0, batch_size=common["batch"],
            learning_rate_init=common["lr"], beta_1=common["betas"][0], beta_2=common["betas"][1], epsilon=common["eps"],
            max_iter=task["epochs"], tol=0, n_iter_no_change=task["epochs"] + 1, random_state=seed)
        score = mlp.fit(scaler.transform(x[train]), known[0]).score(scaler.transform(x[test]), known[1])
        print(json.dumps({**task, "file": file, "score": score}), flush=True)
`;

export interface Comparison {
  table: string;
  /** Of the test rows: the share that is right, or R squared of a regression. */
  sklearn: readonly number[];
  gradloom: readonly number[];
  /** Mean of gradloom's minus scikit-learn's, seed by seed, with its 95 % interval. */
  difference: number;
  interval: readonly [low: number, high: number];
  /** Whether 0 is in the interval. */
  isAlike: boolean;
}

/**
 * Trains networks of the same shape in scikit-learn and here: the same rows, batch size, epochs and rule, on the same test rows.
 *
 * @param seeds      two or more; each cuts the table and starts the weights
 * @param overrides  of gradloom's experiments, to see that another training is found out
 * @throws Error where scikit-learn is missing or fails
 */
export async function compareWithSklearn(
  tasks: readonly Task[],
  seeds: readonly number[],
  overrides: readonly string[] = [],
): Promise<Comparison[]> {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-sklearn-'));
  try {
    const { stdout } = await promisify(execFile)(
      PYTHON,
      ['-c', PROGRAM, root, ...[COMMON, tasks, seeds].map((part) => JSON.stringify(part))],
      {
        // Its products are too small to share out.
        env: { ...process.env, OMP_NUM_THREADS: '1' },
      },
    );
    const runs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SklearnRun);
    const comparisons: Comparison[] = [];
    for (const { table } of tasks) {
      const own = runs.filter((run) => run.table === table);
      const sklearn = own.map(({ score }) => score);
      const gradloom: number[] = [];
      for (const [i, run] of own.entries()) gradloom.push(await scoreOf(run, seeds[i] as number, overrides));
      const differences = gradloom.map((score, i) => score - (sklearn[i] as number));
      const interval = interval95(differences) ?? [Number.NaN, Number.NaN];
      const isAlike = interval[0] <= 0 && interval[1] >= 0;
      comparisons.push({ table, sklearn, gradloom, difference: mean(differences), interval, isAlike });
    }
    return comparisons;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function scoreOf({ file, hidden, outputs, loss, epochs }: SklearnRun, seed: number, overrides: readonly string[]): Promise<number> {
  const metric = loss === 'mse' ? 'r2' : 'accuracy';
  const input = {
    seed,
    data: { source: { type: 'csv', path: file, target: 'y' }, split: { by: { column: 'part' }, val: 0 }, normalize: 'zscore' },
    model: {
      init: 'xavier_uniform',
      layers: [
        { type: 'dense', units: hidden, activation: 'relu' },
        { type: 'dense', units: outputs },
      ],
    },
    loss,
    metrics: [metric],
    optimizer: { type: 'adam', lr: COMMON.lr, betas: [...COMMON.betas], eps: COMMON.eps },
    train: { batch_size: COMMON.batch, epochs, eval: { on: 'test' } },
    parallel: { workers: 1 },
  };
  const { last } = await train(experimentFromObject(input, { overrides }), { dry: true }).result;
  const score = last[`test.${metric}`];
  if (score === undefined || score === null) throw new Error(`${file}: the run has no ${metric} of the test rows`);
  return score;
}
