import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
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

/** On every machine the same is started, and said of it. */
const ALIKE = 'parallel: {workers: 1, code: wasm}\n';
/** Files of the scenes, by name. */
const SCENE_FILES: Readonly<Record<string, string>> = { 'small.yaml': `${SMALL}${ALIKE}`, 'search.yaml': SEARCH };

/** What a user types, and what stands ready for it. */
export interface Scene {
  args: readonly string[];
  /** The exit code. @default 0 */
  code?: number;
  /** What it shows depends on the machine, or on how long things took: only that it fits is looked at, and nothing is kept of it. */
  isFleeting?: true;
}

/** Columns of the terminals. */
export const WIDTHS = [80, 100, 120] as const;

/** What is done before the scenes, without a terminal: three runs and a sweep. */
const PREPARATION: readonly (readonly string[])[] = [
  ['train', 'small.yaml', 'name=first', '--quiet'],
  ['train', 'small.yaml', 'name=second', 'optimizer.lr=0.01', 'model.layers.0.units=16', '--quiet'],
  ['train', 'iris.yaml', 'train.epochs=6', '--quiet'],
  ['sweep', 'search.yaml', '--quiet'],
];

/** Columns of a place's path: lines that name it break at the same words everywhere. */
const PLACE_COLUMNS = 38;
const PLACE_SHOWN = '/home/user'.padEnd(PLACE_COLUMNS, '-');

/** Where the scenes play, for each width. */
export interface Stage {
  base: string;
  /** Working directories, where the same has happened. */
  places: ReadonlyMap<number, string>;
}

