import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from './errno.ts';

/** A FIFO that came after the look at the path would block an open for reading until somebody writes; with this flag it does not. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const NO_LINK = constants.O_NOFOLLOW ?? 0;
/** Node refuses to read 2 GiB or more at once. */
const READ_AT_ONCE = 2 ** 30;
/** Where the system does not say how long a file is, as below /proc. */
const FIRST_READ_BYTES = 4096;
/** /proc/stat of a thousand processors takes a tenth. */
const SYSTEM_LIMIT_BYTES = 2 ** 20;

/** What is at a path cannot be read as a file, in words. */
export class UnfitFileError extends Error {
  readonly kind: 'directory' | 'FIFO' | 'device' | 'link' | 'large';

  constructor(kind: UnfitFileError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Whether a symbolic link at the end of a path is followed: in what a user names, yes; in what gradloom has written, no. */
export type Links = 'follow' | 'refuse';

/**
 * Opens a regular file for reading, and never waits for anything: FIFOs, devices and sockets are not even opened.
 *
 * @throws UnfitFileError, or what the operating system says
 */
function openRegular(path: string, links: Links): { descriptor: number; bytes: number } {
  // Opening a device can do something already, as to rewind a tape.
  refuseSpecial(links === 'follow' ? statSync(path) : lstatSync(path), path);
  const descriptor = openSync(path, READ_FLAGS | (links === 'follow' ? 0 : NO_LINK));
  try {
    const stats = fstatSync(descriptor);
    refuseSpecial(stats, path);
    return { descriptor, bytes: stats.size };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function refuseSpecial(stats: Stats, path: string): void {
  if (stats.isFile()) return;
  if (stats.isSymbolicLink()) throw new UnfitFileError('link', `a symbolic link${targetOf(path)}, which is not followed`);
  if (stats.isDirectory()) throw new UnfitFileError('directory', 'a directory');
  if (stats.isFIFO()) throw new UnfitFileError('FIFO', 'a FIFO');
  throw new UnfitFileError('device', 'a device or socket');
}

/** ` to /elsewhere`, where it can be told. */
export function targetOf(link: string): string {
  try {
    return ` to ${printable(readlinkSync(link))}`;
  } catch {
    // Gone or changed since: the message does without.
    return '';
  }
}

/**
 * The bytes of a regular file, to its end; one that grows meanwhile is read as far as the limit.
 *
 * @throws UnfitFileError, before anything is allocated if the file is larger than the limit; what the operating system says
 */
export function readRegular(path: string, limitBytes: number, links: Links): Uint8Array<ArrayBuffer> {
  const { descriptor, bytes: size } = openRegular(path, links);
  try {
    if (size > limitBytes) throw new UnfitFileError('large', `${size} bytes, expected at most ${limitBytes}`);
    // One byte more than there should be: to see that it is the end.
    let bytes = new Uint8Array((size === 0 ? Math.min(FIRST_READ_BYTES, limitBytes) : size) + 1);
    for (let filled = 0; ; ) {
      const count = readSync(descriptor, bytes, filled, Math.min(READ_AT_ONCE, bytes.length - filled), null);
      filled += count;
      if (count === 0) return bytes.subarray(0, filled);
      if (filled < bytes.length) continue;
      if (filled > limitBytes) throw new UnfitFileError('large', `grows while it is read; expected at most ${limitBytes} bytes`);
      const larger = new Uint8Array(Math.min(2 * filled, limitBytes + 1));
      larger.set(bytes);
      bytes = larger;
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a regular file that the user named; the caller closes it.
 *
 * @throws GradloomError E_DATA_READ if it is missing, no regular file, or not readable
 */
export async function openForReading(path: string): Promise<{ handle: FileHandle; bytes: number }> {
  let handle: FileHandle | undefined;
  try {
    refuseSpecial(statSync(path), path);
    handle = await open(path, READ_FLAGS);
    const stats = await handle.stat();
    refuseSpecial(stats, path);
    return { handle, bytes: stats.size };
  } catch (error) {
    await handle?.close();
    throw readError(path, error);
  }
}

/**
 * The bytes of a regular file that the user named, at most `limitBytes` of them.
 *
 * @throws GradloomError E_DATA_READ as above; E_DATA_TOO_LARGE, before anything is allocated, if the file is larger than the limit
 */
export function readFileBytes(path: string, limitBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return readRegular(path, limitBytes, 'follow');
  } catch (error) {
    throw readError(path, error);
  }
}

/** An error while reading a file that the user named, as gradloom reports it. */
export function readError(path: string, cause: unknown): GradloomError {
  const where = printable(path);
  if (cause instanceof GradloomError) return cause;
  if (cause instanceof UnfitFileError) {
    if (cause.kind === 'large') return new GradloomError({ code: 'E_DATA_TOO_LARGE', where, message: cause.message });
    return new GradloomError({ code: 'E_DATA_READ', where, message: 'not a regular file' });
  }
  return new GradloomError({
    code: 'E_DATA_READ',
    where,
    message: `cannot be read: ${errnoText(cause)}`,
    next: 'check the path and its permissions',
    cause,
  });
}

/**
 * The bytes of a file that gradloom has written: a regular one, no link, of at most `limitBytes`.
 *
 * @returns undefined if there is nothing at the path
 * @throws GradloomError E_RUN_FILE if something else is there, E_STORAGE if the system cannot read it
 */
export function readOwnFile(path: string, limitBytes: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return readRegular(path, limitBytes, 'refuse');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ownReadError(path, error);
  }
}

/** `readOwnFile` for UTF-8 text. */
export function readOwnText(path: string, limitBytes: number): string | undefined {
  const bytes = readOwnFile(path, limitBytes);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw damaged(path, 'not UTF-8', cause);
  }
}

/**
 * Reads a file that gradloom has written piece by piece, each at most `pieceBytes` long, up to the length it has now.
 *
 * @param limitBytes  what comes after so many is not read
 * @param visit       told of each piece, which is only valid until it returns, and of the size of the file
 * @returns the bytes that there are, at most `limitBytes`; undefined if there is nothing at the path
 * @throws GradloomError as `readOwnFile`, and what `visit` throws
 */
export function visitOwnFile(
  path: string,
  limitBytes: number,
  pieceBytes: number,
  visit: (piece: Buffer, size: number) => void,
): number | undefined {
  const opened = openOwn(path);
  if (opened === undefined) return undefined;
  try {
    const end = Math.min(opened.bytes, limitBytes);
    const piece = Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, end)));
    for (let at = 0; at < end; ) {
      const count = readSync(opened.descriptor, piece, 0, Math.min(piece.length, end - at), null);
      if (count === 0) return at;
      visit(piece.subarray(0, count), opened.bytes);
      at += count;
    }
    return end;
  } catch (error) {
    throw ownReadError(path, error);
  } finally {
    closeSync(opened.descriptor);
  }
}

/**
 * The first bytes of a file that gradloom has written, and its size.
 *
 * @throws GradloomError as `readOwnFile`, and E_RUN_FILE if there is none
 */
export function readOwnStart(path: string, bytes: number): { start: Uint8Array; size: number } {
  const pieces: Buffer[] = [];
  let size = 0;
  const found = visitOwnFile(path, bytes, bytes, (piece, whole) => {
    pieces.push(Buffer.from(piece));
    size = whole;
  });
  if (found === undefined) throw damaged(path, 'missing');
  return { start: Buffer.concat(pieces), size };
}

/** A part of a file that gradloom has written, and which file it was. */
export interface OwnPiece {
  /** Fewer than asked for only where the file ends. */
  piece: Buffer;
  size: number;
  /** Tells the file from another one at the same path. */
  inode: number;
}

/** Some bytes from an offset of a file that gradloom has written; undefined if there is nothing at the path. @throws GradloomError as `readOwnFile` */
export function readOwnPiece(path: string, at: number, bytes: number): OwnPiece | undefined {
  const opened = openOwn(path);
  if (opened === undefined) return undefined;
  const { descriptor } = opened;
  try {
    const { size, ino: inode } = fstatSync(descriptor);
    const piece = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, size - at)));
    let filled = 0;
    for (let count = -1; filled < piece.length && count !== 0; filled += count)
      count = readSync(descriptor, piece, filled, piece.length - filled, at + filled);
    return { piece: piece.subarray(0, filled), size, inode };
  } catch (error) {
    throw ownReadError(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** The byte at an offset of a file that gradloom has written; undefined behind its end. @throws GradloomError as `readOwnStart` */
export function readOwnByte(path: string, at: number): number | undefined {
  return readOwnPiece(path, at, 1)?.piece[0];
}

/** The text of a file of the system, as below /proc and /sys; undefined where there is none, as on other systems than Linux. */
export function readSystemFile(path: string): string | undefined {
  try {
    return new TextDecoder().decode(readRegular(path, SYSTEM_LIMIT_BYTES, 'follow'));
  } catch {
    // Absent, or not for us to read: what it would say is not known.
    return undefined;
  }
}

/** Something is at a path where a file of gradloom should be, and is not what gradloom writes. */
export function damaged(path: string, message: string, cause?: unknown): GradloomError {
  const next = 'restore it from a copy; it was changed after it was written';
  return new GradloomError({ code: 'E_RUN_FILE', where: printable(path), message: printable(message, 500), next, cause });
}

function openOwn(path: string): ReturnType<typeof openRegular> | undefined {
  try {
    return openRegular(path, 'refuse');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ownReadError(path, error);
  }
}

function ownReadError(path: string, cause: unknown): GradloomError {
  if (cause instanceof GradloomError) return cause;
  if (cause instanceof UnfitFileError) return damaged(path, cause.kind === 'large' ? cause.message : `${cause.message}; expected a file`);
  // Somebody has put a link there since it was looked at.
  if (codeOf(cause) === 'ELOOP') return damaged(path, 'a symbolic link, which is not followed; expected a file', cause);
  return new GradloomError({
    code: 'E_STORAGE',
    where: printable(path),
    message: `cannot be read: ${errnoText(cause)}`,
    next: 'check the disk, the permissions and the file system',
    cause,
  });
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | null)?.code;
}
