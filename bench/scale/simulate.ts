import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { sweep } from '../../src/sweep/session/sweep.ts';
import { VirtualAgents } from './agents.ts';
import { type SweepKind, sweepIn } from './sweep.ts';

export interface Simulated {
  trials: number;
  /** Of the coordinator's processor, for one trial of it. */
  coordinatorMs: number;
  /** Shares of virtual time. */
  coordinatorBusy: number;
  agentsBusy: number;
  trialsPerSecond: number;
  heapMb: number;
}

/**
 * Runs a sweep through the whole of a real session, but for the training and the fsync of its log.
 *
 * @param given  the numbers that are not measured here
 */
export async function simulate(
  directory: string,
  kind: SweepKind,
  given: { agents: number; epochSeconds: number; transitSeconds: number; queueSeconds: number },
): Promise<Simulated> {
  const loaded = sweepIn(`${directory}/files`, kind);
  const place = `${directory}/sweep`;
  rmSync(place, { recursive: true, force: true });
  const agents = new VirtualAgents(given);
  const log = { open: openSync, write: writeSync, truncate: ftruncateSync, sync: () => Promise.resolve(), close: closeSync };
  const run = sweep(loaded, { directory: place, executor: () => agents, storage: { log } });
  const { trials } = await run.result;
  const { now, busySeconds, trainedSeconds } = agents;
  return {
    trials: trials.length,
    coordinatorMs: (1000 * busySeconds) / trials.length,
    coordinatorBusy: busySeconds / now,
    agentsBusy: trainedSeconds / now / given.agents,
    trialsPerSecond: trials.length / now,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  };
}
