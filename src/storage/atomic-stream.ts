import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { syncDirectory, temporaryName } from './atomic.ts';
import { errnoText } from './errno.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const MODE = 0o666;

/** A file of any length that is written piece by piece under a temporary name, and gets its own only when it is whole. */
export class AtomicStream {
  readonly path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** @throws GradloomError E_STORAGE */
  static async open(path: string): Promise<AtomicStream> {
    const temporary = join(dirname(path), temporaryName());
    try {
      return new AtomicStream(path, temporary, await open(temporary, CREATE, MODE));
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /** @param at  byte to write at; without it behind what was written before @throws GradloomError E_STORAGE */
  async write(bytes: Uint8Array, at?: number): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        const place = at === undefined ? null : at + written;
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, place);
        if (bytesWritten === 0) throw new Error(`wrote 0 bytes, ${bytes.length - written} left`);
        written += bytesWritten;
      }
    } catch (cause) {
      throw storageError(this.path, cause);
    }
  }

  /** Gives the file its name; then it survives a power loss. @throws GradloomError E_STORAGE */
  async commit(): Promise<void> {
    try {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#temporary, this.path);
      await syncDirectory(dirname(this.path));
    } catch (cause) {
      throw storageError(this.path, cause);
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await Promise.allSettled([this.#file.close(), unlink(this.#temporary)]);
  }
}

function storageError(path: string, cause: unknown): GradloomError {
  const next = 'free space there or make the directory writable, or write to another file';
  return new GradloomError({ code: 'E_STORAGE', where: printable(path), message: `cannot be written: ${errnoText(cause)}`, next, cause });
}
