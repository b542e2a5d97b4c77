import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Summary } from '../../../src/runs/events.ts';
import { readEnvironment } from '../../../src/runs/files/file-shapes.ts';
import { listRuns } from '../../../src/runs/store/store.ts';
import { compareRuns, listTable } from '../../../src/runs/store/table.ts';
import { determinedFiles, finished, runTree, temporary } from '../../runs/support/run-tree.ts';
import { EXPERIMENTS } from './support/experiments.ts';
import { launch } from './support/launch.ts';
import type { Work } from './support/many.ts';
import { withLaunchers } from './support/with-launchers.ts';

const MANY = fileURLToPath(new URL('./support/many.js', import.meta.url));

const RUNS = Object.entries(EXPERIMENTS).map(([name, tree]) => ({ name, tree: { name, ...tree } }));
/** What is trained by so many ranks, with so many threads in each; scripts/check-mpi.mjs does all of each. */
const CASES: readonly { ranks: number; threads: readonly number[]; names: readonly string[] }[] = [
  { ranks: 1, threads: [2], names: ['adam'] },
  { ranks: 2, threads: [1, 2], names: Object.keys(EXPERIMENTS) },
  { ranks: 4, threads: [1], names: ['adam', 'everything'] },
];

/** By one process with one thread; once for all launchers. */
const alone = new Map<string, Promise<Record<string, string>>>();
function expectedOf(name: string, t: ExecutionContext): Promise<Record<string, string>> {
  const known = alone.get(name) ?? trainAlone(name, temporary(t));
  alone.set(name, known);
  return known;
}

async function trainAlone(name: string, parent: string): Promise<Record<string, string>> {
  const told = await runTree({ name, ...EXPERIMENTS[name], parallel: { workers: 1 } }, parent);
  finished(told);
  return determinedFiles(told.directory ?? '');
}

withLaunchers('any number of ranks and threads leaves the files of one process with one thread, byte by byte', async (t, launcher) => {
  t.timeout(120_000);
  const parent = temporary(t);
  for (const { ranks, threads, names } of CASES) {
    const work: Work[] = RUNS.filter(({ name }) => names.includes(name)).flatMap(({ name, tree }) =>
      threads.map((workers) => ({ tree, workers, directory: path.join(parent, `${name}-${ranks}-${workers}`) })),
    );
    const { code, stderr } = await launch(launcher, ranks, [JSON.stringify(work)], { program: [MANY] }).ended;
    t.is(code, 0, stderr);
    for (const { tree, workers, directory } of work) {
      const name = String(tree['name']);
      const [files, expected] = [determinedFiles(directory), await expectedOf(name, t)];
      for (const [file, text] of Object.entries(expected)) {
        t.true(files[file] === text, `${file} of ${name}, ${ranks} ranks of ${workers} threads`);
      }
      t.deepEqual(Object.keys(files), Object.keys(expected));
    }
  }
});

withLaunchers('reduce: fast trains to about the same, and says that its bits are not those of others', async (t, launcher) => {
  t.timeout(60_000);
  const folder = temporary(t);
  const file = path.join(folder, 'exp.yaml');
  const tree = { name: 'sgd', ...EXPERIMENTS['sgd'] };
  writeFileSync(file, JSON.stringify(tree));
  const exact = await runTree(tree, folder);
  const { code, stdout, stderr } = await launch(launcher, 2, ['train', file, 'parallel.reduce=fast', '--json', '--dir', folder]).ended;
  t.is(code, 0, stderr);
  t.true(stderr.includes('W_REDUCE_FAST'));
  const fast = JSON.parse(stdout) as Summary;
  t.is(fast.reproducible, false);
  t.is(finished(exact).reproducible, undefined);
  const [a, b] = [fast, finished(exact)].map(({ last }) => last['train.loss'] ?? Number.NaN);
  t.true(Math.abs(a! - b!) < 1e-4, `${a} and ${b}`);
  const identities = [fast.directory, exact.directory].map((directory) => readEnvironment(directory ?? '')?.basis?.identity);
  t.not(identities[0], identities[1]);
  const runs = await listRuns(folder);
  for (const { columns, rows } of [listTable(runs), compareRuns(runs)]) {
    const at = columns.findIndex(({ title }) => title === 'reproducible');
    t.deepEqual(rows.map(({ run, cells }) => [run.directory === fast.directory, cells[at]]).toSorted(), [
      [false, null],
      [true, 'no'],
    ]);
  }
  const others = listTable(runs.filter(({ directory }) => directory !== fast.directory));
  t.false(others.columns.some(({ title }) => title === 'reproducible'));
});
