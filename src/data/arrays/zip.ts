import { GradloomError, printable } from '../../errors.ts';
import { openForReading, readError } from '../../storage/read.ts';
import { place } from '../files/content.ts';

/** A file in an archive, as its central directory has it. */
export interface ZipEntry {
  /** As the archive says it: never a path that anything is written to. */
  name: string;
  method: 'stored' | 'deflated';
  crc: number;
  /** In the archive, and decompressed. */
  packedBytes: number;
  bytes: number;
  /** Where its first byte stands in the archive. */
  dataAt: number;
}

const END_BYTES = 22;
const END_COMMENT_BYTES = 0xffff;
const END64_LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const SIGNATURE = { end: 0x06054b50, end64Locator: 0x07064b50, end64: 0x06064b50, entry: 0x02014b50, local: 0x04034b50 } as const;
/** numpy's archives have some dozens of arrays. */
const MAX_ENTRIES = 65_536;
const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
const ENCRYPTED = 1;
const MAX_32 = 0xffffffff;
const NEXT = 'get the file again, or write it again: numpy.savez("a.npz", x=x, y=y)';

/** Reads bytes of the archive by their place. */
type ReadAt = (at: number, bytes: number) => Promise<Buffer>;

/**
 * The files of a zip archive by its central directory, each checked against the header before its data. Nothing is decompressed.
 *
 * @param file  the path of the archive
 * @throws GradloomError E_DATA_READ; E_DATA_FORMAT at `path:byte` for what cannot be: names that stand twice, files that overlap or lie
 *   outside, encryption, other methods than deflate
 */
export async function readZip(file: string): Promise<ZipEntry[]> {
  const { handle, bytes: size } = await openForReading(file);
  const readAt: ReadAt = async (at, bytes) => {
    if (!(at >= 0 && bytes >= 0 && at + bytes <= size))
      throw malformed(file, Math.min(at, size), `its directory leads to byte ${at + bytes}; the file has ${size}`);
    const buffer = Buffer.alloc(bytes);
    for (let filled = 0; filled < bytes; ) {
      const { bytesRead } = await handle.read(buffer, filled, bytes - filled, at + filled);
      if (bytesRead === 0) throw malformed(file, at + filled, 'ends while it is read');
      filled += bytesRead;
    }
    return buffer;
  };
  try {
    return await entriesOf(file, size, readAt);
  } catch (error) {
    throw readError(file, error);
  } finally {
    await handle.close();
  }
}

async function entriesOf(file: string, size: number, readAt: ReadAt): Promise<ZipEntry[]> {
  const directory = await findDirectory(file, size, readAt);
  if (directory.count > MAX_ENTRIES || directory.bytes > MAX_DIRECTORY_BYTES) {
    const message = `its directory has ${directory.count} files in ${directory.bytes} bytes; at most ${MAX_ENTRIES} in ${MAX_DIRECTORY_BYTES} are read`;
    throw malformed(file, directory.at, message);
  }
  const bytes = await readAt(directory.at, directory.bytes);
  const entries: (ZipEntry & { localAt: number; entryAt: number })[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    const entryAt = directory.at + at;
    if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== SIGNATURE.entry)
      throw malformed(file, entryAt, `file ${i} of its directory is not there`);
    const { end, ...entry } = readEntry(file, bytes.subarray(at), entryAt);
    at += end;
    if (names.has(entry.name)) throw malformed(file, entryAt, `two files are named ${printable(entry.name, 80)}`);
    names.add(entry.name);
    entries.push({ ...entry, entryAt, dataAt: await dataAt(file, entry, readAt) });
  }
  const byPlace = entries.toSorted((a, b) => a.localAt - b.localAt);
  for (const [i, entry] of byPlace.entries()) {
    const next = byPlace[i + 1]?.localAt ?? directory.at;
    if (entry.dataAt + entry.packedBytes <= next) continue;
    const other = byPlace[i + 1];
    const what = other === undefined ? 'the directory' : printable(other.name, 80);
    throw malformed(file, entry.entryAt, `${printable(entry.name, 80)} and ${what} overlap`);
  }
  return entries.map(({ localAt: _localAt, entryAt: _entryAt, ...entry }) => entry);
}

interface Directory {
  at: number;
  bytes: number;
  count: number;
}

