import { randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, realpathSync, statSync, writeSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';

/** The part of an open file that an atomic write uses. */
export interface WritableFile {
  /**
   * Writes some of the bytes from `offset` on, and says how many: on a nearly full disk fewer than asked for.
   *
   * @param position  byte of the file; null for behind what was written before
   */
  write(bytes: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesWritten: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls of `node:fs/promises` behind an atomic write; tests put failing ones in their place. */
export interface FileCalls {
  open(path: string, flags: number, mode?: number): Promise<WritableFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

/** The right to write, which another process may have taken over: asked for right before the content becomes visible. */
export interface Fence {
  generation: number;
  /** Throws a GradloomError if the right is lost. */
  check(): void;
}

export const FILE_CALLS: FileCalls = { open, rename, unlink };

/** O_EXCL and O_NOFOLLOW: a link that somebody planted at the temporary name is refused, never followed. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const DIRECTORY = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const OWNER_ONLY = 0o600;
const AS_UMASK_SAYS = 0o666;
/** Linux writes at most 2 GiB - 4 KiB a call. */
const WRITE_AT_ONCE = 2 ** 30;

const TEMPORARY = '.tmp-';

/** A name for a file that is none yet; of a process that died before it was, it stays. */
export function temporaryName(prefix = ''): string {
  return `${TEMPORARY}${prefix}${process.pid}-${randomBytes(8).toString('hex')}`;
}

export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY);
}

/**
 * Writes a file so that, whatever happens, its path holds either the old content or all of the new, and the new survives a power
 * loss once the promise is fulfilled: temporary file in the same directory (mode 0600), write, fsync, close, rename, fsync of the
 * directory (which Windows has not). A symbolic link at `path` is replaced, not followed. Text is written as UTF-8.
 * The bytes must not change before the promise settles.
 *
 * @param fence  whose error is thrown, and nothing changed, if the right to write is lost before or meanwhile
 * @throws GradloomError E_STORAGE naming the path and what the operating system said; the temporary file is removed
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  calls: FileCalls = FILE_CALLS,
  fence?: Fence,
): Promise<void> {
  fence?.check();
  const temporary = join(dirname(path), temporaryName(fence === undefined ? '' : `${fence.generation}-`));
  await writeWhole(await AtomicStream.begin({ path, place: path, temporary, mode: OWNER_ONLY, calls, fence }), content);
}

/**
 * Writes a file that a user named as an output, for whoever may read the directory: as `writeFileAtomic`, with mode 0666 less the umask. A
 * symbolic link there is followed: its target gets the content, and the link stays. What is no regular file (a device, a pipe) is never
 * replaced: it is written to.
 *
 * @param isNamed  false for a default name in a directory of gradloom: a link there is replaced, not followed
 * @throws GradloomError E_STORAGE
 */
export async function writeOutput(path: string, content: Uint8Array | string, isNamed = true): Promise<void> {
  await writeWhole(await AtomicStream.open(path, isNamed), content);
}

async function writeWhole(file: AtomicStream, content: Uint8Array | string): Promise<void> {
  await file.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
  await file.commit();
}

/** Where the content of an output comes to stand, and whether it can take another's place there. @throws what the operating system says */
function placeOf(path: string, isNamed: boolean): { place: string; isReplaced: boolean } {
  const found = isNamed ? statSync(path, { throwIfNoEntry: false }) : undefined;
  // A new file; a link that leads nowhere is replaced.
  if (found === undefined) return { place: path, isReplaced: true };
  if (found.isFile() || found.isDirectory()) return { place: realpathSync(path), isReplaced: true };
  return { place: path, isReplaced: false };
}

/** How a file is written. */
interface Target {
  /** As it was asked for: what errors name. */
  path: string;
  /** Where the content comes to stand. */
  place: string;
  /** Where it stands until it is whole; undefined where the bytes go to their place at once. */
  temporary: string | undefined;
  mode: number;
  calls: FileCalls;
  fence: Fence | undefined;
}

/**
 * A file of any length that is written piece by piece under a temporary name, and gets its own only when it is whole. Where writing or
 * `commit` fails, the temporary file is removed.
 */
export class AtomicStream {
  readonly #target: Target;
  readonly #file: WritableFile;
  #isOpen = true;

  private constructor(target: Target, file: WritableFile) {
    this.#target = target;
    this.#file = file;
  }

  /** @param path  an output that a user named: see `writeOutput` @throws GradloomError E_STORAGE */
  static async open(path: string, isNamed = true): Promise<AtomicStream> {
    let found: ReturnType<typeof placeOf>;
    try {
      found = placeOf(path, isNamed);
    } catch (cause) {
      throw storageError(path, cause);
    }
    const { place, isReplaced } = found;
    const temporary = isReplaced ? join(dirname(place), temporaryName()) : undefined;
    return AtomicStream.begin({ path, place, temporary, mode: AS_UMASK_SAYS, calls: FILE_CALLS, fence: undefined });
  }

  /** @throws GradloomError E_STORAGE */
  static async begin(target: Target): Promise<AtomicStream> {
    const { place, temporary, mode, calls } = target;
    try {
      const opening = temporary === undefined ? calls.open(place, constants.O_WRONLY) : calls.open(temporary, CREATE, mode);
      return new AtomicStream(target, await opening);
    } catch (cause) {
      throw failure(target, cause);
    }
  }

  /** Whether what was written can be changed before `commit`: not in a device or a pipe. */
  get isSeekable(): boolean {
    return this.#target.temporary !== undefined;
  }

  /** @param at  byte to write at; without it behind what was written before @throws GradloomError E_STORAGE */
  async write(bytes: Uint8Array, at?: number): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        const position = at === undefined ? null : at + written;
        const { bytesWritten } = await this.#file.write(bytes, written, Math.min(WRITE_AT_ONCE, bytes.length - written), position);
        if (bytesWritten === 0) throw new Error(`wrote 0 bytes, ${bytes.length - written} left`);
        written += bytesWritten;
      }
    } catch (cause) {
      throw await this.#undone(cause);
    }
  }

  /**
   * Gives the file its name; then it survives a power loss. A failed fsync is not tried again: the kernel may have dropped the pages and would
   * say ok.
   *
   * @throws GradloomError E_STORAGE, or that of the fence
   */
  async commit(): Promise<void> {
    const { place, temporary, calls, fence } = this.#target;
    try {
      if (temporary !== undefined) await this.#file.sync();
      await this.#close();
      if (temporary === undefined) return;
      fence?.check();
      await calls.rename(temporary, place);
    } catch (cause) {
      throw await this.#undone(cause);
    }
    try {
      await syncDirectory(dirname(place), calls);
    } catch (cause) {
      throw failure(this.#target, cause, 'the new content is in place, but a power loss may undo it');
    }
  }

  /** Removes what was written; what a device or a pipe has got stays. */
  async discard(): Promise<void> {
    await this.#undo();
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    await this.#file.close();
  }

  /** Closes and removes what was written; what is kept, in words. */
  async #undo(): Promise<string> {
    const { temporary, calls } = this.#target;
    if (this.#isOpen) await Promise.allSettled([this.#close()]);
    return temporary === undefined ? UNCHANGED : leftover(calls, temporary);
  }

  async #undone(cause: unknown): Promise<GradloomError> {
    const kept = await this.#undo();
    return cause instanceof GradloomError ? cause : failure(this.#target, cause, kept);
  }
}

