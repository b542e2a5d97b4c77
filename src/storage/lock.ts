import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';

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

/** The folder of the lock in the directory that it locks. */
const FOLDER = 'lock';
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
/** A FIFO in its place must not make anybody wait. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const MAX_COMMAND = 300;

/**
 * The right to write in a directory, for one process at a time.
 *
 * The folder `lock` holds a file per generation, named by its number and made by `link`, which only one process can do; the highest
 * counts. `<n>.released` says that the owner of n is done. The number is a fencing token: whoever finds a higher one than its own
 * has lost the directory (it was taken for dead) and must not write any more.
 */
export class DirectoryLock {
  readonly directory: string;
  readonly generation: number;
  /** What its file holds: generations begin at 1 again where somebody has removed the folder. */
  readonly #content: Buffer;

  private constructor(directory: string, generation: number, content: Buffer) {
    this.directory = directory;
    this.generation = generation;
    this.#content = content;
  }

  /**
   * Takes the lock of a directory; one that a process left behind when it died is taken over.
   *
   * @throws GradloomError E_BUSY naming the process that holds it; E_STORAGE
   */
  static acquire(directory: string, self: LockOwner = thisProcess()): DirectoryLock {
    const folder = path.join(directory, FOLDER);
    return storing(folder, () => {
      makeFolder(folder);
      const content = Buffer.from(`${JSON.stringify(self)}\n`);
      for (;;) {
        const { highest, isReleased } = generations(folder);
        if (highest > 0 && !isReleased) refuseIfAlive(folder, highest, self);
        if (!claim(folder, highest + 1, content)) continue;
        // Two may have seen the same dead owner, one of them so late that the other's generation was gone again.
        if (generations(folder).highest > highest + 1) continue;
        removeBelow(folder, highest + 1);
        return new DirectoryLock(directory, highest + 1, content);
      }
    });
  }

  /** Whether no other process has taken the directory since, and it is where it was. */
  get isHeld(): boolean {
    return storing(this.#folder, () => generations(this.#folder).highest === this.generation && this.#isOurs(this.generation));
  }

  /**
   * Call it right before a change becomes visible.
   *
   * @throws GradloomError E_BUSY if the directory has another owner by now; E_STORAGE, ENOENT, if it or its lock was moved or removed
   */
  check(): void {
    if (this.isHeld) return;
    const { highest } = storing(this.#folder, () => generations(this.#folder));
    if (highest === 0) throw gone(existsSync(this.directory) ? this.#folder : this.directory);
    throw busy(this.directory, ownerOf(this.#folder, highest));
  }

  /** Gives the directory back. Nothing happens if it has another owner, or is gone. */
  release(): void {
    try {
      if (this.isHeld) closeSync(openSync(path.join(this.#folder, `${this.generation}.released`), CREATE, 0o600));
    } catch {
      // Who cannot say that it is done leaves a lock of a process that will be found dead.
    }
  }

  #isOurs(generation: number): boolean {
    let fd: number;
    try {
      fd = openSync(path.join(this.#folder, String(generation)), READ);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      const bytes = Buffer.alloc(this.#content.length + 1);
      return bytes.subarray(0, readSync(fd, bytes)).equals(this.#content);
    } finally {
      closeSync(fd);
    }
  }

  get #folder(): string {
    return path.join(this.directory, FOLDER);
  }
}

/** @returns the owner of a directory's lock, if it may be alive; undefined if the directory is free */
export function lockOwner(directory: string, self: LockOwner = thisProcess()): LockOwner | undefined {
  const folder = path.join(directory, FOLDER);
  const { highest, isReleased } = generations(folder);
  const owner = highest > 0 && !isReleased ? ownerOf(folder, highest) : undefined;
  return owner !== undefined && mayBeAlive(owner, self) ? owner : undefined;
}

/** This process as the owner of a lock. */
export function thisProcess(): LockOwner {
  return {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    boot: firstLine('/proc/sys/kernel/random/boot_id'),
    namespace: linkTarget('/proc/self/ns/pid'),
    host: hostname(),
    command: process.argv.join(' ').slice(0, MAX_COMMAND),
    since: new Date().toISOString(),
  };
}

/** Never the directory itself: one that was moved or removed is not made again. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function generations(folder: string): { highest: number; isReleased: boolean } {
  const names = listFolder(folder);
  const highest = Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
  return { highest, isReleased: names.includes(`${highest}.released`) };
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Content first, then the name: nobody ever reads a lock that is half written. @returns false if another process was faster */
function claim(folder: string, generation: number, bytes: Buffer): boolean {
  const temporary = path.join(folder, `.tmp-${process.pid}-${randomBytes(8).toString('hex')}`);
  const fd = openSync(temporary, CREATE, 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(temporary, path.join(folder, String(generation)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function removeBelow(folder: string, generation: number): void {
  for (const name of listFolder(folder)) {
    if (!/^\d+(\.released)?$/.test(name) || Number.parseInt(name, 10) >= generation) continue;
    try {
      unlinkSync(path.join(folder, name));
    } catch (error) {
      // Somebody else has cleaned up.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function refuseIfAlive(folder: string, generation: number, self: LockOwner): void {
  const owner = ownerOf(folder, generation);
  if (owner === undefined ? generations(folder).highest === generation : mayBeAlive(owner, self)) throw busy(path.dirname(folder), owner);
}

/** undefined if the file is gone or not one of ours. */
function ownerOf(folder: string, generation: number): LockOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path.join(folder, String(generation)), 'utf8')) as Partial<LockOwner> | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as LockOwner) : undefined;
  } catch {
    return undefined;
  }
}

/** Only what is provably dead is: a process of this boot and this pid namespace that is gone or whose pid another one has; or of an earlier boot of this host. */
function mayBeAlive(owner: LockOwner, self: LockOwner): boolean {
  if (owner.host !== self.host) return true;
  if (owner.boot !== self.boot) return false;
  if (owner.namespace !== self.namespace) return true;
  if (self.started !== '') return startOf(owner.pid) === owner.started;
  return isRunning(owner.pid);
}

/** Field 22 of /proc/<pid>/stat; the second one, in parentheses, may hold anything. undefined without such a process, or without /proc. */
function startOf(pid: number): string | undefined {
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
  try {
    return readFileSync(file, 'utf8').split('\n')[0] ?? '';
  } catch {
    return '';
  }
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function busy(directory: string, owner: LockOwner | undefined): GradloomError {
  const who =
    owner === undefined ? 'a lock that cannot be read' : `process ${owner.pid} on ${printable(owner.host)} since ${printable(owner.since)}`;
  const next =
    owner === undefined || owner.host !== hostname()
      ? `wait for it; if that process is gone for sure, remove ${printable(path.join(directory, FOLDER))}`
      : 'wait until it has ended, or end it';
  return new GradloomError({
    code: 'E_BUSY',
    where: printable(directory),
    message: `in use by ${who}${owner === undefined ? '' : `: ${printable(owner.command)}`}`,
    next,
  });
}

function gone(place: string): GradloomError {
  const cause = Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });
  return new GradloomError({
    code: 'E_STORAGE',
    where: printable(place),
    message: `was moved or removed while in use: ${cause.message}`,
    next: 'put it back',
    cause,
  });
}

function storing<T>(folder: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const next = 'make the directory writable';
    throw new GradloomError({ code: 'E_STORAGE', where: printable(folder), message: `cannot be locked: ${errnoText(cause)}`, next, cause });
  }
}
