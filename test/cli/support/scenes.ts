import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN, SMALL } from './run-cli.ts';
import { atTerminal } from './terminal.ts';

const CONFIGS = fileURLToPath(new URL('../../../../configs', import.meta.url));

/** Many keys with long names, all searched. */
const SEARCH = `version: 1
name: search-of-many-keys
base: ./small.yaml
method: random
metric: {name: val.accuracy, goal: maximize}
seed: 3
run_cap: 9
parameters:
  optimizer.type: {values: [sgd, adam]}
  optimizer.lr: {distribution: log_uniform_values, min: 1e-4, max: 1}
  optimizer.momentum: {min: 0.0, max: 0.95, when: {optimizer.type: sgd}}
  model.layers.0.units: {values: [8, 16, 32]}
  model.layers.0.activation: {values: [relu, leaky_relu, tanh]}
  train.batch_size: {values: [16, 32, 64]}
early_terminate: {type: asha, resource: epochs, min: 1, max: 3, eta: 3}
`;

/** Files of the scenes, by name. */
export const SCENE_FILES: Readonly<Record<string, string>> = { 'small.yaml': SMALL, 'search.yaml': SEARCH };

/** What a user types, and what stands ready for it. */
export interface Scene {
  args: readonly string[];
  /** The exit code. @default 0 */
  code?: number;
  /** What it shows depends on the machine, or on how long things took: only that it fits is looked at. */
  isFleeting?: true;
}

/** Columns of the terminals. */
export const WIDTHS = [80, 100, 120] as const;

/** What is done before the scenes, without a terminal: three runs and a sweep of them, with names that do not change. */
export const PREPARATION: readonly (readonly string[])[] = [
  ['train', 'small.yaml', 'name=first', '--quiet'],
  ['train', 'small.yaml', 'name=second', 'optimizer.lr=0.01', 'model.layers.0.units=16', '--quiet'],
  ['train', 'iris.yaml', 'train.epochs=6', '--quiet'],
  ['sweep', 'search.yaml', '--quiet'],
];

/** Makes a place for each width where the same has happened. @returns their directories */
export function prepareScenes(base: string): Map<number, string> {
  const place = path.join(base, 'place');
  mkdirSync(path.join(place, 'data'), { recursive: true });
  for (const [name, text] of Object.entries(SCENE_FILES)) writeFileSync(path.join(place, name), text);
  const iris = readFileSync(path.join(CONFIGS, 'iris.yaml'), 'utf8');
  // The line for editors leads to a schema beside the file.
  writeFileSync(path.join(place, 'iris.yaml'), iris.slice(iris.indexOf('\n') + 1));
  for (const data of ['iris.csv', 'penguins.csv', 'digits'])
    cpSync(path.join(CONFIGS, 'data', data), path.join(place, 'data', data), { recursive: true });
  for (const args of PREPARATION) execFileSync(process.execPath, [MAIN, ...args], { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Map(
    WIDTHS.map((columns) => {
      const copy = path.join(base, String(columns), 'place');
      cpSync(place, copy, { recursive: true });
      return [columns, copy];
    }),
  );
}

export interface Shown {
  code: number;
  /** Of the terminal, with what differs from one time to the next masked. */
  text: string;
  /** Lines that the terminal had to break. */
  broken: string[];
}

/** Shows a scene in a terminal. */
export async function showScene({ args }: Scene, cwd: string, columns: number): Promise<Shown> {
  const { code, lines, written } = await atTerminal([process.execPath, MAIN, ...args], {
    cwd,
    columns,
    env: { XDG_CACHE_HOME: path.join(cwd, 'cache') },
  });
  const broken = written.filter((line) => line.length > columns && !COPIED.test(line));
  return { code, text: `$ gradloom ${args.join(' ')}\n${masked(lines, cwd).join('\n')}\n`, broken };
}

/** Commands, which stay in one line. */
const COPIED = /^(?:next: | {2})(?:node|npx|gradloom) /;

/** Times, rates, ids, the code that this processor has, and how gradloom was started. */
function masked(lines: readonly string[], cwd: string): string[] {
  const ids = [...lines.join('\n').matchAll(/-\d{8}-\d{6}-(?<end>[0-9a-f]{6})/g)].map(({ groups }) => groups?.['end'] ?? '');
  const known = [...ids, ...runEnds(cwd)];
  const of = (text: string): string =>
    known
      .reduce((all, end) => all.replaceAll(`-${end}`, '-######'), text)
      .replaceAll(/-\d{8}-\d{6}-/g, '-########-######-')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '####-##-## ##:##')
      .replaceAll(/ *\b[\d.]+(?:ms|s)\b/g, (time) => '~'.padStart(Math.max(2, time.length)));
  return of(lines.join('\n'))
    .replaceAll(/^(time|workers|code|made by|files|digest) .*(?:\n {6,}.*)*$/gm, '$1 ~')
    .split('\n');
}

/** Every verb, as a new user types it. */
export const SCENES: readonly Scene[] = [
  { args: ['--help'] },
  { args: ['train', '--help'] },
  { args: ['train', 'small.yaml'] },
  { args: ['train', 'iris.yaml', 'name=kinds', 'train.epochs=30', 'metrics=[accuracy, confusion, macro_f1]'] },
  { args: ['train', 'iris.yaml', 'train.epochs=3', 'data.split.folds=3', '--dir', 'folds'], isFleeting: true },
  { args: ['check', 'iris.yaml'] },
  { args: ['check', 'iris.yaml', '--graph'] },
  { args: ['data', 'data/penguins.csv'] },
  { args: ['data', 'data/digits', '--head', '1'] },
  { args: ['data', 'mnist', '--head', '1'] },
  { args: ['resume', 'first'] },
  { args: ['extend', 'first', '--epochs', '4'] },
  { args: ['verify', 'second'] },
  { args: ['evaluate', 'iris'] },
  { args: ['export', 'iris', '--to', 'onnx', '--output', 'iris.onnx'], isFleeting: true },
  { args: ['runs', 'ls'] },
  { args: ['runs', 'show', 'second'] },
  { args: ['runs', 'tag', 'second', '+kept'] },
  { args: ['runs', 'gc'] },
  { args: ['compare', 'iris', 'second'] },
  { args: ['compare', '*'] },
  { args: ['diff', 'iris', 'second'] },
  { args: ['report', 'second'], isFleeting: true },
  { args: ['sweep', 'plan', 'search.yaml'], isFleeting: true },
  { args: ['sweep', 'search.yaml'], isFleeting: true },
  { args: ['sweep', 'status'], isFleeting: true },
  { args: ['sweep', 'best'], isFleeting: true },
  { args: ['sweep', 'importance'], isFleeting: true },
  {
    args: ['speedup', 'small.yaml', '--workers', '1,2', '--steps', '50', '--repeats', '3', '--predict', '8', '--batch-sizes', '16,32'],
    isFleeting: true,
  },
  { args: ['cache', 'ls'], isFleeting: true },
  { args: ['doctor'], isFleeting: true },
  { args: ['trainn'], code: 64 },
  { args: ['train', 'nothere.yaml'], code: 78 },
  { args: ['check', 'small.yaml', 'optimizer.learning_rate=0.1'], code: 78 },
];

/** The last parts of the ids of runs. */
function runEnds(cwd: string): string[] {
  return readdirSync(path.join(cwd, 'runs')).map((id) => id.slice(-6));
}
