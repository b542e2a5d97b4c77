import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GradloomError, printable } from '../../errors.ts';
import { lockOwner } from '../../storage/lock.ts';
import type { Fleet } from './fleet.ts';
import { sweepIdOf } from './protocol.ts';

const LOOK_MS = 50;
const WAIT_MS = 30_000;

/** What became of the jobs of a sweep that was cancelled. */
export interface Cancelled {
  /** Taken out of the queue. */
  removed: number;
  /** With an agent, which saves them and lets go within seconds. */
  running: number;
}

/** Ends what a sweep has in the queue and with agents; its coordinator ends the session. The sweep can be resumed. */
export async function cancelSweep(fleet: Fleet, sweep: string): Promise<Cancelled> {
  await fleet.sweeps.cancel(sweep);
  const jobs = await fleet.sweeps.jobsOf(sweep);
  await fleet.agents.cancel(jobs);
  const known = await fleet.sweeps.get(sweep);
  if (known !== undefined) await fleet.sweeps.say({ ...known, status: 'cancelled', updated: new Date().toISOString() });
  const cancelled: Cancelled = { removed: 0, running: 0 };
  for (const id of jobs) {
    const job = await fleet.queue.getJob(id);
    const state = await job?.getState();
    if (state === 'active') {
      cancelled.running++;
      continue;
    }
    await fleet.agents.uncancel([id]);
    // One that came to its end is a result, which the sweep may not have taken yet.
    if (job === undefined || state === 'completed') continue;
    await job.remove();
    cancelled.removed++;
  }
  return cancelled;
}

/** Removes a sweep's jobs, and the copies of its runs: the results are in its log, the runs in its directory. */
export async function cleanUp(fleet: Fleet, sweep: string): Promise<void> {
  const jobs = await fleet.sweeps.jobsOf(sweep);
  for (const id of jobs) {
    const job = await fleet.queue.getJob(id);
    if (job !== undefined && !(await job.isActive())) await job.remove();
  }
  await fleet.sweeps.forgetJobs(sweep);
  await fleet.store.removeFolder(`runs/${sweep}`);
}

/**
 * Ends the session of a sweep that goes on in the background of this machine, so that another one can take it up; agents go on meanwhile. A
 * session that somebody looks at is left alone.
 *
 * @throws GradloomError E_BUSY if it does not end in time
 */
export async function takeOver(fleet: Fleet, directory: string): Promise<void> {
  const owner = lockOwner(directory);
  if (owner === undefined) return;
  const known = await fleet.sweeps.get(sweepIdOf(path.basename(path.resolve(directory))));
  // Who holds the lock has told the queue that nobody looks at it.
  if (known === undefined || !known.isBackground || known.pid !== owner.pid || owner.host !== fleet.host) return;
  process.kill(owner.pid, 'SIGTERM');
  for (const since = performance.now(); performance.now() - since < WAIT_MS; ) {
    if (lockOwner(directory)?.pid !== owner.pid) return;
    await pause(LOOK_MS);
  }
  throw new GradloomError({
    code: 'E_BUSY',
    where: printable(directory),
    message: `the process ${owner.pid}, with which the sweep goes on in the background, does not end`,
    next: `end it: kill -9 ${owner.pid}`,
  });
}
