import { readOwnFile } from '../read.ts';
import { crc32c } from './crc.ts';

const MASK_DELTA = 0xa282ead8;
const HEAD_BYTES = 12;
const FOOT_BYTES = 4;

/** As it stands in a file that may itself be checked: https://github.com/tensorflow/tensorflow `lib/hash/crc32c.h`. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** A record of a TFRecord file: its length (u64), the masked CRC of that, its bytes, the masked CRC of them; little-endian. */
export function encodeRecord(payload: Uint8Array): Buffer {
  const record = Buffer.alloc(HEAD_BYTES + payload.length + FOOT_BYTES);
  record.writeBigUInt64LE(BigInt(payload.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  record.set(payload, HEAD_BYTES);
  record.writeUInt32LE(masked(payload), HEAD_BYTES + payload.length);
  return record;
}

/**
 * The payloads of a TFRecord file that gradloom has written, up to the first that is torn or damaged.
 *
 * @throws GradloomError E_RUN_FILE if it is no regular file or too long, E_STORAGE
 */
export function readRecords(path: string, limitBytes: number): Uint8Array[] {
  const file = Buffer.from(readOwnFile(path, limitBytes) ?? new Uint8Array());
  const payloads: Uint8Array[] = [];
  for (let at = 0; at + HEAD_BYTES + FOOT_BYTES <= file.length; ) {
    const length = file.readBigUInt64LE(at);
    const isWhole = file.readUInt32LE(at + 8) === masked(file.subarray(at, at + 8)) && length <= file.length - at - HEAD_BYTES - FOOT_BYTES;
    if (!isWhole) break;
    const end = at + HEAD_BYTES + Number(length);
    const payload = file.subarray(at + HEAD_BYTES, end);
    if (file.readUInt32LE(end) !== masked(payload)) break;
    payloads.push(payload);
    at = end + FOOT_BYTES;
  }
  return payloads;
}
