import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { determinedFiles, finished, runTree, temporary } from '../../runs/support/run-tree.ts';
import { EXPERIMENTS } from './support/experiments.ts';
import { launch, withLaunchers } from './support/launch.ts';
import type { Work } from './support/many.ts';

const MANY = fileURLToPath(new URL('./support/many.js', import.meta.url));

/** Ranks that can share the leaves of an experiment. */
const RANKS = [1, 2, 4];
const THREADS = [1, 2];

withLaunchers('any number of ranks and threads leaves the files of one process with one thread, byte by byte', async (t, launcher) => {
  t.timeout(120_000);
  const parent = temporary(t);
  const runs = Object.entries(EXPERIMENTS).map(([name, tree]) => ({ name, tree: { name, ...tree } }));
  const expected = new Map<string, Record<string, string>>();
  for (const { name, tree } of runs) {
    const told = await runTree({ ...tree, parallel: { workers: 1 } }, temporary(t));
    finished(told);
    expected.set(name, determinedFiles(told.directory ?? ''));
  }
  for (const ranks of RANKS) {
    const work: Work[] = runs.flatMap(({ name, tree }) =>
      THREADS.map((workers) => ({ tree, workers, directory: path.join(parent, `${name}-${ranks}-${workers}`) })),
    );
    const { code, stderr } = await launch(launcher, ranks, [JSON.stringify(work)], { program: [MANY] }).ended;
    t.is(code, 0, stderr);
    for (const { tree, workers, directory } of work) {
      const name = String(tree['name']);
      const files = determinedFiles(directory);
      for (const [file, text] of Object.entries(expected.get(name) ?? {})) {
        t.true(files[file] === text, `${file} of ${name}, ${ranks} ranks of ${workers} threads`);
      }
      t.deepEqual(Object.keys(files), Object.keys(expected.get(name) ?? {}));
    }
  }
});
