import { GradloomError } from '../../errors.ts';
import { type Content, GZIP_MAGIC, lengthError, openContent, place, readHead } from '../files/content.ts';
import { HEAD_BYTES, wrongFormat } from '../files/formats.ts';
import { type ElementType, type StoredArray, storedArray } from './stored.ts';

/** What a file is expected to hold: samples of 1 to 4 dimensions, or one label (or row of targets) a sample. */
export type IdxRole = 'images' | 'labels';

const UINT8 = 0x08;
const MAX_RANK = 4;
const MAGIC_BYTES = 4;
const SIZE_BYTES = 4;

const TYPES: Readonly<Record<number, ElementType>> = { 8: 'u8', 9: 'i8', 11: 'i16', 12: 'i32', 13: 'f32', 14: 'f64' };

/**
 * Reads and checks the header of an IDX file, plain or gzip (told by its first bytes, not by its name), and that the file can be as
 * long as the header says. Allocates nothing of that length.
 *
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC, E_DATA_DIMS, E_DATA_EMPTY, E_DATA_TOO_LARGE or E_DATA_LENGTH, at `path:byte offset`
 * @see http://yann.lecun.com/exdb/mnist, "the IDX file format"
 */
export async function openIdx(path: string, role: IdxRole): Promise<StoredArray> {
  const content = await openContent(path);
  return parse(content, role, await readHead(content, HEAD_BYTES));
}

function parse(content: Content, role: IdxRole, bytes: Uint8Array): StoredArray {
  const { path } = content;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < MAGIC_BYTES) throw lengthError(path, bytes.length, `at least ${MAGIC_BYTES}`, `${bytes.length}`);
  const magic = view.getUint32(0);
  const rank = magic & 0xff;
  const type = TYPES[magic >>> 8];
  if (type === undefined || (role === 'labels' && rank > 2)) throw magicError(path, role, magic, bytes);
  if (rank < 1 || rank > MAX_RANK) {
    throw new GradloomError({ code: 'E_DATA_DIMS', where: place(path, 3), message: `${rank} dimensions, expected 1 to ${MAX_RANK}` });
  }
  const headerBytes = MAGIC_BYTES + rank * SIZE_BYTES;
  if (bytes.length < headerBytes) throw lengthError(path, bytes.length, `at least ${headerBytes}`, `${bytes.length}`);
  const sizesAt = Array.from({ length: rank }, (_, d) => MAGIC_BYTES + d * SIZE_BYTES);
  const shape = sizesAt.map((at) => view.getUint32(at));
  return storedArray(content, { type, isBigEndian: true, isFortran: false, shape, headerBytes, sizesAt });
}

function magicError(path: string, role: IdxRole, magic: number, head: Uint8Array): GradloomError {
  const swapped = ((magic & 0xff) << 24) | ((magic & 0xff00) << 8) | ((magic >>> 8) & 0xff00) | (magic >>> 24);
  let hint: string | undefined;
  if (magic >>> 16 === GZIP_MAGIC) hint = 'gzip inside gzip: decompress it once';
  else if (TYPES[magic >>> 8] !== undefined) hint = `${magic & 0xff} dimensions: is this the images file?`;
  else if (TYPES[swapped >>> 8] !== undefined) hint = 'the bytes are swapped: IDX is big-endian';
  const bad = `bad magic ${hex(magic)}, expected ${hex((UINT8 << 8) | (role === 'labels' ? 1 : 3))}`;
  if (hint === undefined) return wrongFormat(path, head, 'idx', bad);
  return new GradloomError({ code: 'E_DATA_MAGIC', where: place(path, 0), message: `${bad} (${hint})` });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
