import { type ErrorDetails, GradloomError } from '../../errors.ts';
import { batchesAt } from '../plan/batches.ts';
import { abort, rankWords } from '../plan/control.ts';
import { lowerProgram } from '../plan/lower/lower.ts';
import type { EnginePlan } from '../plan/plan.ts';
import type { RankResult } from '../rank/rank.ts';
import { type Hang, hangLimitMs, Supervisor } from './supervisor.ts';
import type { Lease, Threads, ThreadTask } from './threads.ts';

/** How long ranks get to notice an abort before their threads are ended. */
const QUIESCE_MS = 500;
const MAX_CAUSE = 65_536;

/** A task for every rank. */
export type TaskBody = ThreadTask extends infer T ? (T extends { rank: number } ? Omit<T, 'rank'> : never) : never;

/** The threads of a run, all of which do the same task at a time. The first failure breaks the crew, and it stays broken. */
export class Crew {
  readonly #plan: EnginePlan;
  readonly #control: Int32Array;
  readonly #hangMs: number;
  readonly #lease: Lease;
  #broken: GradloomError | undefined;
  #terminateTimer: NodeJS.Timeout | undefined;

  /** @param hangMs  how long no rank may show a sign of life */
  constructor(plan: EnginePlan, control: Int32Array, threads: Threads, hangMs = hangLimitMs(plan)) {
    this.#plan = plan;
    this.#control = control;
    this.#hangMs = hangMs;
    // A thread that fails between tasks has no promise to reject.
    this.#lease = threads.lease(plan.workers, (cause) => {
      this.break({ code: 'E_WORKER', message: `a worker thread failed: ${describe(cause)}`, cause });
    });
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Runs one task on every rank and waits for all; the first failure releases the others. */
  async run(body: TaskBody): Promise<Extract<RankResult, { status: 'done' | 'diverged' }>> {
    if (this.#broken !== undefined) throw this.#broken;
    // At the start the clock of startMs counts: threads that load their modules give no sign of life.
    const hangMs = body.kind === 'begin' ? Number.POSITIVE_INFINITY : this.#hangMs;
    // What the task before has left: a rank that fails before its first step is in that step.
    for (let rank = 0; rank < this.#plan.workers; rank++) Atomics.store(this.#control, rankWords(rank).step, 0);
    const supervisor = new Supervisor(this.#control, this.#plan.workers, hangMs, (hang) => this.#breakHung(hang, body));
    supervisor.start();
    const run = async (rank: number): Promise<RankResult> => {
      const result = await this.#runRank(rank, body);
      supervisor.ended(rank);
      return result;
    };
    const results = await Promise.all(Array.from({ length: this.#plan.workers }, (_, rank) => run(rank)));
    supervisor.stop();
    if (this.#broken !== undefined) {
      await this.end();
      throw this.#broken;
    }
    const first = results[0];
    if (first?.status === 'done' || first?.status === 'diverged') return first;
    throw new GradloomError({ code: 'E_INTERNAL', message: `a task ended as ${first?.status} without a cause` });
  }

  /** The first cause wins. Ranks get a moment to leave by themselves, then their threads are ended. */
  break(details: ErrorDetails): void {
    this.#broken ??= new GradloomError(details);
    abort(this.#control, this.#plan.workers);
    this.#terminateTimer ??= setTimeout(() => void this.end(), QUIESCE_MS);
  }

  /** Hands the threads back to whoever shares them. */
  release(): Promise<void> {
    return this.#lease.release();
  }

  /** Ends the threads; returns when they are gone. */
  end(): Promise<void> {
    clearTimeout(this.#terminateTimer);
    return this.#lease.discard();
  }

  async #runRank(rank: number, body: TaskBody): Promise<RankResult> {
    try {
      const result: RankResult = await this.#lease.run({ ...body, rank });
      if (result.status === 'failed') {
        const where = body.kind === 'train' ? `worker ${rank} step ${result.step}` : `worker ${rank}`;
        const place = result.kernel === undefined ? '' : `in ${result.kernel}: `;
        const code = result.lost ? 'E_RANK' : result.trap ? 'E_WORKER_TRAP' : 'E_WORKER';
        this.break({ code, where, message: place + result.message });
      }
      return result;
    } catch (cause) {
      this.break({ code: 'E_WORKER_EXIT', where: this.#placeOf(rank, body), message: describe(cause), cause });
      return { status: 'aborted' };
    }
  }

  #breakHung(hang: Hang, body: TaskBody): void {
    const kernel = body.kind === 'train' ? this.#kernelAt(hang, this.#stepOf(hang.rank, body.fromStep)) : undefined;
    this.break({
      code: 'E_WORKER_HANG',
      where: this.#placeOf(hang.rank, body),
      message: `${kernel === undefined ? '' : `in ${kernel}: `}no sign of life for ${hang.seconds.toFixed(0)} s`,
    });
  }

  #placeOf(rank: number, body: TaskBody): string {
    return body.kind === 'train' ? `worker ${rank} step ${this.#stepOf(rank, body.fromStep)}` : `worker ${rank}`;
  }

  /** The training step that a rank is in. */
  #stepOf(rank: number, fromStep: number): number {
    return fromStep + Atomics.load(this.#control, rankWords(rank).step);
  }

  #kernelAt({ rank, call }: Hang, step: number): string | undefined {
    const [batch] = batchesAt(this.#plan.batches, step);
    if (batch === undefined) return undefined;
    const program = lowerProgram(this.#plan, rank, { kind: 'full', batchRows: batch.rows, stepRow: 0, averaged: false });
    return [...program.phases.flat(), ...program.slice][call]?.kernel;
  }
}

/** A cause in one line, however large or odd it is. */
function describe(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.slice(0, MAX_CAUSE);
}