/** Makes a stage; who does it removes `base`. */
export function prepareScenes(): Stage {
  // Not where TMPDIR may lead: that can be longer than a place.
  const base = mkdtempSync(path.join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'gradloom-scenes-'));
  const place = placeIn(base, 0);
  mkdirSync(path.join(place, 'data'), { recursive: true });
  for (const [name, text] of Object.entries(SCENE_FILES)) writeFileSync(path.join(place, name), text);
  const iris = readFileSync(path.join(CONFIGS, 'iris.yaml'), 'utf8');
  // The line for editors leads to a schema beside the file.
  writeFileSync(path.join(place, 'iris.yaml'), `${iris.slice(iris.indexOf('\n') + 1)}${ALIKE}`);
  for (const data of ['iris.csv', 'penguins.csv', 'digits'])
    cpSync(path.join(CONFIGS, 'data', data), path.join(place, 'data', data), { recursive: true });
  for (const args of PREPARATION) execFileSync(process.execPath, [MAIN, ...args], { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
  datedAlike(path.join(place, 'runs'));
  // Started by its name, commands to type are as long as for who has it installed.
  mkdirSync(path.join(base, 'bin'));
  chmodSync(MAIN, 0o755);
  symlinkSync(MAIN, path.join(base, 'bin/gradloom'));
  const places = new Map(WIDTHS.map((columns) => [columns, placeIn(base, columns)] as const));
  for (const copy of places.values()) cpSync(place, copy, { recursive: true });
  return { base, places };
}

function placeIn(base: string, columns: number): string {
  return path.join(base, `${columns}-`.padEnd(Math.max(4, PLACE_COLUMNS - base.length - 1), '-'));
}

/** Gives the runs ids, dates and times as if each had started a minute after the one before, and had taken a second. */
function datedAlike(runs: string): void {
  rmSync(path.join(runs, '.index'), { force: true });
  const ids = readdirSync(runs);
  for (const id of ids) {
    const name = id.split('-')[0] ?? '';
    const minute = `0${['first', 'second', 'iris'].indexOf(name)}`;
    const dated = `${name}-20260102-09${minute}00-0000${minute}`;
    const files = [path.join(runs, id, 'summary.json'), path.join(runs, id, 'env.json')];
    for (const file of files) {
      const text = readFileSync(file, 'utf8')
        .replaceAll(id, dated)
        .replace(/(?<="started_at": ")[^"]*/, `2026-01-02T09:${minute}:00.000Z`)
        .replaceAll(/(?<="\w*seconds": )[\d.e-]+/g, '1');
      writeFileSync(file, text);
    }
    renameSync(path.join(runs, id), path.join(runs, dated));
  }
}

export interface Shown {
  code: number;
  /** Of the terminal, with what differs from one time to the next masked. */
  text: string;
  /** Lines that the terminal had to break. */
  broken: string[];
}

/** Shows a scene in a terminal. */
export async function showScene({ args }: Scene, { base, places }: Stage, columns: number): Promise<Shown> {
  const cwd = places.get(columns) ?? base;
  const { code, lines, written } = await atTerminal([process.execPath, MAIN, ...args], {
    cwd,
    columns,
    env: {
      PATH: [path.join(base, 'bin'), process.env['PATH']].join(path.delimiter),
      TZ: 'UTC',
      XDG_CACHE_HOME: path.join(cwd, 'cache'),
    },
  });
  const broken = written.filter((line) => line.length > columns && !COPIED.test(line));
  return { code, text: `$ gradloom ${args.join(' ')}\n${masked(lines, cwd).join('\n')}\n`, broken };
}

/** Commands, which stay in one line. */
const COPIED = /^(?:next: | {2})gradloom /;

/** Times, rates, ids, what this machine has, and where it happens; facts go first, with the lines that long ones go on in. */
function masked(lines: readonly string[], cwd: string): string[] {
  return lines
    .join('\n')
    .replaceAll(new RegExp(`${path.dirname(cwd)}/\\d+-+(?=[/\\s])`, 'g'), PLACE_SHOWN)
    .replaceAll(/\/\S*\/gradloom-scenes-\w{6}/g, (cut) => PLACE_SHOWN.slice(0, cut.length))
    .replaceAll(/-20(?!260102)\d{6}-\d{6}-[0-9a-f]{6}/g, '-########-######-######')
    .replaceAll(/^(time|workers|code|digest|made by|files|of the machine) .*(?:\n {6,}.*)*$/gm, '$1 ~')
    .replaceAll(/ +\b[\d.]+(?:ms|s)$/gm, '  ~')
    .replaceAll(/^(│ of the machine +│).*$/gm, '$1 ~')
    .split('\n');
}

/** What is kept of the scenes at a width. */
export function screensFile(columns: number): string {
  return fileURLToPath(new URL(`../../../../test/cli/terminal/screens-${columns}.txt`, import.meta.url));
}

/** Every verb, as a new user types it. */
export const SCENES: readonly Scene[] = [
  { args: ['--help'] },
  { args: ['train', '--help'] },
  // What looks comes before what makes more runs.
  { args: ['runs', 'ls'] },
  { args: ['runs', 'show', 'second'] },
  { args: ['runs', 'gc'] },
  { args: ['compare', 'iris', 'second'] },
  { args: ['compare', '*'] },
  { args: ['diff', 'iris', 'second'] },
  { args: ['evaluate', 'iris'] },
  { args: ['export', 'iris', '--to', 'onnx', '--output', 'iris.onnx'], isFleeting: true },
  { args: ['report', 'second'] },
  { args: ['runs', 'tag', 'second', '+kept'] },
  { args: ['resume', 'first'] },
  { args: ['verify', 'second'] },
  { args: ['extend', 'first', '--epochs', '4'] },
  { args: ['train', 'small.yaml'] },
  { args: ['train', 'iris.yaml', 'name=kinds', 'train.epochs=30', 'metrics=[accuracy, confusion, macro_f1]'] },
  { args: ['train', 'iris.yaml', 'train.epochs=3', 'data.split.folds=3', '--dir', 'folds'], isFleeting: true },
  { args: ['check', 'iris.yaml'] },
  { args: ['check', 'iris.yaml', '--graph'] },
  { args: ['data', 'data/penguins.csv'] },
  { args: ['data', 'data/digits', '--head', '1'] },
  { args: ['data', 'iris.yaml'] },
  { args: ['data', 'mnist', '--head', '1'], isFleeting: true },
  { args: ['init', '--data', 'data/penguins.csv', '--target', 'species'] },
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
