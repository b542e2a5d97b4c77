import { createGunzip } from 'node:zlib';
import { GradloomError, printable } from '../../errors.ts';
import { openForReading, readError } from '../../storage/read.ts';
import { ARRAY_LIMIT_BYTES } from '../shared.ts';
import { foreignFormat, HEAD_BYTES } from './foreign-format.ts';

/** What a file is expected to hold: samples of 1 to 4 dimensions, or one label a sample. */
export type IdxRole = 'images' | 'labels';

export interface IdxHeader {
  path: string;
  /** Sizes of the dimensions, the first of them the number of samples; all above 0. */
  shape: readonly number[];
  /** Bytes before the first element. */
  headerBytes: number;
  /** Number of elements, one byte each. */
  elements: number;
}

const UINT8 = 0x08;
const MAX_RANK = 4;
const MAGIC_BYTES = 4;
const SIZE_BYTES = 4;
const CHUNK_BYTES = 2 ** 20;
const GZIP_MAGIC = 0x1f8b;
/** Deflate cannot do better than 1032 to 1, so a header that promises more is wrong, and nothing need be allocated to know it. */
const DEFLATE_RATIO = 1032;
/** How far past its declared length a decompressed file is still counted, to say how long it is; beyond, it is a bomb. */
const EXCESS_COUNTED_BYTES = 16 * CHUNK_BYTES;

/** The types that IDX knows and gradloom does not read. */
const OTHER_TYPES: Readonly<Record<number, string>> = { 9: 'int8', 11: 'int16', 12: 'int32', 13: 'float32', 14: 'float64' };

/**
 * Reads and checks the header of an IDX file, plain or gzip (told by its first bytes, not by its name), and that the file can be as
 * long as the header says. Allocates nothing of that length.
 *
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC, E_DATA_DIMS, E_DATA_EMPTY, E_DATA_TOO_LARGE or E_DATA_LENGTH, at `path:byte offset`
 * @see http://yann.lecun.com/exdb/mnist, "the IDX file format"
 */
export async function readIdxHeader(path: string, role: IdxRole): Promise<IdxHeader> {
  const bytes = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  const content = await openContent(path);
  for await (const chunk of content.chunks()) {
    const part = chunk.subarray(0, bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (filled === bytes.length) break;
  }
  const header = parseHeader(path, role, bytes.subarray(0, filled));
  const declared = header.headerBytes + header.elements;
  const most = content.gzip ? content.fileBytes * DEFLATE_RATIO : content.fileBytes;
  if (most < declared || (!content.gzip && most > declared)) {
    throw lengthError(
      path,
      Math.min(most, declared),
      declared,
      content.gzip ? `no more than ${most} (gzip, ${content.fileBytes} bytes)` : `${most}`,
    );
  }
  return header;
}

/**
 * Reads the elements that follow the header.
 *
 * @param out receives them, shape [header.elements]
 * @throws GradloomError E_DATA_READ, E_DATA_LENGTH (truncated, longer than declared, broken gzip) or E_DATA_TOO_LARGE (a gzip bomb)
 */
export async function readIdxElements({ path, headerBytes, elements }: IdxHeader, out: Uint8Array): Promise<void> {
  const declared = headerBytes + elements;
  let at = 0;
  const content = await openContent(path);
  for await (const chunk of content.chunks()) {
    const from = Math.max(0, headerBytes - at);
    const room = Math.max(0, declared - at);
    if (from < room) out.set(chunk.subarray(from, room), at + from - headerBytes);
    at += chunk.length;
    if (at > declared + EXCESS_COUNTED_BYTES) {
      throw new GradloomError({
        code: 'E_DATA_TOO_LARGE',
        where: place(path, declared),
        message: `goes on for more than ${EXCESS_COUNTED_BYTES} bytes after the ${declared} that its header declares; stopped reading`,
      });
    }
  }
  if (at !== declared) throw lengthError(path, Math.min(at, declared), declared, `${at}`);
}

function parseHeader(path: string, role: IdxRole, bytes: Uint8Array): IdxHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < MAGIC_BYTES) throw lengthError(path, bytes.length, MAGIC_BYTES, `${bytes.length}`, 'at least ');
  const magic = view.getUint32(0);
  const rank = magic & 0xff;
  const typeIsRight = magic >>> 8 === UINT8;
  if (!typeIsRight || (role === 'labels' && rank !== 1)) throw magicError(path, role, magic, bytes);
  if (rank < 1 || rank > MAX_RANK) {
    throw new GradloomError({ code: 'E_DATA_DIMS', where: place(path, 3), message: `${rank} dimensions, expected 1 to ${MAX_RANK}` });
  }
  const headerBytes = MAGIC_BYTES + rank * SIZE_BYTES;
  if (bytes.length < headerBytes) throw lengthError(path, bytes.length, headerBytes, `${bytes.length}`, 'at least ');

  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(MAGIC_BYTES + d * SIZE_BYTES));
  const zero = shape.indexOf(0);
  if (zero === 0) throw new GradloomError({ code: 'E_DATA_EMPTY', where: place(path, MAGIC_BYTES), message: 'holds no samples' });
  if (zero > 0) {
    throw new GradloomError({
      code: 'E_DATA_DIMS',
      where: place(path, MAGIC_BYTES + zero * SIZE_BYTES),
      message: `dimension ${zero} is 0`,
    });
  }
  const elements = shape.reduce((product, size) => product * BigInt(size), 1n);
  const product = `${shape.join(' x ')} = ${elements} elements`;
  if (elements > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new GradloomError({ code: 'E_DATA_DIMS', where: place(path, MAGIC_BYTES), message: `${product}: more than any file holds` });
  }
  if (elements > BigInt(ARRAY_LIMIT_BYTES)) {
    throw new GradloomError({
      code: 'E_DATA_TOO_LARGE',
      where: place(path, MAGIC_BYTES),
      message: `${product}; the limit is ${ARRAY_LIMIT_BYTES}`,
    });
  }
  return { path, shape, headerBytes, elements: Number(elements) };
}

