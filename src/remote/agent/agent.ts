import { rm } from 'node:fs/promises';
import os from 'node:os';
import type { Job, Worker } from 'bullmq';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import { countCores } from '../../machine/cores.ts';
import { Crew } from '../../sweep/execute/crew.ts';
import { LocalExecutor } from '../../sweep/execute/local.ts';
import { agentName } from '../queue/agents.ts';
import { type JobResult, PREFIX, PROTOCOL, QUEUE } from '../queue/protocol.ts';
import { checkStanding, jobIn, type Standing, standingHere } from '../queue/standing.ts';
import { queueAddress } from '../redis/address.ts';
import { RedisServer, within } from '../redis/server.ts';
import { openStore } from '../store/open.ts';
import type { BlobStore } from '../store/store.ts';
import { AgentData } from './data.ts';
import type { AgentEvent, AgentOptions, AgentSummary } from './options.ts';
import { Presence } from './presence.ts';
import { makeScratch } from './scratch.ts';
import { type AgentJobMeans, AgentTrial } from './trial.ts';

/** Long enough for a machine under load, short enough for whoever waits for what it had. */
export const LOCK_MS = 15_000;
const PATIENCE_MS = 600_000;
const LONGEST_BEAT_MS = 1000;
const LONGEST_SAVE_MS = 5000;
const GIVE_BACK_MS = 3000;
const CLOSE_MS = 5000;
const IDLE_LOOK_MS = 100;
/** Lost agents a job: beyond, it is the job that brings them down. */
const MOST_LOST = 100;
/** What an agent meets that is no fault of its own: the whole sweep is told. */
const OF_THE_SWEEP: ReadonlySet<string> = new Set(['E_STORE_LIMIT', 'E_DATA_FINGERPRINT', 'E_KERNEL_VERSION', 'E_INTERNAL']);

/**
 * Trains what sweeps have put in a queue, until it is told to end. Any number of agents may come and go: what one of them is taken from
 * another goes on with, from the last checkpoint that is in the store.
 *
 * @throws GradloomError E_AGENT if it would not come to the bits of a sweep; E_QUEUE, E_STORAGE and others of the machine, with what it had
 *   given back
 */
export async function runAgent(options: AgentOptions): Promise<AgentSummary> {
  const server = await RedisServer.connect(queueAddress(options.queue, options.insecure ?? false));
  try {
    return await new Agent(server, await openStore(options.store, server), options).run();
  } finally {
    await server.close();
  }
}

class Agent {
  readonly #options: AgentOptions;
  readonly #server: RedisServer;
  readonly #store: BlobStore;
  readonly #standing: Standing;
  readonly #cores: number;
  readonly #name = agentName(os.hostname(), process.pid);
  readonly #scratch: string;
  readonly #crew: Crew;
  readonly #data: AgentData;
  readonly #executor: LocalExecutor;
  readonly #means: AgentJobMeans;
  readonly #worker: Worker;
  readonly #trials = new Map<string, AgentTrial>();
  /** By job, settled once this agent has nothing more to do with it. */
  readonly #inHand = new Map<string, Promise<JobResult>>();
  /** Jobs that nobody wants any more. */
  readonly #cancelled = new Set<string>();
  readonly #datasets = new WeakMap<object, Dataset>();
  readonly #presence: Presence;
  #idleSince = performance.now();
  #folders = 0;
  /** Of trials that are not here any more. */
  #busySeconds = 0;
  #reason: AgentSummary['reason'] | undefined;
  #fatal: unknown;
  #ended: () => void = () => undefined;

