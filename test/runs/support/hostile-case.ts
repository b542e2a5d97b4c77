import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { train } from '../../../src/runs/training/train.ts';
import type { Answer } from './hostile-child.ts';
import { mutate } from './hostile-mutations.ts';
import { resumable } from './resume-case.ts';

/** Runs to make hostile ones of. */
export interface Originals {
  /** Their directory: `finished` and `paused`. */
  place: string;
}

export interface HostileReport {
  cases: number;
  verbs: number;
  slowestMs: number;
  largestBytes: number;
  failures: string[];
}

/** A verb that takes longer, beside what it takes on the run as it was, does not come back. How slow the slowest was is in the report. */
const LIMIT_MS = 10_000;
/** Of the whole process that runs the verbs. */
const LIMIT_BYTES = 300e6;
/** Trains the runs once; hostile ones are copies. */
export async function trainOriginals(parent: string): Promise<Originals> {
  const place = path.join(parent, 'originals');
  mkdirSync(place);
  const experiment = resumable(parent, {
    model: {
      layers: [
        { type: 'dense', units: 8, activation: 'tanh' },
        { type: 'dense', units: 4 },
      ],
    },
    train: { batch_size: 16, steps: 24, eval: { every: { steps: 6 } }, checkpoint: { every: { steps: 6 } }, early_stop: undefined },
  });
  await train({ experiment }, { directory: path.join(place, 'finished') }).result;
  await train({ experiment }, { directory: path.join(place, 'paused'), pauseAt: 14 }).result;
  for (const name of ['finished', 'paused']) writeFileSync(path.join(place, name, 'tags.json'), '["first"]\n');
  return { place };
}

/** A process that runs one verb after the other, ended when one does not come back. */
class Worker {
  #child: ChildProcess | undefined;

  async run(argv: readonly string[], limitMs: number): Promise<Answer | 'hangs' | 'died'> {
    this.#child ??= fork(fileURLToPath(new URL('./hostile-child.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (answer: Answer | 'hangs' | 'died'): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (typeof answer === 'string' || (answer.bytes ?? 0) > LIMIT_BYTES / 2) this.stop();
        resolve(answer);
      };
      const timer = setTimeout(() => end('hangs'), limitMs);
      child.once('message', (answer) => end(answer as Answer));
      child.once('exit', () => end('died'));
      child.send(argv);
    });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/**
 * Makes hostile run directories by changing copies of real ones, and runs every verb on each.
 *
 * @param seed  of the first case; each is a function of its own seed
 * @returns what was against the rules: a hang, too much memory, exit code 70, a raw control character, NaN or undefined in an answer, a
 *   changed file outside of the run
 */
export async function checkHostileRuns(seed: number, cases: number, parent: string, originals: Originals): Promise<HostileReport> {
  const report: HostileReport = { cases, verbs: 0, slowestMs: 0, largestBytes: 0, failures: [] };
  const worker = new Worker();
  try {
    // Loads what the verbs need, and tells how fast the machine is today.
    const calm = makePlace(parent, originals, 'paused');
    const usual = new Map<string, number>();
    for (const round of [1, 2]) {
      for (const argv of verbsOn(calm)) {
        const startedAt = performance.now();
        const answer = await worker.run(argv, 120_000);
        if (round === 2 || typeof answer === 'string') usual.set(nameOf(argv), performance.now() - startedAt);
      }
    }
    rmSync(calm, { recursive: true });
    for (let i = 0; i < cases; i++) await checkCase(seed + i, { parent, originals, worker, usual, report });
  } finally {
    worker.stop();
  }
  return report;
}

interface Context {
  parent: string;
  originals: Originals;
  worker: Worker;
  usual: ReadonlyMap<string, number>;
  report: HostileReport;
}

