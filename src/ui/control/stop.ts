import { GradloomError } from '../../errors.ts';
import { lockOwner } from '../../storage/lock.ts';
import type { LockOwner } from '../../storage/lock-owner.ts';
import { thisProcess } from '../../storage/lock-owner.ts';

/** The command line of gradloom, as a lock's owner tells it: a program that trains by the library has its own ways to be stopped. */
const COMMAND_LINE = /(?:[\\/]cli[\\/]main\.js|[\\/]bin[\\/]gradloom)(?:\s|$)/;

/** The process that can be asked to save and end; undefined where there is none, or none of ours. */
export function stoppableOwner(directory: string): LockOwner | undefined {
  let owner: LockOwner | undefined;
  try {
    owner = lockOwner(directory);
  } catch (error) {
    if (error instanceof GradloomError) return undefined;
    throw error;
  }
  // A lock is a file that anybody may have written: it must name a process that is provably the one that it speaks of.
  const self = thisProcess();
  const isSure =
    owner !== undefined &&
    owner.host === self.host &&
    owner.boot === self.boot &&
    owner.started !== '' &&
    owner.namespace === self.namespace;
  return isSure && owner !== undefined && owner.pid !== self.pid && COMMAND_LINE.test(owner.command) ? owner : undefined;
}

/** Asks the process at work in a directory to save and end, as Ctrl-C does. @returns whether there is one */
export function stopOwner(directory: string): boolean {
  const owner = stoppableOwner(directory);
  if (owner === undefined) return false;
  try {
    return process.kill(owner.pid, 'SIGINT');
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}