  constructor(server: RedisServer, store: BlobStore, options: AgentOptions) {
    const { lockMs = LOCK_MS, patienceMs = PATIENCE_MS, scratch = os.tmpdir(), once = false } = options;
    this.#options = options;
    this.#server = server;
    this.#store = store;
    this.#standing = standingHere(store);
    this.#cores = options.cores ?? countCores().usable;
    this.#scratch = makeScratch(scratch, (message) => this.#tell(message));
    this.#crew = new Crew({ trials: once ? 1 : 'auto', workers_per_trial: 'auto' }, this.#cores, () => undefined);
    this.#data = new AgentData(store);
    const place = { id: this.#name, directory: this.#scratch, seeds: 1, fence: undefined };
    this.#executor = new LocalExecutor(place, { datasets: { get: (experiment) => this.#datasetOf(experiment) } });
    this.#presence = new Presence({
      id: this.#name,
      cores: this.#cores,
      server,
      beatMs: Math.min(LONGEST_BEAT_MS, lockMs / 6),
      patienceMs,
      running: () => [...this.#trials.values()].map(({ state }) => ({ ...state })),
      busy: () => [...this.#trials.values()].reduce((sum, { busySeconds }) => sum + busySeconds, this.#busySeconds),
      onCancelled: (job) => this.#cancel(job),
      onGone: (error) => this.#fail(error),
      tell: (message) => this.#tell(message),
    });
    const [saveMs, tell] = [Math.min(LONGEST_SAVE_MS, lockMs / 3), (message: string): void => this.#tell(message)];
    this.#means = { store, crew: this.#crew, executor: this.#executor, scratch: this.#scratch, saveMs, patienceMs, tell };
    const { Worker: WorkerClass } = server.bullmq;
    this.#worker = new WorkerClass(QUEUE, (job, token, signal) => this.#take(job, token ?? '', signal), {
      connection: server.options,
      prefix: PREFIX,
      name: this.#name,
      concurrency: this.#crew.limit,
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      maxStalledCount: MOST_LOST,
      runRetryDelay: LONGEST_BEAT_MS,
      autorun: false,
      skipVersionCheck: true,
    });
  }

