import { GradloomError, printable } from '../../errors.ts';
import { readRegular, UnfitFileError } from '../../storage/read.ts';
import { aboutMissing } from './bundled.ts';
import { MAX_BYTES } from './source.ts';

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

function readBytes(path: string): Uint8Array {
  if (path.includes('\0')) throw new UnreadableError('the path holds a NUL character');
  try {
    return readRegular(path, MAX_BYTES, 'follow');
  } catch (cause) {
    if (cause instanceof UnfitFileError) throw unfit(cause);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new UnreadableError(REASONS[code] ?? code, { cause });
  }
}

function unfit({ kind }: UnfitFileError): UnreadableError {
  if (kind === 'large') return tooLarge();
  if (kind === 'directory') return new UnreadableError('it is a directory');
  return new UnreadableError(kind === 'FIFO' ? 'it is a FIFO, not a file' : 'it is a device or socket, not a file');
}

function tooLarge(): UnreadableError {
  return new UnreadableError('larger than 1 MiB, the limit of a config file', { tooLarge: true });
}

function decode(bytes: Uint8Array): string {
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
