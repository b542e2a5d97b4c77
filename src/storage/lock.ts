import { closeSync, constants, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { temporaryName } from './atomic.ts';
import { errnoText } from './errno.ts';
import { kindAt, makeFolder, namesInFolder } from './folder.ts';
import { type LockOwner, mayBeAlive, ownerShape, thisProcess } from './lock-owner.ts';
import { readOwnFile } from './read.ts';
import { readJson } from './shape.ts';

/** The folder of the lock in the directory that it locks. */
const FOLDER = 'lock';
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const NAME = /^(\d+)(\.released)?$/;
const OWNER_LIMIT_BYTES = 2 ** 16;
/** So often somebody else may be faster in taking the same generation. */
const MAX_CLAIMS = 1000;

/** What is locked: all of the directory, or its tags alone, which may change while somebody trains. */
export type Locked = 'directory' | 'tags';
const PREFIX: Readonly<Record<Locked, string>> = { directory: '', tags: 'tags-' };

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
  readonly #generations: Generations;
  /** What its file holds: generations begin at 1 again where somebody has removed the folder. */
  readonly #content: Buffer;

  private constructor(directory: string, generation: number, generations: Generations, content: Buffer) {
    this.directory = directory;
    this.generation = generation;
    this.#generations = generations;
    this.#content = content;
  }

  /**
   * Takes the lock of a directory; one that a process left behind when it died is taken over.
   *
   * @throws GradloomError E_BUSY naming the process that holds it; E_STORAGE, also if there is no such directory; E_RUN_FILE if what is in
   *   the folder `lock`, or in its place, is not what gradloom writes
   */
  static acquire(directory: string, self: LockOwner = thisProcess(), locked: Locked = 'directory'): DirectoryLock {
    const generations = new Generations(path.join(directory, FOLDER), PREFIX[locked]);
    return storing(generations.folder, () => {
      // Never the directory itself: one that was moved or removed is not made again.
      makeFolder(generations.folder);
      const content = Buffer.from(`${JSON.stringify(self)}\n`);
      for (let claims = 0; claims < MAX_CLAIMS; claims++) {
        const { highest, isReleased } = generations.look();
        if (highest > 0 && !isReleased) refuseIfAlive(generations, highest, self);
        if (!generations.claim(highest + 1, content)) continue;
        // Two may have seen the same dead owner, one of them so late that the other's generation was gone again.
        if (generations.look().highest > highest + 1) continue;
        generations.removeBelow(highest + 1);
        return new DirectoryLock(directory, highest + 1, generations, content);
      }
      throw busy(directory, undefined);
    });
  }

  /** Whether no other process has taken the directory since, and it is where it was. @throws GradloomError E_STORAGE, E_RUN_FILE */
  get isHeld(): boolean {
    return this.#highest === this.generation && this.#generations.holds(this.generation, this.#content);
  }

  /**
   * Call it right before a change becomes visible.
   *
   * @throws GradloomError E_BUSY if the directory has another owner by now; E_STORAGE, ENOENT, if it or its lock was moved or removed; E_RUN_FILE
   */
  check(): void {
    if (this.isHeld) return;
    const highest = this.#highest;
    if (highest === 0) throw gone(kindAt(this.directory) === undefined ? this.directory : this.#generations.folder);
    throw busy(this.directory, this.#generations.ownerOf(highest));
  }

  /** Gives the directory back. Nothing happens if it has another owner, or is gone. */
  release(): void {
    try {
      if (this.isHeld) this.#generations.release(this.generation);
    } catch {
      // Who cannot say that it is done leaves a lock of a process that will be found dead.
    }
  }

  get #highest(): number {
    return storing(this.#generations.folder, () => this.#generations.look().highest);
  }
}

/**
 * @returns the owner of a directory's lock, if it may be alive; undefined if the directory is free
 * @throws GradloomError E_RUN_FILE, E_STORAGE as `DirectoryLock.acquire`
 */
export function lockOwner(directory: string, self: LockOwner = thisProcess()): LockOwner | undefined {
  const generations = new Generations(path.join(directory, FOLDER), PREFIX.directory);
  const { highest, isReleased } = generations.look();
  const owner = highest > 0 && !isReleased ? generations.ownerOf(highest) : undefined;
  return owner !== undefined && mayBeAlive(owner, self) ? owner : undefined;
}

/** The files of a lock: `<prefix><n>`, and `<prefix><n>.released` once its owner is done. */
class Generations {
  readonly folder: string;
  readonly #prefix: string;

  constructor(folder: string, prefix: string) {
    this.folder = folder;
    this.#prefix = prefix;
  }

  /** @throws GradloomError E_RUN_FILE for a number that gradloom never counts to: nobody could take the one after it; E_STORAGE */
  look(): { highest: number; isReleased: boolean } {
    let highest = 0;
    const released = new Set<number>();
    for (const name of namesInFolder(this.folder)) {
      const [, digits, ending] = (name.startsWith(this.#prefix) && NAME.exec(name.slice(this.#prefix.length))) || [];
      if (digits === undefined) continue;
      const number = Number(digits);
      if (!Number.isSafeInteger(number + 1) || String(number) !== digits) throw this.#odd(name);
      if (ending === undefined) highest = Math.max(highest, number);
      else released.add(number);
    }
    return { highest, isReleased: released.has(highest) };
  }

  /** Content first, then the name: nobody ever reads a lock that is half written. @returns false if another process was faster */
  claim(generation: number, bytes: Buffer): boolean {
    const temporary = path.join(this.folder, temporaryName());
    const fd = openSync(temporary, CREATE, 0o600);
    try {
      try {
        for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      linkSync(temporary, this.#file(generation));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      removeQuietly(temporary);
    }
  }

  /** undefined if the file is gone or not one of ours. */
  ownerOf(generation: number): LockOwner | undefined {
    try {
      return readJson(this.#file(generation), OWNER_LIMIT_BYTES, ownerShape);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      return undefined;
    }
  }

  holds(generation: number, content: Buffer): boolean {
    const found = readOwnFile(this.#file(generation), OWNER_LIMIT_BYTES);
    return found !== undefined && content.equals(found);
  }

  release(generation: number): void {
    closeSync(openSync(`${this.#file(generation)}.released`, CREATE, 0o600));
  }

  /** Of those below nobody asks any more; one that cannot be removed does no harm. */
  removeBelow(generation: number): void {
    for (const name of namesInFolder(this.folder)) {
      const digits = name.startsWith(this.#prefix) && NAME.exec(name.slice(this.#prefix.length))?.[1];
      if (digits !== undefined && digits !== false && Number(digits) < generation) removeQuietly(path.join(this.folder, name));
    }
  }

  #file(generation: number): string {
    return path.join(this.folder, `${this.#prefix}${generation}`);
  }

  #odd(name: string): GradloomError {
    return new GradloomError({
      code: 'E_RUN_FILE',
      where: printable(path.join(this.folder, name)),
      message: `a lock of a generation that gradloom does not count to; expected a number from 1 to ${Number.MAX_SAFE_INTEGER - 1}`,
      next: 'if no process is at work there for sure, remove that file',
    });
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Gone already, or not to be removed: it counts for nothing.
  }
}

function refuseIfAlive(generations: Generations, generation: number, self: LockOwner): void {
  const owner = generations.ownerOf(generation);
  if (owner === undefined ? generations.look().highest === generation : mayBeAlive(owner, self))
    throw busy(path.dirname(generations.folder), owner);
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

/** Whether a failed write says that no later one can succeed: the directory has another owner by now, or is no longer there. */
export function isLoss(error: GradloomError): boolean {
  return error.code === 'E_BUSY' || (error.code === 'E_STORAGE' && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT');
}

function storing<T>(folder: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const isGone = (cause as NodeJS.ErrnoException | null)?.code === 'ENOENT';
    const next = isGone ? 'the directory was removed or moved: put it back where it was' : 'make the directory writable';
    throw new GradloomError({ code: 'E_STORAGE', where: printable(folder), message: `cannot be locked: ${errnoText(cause)}`, next, cause });
  }
}
