import { printable } from '../../errors.ts';
import { count, fields, finite, listOf, optional, type Shape, text } from '../../storage/shape.ts';
import type { RedisServer } from '../redis/server.ts';
import type { AgentState } from './options.ts';
import { PREFIX } from './protocol.ts';

const KEY = `${PREFIX}:agent:`;
const ALL = `${PREFIX}:agents`;
const CANCELLED = `${PREFIX}:cancelled`;
/** Who has said nothing for so many beats is gone. */
const BEATS = 10;

const stateShape: Shape<AgentState> = fields({
  id: text,
  host: text,
  pid: count,
  cores: count,
  running: listOf(
    fields({ job: text, sweep: text, trial: count, fromStep: count, step: count, toStep: count, loss: optional(finite), workers: count }),
    10_000,
  ),
  done: count,
  seconds: finite,
  busy: finite,
});

/** The agents that are there, in Redis: each says so every second or so, and is forgotten when it does not. */
export class AgentBoard {
  readonly #client: RedisServer['client'];

  constructor({ client }: Pick<RedisServer, 'client'>) {
    this.#client = client;
  }

  /** @param beatMs  after which it is said again @returns which of its jobs nobody wants any more */
  async say(state: AgentState, beatMs: number): Promise<string[]> {
    await this.#client
      .multi()
      .set(KEY + state.id, JSON.stringify(state), 'PX', Math.max(1000, BEATS * beatMs))
      .sadd(ALL, state.id)
      .exec();
    if (state.running.length === 0) return [];
    const jobs = state.running.map(({ job }) => job);
    const marks = await this.#client.smismember(CANCELLED, ...jobs);
    return jobs.filter((_, i) => marks[i] === 1);
  }

  async leave(id: string): Promise<void> {
    await this.#client
      .multi()
      .del(KEY + id)
      .srem(ALL, id)
      .exec();
  }

  async all(): Promise<AgentState[]> {
    const ids = await this.#client.smembers(ALL);
    if (ids.length === 0) return [];
    const texts = await this.#client.mget(...ids.map((id) => KEY + id));
    const gone = ids.filter((_, i) => texts[i] === null);
    if (gone.length > 0) await this.#client.srem(ALL, ...gone);
    return texts.flatMap((said) => stateIn(said) ?? []).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Nobody wants what these jobs come to. */
  async cancel(jobs: readonly string[]): Promise<void> {
    if (jobs.length > 0) await this.#client.sadd(CANCELLED, ...jobs);
  }

  /** They are wanted, or done. */
  async uncancel(jobs: readonly string[]): Promise<void> {
    if (jobs.length > 0) await this.#client.srem(CANCELLED, ...jobs);
  }
}

function stateIn(said: string | null): AgentState | undefined {
  try {
    const state: unknown = JSON.parse(said ?? 'null');
    return stateShape.misfit(state) === undefined ? (state as AgentState) : undefined;
  } catch {
    // Of another version, or somebody's: an agent that is not shown.
    return undefined;
  }
}

/** As an agent is called: the host, and its process there. */
export function agentName(host: string, pid: number): string {
  return printable(`${host.replaceAll(/[^\w.-]/g, '-').slice(0, 60)}-${pid}`);
}
