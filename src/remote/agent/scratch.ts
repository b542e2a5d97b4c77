import { lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { DirectoryLock, lockOwner } from '../../storage/lock.ts';

const PREFIX = 'gradloom-agent-';
/** Not locked yet: nobody may judge by it whether somebody is there. */
const NEW = 'gradloom-new-agent-';

/**
 * Makes the folder that an agent trains in, and removes those of agents that were killed on this machine.
 *
 * @param tell  told of what cannot be removed
 * @throws GradloomError E_STORAGE
 */
export function makeScratch(parent: string, tell: (message: string) => void): string {
  try {
    for (const name of readdirSync(parent)) if (name.startsWith(PREFIX)) removeIfLeft(path.join(parent, name), tell);
    const fresh = mkdtempSync(path.join(parent, NEW));
    DirectoryLock.acquire(fresh);
    const scratch = path.join(parent, PREFIX + path.basename(fresh).slice(NEW.length));
    renameSync(fresh, scratch);
    return scratch;
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const next = 'give another directory: --scratch DIR';
    throw new GradloomError({ code: 'E_STORAGE', where: printable(parent), message: `cannot be used: ${errnoText(cause)}`, next, cause });
  }
}

/** Of an agent of another machine nobody knows here whether it is alive: its folder stays. */
function removeIfLeft(place: string, tell: (message: string) => void): void {
  try {
    if (kindAt(place) !== 'directory' || lstatSync(place).uid !== process.getuid?.()) return;
    if (lockOwner(place) === undefined) rmSync(place, { recursive: true, force: true });
  } catch (error) {
    tell(`${printable(place)} was left by an agent and cannot be removed: ${(error as Error).message}`);
  }
}
