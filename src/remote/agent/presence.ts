import os from 'node:os';
import { GradloomError } from '../../errors.ts';
import { AgentBoard } from '../queue/agents.ts';
import type { AgentJob, AgentState } from '../queue/options.ts';
import type { RedisServer } from '../redis/server.ts';
import { Watch } from '../redis/watch.ts';

export interface PresenceParts {
  id: string;
  cores: number;
  server: RedisServer;
  beatMs: number;
  /** A server that is away for longer ends the agent. */
  patienceMs: number;
  running: () => AgentJob[];
  /** Seconds that cores were at something, summed over them. */
  busy: () => number;
  /** A job that nobody wants any more. */
  onCancelled: (job: string) => void;
  onGone: (error: GradloomError) => void;
  tell: (message: string) => void;
}

/** Says every second or so that an agent is there and what it does, hears what is cancelled, and sees when the server is away. */
export class Presence {
  /** Parts of runs that were brought to their end. */
  done = 0;
  readonly #parts: PresenceParts;
  readonly #board: AgentBoard;
  readonly #watch: Watch;
  readonly #startedAt = performance.now();
  #isBeating = false;
  #beating: NodeJS.Timeout | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#board = new AgentBoard(parts.server);
    this.#watch = new Watch(parts.server, 'what is trained goes on', parts.tell);
  }

  start(): void {
    void this.#beat();
    this.#beating = setInterval(() => void this.#beat(), this.#parts.beatMs);
  }

  /** The agent is not there any more. */
  async leave(): Promise<void> {
    clearInterval(this.#beating);
    await this.#board.leave(this.#parts.id);
  }

  async uncancel(job: string): Promise<void> {
    await this.#board.uncancel([job]);
  }

  get state(): AgentState {
    const { id, cores, running, busy } = this.#parts;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const about = { id, host: os.hostname(), pid: process.pid, cores };
    return { ...about, running: running(), done: this.done, seconds, busy: busy() };
  }

  async #beat(): Promise<void> {
    const { server, beatMs, onCancelled, tell } = this.#parts;
    this.#lookAtServer();
    if (this.#isBeating || !server.isThere) return;
    this.#isBeating = true;
    try {
      for (const job of await this.#board.say(this.state, beatMs)) onCancelled(job);
    } catch (error) {
      tell((error as Error).message);
    } finally {
      this.#isBeating = false;
    }
  }

  #lookAtServer(): void {
    const { server, patienceMs, onGone } = this.#parts;
    const ms = this.#watch.look();
    if (ms === undefined || ms <= patienceMs) return;
    onGone(
      new GradloomError({
        code: 'E_QUEUE',
        where: server.shown,
        message: `the queue is away since ${Math.round(ms / 1000)} s`,
        kept: 'what was trained is in the store',
        next: 'check that Redis or Valkey runs there, then start the agent again',
      }),
    );
  }
}
