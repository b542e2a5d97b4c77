import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { runAgent } from '../../../src/remote/agent/agent.ts';
import type { AgentEvent, AgentOptions, AgentSummary } from '../../../src/remote/agent/options.ts';
import { Fleet } from '../../../src/remote/queue/fleet.ts';
import type { FleetTiming } from '../../../src/remote/queue/options.ts';
import type { Tally } from '../../../src/remote/queue/tally.ts';
import { QueueSession } from '../../../src/remote/session/queue-session.ts';
import type { LoadedSweep } from '../../../src/sweep/file/load.ts';
import type { SweepEvent, SweepSummary } from '../../../src/sweep/session/events.ts';
import type { SweepOptions } from '../../../src/sweep/session/options.ts';
import { resumeSweep, type SweepRun, sweep } from '../../../src/sweep/session/sweep.ts';
import { type Started, start } from '../../cli/support/run-cli.ts';

/** Short enough for a test, long enough for a machine under load. */
export const LOCK_MS = 1500;
const TIMING: FleetTiming = { lookMs: 200, patienceMs: 60_000 };

export interface Place {
  queue: string;
  store: string;
}

interface AgentHere {
  ended: Promise<AgentSummary>;
  stop: () => void;
  events: AgentEvent[];
}

/** An agent in this process, which ends with the test. */
export function agentHere(t: ExecutionContext, place: Place, more: Partial<AgentOptions> = {}): AgentHere {
  const abort = new AbortController();
  const events: AgentEvent[] = [];
  const onEvent = (event: AgentEvent): void => void events.push(event);
  const ended = runAgent({ ...place, cores: 2, lockMs: LOCK_MS, signal: abort.signal, onEvent, ...more });
  // What it ends with is for those to see who wait for it.
  const over = ended.then(
    () => undefined,
    () => undefined,
  );
  t.teardown(async () => {
    abort.abort();
    await over;
  });
  return { ended, stop: () => abort.abort(), events };
}

/** An agent in a process of its own, to be killed. */
export function agentProcess(t: ExecutionContext, { queue, store }: Place, ...more: readonly string[]): Started {
  const started = start(['agent', '--queue', queue, '--store', store, '--lock', `${LOCK_MS}ms`, '--cores', '1', ...more]);
  // Also one that is stopped.
  t.teardown(() => started.child.kill('SIGKILL'));
  return started;
}

export interface FarSweep {
  summary: SweepSummary;
  events: SweepEvent[];
  told: string[];
  tally: Tally | undefined;
}

/** Runs a sweep through a queue to its end; where its directory is there already, goes on with it. */
export async function farSweep(
  t: ExecutionContext,
  place: Place,
  what: { loaded?: LoadedSweep; directory: string; settings: LoadedSweep['settings'] },
  {
    timing = {},
    onEvent,
    onTell,
    ...options
  }: SweepOptions & { timing?: Partial<FleetTiming>; onEvent?: (event: SweepEvent) => void; onTell?: (message: string) => void } = {},
): Promise<FarSweep> {
  const fleet = await Fleet.open({ ...place, timing: { ...TIMING, ...timing } });
  const told: string[] = [];
  const events: SweepEvent[] = [];
  try {
    const tell = (message: string): void => {
      told.push(message);
      onTell?.(message);
    };
    const session = new QueueSession(fleet, { settings: what.settings, tell });
    const signal = AbortSignal.any([session.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const how = { ...options, executor: session.executor, signal };
    const { loaded, directory } = what;
    const run: SweepRun = loaded === undefined ? resumeSweep(directory, how) : sweep(loaded, { ...how, directory });
    for await (const event of run) {
      session.hear(event);
      onEvent?.(event);
      if (event.type !== 'progress') events.push(event);
    }
    const summary = await run.result;
    await session.end(summary);
    return { summary, events, told, tally: session.tally };
  } finally {
    await fleet.close();
    for (const message of told) t.log(message);
  }
}

/** The decisions of a log in their order, and its results in the order of trials: without what tells of time, process and number of cores. */
export function decisionsAndResults(directory: string): { decisions: unknown[]; results: unknown[] } {
  const labels = new Set(['t', 'crc', 'seq', 'seconds', 'id']);
  const lines = readFileSync(path.join(directory, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line, (key, value: unknown) => (labels.has(key) ? undefined : value)) as { type: string });
  const results = lines.filter(({ type }) => type === 'run').map((line) => JSON.stringify(line));
  return {
    decisions: lines.filter(({ type }) => ['sweep', 'trial', 'promote', 'stop', 'over'].includes(type)),
    results: results.toSorted(),
  };
}
