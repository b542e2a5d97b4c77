import { setTimeout } from 'node:timers/promises';
import { Piscina } from 'piscina';
import { GradloomError } from '../../errors.ts';
import { checkThreads, refusalError, reserveMemory } from '../../machine/refusal.ts';
import type { MemoryPlan } from '../plan/memory.ts';
import type { RankResult, RankSetup, RankTask } from '../rank/rank.ts';

const ext = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const RANK_ENTRY = new URL(`../../../workers/rank.${ext}`, import.meta.url);

/** A thread that is to end and is still loading its modules then hangs. */
const LOADING_MS = 5000;

/** What a thread is asked: to take up a rank of a run and meet its peers, to do a task of it, to let go of it and of its memory. */
export type ThreadTask = RankTask | { kind: 'begin'; rank: number; setup: RankSetup } | { kind: 'end' };

/** One thread, in a piscina pool of its own: so it can be ended and replaced without a word to any other. */
class Slot {
  readonly #pool: Piscina;
  /** Settles when the thread has loaded its modules, or ended before. */
  readonly #loaded: Promise<unknown>;
  /** Whom a failure between tasks concerns: there is no promise to reject. */
  onError: ((cause: unknown) => void) | undefined;
  /** A task is under way. */
  isBusy = false;
  #ended: Promise<void> | undefined;

  constructor(entry: URL) {
    this.#pool = new Piscina({
      filename: entry.href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
    });
    // From here on piscina replaces no thread that has failed: who leases it ends the slot.
    this.#pool.options.minThreads = 0;
    this.#pool.on('error', (cause) => this.onError?.(cause));
    this.#loaded = this.#pool.run({ kind: 'end' } satisfies ThreadTask).catch((cause: unknown) => this.onError?.(cause));
  }

  async run(task: ThreadTask): Promise<RankResult> {
    this.isBusy = true;
    try {
      return (await this.#pool.run(task)) as RankResult;
    } finally {
      this.isBusy = false;
    }
  }

  /**
   * Ends the thread, whatever it does but loading its modules: Node 20 can crash as a whole where a thread is ended in the middle of that.
   * Once only: a second destroy() of piscina lets go of the first.
   */
  end(): Promise<void> {
    this.#ended ??= this.#endLoaded();
    return this.#ended;
  }

  async #endLoaded(): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#loaded, setTimeout(LOADING_MS, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
    await this.#pool.destroy();
  }
}

/** The threads that one engine has for itself, one a rank: its tasks never queue, so a barrier always finds all ranks at work. */
export class Lease {
  readonly #slots: readonly Slot[];
  readonly #giveBack: (slot: Slot) => void;
  #over: Promise<void> | undefined;

  constructor(slots: readonly Slot[], giveBack: (slot: Slot) => void) {
    this.#slots = slots;
    this.#giveBack = giveBack;
  }

  /** Runs a task on the rank's thread; rejects if the thread ends or throws. */
  run(task: Exclude<ThreadTask, { kind: 'end' }>): Promise<RankResult> {
    const slot = this.#slots[task.rank];
    if (slot === undefined) throw new RangeError(`rank ${task.rank} of ${this.#slots.length} threads`);
    return slot.run(task);
  }

  /** Ends all its threads; returns when they are gone. */
  discard(): Promise<void> {
    this.#over ??= Promise.all(this.#slots.map((slot) => slot.end())).then(() => undefined);
    return this.#over;
  }

  /** Hands back the threads that are free, without what they held of the run, and ends those that are not. */
  release(): Promise<void> {
    this.#over ??= Promise.all(this.#slots.map((slot) => this.#releaseSlot(slot))).then(() => undefined);
    return this.#over;
  }

