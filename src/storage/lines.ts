import { closeSync, constants, fstatSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { GradloomError, printable } from '../errors.ts';
import { AtomicStream, type Fence, FILE_CALLS, temporaryName } from './atomic.ts';
import { errnoText } from './errno.ts';

/** The calls of `node:fs` behind a file of lines; tests put failing ones in their place. */
export interface LineCalls {
  open(path: string, flags: number, mode?: number): number;
  write(fd: number, bytes: Uint8Array, offset: number): number;
  truncate(fd: number, length: number): void;
  sync(fd: number): Promise<void>;
  close(fd: number): void;
}

const CALLS: LineCalls = { open: openSync, write: writeSync, truncate: ftruncateSync, sync: promisify(fsync), close: closeSync };
const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const COPIED_AT_ONCE = 2 ** 20;

/** How long a fence counts as asked: appending is done thousands of times a second, and who was stopped wakes up later than that. */
const FENCE_MS = 10;

/**
 * A file of whole lines that only grows, so a reader never sees a torn line of a live one.
 *
 * A line that was appended has been said, whatever the disk does: it counts in `length`, and it stays in memory until an fsync has
 * succeeded. After a write, an fsync or a `cut` that failed, nothing more is written until the next `sync`, which opens the file anew and
 * writes all that is not durable again, without a gap. So callers go on from a failed call as from one that succeeded, or end.
 */
export class LineFile {
  readonly path: string;
  readonly #calls: LineCalls;
  readonly #fence: Fence | undefined;
  #fd: number;
  /** Bytes at the start of the file that an fsync has made durable, or that were there when it was opened. */
  #durable: number;
  /** The lines after them. */
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  /** The file does not hold what it should. */
  #isBroken = false;
  #cuts = 0;
  #fenceAskedAt = Number.NEGATIVE_INFINITY;

  private constructor(path: string, calls: LineCalls, fence: Fence | undefined, fd: number, length: number) {
    this.path = path;
    this.#calls = calls;
    this.#fence = fence;
    this.#fd = fd;
    this.#durable = length;
  }

  /**
   * @param fence  asked before anything is written, and again where more than 10 ms have gone by
   * @throws GradloomError E_STORAGE, also where the file exists; that of the fence
   */
  static create(path: string, calls: LineCalls = CALLS, fence?: Fence): LineFile {
    fence?.check();
    try {
      return new LineFile(path, calls, fence, calls.open(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600), 0);
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /**
   * Opens a file to go on after its first `length` bytes; what follows them is cut off. A missing file is made.
   *
   * The bytes get a new file under the old name: whoever had this one open, and was stopped between asking the fence and its write, writes
   * into a file that has no name any more.
   *
   * @throws GradloomError E_STORAGE; that of the fence
   */
  static async reopen(file: string, length: number, calls: LineCalls = CALLS, fence?: Fence): Promise<LineFile> {
    fence?.check();
    let fd: number | undefined;
    try {
      await takeOver(file, length, fence);
      fd = calls.open(file, APPEND | constants.O_CREAT, 0o600);
      return new LineFile(file, calls, fence, fd, length);
    } catch (cause) {
      if (fd !== undefined) closeQuietly(fd, calls);
      throw cause instanceof GradloomError ? cause : storageError(file, cause);
    }
  }

  /** Bytes of all lines, those included that could not be written yet. */
  get length(): number {
    return this.#durable + this.#tailBytes;
  }

  /** All lines are in the file, durable or not. */
  get isWhole(): boolean {
    return !this.#isBroken;
  }

  /**
   * Takes a line, in any case.
   *
   * @returns why it is not in the file: E_STORAGE, or the error of the fence; undefined also for the lines after that, until `sync` succeeds
   */
  append(line: object): GradloomError | undefined {
    return this.appendBytes(Buffer.from(`${JSON.stringify(line)}\n`));
  }

  /** `append` for a record of another kind than a line of JSON: whole or not at all. */
  appendBytes(bytes: Uint8Array): GradloomError | undefined {
    const before = this.length;
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    if (this.#isBroken) return undefined;
    try {
      this.#askFence(FENCE_MS);
    } catch (error) {
      return this.#broken(error);
    }
    try {
      this.#writeAll(bytes);
      return undefined;
    } catch (cause) {
      this.#dropTornLine(before);
      return this.#broken(cause);
    }
  }

  /**
   * Makes all lines survive a power loss.
   *
   * @throws GradloomError E_STORAGE, or that of the fence; nothing is lost, and the next call tries again with a file opened anew
   */
  async sync(): Promise<void> {
    try {
      this.#askFence();
      if (this.#isBroken) this.#mend();
      const { length } = this;
      const cuts = this.#cuts;
      await this.#calls.sync(this.#fd);
      // Lines may have come while the disk was at work; after a `cut` it is no longer known which of them the disk has.
      if (this.#cuts === cuts) this.#keptUpTo(length);
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /**
   * Takes back all lines after the first `length` bytes, in any case.
   *
   * @returns why they are still in the file, until the next `sync`
   */
  cut(length: number): GradloomError | undefined {
    while (this.length > length && this.#tail.length > 0) this.#tailBytes -= this.#tail.pop()?.length ?? 0;
    this.#durable = Math.min(this.#durable, length);
    this.#cuts++;
    // It may be shorter already.
    if (this.#isBroken) return undefined;
    try {
      this.#askFence();
      this.#calls.truncate(this.#fd, length);
      return undefined;
    } catch (cause) {
      return this.#broken(cause);
    }
  }

  close(): void {
    closeQuietly(this.#fd, this.#calls);
  }

  /** @param afterMs  since it was asked before */
  #askFence(afterMs = 0): void {
    if (this.#fence === undefined) return;
    const now = performance.now();
    if (now - this.#fenceAskedAt < afterMs) return;
    this.#fence.check();
    this.#fenceAskedAt = now;
  }

  #broken(cause: unknown): GradloomError {
    this.#isBroken = true;
    return cause instanceof GradloomError ? cause : storageError(this.path, cause);
  }

  /** Another sync may have said so already. */
  #keptUpTo(length: number): void {
    while (this.#durable < length) {
      const bytes = this.#tail.shift()?.length ?? 0;
      this.#durable += bytes;
      this.#tailBytes -= bytes;
    }
  }

  /** The descriptor whose write or fsync failed is not used again: the kernel may have dropped its pages and would say ok. */
  #mend(): void {
    const fd = this.#calls.open(this.path, APPEND);
    closeQuietly(this.#fd, this.#calls);
    this.#fd = fd;
    const { size } = fstatSync(fd);
    if (size < this.#durable) throw new Error(`has ${size} bytes, but had ${this.#durable} when they were synced`);
    this.#calls.truncate(fd, this.#durable);
    let whole = this.#durable;
    try {
      for (const bytes of this.#tail) {
        this.#writeAll(bytes);
        whole += bytes.length;
      }
    } catch (error) {
      this.#dropTornLine(whole);
      throw error;
    }
    this.#isBroken = false;
  }

  #writeAll(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      const count = this.#calls.write(this.#fd, bytes, written);
      if (count === 0) throw new Error(`wrote 0 bytes, ${bytes.length - written} left`);
      written += count;
    }
  }

  /** A full disk takes a part of a line before it refuses the rest. */
  #dropTornLine(length: number): void {
    try {
      this.#calls.truncate(this.#fd, length);
    } catch {
      // The file cannot be changed at all: the error of the write tells of it.
    }
  }
}

/** Puts a copy of the first `length` bytes in the place of a file; nothing where there is none. */
async function takeOver(file: string, length: number, fence: Fence | undefined): Promise<void> {
  const source = await openIfThere(file);
  if (source === undefined) return;
  try {
    const { size, mode } = await source.stat();
    const temporary = path.join(path.dirname(file), temporaryName(fence === undefined ? '' : `${fence.generation}-`));
    const copy = await AtomicStream.begin({ path: file, place: file, temporary, mode: mode & 0o777, calls: FILE_CALLS, fence });
    try {
      const buffer = new Uint8Array(Math.min(size, length, COPIED_AT_ONCE));
      for (let at = 0; at < Math.min(size, length); ) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, length - at), at);
        if (bytesRead === 0) break;
        await copy.write(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } catch (error) {
      await copy.discard();
      throw error;
    }
    await copy.commit();
  } finally {
    await source.close();
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, READ);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function closeQuietly(fd: number, calls: LineCalls): void {
  try {
    calls.close(fd);
  } catch {
    // It is closed all the same, and what must last has been synced.
  }
}

function storageError(path: string, cause: unknown): GradloomError {
  const next = 'free space or mend the file system';
  return new GradloomError({ code: 'E_STORAGE', where: printable(path), message: `cannot be written: ${errnoText(cause)}`, next, cause });
}