interface Content {
  gzip: boolean;
  /** Size of the file as it lies on the disk. */
  fileBytes: number;
  /** The (decompressed) bytes from the start; leaving the loop closes the file. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

async function openContent(path: string): Promise<Content> {
  const { handle, bytes: fileBytes } = await openForReading(path);
  const start = new Uint8Array(2);
  try {
    await handle.read(start, 0, 2, 0);
  } catch (error) {
    await handle.close();
    throw readError(path, error);
  }
  const gzip = ((start[0] as number) << 8) + (start[1] as number) === GZIP_MAGIC;
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    // The stream owns the handle from here on and closes it, also when the loop over the chunks is left early.
    const file = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
    const source = gzip ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
    // pipe() hands on data and the end, but no error.
    if (source !== file) file.on('error', (error) => source.destroy(error));
    let at = 0;
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        yield chunk;
        at += chunk.length;
      }
    } catch (error) {
      if (!isZlibError(error)) throw readError(path, error);
      throw new GradloomError({
        code: 'E_DATA_LENGTH',
        where: place(path, at),
        message: `broken gzip after ${at} decompressed bytes: ${error.message}`,
        next: 'get the file again; its download was cut short or damaged',
        cause: error,
      });
    } finally {
      file.destroy();
    }
  }
  return { gzip, fileBytes, chunks };
}

function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/** `path:offset`, the offset counted in the decompressed bytes. */
function place(path: string, offsetBytes: number): string {
  return `${printable(path)}:${offsetBytes}`;
}

function lengthError(path: string, offsetBytes: number, expected: number, found: string, atLeast = ''): GradloomError {
  return new GradloomError({
    code: 'E_DATA_LENGTH',
    where: place(path, offsetBytes),
    message: `expected ${atLeast}${expected} bytes, found ${found}`,
    next: 'get the file again; it was cut short, or something was appended to it',
  });
}

function magicError(path: string, role: IdxRole, magic: number, head: Uint8Array): GradloomError {
  const swapped = ((magic & 0xff) << 24) | ((magic & 0xff00) << 8) | ((magic >>> 8) & 0xff00) | (magic >>> 24);
  let hint = '';
  if (magic >>> 16 === GZIP_MAGIC) hint = ' (gzip inside gzip: decompress it once)';
  else if (magic >>> 8 === UINT8) hint = ` (${magic & 0xff} dimensions: is this the images file?)`;
  else if (swapped >>> 8 === UINT8) hint = ' (the bytes are swapped: IDX is big-endian)';
  else if (magic >>> 16 === 0 && magic >>> 8 in OTHER_TYPES) hint = ` (elements of type ${OTHER_TYPES[magic >>> 8]}; only uint8 is read)`;
  const bad = `bad magic ${hex(magic)}, expected ${hex((UINT8 << 8) | (role === 'labels' ? 1 : 3))}`;
  const other = hint === '' ? foreignFormat(head, path) : undefined;
  return new GradloomError({
    code: 'E_DATA_MAGIC',
    where: place(path, 0),
    message: other === undefined ? `${bad}${hint}` : `this is ${other.name}; gradloom reads IDX (${bad})`,
    next: other === undefined ? undefined : printable(other.cure, 1000),
  });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
