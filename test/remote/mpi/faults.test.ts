import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentFromObject } from '../../../src/config/load.ts';
import { train } from '../../../src/runs/training/train.ts';
import { gradloom } from '../../cli/support/run-cli.ts';
import { determinedFiles, temporary } from '../../runs/support/run-tree.ts';
import type { Disturbance } from './support/disturbed-rank.ts';
import { type Launcher, launch, MAIN, type Under } from './support/launch.ts';
import type { Work } from './support/many.ts';
import { checkpointed, processOf } from './support/ranks.ts';
import { withLauncher, withLaunchers } from './support/with-launchers.ts';

const MANY = fileURLToPath(new URL('./support/many.js', import.meta.url));
const DISTURBED = new URL('./support/disturbed-rank.js', import.meta.url).href;
const DYING = new URL('./support/dying-thread.js', import.meta.url).href;

/** Steps of some milliseconds: long enough to be disturbed, with a checkpoint every few. */
const LONG = {
  name: 'long',
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 600, features: 100, classes: 3 } },
  model: {
    layers: [
      { type: 'dense', units: 200, batch_norm: true, activation: 'relu' },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: { type: 'adam', lr: 0.001 },
  train: { steps: 300, batch_size: 'full', checkpoint: { every: { steps: 20 } } },
  parallel: { workers: 1 },
};
/** Where nobody has to be quick to disturb it. */
const SHORT = { ...LONG, train: { ...LONG.train, steps: 60, batch_size: 64 } };

function longIn(directory: string): string {
  const file = path.join(directory, 'long.json.yaml');
  writeFileSync(file, JSON.stringify(LONG));
  return file;
}

/** By one process with one thread; once for all launchers. */
const undisturbed = new Map<object, Promise<Record<string, string>>>();
function undisturbedFiles(tree: Record<string, unknown>): Promise<Record<string, string>> {
  const known = undisturbed.get(tree) ?? trainAlone(tree);
  undisturbed.set(tree, known);
  return known;
}

async function trainAlone(tree: Record<string, unknown>): Promise<Record<string, string>> {
  const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-test-'));
  try {
    const { experiment } = experimentFromObject({ ...tree, track: { dir: parent } });
    const { directory } = await train({ experiment }).result;
    return determinedFiles(directory ?? '');
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** Two ranks that train one experiment after the other, each with what befalls rank 1 in it. */
function launchDisturbed(
  launcher: Launcher,
  works: readonly [tree: Record<string, unknown>, disturbance: Disturbance, directory: string][],
): Under {
  const work = works.map(([tree, disturbance, directory]): Work => {
    return { tree: { ...tree, track: { notes: JSON.stringify(disturbance) } }, workers: 1, directory };
  });
  return launch(launcher, 2, [JSON.stringify(work), DISTURBED], { program: [MANY] });
}

withLaunchers(
  'a bit that turns over in a rank is found, with its place; one that is killed ends all, and the run goes on without ranks to the same bytes',
  async (t, launcher) => {
    t.timeout(120_000);
    const folder = temporary(t);
    const [corrupt, killed] = [path.join(folder, 'corrupt'), path.join(folder, 'killed')];
    const looked = { ...LONG, train: { steps: 220, batch_size: 16, eval: { every: { steps: 50 } } } };
    const { code, stderr } = await launchDisturbed(launcher, [
      [looked, { kind: 'corrupt', step: 50 }, corrupt],
      [SHORT, { kind: 'SIGKILL', step: 30 }, killed],
    ]).ended;
    t.not(code, 0);
    t.not(code, null, 'it came to an end by itself');
    const found = /^E_RANK rank 1 on \S+, step (\d+): layers\.0\.weight has other bits than those of rank 0$/m.exec(stderr);
    // At most a hundred steps and a segment later.
    t.true(Number(found?.[1]) > 50 && Number(found?.[1]) <= 200, stderr);
    t.false(existsSync(path.join(killed, 'summary.json')));
    const resumed = await gradloom(['resume', killed, '--workers', '2']);
    t.is(resumed.code, 0, resumed.stderr);
    t.deepEqual(determinedFiles(killed), await undisturbedFiles(SHORT));
  },
);

withLauncher('mpirun.openmpi', 'a thread that dies in a rank is named, with its rank, and ends all with 81', async (t) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const args = ['train', longIn(folder), '--dir', folder, '--hosts', 'localhost:2', 'parallel.workers=2'];
  const { code, stderr } = await gradloom(args, { env: { NODE_OPTIONS: `--import=${DYING}` } });
  t.is(code, 81, stderr);
  t.regex(stderr, /^rank 1 on \S+: worker 1 step \d+ {2}error\[E_WORKER_EXIT\] {2}/m);
  t.regex(stderr, /next: .*resume/);
  t.is(stderr.match(/error\[/g)?.length, 1, stderr);
});

withLaunchers('a signal to any rank ends all at one step, saved, and other ranks go on to the same bytes', async (t, launcher) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const runs = path.join(folder, 'runs');
  const { ended } = launch(launcher, 2, ['train', longIn(folder), '--dir', runs, '--json']);
  const directory = await checkpointed(runs, 20);
  process.kill(processOf(1, folder), 'SIGTERM');
  const { code, stdout, stderr } = await ended;
  t.is(code, 143, stderr);
  const { status, ranks, steps } = JSON.parse(stdout) as { status: string; ranks: number; steps: number };
  t.is(status, 'interrupted');
  t.is(ranks, 2);
  t.true(steps >= 20 && steps < 300);
  const resumed = await launch(launcher, 4, ['resume', directory, '--json']).ended;
  t.is(resumed.code, 0, resumed.stderr);
  t.like(JSON.parse(resumed.stdout), { status: 'finished', ranks: 4 });
  t.deepEqual(determinedFiles(directory), await undisturbedFiles(LONG));
});

withLauncher('mpirun.mpich', 'in a program, the error of one rank has its name, and ends all', async (t) => {
  t.timeout(60_000);
  const directory = path.join(temporary(t), 'run');
  const { code, stderr } = await launchDisturbed('mpirun.mpich', [[SHORT, { kind: 'throw', step: 30 }, directory]]).ended;
  t.not(code, 0, stderr);
  t.not(code, null, 'it came to an end by itself');
  t.regex(stderr, /rank 1 on \S+: worker 0 step \d+/);
  t.regex(stderr, /a fault of one rank/);
});

withLauncher('mpirun.mpich', 'a rank that is frozen is not waited for without end', async (t) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const runs = path.join(folder, 'runs');
  const { ended } = launch('mpirun.mpich', 2, ['train', longIn(folder), '--dir', runs], { env: { GRADLOOM_MPI_PATIENCE: '6' } });
  await checkpointed(runs, 20);
  process.kill(processOf(1, folder), 'SIGSTOP');
  const { code, stderr } = await ended;
  t.is(code, 81, stderr);
  t.regex(stderr, /rank 0 on \S+(?:: worker 0(?: step \d+)?)? {2}error\[E_RANK\] {2}the other ranks did not come within 6 s/);
  t.regex(stderr, /next: .*resume/);
});

/** Rank 0 trains one file, rank 1 another. */
function two(first: string, second: string, dir: string): string[] {
  return ['train', first, '--dir', dir, ':', '-np', '1', process.execPath, MAIN, 'train', second, '--dir', dir];
}

const TABLE = ['a,b,kind', ...Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 2 ? 'odd' : 'even'}`)].join('\n');

function tableExperiment(folder: string, name: string, { rows = TABLE, epochs = 1 } = {}): string {
  mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, name, 'rows.csv'), rows);
  const file = path.join(folder, name, 'exp.yaml');
  const model = 'model: {layers: [{type: dense, units: 2}]}';
  writeFileSync(
    file,
    `data: {source: {type: csv, path: ./rows.csv, target: kind}}\n${model}\ntrain: {epochs: ${epochs}, batch_size: 16}\n`,
  );
  return file;
}

withLaunchers('ranks that are not alike are named, with what differs, and nothing is written', async (t, launcher) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const first = tableExperiment(folder, 'first');
  const otherData = await launch(launcher, 1, two(first, tableExperiment(folder, 'data', { rows: TABLE.replace('3', '4') }), folder)).ended;
  t.is(otherData.code, 81, otherData.stderr);
  t.regex(
    otherData.stderr,
    /^rank 1 on \S+ {2}error\[E_RANK\] {2}the data differs from that of rank 0: [\da-f]{12}, but [\da-f]{12} there$/m,
  );
});

withLauncher('mpirun.mpich', 'ranks that have other experiments, or one that cannot read its data, are named', async (t) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const first = tableExperiment(folder, 'first');
  const [other, broken] = await Promise.all(
    [tableExperiment(folder, 'config', { epochs: 2 }), tableExperiment(folder, 'broken', { rows: 'a,kind\n1,odd\nx' })].map(
      (second) => launch('mpirun.mpich', 1, two(first, second, folder)).ended,
    ),
  );
  t.is(other?.code, 81, other?.stderr);
  t.regex(other?.stderr ?? '', /error\[E_RANK\] {2}the experiment differs from that of rank 0/);
  t.is(broken?.code, 65, broken?.stderr);
  t.regex(broken?.stderr ?? '', /^rank 1 on \S+: \S+ {2}error\[E_TABLE_FORMAT\]/m);
  t.is(broken?.stderr.match(/error\[/g)?.length, 1);
});

withLauncher('mpirun.mpich', 'leaves that the ranks cannot share are refused once, with numbers that would do', async (t) => {
  const folder = temporary(t);
  const { code, stderr } = await launch('mpirun.mpich', 3, ['train', longIn(folder), '--dir', folder]).ended;
  t.is(code, 78);
  t.regex(
    stderr,
    /error\[E_CONFIG_RANGE\] {2}3 ranks cannot share 16 leaves: .*; expected 1, 2, 4, 8, 16 ranks, or 3, 6, 12, \.\.\. leaves/,
  );
  t.is(stderr.match(/error\[/g)?.length, 1);
});

withLauncher('mpirun.mpich', 'a library that is not the launcher’s is refused, and one that is missing named', async (t) => {
  const folder = temporary(t);
  const args = ['train', longIn(folder), '--dir', folder];
  const wrong = await launch('mpirun.mpich', 2, args, { env: { GRADLOOM_MPI_LIBRARY: 'libmpi.so.40' } }).ended;
  t.is(wrong.code, 69, wrong.stderr);
  t.regex(
    wrong.stderr,
    /error\[E_MPI\] {2}the launcher has started 2 ranks, but Open MPI v4\.\S+ knows of 1: it is not the launcher's library/,
  );
  const missing = await launch('mpirun.mpich', 2, args, { env: { GRADLOOM_MPI_LIBRARY: '/nowhere/libmpi.so' } }).ended;
  t.is(missing.code, 69, missing.stderr);
  t.regex(missing.stderr, /^\/nowhere\/libmpi\.so {2}error\[E_MPI\] {2}the MPI library cannot be loaded: /m);
  t.is(missing.stderr.match(/error\[/g)?.length, 1);
});