async function checkCase(seed: number, { parent, originals, worker, usual, report }: Context): Promise<void> {
  const random = new RandomStream(seed, 'noise');
  const place = makePlace(parent, originals, nextBelow(random, 2) === 0 ? 'finished' : 'paused');
  const run = path.join(place, 'runs', 'hostile');
  const done: string[] = [];
  for (let i = nextBelow(random, 3); i >= 0; i--) done.push(mutate(run, random));
  const before = snapshot(place);
  for (const argv of verbsOn(place)) {
    const startedAt = performance.now();
    const load = Math.max(1, (os.loadavg()[0] ?? 1) / os.availableParallelism());
    const limitMs = LIMIT_MS * load + 3 * (usual.get(nameOf(argv)) ?? 0);
    const answer = await worker.run(argv, limitMs);
    report.verbs++;
    report.slowestMs = Math.max(report.slowestMs, performance.now() - startedAt);
    const told = typeof answer === 'string' ? [answer] : wrongIn(answer);
    if (typeof answer !== 'string') report.largestBytes = Math.max(report.largestBytes, answer.bytes ?? 0);
    const after = snapshot(place);
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
    if (changed.length > 0) told.push(`changed ${changed.join(', ')}`);
    for (const name of changed) before.set(name, after.get(name) ?? '');
    for (const problem of told) report.failures.push(`seed ${seed}: ${nameOf(argv)} after ${done.join('; ')}: ${problem}`);
  }
  rmSync(place, { recursive: true, force: true });
}

function wrongIn({ code, text, bytes = 0 }: Answer): string[] {
  const problems: string[] = [];
  if (code === 70) problems.push(`exit code 70: ${text.slice(-600)}`);
  if (bytes > LIMIT_BYTES) problems.push(`${Math.round(bytes / 1e6)} MB`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u061c]/.exec(text)?.[0];
  if (control !== undefined) problems.push(`the raw control character ${JSON.stringify(control)}`);
  // `#NaN` is text that was put there.
  const nonsense = code === 0 ? /.{0,40}(?<![\w#])(?:undefined|NaN)\b.{0,20}/.exec(text)?.[0] : undefined;
  if (nonsense !== undefined) problems.push(`says ${nonsense}`);
  return problems;
}

function nameOf(argv: readonly string[]): string {
  return argv.filter((word) => !word.includes(path.sep)).join(' ');
}

/** The run to change among others that must stay as they are. */
function makePlace(parent: string, { place }: Originals, name: string): string {
  const made = mkdtempSync(path.join(parent, 'case-'));
  for (const [from, to] of [
    [name, 'hostile'],
    ['paused', 'sibling'],
  ] as const)
    cpSync(path.join(place, from), path.join(made, 'runs', to), { recursive: true });
  mkdirSync(path.join(made, 'outside'));
  writeFileSync(path.join(made, 'outside', 'file'), 'outside');
  return made;
}

function verbsOn(place: string): string[][] {
  const root = path.join(place, 'runs');
  const [hostile, sibling] = [path.join(root, 'hostile'), path.join(root, 'sibling')];
  return [
    ['runs', 'ls', '--dir', root],
    ['runs', 'ls', '--dir', root, '--json', '--cols', 'name,min train.loss,best val.loss,tags,problem'],
    ['runs', 'show', hostile],
    ['runs', 'show', hostile, '--json'],
    ['compare', hostile, sibling],
    ['diff', hostile, sibling],
    ['runs', 'tag', hostile, '+tag'],
    ['runs', 'gc', '--dry-run', '--dir', root],
    ['sweep', 'status', hostile],
    ['verify', hostile],
    ['resume', hostile],
    ['extend', hostile, '--steps', '30'],
    ['runs', 'gc', '--dir', root],
    ['runs', 'rm', '--yes', hostile],
  ];
}

/** Content of all that is not the run: its siblings, and what lies beside the directory of runs. */
function snapshot(place: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (directory: string): void => {
    for (const name of readdirSync(directory)) {
      const file = path.join(directory, name);
      const key = path.relative(place, file);
      // The run itself; what `extend` makes beside it; the index, and what is half removed.
      if (/^runs.(?:hostile|run-\d|\.)/.test(key)) continue;
      const stats = lstatSync(file);
      if (stats.isDirectory()) visit(file);
      else found.set(key, stats.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : readlinkSync(file));
    }
  };
  visit(place);
  return found;
}