/**
 * Appends text to a regular file, for what may be lost: it is not synced, and a part of it may be written.
 *
 * @throws what the operating system says; Error if something else is at the path, which is neither followed nor waited for
 */
export function appendText(path: string, text: string): void {
  const fd = openSync(path, APPEND);
  try {
    if (!fstatSync(fd).isFile()) throw new Error('not a regular file');
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  } finally {
    closeSync(fd);
  }
}

/** Makes the names in a directory (files created, renamed, removed) survive a power loss. Windows cannot and does nothing. */
export async function syncDirectory(path: string, calls: Pick<FileCalls, 'open'> = { open }): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await calls.open(path, DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes the temporary file; what is kept, in words. */
async function leftover(calls: FileCalls, temporary: string): Promise<string> {
  try {
    await calls.unlink(temporary);
    return UNCHANGED;
  } catch (error) {
    // The directory is gone, and the file with it.
    if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') return UNCHANGED;
    return `${UNCHANGED}; the temporary file ${printable(temporary)} could not be removed: ${errnoText(error)}`;
  }
}

const UNCHANGED = 'what was at this path before';

/** What a failed write is told as. @throws GradloomError of the fence, where the right to write is lost, as with the whole directory: that tells more */
function failure({ path, fence }: Target, cause: unknown, what = UNCHANGED): GradloomError {
  fence?.check();
  return storageError(path, cause, what);
}

function storageError(path: string, cause: unknown, what = UNCHANGED): GradloomError {
  // Nothing was there before the first write of a file.
  const kept = what === UNCHANGED && !existsSync(path) ? undefined : what;
  return new GradloomError({
    code: 'E_STORAGE',
    where: printable(path),
    message: `cannot be written: ${errnoText(cause)}`,
    kept,
    next: remedy(cause),
    cause,
  });
}

function remedy(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'free space on that file system or raise the limit, or choose another directory (track.dir)';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'create the directory, and do not remove it during a run';
    case 'EISDIR':
      return 'name a file: this is a directory';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'make the directory writable, or choose another one (track.dir)';
    default:
      return 'check the disk and the file system, then try again';
  }
}
