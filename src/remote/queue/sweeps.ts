import { anything, count, fields, flag, optional, type Shape, text } from '../../storage/shape.ts';
import type { RedisServer } from '../redis/server.ts';
import type { QueuedSweep } from './options.ts';
import { PREFIX } from './protocol.ts';

const ALL = `${PREFIX}:sweeps`;
const KEPT_SECONDS = 30 * 86_400;

const keyOf = (sweep: string): string => `${PREFIX}:sweep:${sweep}`;
const jobsOf = (sweep: string): string => `${PREFIX}:jobs:${sweep}`;

const sweepShape: Shape<QueuedSweep> = fields({
  id: text,
  name: text,
  host: text,
  directory: text,
  pid: count,
  isBackground: flag,
  status: text,
  updated: text,
  store: text,
  ended: count,
  total: optional(count),
  running: count,
  queued: count,
  best: optional(anything),
  error: optional(text),
});

/** The sweeps that a queue knows, in Redis. */
export class SweepBoard {
  readonly #client: RedisServer['client'];

  constructor({ client }: Pick<RedisServer, 'client'>) {
    this.#client = client;
  }

  async say(sweep: QueuedSweep): Promise<void> {
    await this.#client
      .multi()
      .hset(keyOf(sweep.id), 'state', JSON.stringify(sweep))
      .expire(keyOf(sweep.id), KEPT_SECONDS)
      .sadd(ALL, sweep.id)
      .exec();
  }

  async get(id: string): Promise<QueuedSweep | undefined> {
    const said = await this.#client.hget(keyOf(id), 'state');
    return said === null ? undefined : sweepIn(said);
  }

  /** The most recently changed first. */
  async all(): Promise<QueuedSweep[]> {
    const ids = await this.#client.smembers(ALL);
    const sweeps: QueuedSweep[] = [];
    for (const id of ids) {
      const sweep = await this.get(id);
      if (sweep === undefined) await this.#client.srem(ALL, id);
      else sweeps.push(sweep);
    }
    return sweeps.toSorted((a, b) => (a.updated < b.updated ? 1 : -1));
  }

  async noteJob(sweep: string, job: string): Promise<void> {
    await this.#client.multi().sadd(jobsOf(sweep), job).expire(jobsOf(sweep), KEPT_SECONDS).exec();
  }

  jobsOf(sweep: string): Promise<string[]> {
    return this.#client.smembers(jobsOf(sweep));
  }

  async forgetJobs(sweep: string): Promise<void> {
    await this.#client.del(jobsOf(sweep));
  }

  /** Its coordinator ends the session when it sees it. */
  async cancel(sweep: string): Promise<void> {
    await this.#client.hset(keyOf(sweep), 'cancelled', '1');
  }

  async uncancel(sweep: string): Promise<void> {
    await this.#client.hdel(keyOf(sweep), 'cancelled');
  }

  async isCancelled(sweep: string): Promise<boolean> {
    return (await this.#client.hget(keyOf(sweep), 'cancelled')) === '1';
  }
}

function sweepIn(said: string): QueuedSweep | undefined {
  try {
    const sweep: unknown = JSON.parse(said);
    return sweepShape.misfit(sweep) === undefined ? (sweep as QueuedSweep) : undefined;
  } catch {
    // Of another version, or somebody's.
    return undefined;
  }
}
