import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt, namesInFolder } from '../../storage/folder.ts';
import { openForReading, readOwnText } from '../../storage/read.ts';
import { type BlobStore, isBlobPart, partsOf } from './store.ts';

const ID_FILE = 'store-id';
const ID = /^[0-9a-f]{16}$/;
const ID_LIMIT_BYTES = 64;
const READ_AT_ONCE = 2 ** 24;
/** Somebody is writing the id just now. */
const MAX_LOOKS = 50;
const LOOK_MS = 20;

/** A directory that all machines mount, as one on NFS. A blob is written under another name, synced, and renamed. */
export class FileStore implements BlobStore {
  readonly shown: string;
  readonly id: string;
  readonly limitBytes = 2 ** 32;
  readonly #directory: string;

  private constructor(directory: string, id: string) {
    this.#directory = directory;
    this.id = id;
    this.shown = `file:${printable(directory)}`;
  }

  /** @throws GradloomError E_STORAGE if the directory cannot be used */
  static async open(directory: string): Promise<FileStore> {
    const place = path.resolve(directory);
    return new FileStore(place, await idOf(place));
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const place = this.#placeOf(name);
    storing(path.dirname(place), () => mkdirSync(path.dirname(place), { recursive: true, mode: 0o700 }));
    // It is the same blob: names tell the content.
    if (kindAt(place) !== 'file') await writeFileAtomic(place, bytes);
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const place = this.#placeOf(name);
    if (kindAt(place) === undefined) return undefined;
    try {
      const { handle, bytes: size } = await openForReading(place);
      try {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; ) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(READ_AT_ONCE, size - at));
          if (bytesRead === 0) throw new Error(`ends after ${at} of ${size} bytes`);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    } catch (cause) {
      // Removed since.
      if (kindAt(place) === undefined && kindAt(this.#directory) === 'directory') return undefined;
      throw storageError(place, cause);
    }
  }

  async list(folder: string): Promise<string[]> {
    const place = this.#placeOf(folder);
    // A directory that is not mounted just now is no empty store.
    if (kindAt(this.#directory) !== 'directory') throw storageError(this.#directory, new Error('not there any more'));
    return namesInFolder(place).filter(isBlobPart).toSorted();
  }

  async remove(name: string): Promise<void> {
    try {
      await unlink(this.#placeOf(name));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(this.#placeOf(name), cause);
    }
  }

  async removeFolder(folder: string): Promise<void> {
    try {
      await rm(this.#placeOf(folder), { recursive: true, force: true });
    } catch (cause) {
      throw storageError(this.#placeOf(folder), cause);
    }
  }

  #placeOf(name: string): string {
    return path.join(this.#directory, ...partsOf(name));
  }
}

/** Made by whoever comes first: O_EXCL lets one process do so. */
async function idOf(directory: string): Promise<string> {
  storing(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const file = path.join(directory, ID_FILE);
  try {
    await writeFile(file, randomBytes(8).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(file, cause);
  }
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const id = readOwnText(file, ID_LIMIT_BYTES);
    if (id !== undefined && ID.test(id)) return id;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new GradloomError({ code: 'E_STORAGE', where: printable(file), message: 'is not the id of a store', next: 'remove the file' });
}

function storing<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw storageError(place, cause);
  }
}

function storageError(place: string, cause: unknown): GradloomError {
  const next = 'check that the store is mounted, has room, and is writable';
  return new GradloomError({
    code: 'E_STORAGE',
    where: printable(place),
    message: `the store cannot be used: ${errnoText(cause)}`,
    next,
    cause,
  });
}