  async #releaseSlot(slot: Slot): Promise<void> {
    if (slot.isBusy) return slot.end();
    let hasFailed = false;
    slot.onError = () => {
      hasFailed = true;
    };
    try {
      await slot.run({ kind: 'end' });
    } catch {
      // A thread that cannot even do this is of no use to the next run.
      hasFailed = true;
    }
    if (hasFailed) await slot.end();
    else this.#giveBack(slot);
  }
}

/**
 * Warm worker threads that several engines share: starting a thread and loading its modules takes 50 to 100 ms, which a run of a few
 * seconds should not pay again. An engine leases as many as it has ranks, for as long as it lives; idle threads are taken first and
 * missing ones are started, so a lease neither waits nor fails, and how many run at the same time is up to who starts the engines.
 * A run that breaks takes its own threads with it and no others.
 *
 * @example
 * const threads = new Threads();
 * await Promise.all(experiments.map(async (experiment) => (await train({ experiment }, { engine: { threads } })).result));
 * await threads.close();
 */
export class Threads {
  readonly #entry: URL;
  readonly #idle: Slot[] = [];
  /** Memories of runs that are over. */
  readonly #memories: WebAssembly.Memory[] = [];
  #isClosed = false;

  /** @param entry  the module that the threads run; default `workers/rank` */
  constructor(entry: URL = RANK_ENTRY) {
    this.#entry = entry;
  }

  /**
   * Starts threads that wait for a run: they load their modules while it is prepared.
   *
   * @throws GradloomError E_LIMIT as `lease`
   */
  warm(count: number): void {
    for (const slot of this.#startSlots(count)) this.#takeBack(slot);
  }

  /** Threads that wait for a run. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Zeroed shared memory for a run: one that an ended run has left, where there is one. A memory that is only let go of stays until
   * every thread has collected its garbage, which idle threads never do.
   *
   * @throws GradloomError E_MEMORY
   */
  takeMemory(plan: MemoryPlan): WebAssembly.Memory {
    const at = this.#memories.findIndex(({ buffer }) => buffer.byteLength >= plan.bytes);
    const [memory] = at < 0 ? [] : this.#memories.splice(at, 1);
    if (memory === undefined) return reserveMemory(plan);
    new Uint8Array(memory.buffer).fill(0);
    return memory;
  }

  /** Takes back the memory of a run whose threads no longer have it. */
  keepMemory(memory: WebAssembly.Memory): void {
    this.#memories.push(memory);
    this.#memories.sort((a, b) => a.buffer.byteLength - b.buffer.byteLength);
    // The smallest are of the least use.
    while (this.#memories.length > Math.max(1, this.#idle.length)) this.#memories.shift();
  }

  /**
   * @param onError  called when a leased thread fails between two tasks
   * @throws GradloomError E_LIMIT if the system starts no more threads
   */
  lease(count: number, onError: (cause: unknown) => void): Lease {
    if (this.#isClosed) throw new RangeError('these threads are closed');
    const idle = this.#idle.splice(0, count);
    try {
      const slots = [...idle, ...this.#startSlots(count - idle.length)];
      for (const slot of slots) slot.onError = onError;
      return new Lease(slots, (slot) => this.#takeBack(slot));
    } catch (error) {
      for (const slot of idle) void slot.end();
      throw error;
    }
  }

  #startSlots(count: number): Slot[] {
    const slots: Slot[] = [];
    try {
      if (count > 0) checkThreads(count);
      while (slots.length < count) slots.push(new Slot(this.#entry));
    } catch (cause) {
      for (const slot of slots) void slot.end();
      throw cause instanceof GradloomError ? cause : (refusalError(cause) ?? cause);
    }
    return slots;
  }

  /** Ends the idle threads, and each leased one when its engine closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((slot) => slot.end()));
  }

  #takeBack(slot: Slot): void {
    if (this.#isClosed) return void slot.end();
    slot.onError = () => {
      const at = this.#idle.indexOf(slot);
      if (at >= 0) this.#idle.splice(at, 1);
      void slot.end();
    };
    this.#idle.push(slot);
  }
}
