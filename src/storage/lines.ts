import { closeSync, constants, fstatSync, fsync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';
import { readError } from './read.ts';

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
const NEWLINE = 0x0a;

/**
 * A file of whole lines that only grows, so a reader never sees a torn line of a live one. What is not yet known to survive a power loss
 * is kept in memory: after a write or an fsync that failed, the next `sync` opens the file anew and writes it again, without a gap.
 */
export class LineFile {
  readonly path: string;
  readonly #calls: LineCalls;
  #fd: number;
  /** Bytes at the start of the file that an fsync has made durable, or that were there when it was opened. */
  #durable: number;
  /** The lines after them. */
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #isBroken = false;

  private constructor(path: string, calls: LineCalls, fd: number, length: number) {
    this.path = path;
    this.#calls = calls;
    this.#fd = fd;
    this.#durable = length;
  }

  /** @throws GradloomError E_STORAGE, also where the file exists */
  static create(path: string, calls: LineCalls = CALLS): LineFile {
    try {
      return new LineFile(path, calls, calls.open(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600), 0);
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /**
   * Opens a file to go on after its first `length` bytes; what follows them is cut off. A missing file is made.
   *
   * @throws GradloomError E_STORAGE
   */
  static reopen(path: string, length: number, calls: LineCalls = CALLS): LineFile {
    let fd: number | undefined;
    try {
      fd = calls.open(path, APPEND | constants.O_CREAT, 0o600);
      if (fstatSync(fd).size > length) calls.truncate(fd, length);
      return new LineFile(path, calls, fd, length);
    } catch (cause) {
      if (fd !== undefined) calls.close(fd);
      throw storageError(path, cause);
    }
  }

  /** Bytes of all lines, those included that could not be written yet. */
  get length(): number {
    return this.#durable + this.#tailBytes;
  }

  /** @throws GradloomError E_STORAGE, once: later lines are kept until `sync` succeeds */
  append(line: object): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    const before = this.length;
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    if (this.#isBroken) return;
    try {
      this.#writeAll(bytes);
    } catch (cause) {
      this.#isBroken = true;
      this.#dropTornLine(before);
      throw storageError(this.path, cause);
    }
  }

  /**
   * Makes all lines survive a power loss.
   *
   * @throws GradloomError E_STORAGE; nothing is lost, and the next call tries again with a file opened anew
   */
  async sync(): Promise<void> {
    try {
      if (this.#isBroken) this.#mend();
      const length = this.length;
      const count = this.#tail.length;
      await this.#calls.sync(this.#fd);
      // Lines may have come, and `cut` may have been called, while the disk was at work.
      if (this.length < length) return;
      this.#tail.splice(0, count);
      this.#durable = length;
      this.#tailBytes = this.#tail.reduce((sum, { length: bytes }) => sum + bytes, 0);
    } catch (cause) {
      this.#isBroken = true;
      throw storageError(this.path, cause);
    }
  }

  /** Takes back all lines after the first `length` bytes. @throws GradloomError E_STORAGE */
  cut(length: number): void {
    while (this.length > length && this.#tail.length > 0) this.#tailBytes -= this.#tail.pop()?.length ?? 0;
    this.#durable = Math.min(this.#durable, length);
    try {
      this.#calls.truncate(this.#fd, length);
    } catch (cause) {
      this.#isBroken = true;
      throw storageError(this.path, cause);
    }
  }

  close(): void {
    this.#calls.close(this.#fd);
  }

  /** The descriptor whose write or fsync failed is not used again: the kernel may have dropped its pages and would say ok. */
  #mend(): void {
    const fd = this.#calls.open(this.path, APPEND);
    this.#calls.close(this.#fd);
    this.#fd = fd;
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

  #writeAll(bytes: Buffer): void {
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

function storageError(path: string, cause: unknown): GradloomError {
  const next = 'free space or mend the file system';
  return new GradloomError({ code: 'E_STORAGE', where: printable(path), message: `cannot be written: ${errnoText(cause)}`, next, cause });
}

/** What is in a file of JSON lines. */
export interface Lines {
  lines: Record<string, unknown>[];
  /** Bytes of the whole lines. */
  length: number;
  /** The file ends in the middle of a line, as after a crash; the rest is not in `lines`. */
  isTorn: boolean;
}

/**
 * Reads a file of JSON objects, one a line. Only the last line may be torn.
 *
 * @param limit  bytes to look at; what follows is not read as lines
 * @throws GradloomError E_RUN_FILE with file and line for anything else that is not an object; E_DATA_READ
 */
export function readLines(path: string, limit = Number.POSITIVE_INFINITY): Lines {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readError(path, cause);
  }
  const end = Math.min(bytes.length, limit);
  const lines: Lines['lines'] = [];
  let from = 0;
  for (let to = bytes.indexOf(NEWLINE); to >= 0 && to < end; to = bytes.indexOf(NEWLINE, from)) {
    lines.push(parseLine(bytes.subarray(from, to), path, lines.length + 1));
    from = to + 1;
  }
  return { lines, length: from, isTorn: from < end };
}

function parseLine(bytes: Uint8Array, path: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badLine(path, number, `not a line of JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badLine(path, number, 'expected an object');
  return value as Record<string, unknown>;
}

function badLine(path: string, number: number, problem: string): GradloomError {
  const next = 'restore the file from a copy; it was changed after it was written';
  return new GradloomError({ code: 'E_RUN_FILE', where: `${printable(path)}:${number}`, message: printable(problem, 300), next });
}
