import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../../src/runs/events.ts';
import { readEnvironment } from '../../../src/runs/files/file-shapes.ts';
import { determinedFiles, finished, runTree, temporary } from '../../runs/support/run-tree.ts';
import { EXPERIMENTS } from './support/experiments.ts';
import { launch } from './support/launch.ts';
import type { Work } from './support/many.ts';
import { withLaunchers } from './support/with-launchers.ts';

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

withLaunchers('reduce: fast trains to about the same, and says that its bits are not those of others', async (t, launcher) => {
  t.timeout(60_000);
  const folder = temporary(t);
  const file = path.join(folder, 'exp.yaml');
  writeFileSync(file, JSON.stringify({ name: 'sgd', ...EXPERIMENTS['sgd'] }));
  const [fast, exact] = await Promise.all(
    ['fast', 'exact'].map(async (reduce) => {
      const { code, stdout, stderr } = await launch(launcher, 2, ['train', file, `parallel.reduce=${reduce}`, '--json', '--dir', folder])
        .ended;
      t.is(code, 0, stderr);
      t.is(stderr.includes('W_REDUCE_FAST'), reduce === 'fast');
      return JSON.parse(stdout) as Summary;
    }),
  );
  t.is(fast?.reproducible, false);
  t.is(exact?.reproducible, undefined);
  const [a, b] = [fast, exact].map((summary) => summary?.last['train.loss'] ?? Number.NaN);
  t.true(Math.abs(a! - b!) < 1e-4, `${a} and ${b}`);
  const identities = [fast, exact].map((summary) => readEnvironment(summary?.directory ?? '')?.basis?.identity);
  t.not(identities[0], identities[1]);
});
