import { createHash } from 'node:crypto';
import { GradloomError, printable } from '../../errors.ts';
import { count, fields, listOf, type Shape, textLike } from '../../storage/shape.ts';

/** Bytes with a name. */
export interface BundledFile {
  /** A name, or a folder and a name. */
  name: string;
  bytes: Uint8Array;
}

const MAGIC = Buffer.from('gradloom bundle 1\n');
const LENGTH_BYTES = 4;
const MOST_FILES = 100_000;
const LONGEST_HEADER = 2 ** 24;
const DIGEST_DIGITS = 32;
/** As much as is hashed before signals and timers get their turn. */
const PIECE_BYTES = 2 ** 24;

/** No way out of a directory, no hidden file, no drive. */
const headerShape: Shape<{ name: string; bytes: number }[]> = listOf(
  fields({ name: textLike('the name of a file', /^(?:[A-Za-z0-9][\w.-]{0,99}\/)?[A-Za-z0-9][\w.-]{0,199}$/), bytes: count }),
  MOST_FILES,
);

/** Several files as one: a mark, the length of a header (u32, little-endian), the header in JSON, and the files one behind the other. */
export function bundle(files: readonly BundledFile[]): Uint8Array {
  const header = Buffer.from(JSON.stringify(files.map(({ name, bytes }) => ({ name, bytes: bytes.length }))));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(header.length);
  return Buffer.concat([MAGIC, length, header, ...files.map(({ bytes }) => bytes)]);
}

/**
 * The files of a bundle, which are views of its bytes.
 *
 * @param where  names it in messages
 * @throws GradloomError E_RUN_FILE if it is none
 */
export function unbundle(bytes: Uint8Array, where: string): BundledFile[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = MAGIC.length + LENGTH_BYTES;
  if (buffer.length < begin || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) throw broken(where, 'not a bundle of gradloom');
  const length = buffer.readUInt32LE(MAGIC.length);
  if (length > LONGEST_HEADER || begin + length > buffer.length) throw broken(where, `a header of ${length} bytes, which are not there`);
  const header = headerOf(buffer.subarray(begin, begin + length), where);
  let at = begin + length;
  const files = header.map(({ name, bytes: size }) => {
    const file = { name, bytes: buffer.subarray(at, at + size) };
    at += size;
    return file;
  });
  if (at !== buffer.length) throw broken(where, `${buffer.length} bytes, expected ${at}`);
  return files;
}

/** The name of a blob: what tells its place among others, then its content. */
export async function blobName(order: string, bytes: Uint8Array): Promise<string> {
  return `${order}-${await digestOf(bytes)}`;
}

/** Whether a blob is what its name says. */
export async function isWhole(name: string, bytes: Uint8Array): Promise<boolean> {
  return name.endsWith(`-${await digestOf(bytes)}`);
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    hash.update(bytes.subarray(at, at + PIECE_BYTES));
    if (bytes.length > PIECE_BYTES) await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('hex').slice(0, DIGEST_DIGITS);
}

function headerOf(bytes: Uint8Array, where: string): { name: string; bytes: number }[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken(where, 'a header that is not JSON');
  }
  const misfit = headerShape.misfit(header);
  if (misfit !== undefined) throw broken(where, `a header that is not one: expected ${misfit.expected}`);
  return header as { name: string; bytes: number }[];
}

function broken(where: string, message: string): GradloomError {
  return new GradloomError({ code: 'E_RUN_FILE', where: printable(where), message, next: 'remove it: what it held is made again' });
}
