import type { Transform } from 'node:stream';
import { createGunzip, type ZlibOptions } from 'node:zlib';
import { GradloomError, printable } from '../../errors.ts';
import { openForReading, readError } from '../../storage/read.ts';
import { tellReading } from './reading.ts';

const CHUNK_BYTES = 2 ** 20;
/** First bytes of gzip, and of what was compressed twice. */
export const GZIP_MAGIC = 0x1f8b;
/** Deflate cannot do better than 1032 to 1, so a header that promises more is wrong, and nothing need be allocated to know it. */
export const DEFLATE_RATIO = 1032;

/** The bytes of a file, decompressed where it is gzip (told by its first bytes, not by its name), or of a file in an archive. */
export interface Content {
  /** Its path, and `(name)` in an archive; not yet printable. */
  path: string;
  /** The most bytes that it can hold, decompressed. */
  mostBytes: number;
  /** What `mostBytes` follows from where it is no exact number: `gzip, 31 bytes`. */
  estimate: string | undefined;
  /** The (decompressed) bytes from the start; leaving the loop closes the file. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** @throws GradloomError E_DATA_READ; from the chunks E_DATA_LENGTH at `path:byte` for broken gzip */
export async function openContent(path: string): Promise<Content> {
  const { start, fileBytes } = await readStart(path);
  const gzip = ((start[0] as number) << 8) + (start[1] as number) === GZIP_MAGIC;
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    let at = 0;
    try {
      for await (const chunk of unpackedChunks(path, { start: 0 }, gzip ? createGunzip : undefined)) {
        yield chunk;
        at += chunk.length;
      }
    } catch (error) {
      if (!isZlibError(error)) throw error;
      throw new GradloomError({
        code: 'E_DATA_LENGTH',
        where: place(path, at),
        message: `broken gzip after ${at} decompressed bytes: ${error.message}`,
        next: 'get the file again; its download was cut short or damaged',
        cause: error,
      });
    }
  }
  const mostBytes = gzip ? fileBytes * DEFLATE_RATIO : fileBytes;
  return { path, mostBytes, estimate: gzip ? `gzip, ${fileBytes} bytes` : undefined, chunks };
}

/**
 * The bytes of a part of a file, as `unpack` makes them; leaving the loop closes the file.
 *
 * @param part  its first byte and, but for the file's, its last one
 * @throws GradloomError E_DATA_READ, and what zlib says: `isZlibError`
 */
export async function* unpackedChunks(
  path: string,
  part: { start: number; end?: number },
  unpack: ((options: ZlibOptions) => Transform) | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const { handle, bytes } = await openForReading(path);
  // The stream owns the handle from here on and closes it, also when the loop over the chunks is left early.
  const file = handle.createReadStream({ ...part, highWaterMark: CHUNK_BYTES });
  const source = unpack === undefined ? file : file.pipe(unpack({ chunkSize: CHUNK_BYTES }));
  // pipe() hands on data and the end, but no error.
  if (source !== file) file.on('error', (error) => source.destroy(error));
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      yield chunk;
      tellReading(path, part.start + file.bytesRead, bytes);
    }
  } catch (error) {
    throw isZlibError(error) ? error : readError(path, error);
  } finally {
    file.destroy();
    tellReading(path, bytes, bytes);
  }
}

/** The first bytes of a content, at most `bytes` of them. @throws GradloomError as `openContent` */
export async function readHead(content: Content, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const head = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of content.chunks()) {
    const part = chunk.subarray(0, bytes - filled);
    head.set(part, filled);
    filled += part.length;
    if (filled === bytes) break;
  }
  return head.subarray(0, filled);
}

/** The file is not opened for longer than this look at it: a content that nobody reads leaves nothing open. */
async function readStart(path: string): Promise<{ start: Uint8Array; fileBytes: number }> {
  const { handle, bytes: fileBytes } = await openForReading(path);
  try {
    const start = new Uint8Array(2);
    await handle.read(start, 0, 2, 0);
    return { start, fileBytes };
  } catch (error) {
    throw readError(path, error);
  } finally {
    await handle.close();
  }
}

/** How far past its declared length a decompressed file is still counted, to say how long it is; beyond, it is a bomb. */
const EXCESS_COUNTED_BYTES = 16 * CHUNK_BYTES;

/**
 * Checks that a content can be as long as its header says, before anything of that length is allocated.
 *
 * @throws GradloomError E_DATA_LENGTH
 */
export function checkLength({ path, mostBytes, estimate }: Content, declared: number): void {
  if (mostBytes >= declared && (estimate !== undefined || mostBytes === declared)) return;
  const found = estimate === undefined ? `${mostBytes}` : `no more than ${mostBytes} (${estimate})`;
  throw lengthError(path, Math.min(mostBytes, declared), declared, found);
}

/**
 * The bytes of a content from an offset to its declared end.
 *
 * @throws GradloomError as its chunks; E_DATA_LENGTH if it ends before or after, E_DATA_TOO_LARGE if it goes on and on (a gzip bomb)
 */
export async function* bytesBetween(content: Content, from: number, declared: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const chunk of content.chunks()) {
    const part = chunk.subarray(Math.max(0, from - at), Math.max(0, declared - at));
    if (part.length > 0) yield part;
    at += chunk.length;
    if (at > declared + EXCESS_COUNTED_BYTES) {
      throw new GradloomError({
        code: 'E_DATA_TOO_LARGE',
        where: place(content.path, declared),
        message: `goes on for more than ${EXCESS_COUNTED_BYTES} bytes after the ${declared} that its header declares; stopped reading`,
      });
    }
  }
  if (at !== declared) throw lengthError(content.path, Math.min(at, declared), declared, `${at}`);
}

/** @param expected  bytes, or with `at least ` before them */
export function lengthError(path: string, offsetBytes: number, expected: number | string, found: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_LENGTH',
    where: place(path, offsetBytes),
    message: `expected ${expected} bytes, found ${found}`,
    next: 'get the file again; it was cut short, or something was appended to it',
  });
}

export function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/** `path:offset`, the offset counted in the decompressed bytes. */
export function place(path: string, offsetBytes: number): string {
  return `${printable(path)}:${offsetBytes}`;
}
