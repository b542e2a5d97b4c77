import path from 'node:path';
import type { Job, QueueEvents } from 'bullmq';
import type { CallerData } from '../../config/caller-data.ts';
import { printable, printableSentence } from '../../errors.ts';
import { DROPPED, type Executor, type Outcome, type SweepPlace, type TrialWork, type WorkReport } from '../../sweep/execute/executor.ts';
import { isOfTrial } from '../../sweep/execute/faults.ts';
import { keptDatasets } from '../../sweep/execute/local.ts';
import { faultOf } from '../../sweep/journal/fault.ts';
import { patiently } from '../patience.ts';
import { within } from '../redis/server.ts';
import { Watch } from '../redis/watch.ts';
import { RunCopies, replaceRun } from '../store/run-copies.ts';
import type { Fleet } from './fleet.ts';
import { asQueueFault, Offering } from './offered.ts';
import type { AgentJob, AgentState } from './options.ts';
import { copiesFolderOf, jobIdOf, sweepIdOf, type TrialJob } from './protocol.ts';
import { endOf, failureOf, resultOf } from './results.ts';
import { Tally } from './tally.ts';

const CLOSE_MS = 5000;
/** For files that are fetched when the session ends. */
const FETCH_MS = 300_000;
/** Agents that were there say so again within this time, after a queue that was away. */
const SILENCE_MS = 10_000;
/** Jobs that are looked at in one go. */
const LOOKED_AT = 64;

/** A work that somebody is to train. */
interface Pending {
  id: string;
  job: TrialJob;
  onReport: (report: WorkReport) => void;
  settle: (outcome: Outcome) => void;
  fail: (error: unknown) => void;
}

export interface QueueExecutorOptions {
  /** Works that are in the queue at a time. */
  sideBySide: number;
  /** Told of what concerns no trial, in sentences. */
  tell: (message: string) => void;
  /** Told of the agents that are there, at each look. */
  onLook?: ((agents: readonly AgentState[]) => void) | undefined;
  /** Somebody has cancelled the sweep. */
  onCancel: () => void;
  /** What the program passed, for the source `arrays`. */
  data?: CallerData | undefined;
}

/**
 * Has works trained by agents, through a queue. A job has the same id whenever it is put there, so nothing is in it twice; whatever of a job's
 * story is lost, its outcome follows from the copies of its run in the store.
 */
