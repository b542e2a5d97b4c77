// What is run otherwise than a page shows it, or not at all, and why.

/** Commands that are not run here. */
export const SKIPPED = [
  [/^(?:npm|npx (?:tsc|ava)|bash \.ci)\b/, 'installs, builds or tests: .ci/run does'],
  [/^(?:\w+=\S+ )*node (?:scripts|dist)\//, 'checks and benchmarks of the repository'],
  [/^(?:mpirun|srun|sbatch|apt-get)\b|--hosts\b|^gradloom resume runs\/exp-/, 'needs MPI: scripts/check-mpi.mjs'],
  [/\bcompletion (?:zsh|fish)\b/, 'needs that shell: test/cli/completion.test.ts'],
  [/\bgradloom init(?: *$| +#)/, 'asks: test/cli/verbs/init.test.ts'],
  [/^redis-server\b|redis:\/\//, 'needs a queue and several machines: test/remote/'],
  [/^M=|\$M\//, "needs the files of MNIST's authors: test/data/"],
  [/^cp -r node_modules\//, 'copies an installed package: scripts/check-package.mjs'],
];

/** The same command with less work: [which, what is added]. */
export const SHORTENED = [
  [/\bgradloom train configs\/mnist-best\.yaml/, 'train.epochs=2'],
  [/\bgradloom train configs\/mnist-cnn\.yaml/, 'train.epochs=2 data.split.train=500'],
  [/\bgradloom train configs\/seed\.yaml/, 'train.steps=50'],
  [/\bgradloom speedup\b/, '--seconds 0.05 --repeats 3'],
  [/\bgradloom sweep configs\/sweep-tpe-asha\.yaml/, '-n 9 early_terminate.max=3'],
  [/\bgradloom sweep configs\/mnist\.yaml/, 'train.epochs=1'],
  [/\bgradloom sweep (?:wandb|own)\S*\.yaml/, '-n 2 train.epochs=1'],
];

const WANDB_SWEEP = `program: train.py
method: bayes
metric: {name: val_acc}
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.01, max: 0.5}
  fc_layer_size: {values: [16, 32]}
`;

/** Names that only a user can explain, for a command with --rename. */
const WANDB_SWEEP_RENAMED = `method: random
metric: {name: val_acc}
parameters:
  schritt: {distribution: log_uniform_values, min: 0.01, max: 0.5}
  layer_1_size: {values: [16, 32]}
`;

const short = (lr, more = '') => `gradloom train configs/mnist.yaml optimizer.lr=${lr} train.epochs=8${more}`;

/** What a page takes for granted: files, commands before its first one, and runs under the ids that it shows. */
export const BEFORE = {
  'README.md': {
    files: { 'wandb.yaml': WANDB_SWEEP },
    commands: ['cp configs/data/iris.csv measurements.csv'],
    runs: { '24aab9': short(0.05), fd08cc: short(0.1), ebe1f3: short(0.2), '33e65c': short(0.2, ' --workers 1') },
  },
  'docs/reports.md': { commands: ['gradloom train configs/mnist.yaml train.epochs=2'] },
  'docs/ui.md': { commands: ['mkdir experiments'] },
  'docs/terminal.md': { commands: ['cp configs/data/iris.csv .'] },
  'docs/sweeps.md': { files: { 'wandb-sweep.yaml': WANDB_SWEEP, 'own-names.yaml': WANDB_SWEEP_RENAMED } },
  'docs/migrate/wandb.md': { files: { 'wandb-sweep.yaml': WANDB_SWEEP } },
};

/** Pages whose commands have a check of their own. */
export const ELSEWHERE = { 'docs/tutorial.md': 'test/tutorial/tutorial.test.ts types and compares every line' };
