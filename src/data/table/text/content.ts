import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GradloomError, printable } from '../../../errors.ts';
import { openForReading, readError } from '../../../storage/read.ts';
import { isZlibError } from '../../files/content.ts';
import { tellReading } from '../../files/reading.ts';

/** The bytes of a file or a stream, decompressed if they are gzip (told by their first bytes). A chunk is valid until the next is asked for. */
export type Chunks = AsyncIterable<Uint8Array>;

type OpenFile = Awaited<ReturnType<typeof openForReading>>;

const CHUNK_BYTES = 2 ** 18;
const GZIP_MARK = [0x1f, 0x8b] as const;

/** The bytes of a file from its start; leaving the loop closes it. @throws GradloomError E_DATA_READ, E_DATA_LENGTH for broken gzip */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* plainChunks(rawChunks(path, await openForReading(path)), path);
}

/** How long a file is, and whether it has to be decompressed. @throws GradloomError E_DATA_READ */
export async function sizeOf(path: string): Promise<{ bytes: number; isGzip: boolean }> {
  const { handle, bytes } = await openForReading(path);
  try {
    const start = Buffer.alloc(GZIP_MARK.length);
    await handle.read(start, 0, start.length, 0);
    return { bytes, isGzip: isGzip(start) };
  } catch (error) {
    throw readError(path, error);
  } finally {
    await handle.close();
  }
}

/** All chunks in one buffer: a new one for each would cost as much as reading it. */
async function* rawChunks(path: string, { handle, bytes }: OpenFile): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (let at = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
      tellReading(path, at, bytes);
    }
  } finally {
    await handle.close();
    tellReading(path, bytes, bytes);
  }
}

function isGzip(start: Uint8Array): boolean {
  return start[0] === GZIP_MARK[0] && start[1] === GZIP_MARK[1];
}

/** The same of a stream such as stdin, named `path` in errors. */
export async function* plainChunks(stream: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const source = stream[Symbol.asyncIterator]();
  try {
    const first = await atLeast(source, GZIP_MARK.length);
    yield* isGzip(first) ? decompressed(withFirst(first, source), path) : withFirst(first, source);
  } catch (error) {
    throw readError(path, error);
  } finally {
    await source.return?.();
  }
}

/** A stream asks for chunks before it has used the last one. */
async function* copied(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk);
}

async function* decompressed(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(copied(source), { objectMode: true });
  const output = input.pipe(createGunzip({ chunkSize: CHUNK_BYTES }));
  // pipe() hands on data and the end, but no error.
  input.on('error', (error) => output.destroy(error));
  let at = 0;
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      yield chunk;
      at += chunk.length;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new GradloomError({
      code: 'E_DATA_LENGTH',
      where: printable(path),
      message: `broken gzip after ${at} decompressed bytes: ${error.message}`,
      next: 'get the file again; its download was cut short or damaged',
      cause: error,
    });
  } finally {
    input.destroy();
  }
}

async function atLeast(source: AsyncIterator<Uint8Array>, count: number): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < count) {
    const { value, done } = await source.next();
    if (done === true) break;
    bytes = Buffer.concat([bytes, value]);
  }
  return bytes;
}

async function* withFirst(first: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  for (;;) {
    const { value, done } = await source.next();
    if (done === true) return;
    yield value;
  }
}
