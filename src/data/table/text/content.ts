import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GradloomError, printable } from '../../../errors.ts';
import { openForReading, readError } from '../../../storage/read.ts';
import { isZlibError } from '../../files/content.ts';

/** The bytes of a file or a stream, decompressed if they are gzip (told by their first bytes). */
export type Chunks = AsyncIterable<Uint8Array>;

const CHUNK_BYTES = 2 ** 18;
const GZIP_MARK = [0x1f, 0x8b] as const;

/** The bytes of a file from its start; leaving the loop closes it. @throws GradloomError E_DATA_READ, E_DATA_LENGTH for broken gzip */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { handle } = await openForReading(path);
  const file = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
  yield* plainChunks(file, path);
}

/** The same of a stream such as stdin, named `path` in errors. */
export async function* plainChunks(stream: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const source = stream[Symbol.asyncIterator]();
  try {
    const first = await atLeast(source, GZIP_MARK.length);
    const isGzip = first[0] === GZIP_MARK[0] && first[1] === GZIP_MARK[1];
    yield* isGzip ? decompressed(withFirst(first, source), path) : withFirst(first, source);
  } catch (error) {
    throw readError(path, error);
  } finally {
    await source.return?.();
  }
}

async function* decompressed(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(source, { objectMode: true });
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
    bytes = bytes.length === 0 ? value : Buffer.concat([bytes, value]);
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
