import { setTimeout as pause } from 'node:timers/promises';
import { AgentBoard } from '../../src/remote/queue/agents.ts';
import type { AgentState } from '../../src/remote/queue/options.ts';
import { queueAddress } from '../../src/remote/redis/address.ts';
import { RedisServer } from '../../src/remote/redis/server.ts';

const NAME = 'scale';
/** As large as the job of a small experiment. */
const CONFIG = 'x'.repeat(2000);

export interface QueueCosts {
  addMs: number;
  /** From the queue to a worker and back, all of it done: with so many at a time. */
  jobMs: number;
  /** Bytes of the server for a job that waits. */
  jobBytes: number;
  /** For an agent to say that it is there, and for a coordinator to look at so many. */
  beatMs: number;
  lookMs: number;
}

/** What BullMQ and a real server on the loopback take. @param agents  that say they are there */
export async function queueCosts(url: string, jobs: number, agents: number): Promise<QueueCosts> {
  const server = await RedisServer.connect(queueAddress(url, false));
  const { Queue, Worker } = server.bullmq;
  const queue = new Queue(NAME, { connection: server.newClient(), skipVersionCheck: true });
  try {
    const bytesBefore = await usedBytes(server);
    const addMs = await timed(jobs, async () => {
      for (let at = 0; at < jobs; at += 16) {
        const some = Array.from({ length: Math.min(16, jobs - at) }, (_, i) => at + i);
        await Promise.all(some.map((i) => queue.add(NAME, { work: { trial: i }, config: CONFIG }, { jobId: `t.${i}` })));
      }
    });
    const jobBytes = ((await usedBytes(server)) - bytesBefore) / jobs;
    let done = 0;
    const worker = new Worker(NAME, () => Promise.resolve({ value: ++done }), {
      connection: server.newClient(),
      concurrency: 16,
      skipVersionCheck: true,
      autorun: false,
    });
    const jobMs = await timed(jobs, async () => {
      worker.run().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
      const isDone = (): boolean => done >= jobs;
      while (!isDone()) await pause(5);
    });
    await worker.close();
    const board = new AgentBoard(server);
    const job = { job: 't.1', sweep: 'scale', trial: 1, fromStep: 0, step: 100, toStep: 225, loss: 0.5, workers: 1 };
    const state = (id: number): AgentState => {
      return { id: `host-${id}`, host: `host-${id}`, pid: id, cores: 2, running: [job], done: 3, seconds: 60, busy: 50 };
    };
    const beatMs = await timed(agents, async () => {
      for (let id = 0; id < agents; id++) await board.say(state(id), 10_000);
    });
    const lookMs = await timed(1, async () => void (await board.all()));
    return { addMs, jobMs, jobBytes, beatMs, lookMs };
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
    await server.close();
  }
}

async function timed(count: number, run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / count;
}

async function usedBytes({ client }: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}