  async run(): Promise<AgentSummary> {
    const { signal } = this.#options;
    const interrupt = (): void => this.#end('interrupted');
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    this.#worker.on('error', (error) => this.#hearError(error));
    this.#worker.on('lockRenewalFailed', (jobs) => {
      for (const id of jobs) this.#worker.cancelJob(id, 'lost');
    });
    signal?.addEventListener('abort', interrupt);
    const idle = setInterval(() => this.#lookForIdleness(), IDLE_LOOK_MS);
    try {
      this.#start();
      if (signal?.aborted === true) interrupt();
      await ended;
      await this.#worker.close();
    } finally {
      clearInterval(idle);
      signal?.removeEventListener('abort', interrupt);
      await this.#shutDown();
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    const { done, seconds, busy } = this.#presence.state;
    return { agent: this.#name, reason: this.#reason ?? 'interrupted', done, seconds, busy: busy / Math.max(0.001, seconds * this.#cores) };
  }

  #start(): void {
    const { shown, doubts } = this.#server;
    this.#say({ type: 'start', agent: this.#name, cores: this.#cores, queue: shown, store: this.#store.shown, doubts });
    this.#crew.start();
    this.#presence.start();
    this.#worker.run().catch((error: unknown) => this.#fail(error));
  }

  async #shutDown(): Promise<void> {
    this.#crew.stop();
    // A server that is away keeps nobody: what it still has of this agent is forgotten by itself.
    await within(CLOSE_MS, this.#worker.close(true));
    await within(CLOSE_MS, this.#presence.leave());
    await this.#executor.close();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  /**
   * A job that comes back before this agent knows that it was lost is trained here still, and two of it would undo each other's locks: it
   * is let go of, and given back to be taken anew.
   *
   * @throws WaitingError for a job that is given back
   */
  async #take(job: Job, token: string, signal: AbortSignal | undefined): Promise<JobResult> {
    const id = String(job.id);
    const before = this.#inHand.get(id);
    if (before !== undefined) {
      this.#trials.get(id)?.stop();
      await Promise.allSettled([before]);
      return this.#giveBack(job, token);
    }
    const processing = this.#process(job, token, signal).finally(() => this.#inHand.delete(id));
    this.#inHand.set(id, processing);
    return processing;
  }

  /** @throws WaitingError for a job that is given back */
  async #process(job: Job, token: string, signal: AbortSignal | undefined): Promise<JobResult> {
    const startedAt = performance.now();
    let trial: AgentTrial | undefined;
    try {
      if (this.#isEnding) return await this.#giveBack(job, token);
      // Nothing is fetched after it.
      if (this.#options.once === true) this.#end('once');
      const data = jobIn(job);
      checkStanding(this.#standing, data);
      trial = new AgentTrial(String(job.id), data, `job-${this.#folders++}`, this.#means);
      this.#trials.set(String(job.id), trial);
      signal?.addEventListener('abort', () => trial?.stop());
      this.#datasets.set(trial.experiment, await this.#data.get(data, trial.experiment));
      const { trial: number, rung, replicate } = data.work;
      const about = { sweep: data.sweep, trial: number, rung, replicate };
      this.#say({ type: 'begin', ...about });
      const outcome = await trial.train();
      const seconds = Math.round(performance.now() - startedAt) / 1000;
      const isLost = signal?.aborted === true;
      this.#say({ type: 'end', ...about, status: isLost ? 'lost' : outcome.status, seconds });
      if (isLost) return this.#letGo();
      if (outcome.status === 'paused' && !this.#cancelled.has(String(job.id))) return await this.#giveBack(job, token);
      this.#presence.done++;
      const done = { agent: this.#name, seconds, steps: trial.stepsOf(outcome), lost: job.stalledCounter };
      return { version: PROTOCOL, outcome, ...done, warnings: trial.warnings };
    } catch (error) {
      return await this.#failed(error, job, token);
    } finally {
      if (trial !== undefined) await this.#clear(String(job.id), trial);
      this.#idleSince = performance.now();
    }
  }

  async #clear(id: string, trial: AgentTrial): Promise<void> {
    this.#trials.delete(id);
    this.#busySeconds += trial.busySeconds;
    if (this.#cancelled.delete(id)) await this.#presence.uncancel(id);
    await trial.clear();
  }

  /** @throws UnrecoverableError of what the whole sweep is to be told, WaitingError for a job that is given back */
  async #failed(error: unknown, job: Job, token: string): Promise<never> {
    const { UnrecoverableError, WaitingError } = this.#server.bullmq;
    if (error instanceof WaitingError) throw error;
    const isKnown = error instanceof GradloomError;
    if (!isKnown || OF_THE_SWEEP.has(error.code)) {
      const [code, message] = isKnown ? [error.code, error.message] : ['E_INTERNAL', String(error)];
      throw new UnrecoverableError(`${code} ${this.#name}: ${message}`);
    }
    this.#fail(error);
    return this.#giveBack(job, token);
  }

  /** @throws WaitingError */
  async #giveBack(job: Job, token: string): Promise<never> {
    // A server that is away finds out by itself that this agent is gone.
    await within(GIVE_BACK_MS, job.moveToWait(token));
    return this.#letGo();
  }

  /** The queue knows already that the job is not this agent's any more. @throws WaitingError */
  #letGo(): never {
    throw new this.#server.bullmq.WaitingError();
  }

  #datasetOf(experiment: object): Promise<Dataset> {
    const dataset = this.#datasets.get(experiment);
    if (dataset === undefined) throw new Error('a data set that nobody has loaded');
    return Promise.resolve(dataset);
  }

  get #isEnding(): boolean {
    return this.#reason !== undefined || this.#fatal !== undefined;
  }

  /** Nothing new is taken; what is trained is saved and given back, but for the one of `once`. */
  #end(reason: AgentSummary['reason']): void {
    const wasEnding = this.#isEnding;
    this.#reason ??= reason;
    if (reason !== 'once') for (const trial of this.#trials.values()) trial.stop();
    if (!wasEnding) this.#ended();
  }

  /** Nobody wants it any more. */
  #cancel(job: string): void {
    this.#cancelled.add(job);
    this.#trials.get(job)?.stop();
  }

  #fail(error: unknown): void {
    const wasEnding = this.#isEnding;
    this.#fatal ??= error;
    for (const trial of this.#trials.values()) trial.stop();
    if (!wasEnding) this.#ended();
  }

  #lookForIdleness(): void {
    const { maxIdleMs } = this.#options;
    const isIdle = this.#trials.size === 0 && !this.#isEnding;
    if (maxIdleMs !== undefined && isIdle && performance.now() - this.#idleSince > maxIdleMs) this.#end('idle');
  }

  /** Connections that are lost come back by themselves; others are news. */
  #hearError(error: Error): void {
    if (this.#server.isThere && !('syscall' in error) && !/Connection is closed|ECONN/.test(error.message)) this.#tell(error.message);
  }

  #tell(message: string): void {
    this.#say({ type: 'notice', message });
  }

  #say(event: AgentEvent): void {
    this.#options.onEvent?.(event);
  }
}
