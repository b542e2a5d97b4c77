import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';

/** A FIFO would block an open for reading until somebody writes; with this flag it opens, is seen not to be a file, and is refused. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Node refuses to read 2 GiB or more at once. */
const READ_AT_ONCE = 2 ** 30;

/**
 * Opens a regular file for reading; the caller closes it.
 *
 * @throws GradloomError E_DATA_READ if it is missing, no regular file, or not readable
 */
export async function openForReading(path: string): Promise<{ handle: FileHandle; bytes: number }> {
  let handle: FileHandle;
  try {
    handle = await open(path, READ_FLAGS);
  } catch (error) {
    throw readError(path, error);
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw notAFile(path);
  }
  return { handle, bytes: stat.size };
}

/**
 * The bytes of a regular file, at most `limitBytes` of them.
 *
 * @throws GradloomError E_DATA_READ as above; E_DATA_TOO_LARGE, before anything is allocated, if the file is larger than the limit
 */
export function readFileBytes(path: string, limitBytes: number): Uint8Array<ArrayBuffer> {
  let descriptor: number;
  try {
    descriptor = openSync(path, READ_FLAGS);
  } catch (error) {
    throw readError(path, error);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw notAFile(path);
    if (stat.size > limitBytes) {
      throw new GradloomError({
        code: 'E_DATA_TOO_LARGE',
        where: printable(path),
        message: `${stat.size} bytes, expected at most ${limitBytes}`,
      });
    }
    const bytes = new Uint8Array(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, Math.min(READ_AT_ONCE, bytes.length - filled), null);
      if (count === 0) return bytes.subarray(0, filled);
      filled += count;
    }
    return bytes;
  } catch (error) {
    throw error instanceof GradloomError ? error : readError(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** An error of the operating system while reading `path`, as gradloom reports it. */
export function readError(path: string, cause: unknown): GradloomError {
  return new GradloomError({
    code: 'E_DATA_READ',
    where: printable(path),
    message: `cannot be read: ${errnoText(cause)}`,
    next: 'check the path (a relative one starts at the experiment file) and its permissions',
    cause,
  });
}

function notAFile(path: string): GradloomError {
  return new GradloomError({ code: 'E_DATA_READ', where: printable(path), message: 'not a regular file' });
}
