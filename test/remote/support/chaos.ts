import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { Dice } from '../../engine/support/samples.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { ASHA, sweepFile, table } from '../../sweep/support/sweep-case.ts';
import { TestRedis } from './redis.ts';

const AGENT = fileURLToPath(new URL('./agent-child.js', import.meta.url));
const COORDINATOR = fileURLToPath(new URL('./coordinator-child.js', import.meta.url));
const LOCK_MS = 1500;
const AGENTS = 2;
const LONGEST_PAUSE_MS = 900;

/** What a test gives back at its end. */
export type Teardown = Parameters<typeof temporary>[0];

export interface Chaos {
  /** By kind, those that were done before the sweep was over. */
  faults: Record<string, number>;
  problems: string[];
}

export interface ChaosOptions {
  trials: number;
  /** At most. */
  faults: number;
}

/**
 * Runs a sweep with agents in processes of their own, while they, its own process, the queue and the store are killed, frozen, and taken
 * away at random moments; compares it with a local sweep that nobody disturbed.
 *
 * @param seed  of the sweep, the faults and the moments
 */
export async function chaoticSweep(t: Teardown, seed: number, { trials, faults }: ChaosOptions): Promise<Chaos> {
  const dice = new Dice(seed);
  const folder = temporary(t);
  const file = sweepFile(folder, dice.next() < 0.5 ? ASHA : `seeds: 2\n${ASHA}`);
  const overrides = [
    `seed=${seed}`,
    `run_cap=${trials}`,
    'train.epochs=300',
    'train.batch_size=10',
    'train.eval.every.epochs=50',
    'train.checkpoint.every.steps=300',
  ];
  const steps = overrides.concat('early_terminate.max=300', 'early_terminate.min=50');
  const text = loadSweep(file, { overrides: steps });
  const calm = path.join(folder, 'calm');
  await sweep(text, { directory: calm }).result;
  const [began, directory] = [path.join(calm, 'sweep.yaml'), path.join(folder, 'sweep')];
  const world = new World(t, await TestRedis.start(t), path.join(folder, 'store'), [began, directory]);
  const done: Record<string, number> = {};
  try {
    world.start();
    for (let i = 0; i < faults && !world.isOver; i++) {
      await pause(dice.int(100, LONGEST_PAUSE_MS));
      if (world.isOver) break;
      const kind = dice.pick(KINDS);
      await world.strike(kind, dice);
      done[kind] = (done[kind] ?? 0) + 1;
    }
    await world.over;
  } finally {
    await world.end();
  }
  return { faults: done, problems: compare(directory, calm) };
}

const KINDS = ['agent killed', 'agent killed', 'agent frozen', 'queue killed', 'store away', 'coordinator killed'] as const;

/** The processes of a sweep in a queue. */
class World {
  readonly #server: TestRedis;
  readonly #store: string;
  readonly #place: readonly [file: string, directory: string];
  readonly #agents: ChildProcess[] = [];
  #coordinator: ChildProcess | undefined;
  #said = '';
  isOver = false;
  #end: (error?: Error) => void = () => undefined;
  readonly over: Promise<void>;

  constructor(t: Teardown, server: TestRedis, store: string, place: readonly [file: string, directory: string]) {
    this.#server = server;
    this.#store = store;
    this.#place = place;
    this.over = new Promise((resolve, reject) => (this.#end = (error) => (error === undefined ? resolve() : reject(error))));
    t.teardown(() => this.end());
  }

  start(): void {
    mkdirSync(this.#store);
    for (let i = 0; i < AGENTS; i++) this.#startAgent();
    this.#startCoordinator();
  }

  async strike(kind: (typeof KINDS)[number], dice: Dice): Promise<void> {
    const agent = dice.pick(this.#agents);
    switch (kind) {
      case 'agent killed':
        agent.kill('SIGKILL');
        this.#agents.splice(this.#agents.indexOf(agent), 1);
        this.#startAgent();
        return;
      case 'agent frozen':
        agent.kill('SIGSTOP');
        await pause(dice.int(100, 2 * LOCK_MS));
        agent.kill('SIGCONT');
        return;
      case 'queue killed':
        await this.#server.kill();
        await pause(dice.int(0, LOCK_MS));
        await this.#server.restart();
        return;
      case 'store away':
        renameSync(this.#store, `${this.#store}-away`);
        // Nobody can make it anew meanwhile.
        writeFileSync(this.#store, '');
        await pause(dice.int(0, LOCK_MS));
        rmSync(this.#store);
        renameSync(`${this.#store}-away`, this.#store);
        return;
      case 'coordinator killed':
        this.#coordinator?.kill('SIGKILL');
    }
  }

  async end(): Promise<void> {
    this.isOver = true;
    for (const child of [...this.#agents, this.#coordinator]) child?.kill('SIGKILL');
    await this.#server.kill();
  }

  #startAgent(): void {
    const args = [AGENT, this.#server.url, `file:${this.#store}`, String(LOCK_MS)];
    const agent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    agent.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    agent.on('exit', (code, signal) => {
      // One that gave up, as for a store that was away when it started, is started again like any service.
      if (this.isOver || signal !== null || code === 0 || !this.#agents.includes(agent)) return;
      this.#agents.splice(this.#agents.indexOf(agent), 1);
      setTimeout(() => this.isOver || this.#startAgent(), 200);
    });
    this.#agents.push(agent);
  }

  #startCoordinator(): void {
    const [file, directory] = this.#place;
    // A kill before the files were there leaves nothing to go on with.
    if (!existsSync(path.join(directory, 'sweep.yaml'))) rmSync(directory, { recursive: true, force: true });
    const args = [COORDINATOR, file, directory, this.#server.url, `file:${this.#store}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('exit', (code, signal) => {
      if (this.isOver) return;
      if (code === 0) {
        this.isOver = true;
        this.#end();
        return;
      }
      // A queue or a store that was away when it started.
      if (signal === 'SIGKILL' || /E_QUEUE|E_STORAGE/.test(said)) setTimeout(() => this.isOver || this.#startCoordinator(), 200);
      else this.#end(new Error(`the sweep's process ended with ${code ?? signal}: ${said}\nagents: ${this.#said}`));
    });
    this.#coordinator = child;
  }
}

function compare(directory: string, calm: string): string[] {
  const [state, expected] = [readSweep(directory), readSweep(calm)];
  const problems: string[] = [];
  if (state.status !== 'finished') problems.push(`status ${state.status}`);
  if (!isDeepStrictEqual(table(state), table(expected)))
    problems.push(`another table:\n${JSON.stringify(table(state))}\nexpected\n${JSON.stringify(table(expected))}`);
  const results = readTrialLog(directory).entries.flatMap((entry) =>
    entry.type === 'run' ? [`trial ${entry.trial} rung ${entry.rung} replicate ${entry.replicate}`] : [],
  );
  const twice = results.find((result, i) => results.indexOf(result) !== i);
  if (twice !== undefined) problems.push(`two results of ${twice}`);
  return problems;
}
