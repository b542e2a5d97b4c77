import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openSweepQueue, type SweepQueue } from '../src/remote/session/open.ts';
import { loadSweep } from '../src/sweep/file/load.ts';
import { sweep } from '../src/sweep/session/sweep.ts';
import type { Section } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';

const MAIN = new URL('../src/cli/main.js', import.meta.url).pathname;
const SERVERS = ['redis-server', 'valkey-server'];
const AGENTS = 2;
/** Trials of a block: short ones show what a trial costs beside its training, long ones how agents share them. */
const SHORT = { name: 'trials of 2 steps', trials: 30, steps: 2 };
const LONG_TRIALS = 20;
const LONG_SECONDS = 0.1;
const READY_MS = 30_000;

const BASE = `data: {source: {type: synthetic, kind: blobs, samples: 400}}
model: {layers: [{type: dense, units: 64, activation: relu}, {type: dense, units: 3}]}
`;
const SWEEP = `base: ./base.yaml
method: random
parameters: {optimizer.lr: {distribution: log_uniform_values, min: 1.0e-4, max: 1}}
`;

interface Block {
  name: string;
  trials: number;
  steps: number;
}

/** What sweeps through a queue cost beside local ones, and what a second agent brings: all on this machine, each agent with one core. */
export async function queueSection({ rounds }: BenchOptions): Promise<Section[]> {
  const program = SERVERS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (program === undefined) {
    process.stderr.write('queue: neither redis-server nor valkey-server is installed\n');
    return [];
  }
  const bench = await QueueBench.start(program);
  try {
    const long = { name: `trials of ${LONG_SECONDS} s`, trials: LONG_TRIALS, steps: await bench.stepsFor(LONG_SECONDS) };
    const rows: Section['rows'][number][] = [];
    for (const block of [SHORT, long]) rows.push({ name: block.name, values: await bench.measure(block, rounds) });
    return [
      {
        id: 'queue',
        title:
          'Milliseconds a trial: one after the other here, by one agent, by two; agents have one core each, the queue is on this machine',
        columns: [
          { name: 'local', unit: 'ms', better: 'less' },
          { name: '1 agent', unit: 'ms', better: 'less' },
          { name: '2 agents', unit: 'ms', better: 'less' },
          { name: '1 agent - local', unit: 'ms', better: 'less' },
          { name: 'rate of 2 agents over 1', unit: 'times', better: 'more' },
          { name: "processor time of the sweep's process", unit: 'ms', better: 'less' },
        ],
        rows,
      },
    ];
  } finally {
    await bench.close();
  }
}

/** A queue, and agents in processes of their own, of which as many work as are asked for: the others are stopped. */
class QueueBench {
  readonly #place: string;
  readonly #url: string;
  readonly #server: ChildProcess;
  readonly #queue: SweepQueue;
  readonly #agents: ChildProcess[] = [];
  /** Milliseconds of processor time a trial that the sweep's own process took, of each block with agents. */
  readonly #decidings: number[] = [];
  #sweeps = 0;

  private constructor(place: string, url: string, server: ChildProcess, queue: SweepQueue) {
    [this.#place, this.#url, this.#server, this.#queue] = [place, url, server, queue];
  }

  static async start(program: string): Promise<QueueBench> {
    const place = mkdtempSync(path.join(tmpdir(), 'gradloom-queue-'));
    writeFileSync(path.join(place, 'base.yaml'), BASE);
    writeFileSync(path.join(place, 'sweep.yaml'), SWEEP);
    const port = await freePort();
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--dir', place];
    const server = spawn(program, [...words, '--appendfsync', 'everysec'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const url = `redis://127.0.0.1:${port}`;
    const queue = await opened(url, `file:${path.join(place, 'store')}`);
    return new QueueBench(place, url, server, queue);
  }

  /** Steps that take so long here. */
  async stepsFor(seconds: number): Promise<number> {
    const [few, many] = [SHORT.steps, 2000];
    const [short, long] = [await this.#local({ name: '', trials: 8, steps: few }), await this.#local({ name: '', trials: 8, steps: many })];
    return Math.max(few, Math.round((1000 * seconds * (many - few)) / Math.max(1e-3, long - short)));
  }

  async measure(block: Block, rounds: number): Promise<Section['rows'][number]['values']> {
    const variants = [(): Promise<number> => this.#local(block), ...[1, AGENTS].map((agents) => () => this.#far(block, agents))];
    this.#decidings.length = 0;
    const [local = [], one = [], two = []] = await inRounds(variants, rounds);
    const more = one.map((ms, round) => ms - (local[round] ?? 0));
    return [estimate(local), estimate(one), estimate(two), estimate(more), estimateRatio(one, two), estimate(this.#decidings)];
  }

  async close(): Promise<void> {
    await this.#work(0);
    await this.#queue.close();
    this.#server.kill('SIGKILL');
    rmSync(this.#place, { recursive: true, force: true });
  }

  /** @returns milliseconds a trial */
  async #local({ trials, steps }: Block): Promise<number> {
    const run = sweep(this.#loaded(trials, steps, ['execution.cores=1']), { directory: this.#directory() });
    const started = performance.now();
    await run.result;
    return (performance.now() - started) / trials;
  }

  async #far(block: Block, agents: number): Promise<number> {
    await this.#work(agents);
    // What agents load once is not what a trial costs.
    await this.#through({ ...block, trials: 2 * agents, steps: SHORT.steps });
    const before = process.cpuUsage();
    const ms = await this.#through(block);
    const { user, system } = process.cpuUsage(before);
    this.#decidings.push((user + system) / 1000 / block.trials);
    return ms;
  }

  async #through({ trials, steps }: Block): Promise<number> {
    const loaded = this.#loaded(trials, steps, []);
    const session = this.#queue.session({ settings: loaded.settings, tell: (message) => process.stderr.write(`${message}\n`) });
    const started = performance.now();
    const run = sweep(loaded, { directory: this.#directory(), executor: session.executor, signal: session.signal });
    for await (const event of run) session.hear(event);
    const ms = (performance.now() - started) / trials;
    await session.end(await run.result);
    return ms;
  }

  #loaded(trials: number, steps: number, more: readonly string[]): ReturnType<typeof loadSweep> {
    return loadSweep(path.join(this.#place, 'sweep.yaml'), { overrides: [`run_cap=${trials}`, `train.steps=${steps}`, ...more] });
  }

  #directory(): string {
    return path.join(this.#place, `sweep-${this.#sweeps++}`);
  }

  /** So many agents are there. */
  async #work(agents: number): Promise<void> {
    while (this.#agents.length > agents) {
      const agent = this.#agents.pop();
      const ended = agent && once(agent, 'exit');
      agent?.kill('SIGTERM');
      await ended;
    }
    while (this.#agents.length < agents) {
      const words = ['agent', '--queue', this.#url, '--store', `file:${path.join(this.#place, 'store')}`, '--cores', '1', '--quiet'];
      this.#agents.push(spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'inherit'] }));
    }
    for (const since = performance.now(); (await this.#queue.agents()).length !== agents; await setTimeout(20))
      if (performance.now() - since > READY_MS) throw new Error(`there are not ${agents} agents after ${READY_MS} ms`);
  }
}

async function opened(queue: string, store: string): Promise<SweepQueue> {
  for (const since = performance.now(); ; await setTimeout(20)) {
    try {
      return await openSweepQueue({ queue, store });
    } catch (error) {
      if (performance.now() - since > READY_MS) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
