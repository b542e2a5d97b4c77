import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { readSystemFile } from './read.ts';
import { count, fields, type Shape, text } from './shape.ts';

const MAX_COMMAND = 300;

/** Who holds a directory. What the system cannot tell is ''. */
export interface LockOwner {
  pid: number;
  /** Start of the process, in clock ticks since the boot: a pid is used again, the pair is not. */
  started: string;
  boot: string;
  /** The pid namespace: pids of another container mean nothing here. */
  namespace: string;
  host: string;
  /** Command line. */
  command: string;
  /** For people only; UTC. */
  since: string;
}

export const ownerShape: Shape<LockOwner> = fields({
  pid: count,
  started: text,
  boot: text,
  namespace: text,
  host: text,
  command: text,
  since: text,
});

/** This process as the owner of a lock. */
export function thisProcess(): LockOwner {
  return {
    pid: process.pid,
    started: processStart(process.pid) ?? '',
    boot: firstLine('/proc/sys/kernel/random/boot_id'),
    namespace: linkTarget('/proc/self/ns/pid'),
    host: hostname(),
    command: withoutPasswords(process.argv.join(' ')).slice(0, MAX_COMMAND),
    since: new Date().toISOString(),
  };
}

/** The password of a URL is nothing to be written down: `redis://me:***@host`. */
function withoutPasswords(command: string): string {
  return command.replace(/(\w:\/\/[^\s:/@]*):\S*@/g, '$1:***@');
}

/** Only what is provably dead is: a process of this boot and this pid namespace that is gone or whose pid another one has; or of an earlier boot of this host. */
export function mayBeAlive(owner: LockOwner, self: LockOwner): boolean {
  if (owner.host !== self.host) return true;
  if (owner.boot !== self.boot) return false;
  if (owner.namespace !== self.namespace) return true;
  if (self.started !== '') return processStart(owner.pid) === owner.started;
  return isRunning(owner.pid);
}

/** Field 22 of /proc/<pid>/stat; the second one, in parentheses, may hold anything. undefined without such a process, or without /proc. */
function processStart(pid: number): string | undefined {
  const stat = firstLine(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not looked.
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** '' where the file is missing, as on other systems than Linux. */
function firstLine(file: string): string {
  return readSystemFile(file)?.split('\n')[0] ?? '';
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