export class QueueExecutor implements Executor {
  readonly sideBySide: number;
  /** What agents have done for this session. */
  readonly tally = new Tally();
  readonly #sweep: string;
  readonly #place: SweepPlace;
  readonly #fleet: Fleet;
  readonly #options: QueueExecutorOptions;
  readonly #offering: Offering;
  readonly #events: QueueEvents;
  readonly #pending = new Map<string, Pending>();
  /** Jobs that this session has put in the queue, or found there. */
  readonly #known = new Set<string>();
  /** By directory: the run is brought here from the store. */
  readonly #fetching = new Map<string, Promise<void>>();
  /** A session that begins goes on with a sweep that was cancelled before. */
  readonly #begun: Promise<void>;
  readonly #looking: NodeJS.Timeout;
  readonly #watch: Watch;
  #isLooking = false;
  #hasNoAgent = false;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(fleet: Fleet, place: SweepPlace, options: QueueExecutorOptions) {
    this.sideBySide = options.sideBySide;
    this.#sweep = sweepIdOf(place.id);
    this.#place = place;
    this.#fleet = fleet;
    this.#options = options;
    this.#offering = new Offering(this.#sweep, fleet, keptDatasets(place.seeds, options.data), options.tell);
    this.#watch = new Watch(fleet, 'agents go on with what they have', options.tell);
    this.#events = fleet.openEvents();
    this.#events.on('completed', ({ jobId }) => this.#lookAt(jobId));
    this.#events.on('failed', ({ jobId }) => this.#lookAt(jobId));
    this.#begun = fleet.sweeps.uncancel(this.#sweep);
    // Whoever waits for it hears of what went wrong.
    this.#begun.catch(() => undefined);
    this.#looking = setInterval(() => void this.#look(), fleet.timing.lookMs);
  }

  /** Of all agents. */
  get cores(): number {
    return this.#fleet.coresSeen;
  }

  get where(): string {
    return this.#fleet.where;
  }

  async run(work: TrialWork, _cores: number, signal: AbortSignal, onReport: (report: WorkReport) => void): Promise<Outcome> {
    const startedAt = performance.now();
    let job: TrialJob;
    try {
      job = await this.#patiently('the store', signal, () => this.#offering.jobOf(work));
    } catch (error) {
      // What the trial's own configuration or data bring about is its result, as where it is trained here.
      if (!isOfTrial(error)) throw asQueueFault(this.#fleet.shown, error);
      return { status: 'failed', fault: faultOf(error), blame: error.blame, seconds: Math.round(performance.now() - startedAt) / 1000 };
    }
    const id = jobIdOf(job);
    return new Promise<Outcome>((resolve, reject) => {
      const end = (): void => {
        this.#pending.delete(id);
        signal.removeEventListener('abort', stop);
      };
      const settle = (outcome: Outcome): void => {
        end();
        resolve(outcome);
      };
      const fail = (error: unknown): void => {
        end();
        reject(asQueueFault(this.#fleet.shown, error));
      };
      // The queue keeps it, and agents go on with it: a session that comes later finds what it came to.
      const stop = (): void => {
        if (signal.reason === DROPPED) this.#drop(id);
        settle({ status: 'paused' });
      };
      if (signal.aborted) return resolve({ status: 'paused' });
      signal.addEventListener('abort', stop);
      this.#pending.set(id, { id, job, onReport, settle, fail });
      this.#enqueue(id).catch(fail);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    // A server that is away keeps nobody: the connection ends with that of the fleet.
    await within(this.#fleet.isThere ? CLOSE_MS : 0, this.#events.close());
    const fetched = Promise.all(this.#fetching.values());
    if (!(await within(this.#fleet.isThere ? FETCH_MS : CLOSE_MS, fetched)))
      this.#options.tell('the files of some runs are still in the store');
  }

  async #enqueue(id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const isThere = await this.#patiently('the queue', undefined, async () => {
      if (await this.#isCancelled()) return false;
      await this.#fleet.agents.uncancel([id]);
      if (!this.#known.has(id)) await this.#forgetFailure(id);
      this.#known.add(id);
      await this.#fleet.sweeps.noteJob(this.#sweep, id);
      await this.#fleet.queue.add(this.#sweep, pending.job, { jobId: id });
      return true;
    });
    if (isThere) await this.#lookAtJob(pending);
  }

  /** Then nothing is put in the queue again that was taken out of it. */
  async #isCancelled(): Promise<boolean> {
    await this.#begun;
    const isCancelled = await this.#fleet.sweeps.isCancelled(this.#sweep);
    if (isCancelled) this.#options.onCancel();
    return isCancelled;
  }

  /** A job that failed or was cancelled in a session before is to be tried again; one that came to its end is not. */
  async #forgetFailure(id: string): Promise<void> {
    const job = await this.#jobAt(id);
    if (job === undefined) return;
    const end = endOf(job);
    const isKept = end === 'completed' && ['reached', 'diverged'].includes(resultOf(job)?.outcome.status ?? '');
    if (end !== undefined && !isKept) await job.remove();
  }

  #jobAt(id: string): Promise<Job | undefined> {
    return this.#fleet.queue.getJob(id) as Promise<Job | undefined>;
  }

  #lookAt(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) this.#lookAtJob(pending).catch(pending.fail);
  }

  /** Takes a job's outcome, if it has one; a job that is gone, since Redis has lost it, is put there again. */
  async #lookAtJob(pending: Pending): Promise<void> {
    const job = await this.#jobAt(pending.id);
    if (!this.#pending.has(pending.id)) return;
    if (job === undefined) return this.#enqueue(pending.id);
    const end = endOf(job);
    if (end === 'failed') pending.fail(failureOf(job, this.#fleet.shown));
    if (end === 'completed') await this.#take(pending, job);
  }

  async #take(pending: Pending, job: Job): Promise<void> {
    const result = resultOf(job);
    if (result === undefined || result.outcome.status === 'paused') {
      // Cancelled by another session of the sweep, or of another version: it is wanted here.
      this.#known.delete(pending.id);
      return this.#enqueue(pending.id);
    }
    if (!this.#pending.delete(pending.id)) return;
    this.tally.add(pending.id, result);
    for (const { code, message } of result.warnings) pending.onReport({ type: 'warning', code, message });
    if (result.outcome.status !== 'failed') this.#fetch(pending.job);
    pending.settle(result.outcome);
  }

  /** Nobody wants it any more: not who waits for it in the queue, nor who trains it. */
  #drop(id: string): void {
    const cancel = async (): Promise<void> => {
      await this.#fleet.agents.cancel([id]);
      const job = await this.#jobAt(id);
      if (job === undefined || (await job.isActive())) return;
      await job.remove();
      await this.#fleet.agents.uncancel([id]);
    };
    cancel().catch((error: unknown) => this.#options.tell(`a job could not be cancelled: ${printableSentence(String(error))}`));
  }

  /** Brings the run's files into the sweep's directory, as if it had been trained here. */
  #fetch(job: TrialJob): void {
    const directory = path.join(this.#place.directory, job.work.directory);
    const before = this.#fetching.get(directory) ?? Promise.resolve();
    const fetching = before.then(async () => {
      try {
        const copies = new RunCopies(this.#fleet.store, copiesFolderOf(job));
        const files = await this.#patiently('the store', undefined, () => copies.newest((name) => this.#damaged(name)));
        if (files !== undefined) await replaceRun(files, directory, this.#place.fence);
      } catch (error) {
        // The result is in the log; the files are for people, and for a session that goes on here.
        this.#options.tell(`${job.work.directory} could not be fetched: ${printableSentence((error as Error).message)}`);
      }
    });
    this.#fetching.set(directory, fetching);
  }

  #damaged(name: string): void {
    this.#options.tell(`the copy ${printable(name)} in the store is damaged, an older one is used`);
  }

  /** Once in a while: what events have not told, who is there, and whether the sweep was cancelled. */
  async #look(): Promise<void> {
    if (this.#isAway() || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const agents = await this.#fleet.look();
      this.#hear(agents);
      for (const pending of this.#nextToLookAt()) await this.#lookAtJob(pending);
      await this.#isCancelled();
    } catch (error) {
      for (const pending of this.#pending.values()) pending.fail(error);
    } finally {
      this.#isLooking = false;
    }
  }

  /** Some of those that are waited for, in turn. */
  #nextToLookAt(): Pending[] {
    const next = [...this.#pending.values()].slice(0, LOOKED_AT);
    if (next.length === this.#pending.size) return next;
    for (const pending of next) {
      this.#pending.delete(pending.id);
      this.#pending.set(pending.id, pending);
    }
    return next;
  }

  /** A server that is away for longer than anybody waits ends the session, which goes on later. */
  #isAway(): boolean {
    const ms = this.#watch.look();
    if (ms !== undefined && ms > this.#fleet.timing.patienceMs)
      for (const pending of this.#pending.values()) pending.fail(new Error(`the queue is away since ${Math.round(ms / 1000)} s`));
    return ms !== undefined;
  }

  #hear(agents: readonly AgentState[]): void {
    if (agents.length > 0) [this.#hasNoAgent, this.#heardAt] = [false, performance.now()];
    else if (!this.#hasNoAgent && this.#pending.size > 0 && performance.now() - this.#heardAt > SILENCE_MS) {
      this.#hasNoAgent = true;
      this.#options.tell(`no agent is there; start some: ${this.#fleet.agentCommand}`);
    }
    for (const agent of agents) for (const running of agent.running) this.#report(agent, running);
    this.tally.see(agents, this.#sweep);
    this.#options.onLook?.(agents);
  }

  #report({ id: agent }: AgentState, { job, step, toStep, loss, workers }: AgentJob): void {
    this.#pending.get(job)?.onReport({ type: 'progress', step, toStep, loss, by: { agent, workers } });
  }

  #patiently<T>(what: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    return patiently(what, { ms: this.#fleet.timing.patienceMs, signal, tell: this.#options.tell }, action);
  }
}
