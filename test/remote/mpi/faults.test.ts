import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentFromObject } from '../../../src/config/load.ts';
import { train } from '../../../src/runs/training/train.ts';
import { gradloom } from '../../cli/support/run-cli.ts';
import { determinedFiles, temporary } from '../../runs/support/run-tree.ts';
import { CORRUPT_STEP } from './support/corrupt-rank.ts';
import { launch, MAIN } from './support/launch.ts';
import { checkpointed, processOf } from './support/ranks.ts';
import { withLauncher, withLaunchers } from './support/with-launchers.ts';

const MANY = fileURLToPath(new URL('./support/many.js', import.meta.url));

/** Steps of some milliseconds: long enough to be disturbed, with a checkpoint every few. */
const LONG = {
  name: 'long',
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 600, features: 100, classes: 3 } },
  model: {
    layers: [
      { type: 'dense', units: 400, batch_norm: true, activation: 'relu' },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: { type: 'adam', lr: 0.001 },
  train: { steps: 400, batch_size: 'full', checkpoint: { every: { steps: 20 } } },
  parallel: { workers: 1 },
};

function longIn(directory: string): string {
  const file = path.join(directory, 'long.json.yaml');
  writeFileSync(file, JSON.stringify(LONG));
  return file;
}

async function undisturbed(parent: string): Promise<Record<string, string>> {
  const { experiment } = experimentFromObject({ ...LONG, track: { dir: parent } });
  const { directory } = await train({ experiment }).result;
  return determinedFiles(directory ?? '');
}

withLaunchers('a rank that is killed ends all within seconds, and the run goes on without ranks to the same bytes', async (t, launcher) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const runs = path.join(folder, 'runs');
  const { ended } = launch(launcher, 2, ['train', longIn(folder), '--dir', runs]);
  const directory = await checkpointed(runs, 20);
  const killedAt = performance.now();
  process.kill(processOf(1, folder), 'SIGKILL');
  const { code } = await ended;
  t.not(code, 0);
  t.true(performance.now() - killedAt < 20_000);
  const resumed = await gradloom(['resume', directory, '--workers', '2']);
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(determinedFiles(directory), await undisturbed(path.join(folder, 'alone')));
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
  t.true(steps >= 20 && steps < 400);
  const resumed = await launch(launcher, 4, ['resume', directory, '--json']).ended;
  t.is(resumed.code, 0, resumed.stderr);
  t.like(JSON.parse(resumed.stdout), { status: 'finished', ranks: 4 });
  t.deepEqual(determinedFiles(directory), await undisturbed(path.join(folder, 'alone')));
});

withLauncher('mpirun.mpich', 'a rank that is frozen is not waited for without end', async (t) => {
  t.timeout(120_000);
  const folder = temporary(t);
  const runs = path.join(folder, 'runs');
  const { ended } = launch('mpirun.mpich', 2, ['train', longIn(folder), '--dir', runs], { env: { GRADLOOM_MPI_PATIENCE: '10' } });
  await checkpointed(runs, 20);
  const frozen = processOf(1, folder);
  process.kill(frozen, 'SIGSTOP');
  const { code, stderr } = await ended;
  t.is(code, 81, stderr);
  t.regex(stderr, /rank 0 on \S+(?:: worker 0 step \d+)? {2}error\[E_RANK\] {2}the other ranks did not come within 10 s/);
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
  const other = await launch(launcher, 1, two(first, tableExperiment(folder, 'config', { epochs: 2 }), folder)).ended;
  t.is(other.code, 81, other.stderr);
  t.regex(other.stderr, /error\[E_RANK\] {2}the experiment differs from that of rank 0/);
  const broken = await launch(launcher, 1, two(first, tableExperiment(folder, 'broken', { rows: 'a,kind\n1,odd\nx' }), folder)).ended;
  t.is(broken.code, 65, broken.stderr);
  t.regex(broken.stderr, /^rank 1 on \S+: \S+ {2}error\[E_TABLE_FORMAT\]/m);
  t.is(broken.stderr.match(/error\[/g)?.length, 1);
});

withLaunchers('a bit that turns over in one rank is found, with the rank, the step and the tensor', async (t, launcher) => {
  t.timeout(60_000);
  const train = { steps: 400, batch_size: 64, eval: { every: { steps: 50 } } };
  const work = [{ tree: { ...LONG, train }, workers: 1, directory: path.join(temporary(t), 'run') }];
  const entry = new URL('./support/corrupt-rank.js', import.meta.url).href;
  const { code, stderr } = await launch(launcher, 2, [JSON.stringify(work), entry], { program: [MANY] }).ended;
  t.is(code, 81, stderr);
  const found = /^E_RANK rank 1 on \S+, step (\d+): layers\.0\.weight has other bits than those of rank 0$/m.exec(stderr);
  // At most a hundred steps and a segment later.
  t.true(Number(found?.[1]) > CORRUPT_STEP && Number(found?.[1]) <= CORRUPT_STEP + 150, stderr);
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
