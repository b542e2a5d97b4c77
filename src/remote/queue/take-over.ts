import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GradloomError, printable } from '../../errors.ts';
import { lockOwner } from '../../storage/lock.ts';
import type { Fleet } from './fleet.ts';
import { sweepIdOf } from './protocol.ts';

const LOOK_MS = 50;
const WAIT_MS = 30_000;

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
