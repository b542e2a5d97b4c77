import { crc32 } from 'node:zlib';
import { decodePicture } from '../../../../src/data/images/decode.ts';
import { PictureError } from '../../../../src/data/images/picture/picture.ts';
import { nextBelow } from '../../../../src/random/distributions.ts';
import { RandomStream } from '../../../../src/random/stream.ts';

/** What became of mutated pictures. */
export interface Mutated {
  decoded: number;
  refused: number;
  slowestMs: number;
  /** Most memory in array buffers at once, in bytes, beyond what there was. */
  mostBytes: number;
  failures: string[];
}

/** Longest that a mutated small file may take. */
const SLOW_MS = 2000;
/** A file of a few KiB cannot make more than this. */
const MOST_BYTES = 2 ** 27;

/** Decodes `count` mutations of the files: each decodes or is refused with its byte, soon, and with little memory. */
export function fuzzPictures(files: readonly Uint8Array[], seed: number, count: number): Mutated {
  const out: Mutated = { decoded: 0, refused: 0, slowestMs: 0, mostBytes: 0, failures: [] };
  for (let i = 0; i < count; i++) {
    const stream = new RandomStream(seed, 'data', i);
    const file = mutated(files, stream);
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    try {
      const { width, height, channels, pixels } = decodePicture(file);
      if (pixels.length !== width * height * channels) out.failures.push(`case ${i}: ${pixels.length} bytes for ${width} x ${height}`);
      out.decoded++;
    } catch (error) {
      const isTold = error instanceof PictureError && error.at >= 0 && error.at <= file.length + 4 && !/undefined|NaN/.test(error.message);
      if (!isTold) out.failures.push(`case ${i}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      out.refused++;
    }
    const took = performance.now() - start;
    const bytes = process.memoryUsage().arrayBuffers - before;
    out.slowestMs = Math.max(out.slowestMs, took);
    out.mostBytes = Math.max(out.mostBytes, bytes);
    if (took > SLOW_MS) out.failures.push(`case ${i}: took ${took.toFixed(0)} ms`);
    if (bytes > MOST_BYTES) out.failures.push(`case ${i}: took ${bytes} bytes`);
  }
  return out;
}

/** One of the files with bits flipped, bytes set, cut, repeated or moved; some of a PNG's sums made right again. */
function mutated(files: readonly Uint8Array[], stream: RandomStream): Uint8Array {
  const below = (bound: number): number => nextBelow(stream, Math.max(1, bound));
  let bytes = Buffer.from(files[below(files.length)] as Uint8Array);
  for (let edits = 1 + below(4); edits > 0; edits--) {
    const at = below(bytes.length);
    const kind = below(7);
    // Headers are where the sizes stand.
    const place = below(2) === 0 ? below(Math.min(bytes.length, 200)) : at;
    if (kind === 0) bytes[place] = (bytes[place] ?? 0) ^ (1 << below(8));
    else if (kind === 1) bytes[place] = [0, 1, 127, 128, 254, 255][below(6)] as number;
    else if (kind === 2) bytes[place] = below(256);
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16))]);
    else if (kind === 5)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(bytes.length), below(bytes.length)), bytes.subarray(at)]);
    else bytes.fill(below(256), place, Math.min(bytes.length, place + 1 + below(4)));
  }
  return below(4) === 0 ? bytes : withSums(bytes);
}

/** The sums of a PNG file's chunks, so that what they hold is looked at. */
function withSums(bytes: Buffer): Buffer {
  for (let at = 8; bytes[0] === 0x89 && at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, at + 8 + length)), at + 8 + length);
    at += 12 + length;
  }
  return bytes;
}
