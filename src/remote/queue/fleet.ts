import os from 'node:os';
import type { Queue, QueueEvents } from 'bullmq';
import { commandOf, shellWord } from '../../storage/shell.ts';
import { queueAddress } from '../redis/address.ts';
import { RedisServer, within } from '../redis/server.ts';
import { openStore } from '../store/open.ts';
import type { BlobStore } from '../store/store.ts';
import { AgentBoard } from './agents.ts';
import type { AgentState, FleetOptions, FleetTiming } from './options.ts';
import { PREFIX, QUEUE } from './protocol.ts';
import { type Standing, standingHere } from './standing.ts';
import { SweepBoard } from './sweeps.ts';

const CLOSE_MS = 3000;

const TIMING: FleetTiming = { lookMs: 1000, patienceMs: 600_000 };

/** The queue, the store and the agents, as a sweep's own machine sees them. */
export class Fleet {
  readonly store: BlobStore;
  readonly standing: Standing;
  readonly timing: FleetTiming;
  readonly agents: AgentBoard;
  readonly sweeps: SweepBoard;
  readonly queue: Queue;
  /** What speaks against trusting the server, in sentences. */
  readonly doubts: readonly string[];
  readonly #server: RedisServer;
  #seen: readonly AgentState[] = [];

  private constructor(server: RedisServer, store: BlobStore, timing: FleetTiming) {
    this.#server = server;
    this.store = store;
    this.timing = timing;
    this.standing = standingHere(store);
    this.doubts = server.doubts;
    this.agents = new AgentBoard(server);
    this.sweeps = new SweepBoard(server);
    const { Queue: QueueClass } = server.bullmq;
    this.queue = new QueueClass(QUEUE, { connection: server.newClient(), prefix: PREFIX, skipVersionCheck: true });
    // A connection that is lost comes back by itself; who waits looks at `isThere`.
    this.queue.on('error', () => undefined);
  }

  /** @throws GradloomError E_USAGE for a URL that is none or not safe, E_PACKAGE, E_QUEUE, E_STORAGE */
  static async open({ queue, store, insecure = false, timing }: FleetOptions): Promise<Fleet> {
    const server = await RedisServer.connect(queueAddress(queue, insecure));
    try {
      const fleet = new Fleet(server, await openStore(store, server), { ...TIMING, ...timing });
      await fleet.look();
      return fleet;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** The queue's URL without its password. */
  get shown(): string {
    return this.#server.shown;
  }

  /** This machine, as others are told of it. */
  get host(): string {
    return os.hostname();
  }

  /** The server answers now. */
  get isThere(): boolean {
    return this.#server.isThere;
  }

  get coresSeen(): number {
    return this.#seen.reduce((sum, { cores }) => sum + cores, 0);
  }

  /** `queue redis://127.0.0.1:6379, 2 agents with 8 cores` */
  get where(): string {
    const [count, cores] = [this.#seen.length, this.coresSeen];
    const agents = count === 0 ? 'no agent yet' : `${count} agent${count === 1 ? '' : 's'} with ${cores} core${cores === 1 ? '' : 's'}`;
    return `queue ${this.shown}, ${agents}`;
  }

  /** What is to be typed on other machines, where the password is put in again. */
  get agentCommand(): string {
    return `${commandOf('agent')} --queue ${shellWord(this.shown)} --store ${shellWord(this.store.shown)}`;
  }

  /** The agents that are there. */
  async look(): Promise<readonly AgentState[]> {
    this.#seen = await this.agents.all();
    return this.#seen;
  }

  openEvents(): QueueEvents {
    const { QueueEvents: EventsClass } = this.#server.bullmq;
    const events = new EventsClass(QUEUE, { connection: this.#server.newClient(), prefix: PREFIX, skipVersionCheck: true });
    events.on('error', () => undefined);
    return events;
  }

  async close(): Promise<void> {
    await within(CLOSE_MS, this.queue.close());
    await this.#server.close();
  }
}
