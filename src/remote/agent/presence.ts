import os from 'node:os';
import { GradloomError } from '../../errors.ts';
import { AgentBoard } from '../queue/agents.ts';
import type { AgentJob, AgentState } from '../queue/options.ts';
import type { RedisServer } from '../redis/server.ts';

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
  readonly #startedAt = performance.now();
  #isBeating = false;
  #awaySince: number | undefined;
  #beating: NodeJS.Timeout | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#board = new AgentBoard(parts.server);
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
    this.#lookAtServer(performance.now());
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

  #lookAtServer(now: number): void {
    const { server, patienceMs, tell, onGone } = this.#parts;
    const { shown } = server.address;
    if (server.isThere) {
      if (this.#awaySince !== undefined) tell(`${shown} is there again`);
      this.#awaySince = undefined;
      return;
    }
    if (this.#awaySince === undefined) tell(`${shown} is away; what is trained goes on`);
    this.#awaySince ??= now;
    const ms = now - this.#awaySince;
    if (ms <= patienceMs) return;
    onGone(
      new GradloomError({
        code: 'E_QUEUE',
        where: shown,
        message: `the queue is away since ${Math.round(ms / 1000)} s`,
        kept: 'what was trained is in the store',
        next: 'check that Redis or Valkey runs there, then start the agent again',
      }),
    );
  }
}
