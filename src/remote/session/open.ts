import type { CallerData } from '../../config/caller-data.ts';
import type { Executor, SweepPlace } from '../../sweep/execute/executor.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepEvent, SweepSummary } from '../../sweep/session/events.ts';
import type { AgentState, FleetOptions, QueuedSweep } from '../queue/options.ts';

/** A session of a sweep whose trials agents train. */
export interface SweepQueueSession {
  /** For `SweepOptions.executor`. */
  readonly executor: (place: SweepPlace) => Executor;
  /** For `SweepOptions.signal`: aborted when somebody cancels the sweep. */
  readonly signal: AbortSignal;
  /** Of trials and agents, in Prometheus' text format (0.0.4). */
  metrics(): string;
  /** Tells the queue how far the sweep is. */
  hear(event: SweepEvent): void;
  /** The session is over: of a sweep that is, nothing is left in the queue. */
  end(summary: SweepSummary): Promise<void>;
}

/** A queue of trials, as the machine of a sweep sees it. */
export interface SweepQueue {
  /** Its URL without the password. */
  readonly shown: string;
  /** What speaks against trusting the server, in sentences. */
  readonly doubts: readonly string[];
  session(options: SweepQueueSessionOptions): SweepQueueSession;
  agents(): Promise<readonly AgentState[]>;
  sweeps(): Promise<QueuedSweep[]>;
  close(): Promise<void>;
}

/** What a session of a sweep through a queue needs to know. */
export interface SweepQueueSessionOptions {
  settings: Pick<SweepSettings, 'execution'>;
  /** Told of what concerns no trial, in sentences. */
  tell: (message: string) => void;
  /** What the program passed, for the source `arrays`. */
  data?: CallerData | undefined;
}

/**
 * Opens a queue for sweeps whose trials agents train: `runAgent`, or the command `gradloom agent`.
 *
 * @example
 * const queue = await openSweepQueue({ queue: 'redis://127.0.0.1:6379', store: 'file:/mnt/runs' });
 * const loaded = loadSweep('configs/sweep-tpe-asha.yaml');
 * const session = queue.session({ settings: loaded.settings, tell: console.warn });
 * const run = sweep(loaded, { executor: session.executor, signal: session.signal });
 * for await (const event of run) session.hear(event);
 * await session.end(await run.result);
 * await queue.close();
 * @throws GradloomError E_USAGE for a URL that is none or not safe, E_PACKAGE, E_QUEUE, E_STORAGE
 */
export async function openSweepQueue(options: FleetOptions): Promise<SweepQueue> {
  const [{ Fleet }, { QueueSession }] = await Promise.all([import('../queue/fleet.ts'), import('./queue-session.ts')]);
  const fleet = await Fleet.open(options);
  return {
    shown: fleet.shown,
    doubts: fleet.doubts,
    session: (session) => new QueueSession(fleet, session),
    agents: () => fleet.look(),
    sweeps: () => fleet.sweeps.all(),
    close: () => fleet.close(),
  };
}
