import type { Fleet } from './fleet.ts';

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
