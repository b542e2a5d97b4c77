import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parseExperiment } from '../src/config/load.ts';
import { experimentSchema } from '../src/config/schema/schema.ts';
import { loadSweep } from '../src/sweep/file/load.ts';
import { sweepSchema } from '../src/sweep/schema.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const FOLDER = path.join(root, 'docs/migrate');

const EXPERIMENT_KEYS = Object.keys(experimentSchema.shape);
const SWEEP_KEYS = Object.keys(sweepSchema.shape).filter((key) => !EXPERIMENT_KEYS.includes(key));
/** In a cell of a table: a line of a file. */
const LINE = /`(([a-z_]+): [^`]+)`/g;

interface Piece {
  text: string;
  isSweep: boolean;
}

/** What stands in a page as ours: its blocks of YAML, and in its tables the lines of files. */
function piecesIn(page: string): Piece[] {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => ({ text, isSweep: /^base:/m.test(text) }));
  const cells = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| in W&B'));
  const lines = cells.flatMap((cell) => [...cell.matchAll(LINE)]).map(([, text = '', key = '']) => ({ text, key }));
  return [
    ...blocks,
    ...lines
      .filter(({ key }) => [...EXPERIMENT_KEYS, ...SWEEP_KEYS].includes(key))
      .map(({ text, key }) => ({ text, isSweep: SWEEP_KEYS.includes(key) })),
  ];
}

function place(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-migrate-'));
  const text = 'data: {source: mnist}\nmodel: {layers: [{type: dense, units: 32, activation: relu}, {type: dense, units: 10}]}\n';
  for (const name of ['base.yaml', 'mnist.yaml']) writeFileSync(path.join(directory, name), text);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What has to stand beside a line of a sweep file. */
const BESIDE: readonly [key: string, line: string][] = [
  ['base', 'base: ./mnist.yaml'],
  ['parameters', 'parameters: {optimizer.lr: {values: [0.01, 0.1]}, model.layers.0.units: {values: [16, 32]}}'],
  ['run_cap', 'run_cap: 12'],
];

for (const name of readdirSync(FOLDER)) {
  test(`docs/migrate/${name}: everything that it shows of files is read`, (t) => {
    const { directory, remove } = place();
    t.teardown(remove);
    const pieces = piecesIn(readFileSync(path.join(FOLDER, name), 'utf8'));
    t.true(pieces.length >= 3, `${pieces.length} pieces`);
    const wrong = pieces.flatMap(({ text, isSweep }) => {
      const file = path.join(directory, 'example.yaml');
      const has = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(text);
      try {
        if (isSweep) {
          const beside = BESIDE.filter(([key]) => !has(key)).map(([, line]) => line);
          writeFileSync(file, `${[...beside, text].join('\n')}\n`);
          loadSweep(file);
        } else parseExperiment(has('extends') ? text : `extends: ./base.yaml\n${text}`, { file });
        return [];
      } catch (error) {
        return [`${text}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
    t.deepEqual(wrong, []);
  });
}
