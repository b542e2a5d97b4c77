import { printable } from '../../errors.ts';
import type { Executor, SweepPlace } from '../../sweep/execute/executor.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepEvent, SweepSummary } from '../../sweep/session/events.ts';
import { SweepMetrics } from '../metrics/sweep-metrics.ts';
import type { Fleet } from '../queue/fleet.ts';
import { cleanUp } from '../queue/manage.ts';
import type { AgentState, QueuedSweep } from '../queue/options.ts';
import { sweepIdOf } from '../queue/protocol.ts';
import { QueueExecutor, type QueueExecutorOptions } from '../queue/queue-executor.ts';
import type { Tally } from '../queue/tally.ts';

/** The clock of `order: logical` says by itself how many are under way. */
const NO_LIMIT = 4096;
/** As many as the logical order has at most. */
const ARRIVAL_LIMIT = 16;
const SAY_MS = 1000;

export interface QueueSessionOptions extends Pick<QueueExecutorOptions, 'tell' | 'data'> {
  /** How many works are in the queue at a time is the sweep's own affair, as its `execution` says. */
  settings: Pick<SweepSettings, 'execution'>;
  /** There is no terminal: the session ends for one that has one. @default false */
  isBackground?: boolean | undefined;
}

/**
 * A session of a sweep whose trials are trained by agents: its executor, and what the queue is told of it.
 */
export class QueueSession {
  readonly #fleet: Fleet;
  readonly #options: QueueSessionOptions;
  readonly #cancelled = new AbortController();
  readonly #metrics = new SweepMetrics();
  #executor: QueueExecutor | undefined;
  #state: QueuedSweep | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(fleet: Fleet, options: QueueSessionOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /** For `SweepOptions.executor`. */
  readonly executor = (place: SweepPlace): Executor => {
    const { tell, data, settings } = this.#options;
    const { order, trials } = settings.execution;
    const most = trials === 'auto' ? ARRIVAL_LIMIT : trials;
    const onCancel = (): void => this.#cancelled.abort();
    const sideBySide = order === 'logical' ? NO_LIMIT : most;
    const onLook = (agents: readonly AgentState[]): void => this.#metrics.see(agents, executor.tally);
    const executor = new QueueExecutor(this.#fleet, place, { sideBySide, tell, onCancel, onLook, data });
    this.#executor = executor;
    return executor;
  };

  /** Aborted when somebody cancels the sweep. */
  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  get isCancelled(): boolean {
    return this.#cancelled.signal.aborted;
  }

  /** What agents have done. */
  get tally(): Tally | undefined {
    return this.#executor?.tally;
  }

  /** Of trials and agents, in Prometheus' text format. */
  metrics(): string {
    return this.#metrics.text(this.tally, this.#fleet.isThere);
  }

  /** Tells the queue, once a second. */
  hear(event: SweepEvent): void {
    this.#metrics.hear(event);
    if (event.type === 'start') {
      const { directory, name, total } = event;
      const { isBackground = false } = this.#options;
      const about = { id: sweepIdOf(event.id), name, host: this.#fleet.host, directory, pid: process.pid, isBackground };
      this.#state = { ...about, status: 'running', updated: '', store: this.#fleet.store.shown, ended: 0, running: 0, queued: 0, total };
    }
    if (event.type === 'best') this.#change({ best: { trial: event.trial.number, value: event.trial.value } });
    if (event.type !== 'progress') return;
    this.#change({ ended: event.ended, running: event.running.length, queued: event.queued });
    if (performance.now() - this.#saidAt < SAY_MS || !this.#fleet.isThere) return;
    this.#saidAt = performance.now();
    this.#say(this.#publish());
  }

  /** The session is over; of a sweep that is over nothing is left in the queue, and nothing but data sets in the store. */
  async end(summary: SweepSummary): Promise<void> {
    if (!this.#fleet.isThere) return;
    const ended = summary.trials.filter(({ status }) => !['queued', 'running', 'paused'].includes(status)).length;
    this.#change({ status: this.isCancelled ? 'cancelled' : summary.status, ended, running: 0, queued: summary.trials.length - ended });
    await this.#publish();
    if (summary.status === 'finished' && this.#state !== undefined) await cleanUp(this.#fleet, this.#state.id);
  }

  /** The session ended by an error. */
  async fail(error: Error): Promise<void> {
    this.#change({ status: 'stopped', error: printable(error.message, 500), running: 0 });
    if (this.#fleet.isThere) await this.#publish();
  }

  #change(state: Partial<QueuedSweep>): void {
    if (this.#state !== undefined) this.#state = { ...this.#state, ...state };
  }

  async #publish(): Promise<void> {
    if (this.#state !== undefined) await this.#fleet.sweeps.say({ ...this.#state, updated: new Date().toISOString() });
  }

  /** For people only: what is not told now is told the next time. */
  #say(saying: Promise<void>): void {
    saying.catch((error: unknown) => this.#options.tell((error as Error).message));
  }
}