async function findDirectory(file: string, size: number, readAt: ReadAt): Promise<Directory> {
  const tailBytes = Math.min(size, END_BYTES + END_COMMENT_BYTES + END64_LOCATOR_BYTES);
  const tailAt = size - tailBytes;
  const tail = await readAt(tailAt, tailBytes);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    // The comment after the record ends the file: other bytes that look like the record do not.
    if (tail.readUInt32LE(at) !== SIGNATURE.end || at + END_BYTES + tail.readUInt16LE(at + 20) !== tailBytes) continue;
    const is64 = at >= END64_LOCATOR_BYTES && tail.readUInt32LE(at - END64_LOCATOR_BYTES) === SIGNATURE.end64Locator;
    if (is64) return directory64(file, Number(tail.readBigUInt64LE(at - END64_LOCATOR_BYTES + 8)), readAt);
    return { count: tail.readUInt16LE(at + 10), bytes: tail.readUInt32LE(at + 12), at: tail.readUInt32LE(at + 16) };
  }
  throw malformed(file, size, 'it has no directory at its end, as a zip archive has: it was cut short');
}

async function directory64(file: string, at: number, readAt: ReadAt): Promise<Directory> {
  const end = await readAt(at, END64_BYTES);
  if (end.readUInt32LE(0) !== SIGNATURE.end64) throw malformed(file, at, 'its zip64 directory does not begin there');
  return { count: Number(end.readBigUInt64LE(32)), bytes: Number(end.readBigUInt64LE(40)), at: Number(end.readBigUInt64LE(48)) };
}

type Listed = Omit<ZipEntry, 'dataAt'> & { localAt: number };

function readEntry(file: string, bytes: Buffer, at: number): Listed & { end: number } {
  const nameBytes = bytes.readUInt16LE(28);
  const extraBytes = bytes.readUInt16LE(30);
  const end = ENTRY_BYTES + nameBytes + extraBytes + bytes.readUInt16LE(32);
  if (end > bytes.length) throw malformed(file, at, 'its directory ends within a file');
  const name = bytes.subarray(ENTRY_BYTES, ENTRY_BYTES + nameBytes).toString('utf8');
  const shown = printable(name, 80);
  if ((bytes.readUInt16LE(8) & ENCRYPTED) !== 0) throw malformed(file, at, `${shown} is encrypted`, 'write it without a password');
  const method = bytes.readUInt16LE(10);
  if (method !== 0 && method !== 8) {
    const message = `${shown} is compressed by method ${method}; expected deflate, or none`;
    throw malformed(file, at, message, 'write it again: numpy.savez_compressed("a.npz", x=x, y=y)');
  }
  const wide = wideFields(file, bytes.subarray(ENTRY_BYTES + nameBytes, ENTRY_BYTES + nameBytes + extraBytes), at);
  const field = (offset: number): number => {
    const value = bytes.readUInt32LE(offset);
    return value === MAX_32 ? (wide.shift() ?? value) : value;
  };
  // In the order in which the wide ones stand.
  const fileBytes = field(24);
  const packedBytes = field(20);
  const localAt = field(42);
  if (method === 0 && packedBytes !== fileBytes)
    throw malformed(file, at, `${shown} is stored as it is, in ${packedBytes} bytes, and has ${fileBytes}`);
  return { name, method: method === 0 ? 'stored' : 'deflated', crc: bytes.readUInt32LE(16), packedBytes, bytes: fileBytes, localAt, end };
}

/** Sizes and places of 64 bits, in their order. */
function wideFields(file: string, extra: Buffer, at: number): number[] {
  for (let i = 0; i + 4 <= extra.length; ) {
    const bytes = extra.readUInt16LE(i + 2);
    if (i + 4 + bytes > extra.length) throw malformed(file, at, 'its directory ends within a field');
    if (extra.readUInt16LE(i) === 1)
      return Array.from({ length: Math.floor(bytes / 8) }, (_, k) => Number(extra.readBigUInt64LE(i + 4 + 8 * k)));
    i += 4 + bytes;
  }
  return [];
}

/** Behind the header before the data, which has to be the one that the directory means. */
async function dataAt(file: string, { name, localAt }: Listed, readAt: ReadAt): Promise<number> {
  const header = await readAt(localAt, LOCAL_BYTES);
  const nameBytes = header.readUInt16LE(26);
  const isThere = header.readUInt32LE(0) === SIGNATURE.local;
  if (!isThere || (await readAt(localAt + LOCAL_BYTES, nameBytes)).toString('utf8') !== name)
    throw malformed(file, localAt, `its directory says that ${printable(name, 80)} begins here, and it does not`);
  return localAt + LOCAL_BYTES + nameBytes + header.readUInt16LE(28);
}

function malformed(file: string, at: number, message: string, next = NEXT): GradloomError {
  return new GradloomError({ code: 'E_DATA_FORMAT', where: place(file, at), message, next });
}
