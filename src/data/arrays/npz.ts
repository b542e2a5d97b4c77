import { crc32, createInflateRaw } from 'node:zlib';
import { GradloomError, printable } from '../../errors.ts';
import { type Content, DEFLATE_RATIO, isZlibError, openContent, place, readHead, unpackedChunks } from '../files/content.ts';
import { formatOfBytes, HEAD_BYTES, wrongFormat } from '../files/formats.ts';
import { npyIn } from './npy.ts';
import type { StoredArray } from './stored.ts';
import { readZip, type ZipEntry } from './zip.ts';

const SHOWN_NAMES = 8;

/** The names of the arrays of a .npz file, in its order. @throws GradloomError as `openNpz` */
export async function npzNames(file: string): Promise<string[]> {
  return (await openArchive(file)).map(({ name }) => arrayName(name));
}

/**
 * An array of a .npz file by its name. The sizes that the archive declares are checked against each other and the file before anything
 * is allocated, and the real ones while reading.
 *
 * @throws GradloomError as `openNpy` and `readZip`; E_DATA_MISMATCH if it has no array of that name
 */
export async function openNpz(file: string, name: string): Promise<StoredArray> {
  const entries = await openArchive(file);
  const entry = entries.find((one) => arrayName(one.name) === name);
  if (entry !== undefined) return npyIn(contentOf(file, entry), file);
  const names = entries.map((one) => arrayName(one.name));
  const shown = names.slice(0, SHOWN_NAMES).map((one) => printable(one, 40));
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  throw new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: printable(file),
    message: `no array is named ${printable(name, 40)}; it has ${names.length === 0 ? 'none' : `${shown.join(', ')}${more}`}`,
    next: 'name one of its arrays',
  });
}

async function openArchive(file: string): Promise<ZipEntry[]> {
  const content = await openContent(file);
  const head = await readHead(content, HEAD_BYTES);
  if (content.estimate !== undefined || formatOfBytes(head, file)?.type !== 'npz')
    throw wrongFormat(file, head, 'npz', content.estimate === undefined ? 'no zip archive' : 'compressed by gzip: decompress it once');
  return readZip(file);
}

/** `x` of `x.npy`: so numpy names them. */
function arrayName(entry: string): string {
  return entry.replace(/\.npy$/, '');
}

function contentOf(file: string, entry: ZipEntry): Content {
  const path = `${file}(${entry.name})`;
  if (entry.bytes > entry.packedBytes * DEFLATE_RATIO + DEFLATE_RATIO) {
    throw new GradloomError({
      code: 'E_DATA_FORMAT',
      where: place(path, 0),
      message: `${entry.packedBytes} compressed bytes cannot be the ${entry.bytes} that the archive declares`,
      next: 'get the file again',
    });
  }
  return { path, mostBytes: entry.bytes, estimate: undefined, chunks: () => chunksOf(file, path, entry) };
}

async function* chunksOf(file: string, path: string, entry: ZipEntry): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.packedBytes === 0) return;
  const part = { start: entry.dataAt, end: entry.dataAt + entry.packedBytes - 1 };
  let at = 0;
  let sum = 0;
  try {
    for await (const chunk of unpackedChunks(file, part, entry.method === 'stored' ? undefined : createInflateRaw)) {
      at += chunk.length;
      if (at > entry.bytes) throw broken(path, entry.bytes, `goes on after the ${entry.bytes} bytes that the archive declares`);
      sum = crc32(chunk, sum);
      yield chunk;
    }
    if (at < entry.bytes) throw broken(path, at, `ends after ${at} bytes; the archive declares ${entry.bytes}`);
    if (sum !== entry.crc) throw broken(path, at, 'its checksum (CRC-32) is wrong: it was damaged');
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw broken(path, at, `broken deflate after ${at} decompressed bytes: ${error.message}`, error);
  }
}

function broken(path: string, at: number, message: string, cause?: unknown): GradloomError {
  const next = 'get the file again; it was cut short or damaged';
  return new GradloomError({ code: 'E_DATA_LENGTH', where: place(path, at), message, next, cause });
}
