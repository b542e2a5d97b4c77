import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { GradloomError, printable } from '../errors.ts';
import { aboutMissing } from './bundled.ts';

/** Config files are short; more is a mistake or an attack. */
export const MAX_BYTES = 2 ** 20;

/** Why a config file cannot be read, in words; thrown before anything is parsed. */
export class UnreadableError extends Error {
  readonly tooLarge: boolean;

  constructor(reason: string, options?: { cause?: unknown; tooLarge?: boolean }) {
    super(reason, { cause: options?.cause });
    this.tooLarge = options?.tooLarge ?? false;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
};

/**
 * Reads a UTF-8 config file; a byte order mark is dropped.
 *
 * @throws UnreadableError naming the cause; a FIFO or a device is refused and never waited for
 */
export function readText(path: string): string {
  return decode(readBytes(path));
}

/**
 * `readText` for the file that the user named.
 *
 * @param what  the file is, for the error
 */
export function readRootText(path: string, what = 'experiment'): string {
  try {
    return readText(path);
  } catch (cause) {
    if (!(cause instanceof UnreadableError)) throw cause;
    const code = cause.tooLarge ? 'E_YAML_TOO_LARGE' : 'E_CONFIG_READ';
    const isMissing = cause.cause instanceof Error && 'code' in cause.cause && cause.cause.code === 'ENOENT';
    const next = isMissing ? aboutMissing(path) : undefined;
    throw new GradloomError({ code, message: `cannot read the ${what}: ${cause.message}`, where: printable(path, 500), next, cause });
  }
}

function readBytes(path: string): Buffer {
  if (path.includes('\0')) throw new UnreadableError('the path holds a NUL character');
  let fd: number | undefined;
  try {
    refuseSpecial(statSync(path));
    // Without O_NONBLOCK a FIFO put there since the check would block for ever.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    refuseSpecial(fstatSync(fd));
    return readUpTo(fd, MAX_BYTES);
  } catch (cause) {
    if (cause instanceof UnreadableError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new UnreadableError(REASONS[code] ?? code, { cause });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function refuseSpecial(stats: ReturnType<typeof statSync> & object): void {
  if (stats.isDirectory()) throw new UnreadableError('it is a directory');
  if (stats.isFIFO()) throw new UnreadableError('it is a FIFO, not a file');
  if (!stats.isFile()) throw new UnreadableError('it is a device or socket, not a file');
  if (stats.size > MAX_BYTES) throw tooLarge();
}

function readUpTo(fd: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
  }
  throw tooLarge();
}

function tooLarge(): UnreadableError {
  return new UnreadableError('larger than 1 MiB, the limit of a config file', { tooLarge: true });
}

function decode(bytes: Buffer): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new UnreadableError('it is UTF-16; save it as UTF-8');
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw new UnreadableError(`byte ${nul} is NUL: it is binary or UTF-16, not UTF-8 text`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UnreadableError('it is not valid UTF-8', { cause });
  }
}
