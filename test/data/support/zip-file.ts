import { crc32, deflateRawSync } from 'node:zlib';

/** What stands in the archive in place of what is true. */
export interface ZipLies {
  /** Declared length of every file. */
  bytes?: number;
  crc?: number;
  flags?: number;
  method?: number;
  /** Where every file is said to begin. */
  localAt?: number;
}

/** The bytes of a zip archive: files as they are, or deflated. */
export function zipBytes(
  files: Readonly<Record<string, Uint8Array>> | [string, Uint8Array][],
  deflated = false,
  lies: ZipLies = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const list = Array.isArray(files) ? files : Object.entries(files);
  for (const [name, bytes] of list) {
    const data = deflated ? deflateRawSync(bytes) : Buffer.from(bytes);
    const named = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(lies.flags ?? 0, 2);
    fields.writeUInt16LE(lies.method ?? (deflated ? 8 : 0), 4);
    fields.writeUInt32LE(lies.crc ?? crc32(bytes), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(lies.bytes ?? bytes.length, 18);
    fields.writeUInt16LE(named.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(lies.localAt ?? at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), fields, tail, named);
    const local = [Buffer.from('PK\x03\x04'), fields, named, data];
    parts.push(...local);
    at += local.reduce((sum, part) => sum + part.length, 0);
  }
  const bytes = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(list.length, 4);
  end.writeUInt16LE(list.length, 6);
  end.writeUInt32LE(bytes, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), end]);
}
