import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openIdx } from '../../../src/data/arrays/idx.ts';
import { openNpy } from '../../../src/data/arrays/npy.ts';
import { openNpz } from '../../../src/data/arrays/npz.ts';
import { readArray } from '../../../src/data/arrays/read.ts';
import type { StoredArray } from '../../../src/data/arrays/stored.ts';
import { GradloomError } from '../../../src/errors.ts';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { idxBytes } from './idx-file.ts';
import { npyBytes } from './npy-file.ts';
import { zipBytes } from './zip-file.ts';

export const BINARY_FORMATS = ['npy', 'npz', 'idx'] as const;
export type BinaryFormat = (typeof BINARY_FORMATS)[number];

export interface FuzzResult {
  /** Read to as many numbers as the header says. */
  accepted: number;
  /** Refused with a place. */
  rejected: number;
  failures: string[];
}

const ROWS = 6;
const VALUES = Float32Array.from({ length: ROWS * 4 }, (_, i) => i - 7);
/** A mutated file has no more bytes than this: whoever allocates more has believed its header. */
const MOST_ELEMENTS = 2 ** 20;
/** What sizes and offsets are made of when they are wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

const whole: Readonly<Record<BinaryFormat, () => Buffer[]>> = {
  npy: () => [
    npyBytes([ROWS, 4], VALUES),
    npyBytes([ROWS, 2, 2], VALUES, undefined, 2),
    npyBytes(
      [ROWS * 4],
      BigInt64Array.from(VALUES, (value) => BigInt(value)),
    ),
    gzipSync(npyBytes([ROWS, 4], VALUES)),
  ],
  npz: () =>
    [false, true].map((deflated) =>
      zipBytes(
        {
          'x.npy': npyBytes([ROWS, 4], VALUES),
          'y.npy': npyBytes(
            [ROWS],
            Int32Array.from({ length: ROWS }, (_, i) => i),
          ),
        },
        deflated,
      ),
    ),
  idx: () => [
    idxBytes([ROWS, 4], VALUES.map(Math.abs)),
    idxBytes([ROWS, 2], Uint8Array.from(VALUES.slice(0, ROWS * 2 * 4), Math.abs), 0x0d02).subarray(0, 12 + ROWS * 4),
    gzipSync(idxBytes([ROWS, 4], VALUES.map(Math.abs))),
  ],
};

const open: Readonly<Record<BinaryFormat, (file: string) => Promise<StoredArray>>> = {
  npy: openNpy,
  npz: (file) => openNpz(file, 'x'),
  idx: (file) => openIdx(file, 'images'),
};

/** Reads mutated files of a format: each gives an error with its place, or as many numbers as its header says. */
export async function fuzzArrays(format: BinaryFormat, seed: number, count: number): Promise<FuzzResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-fuzz-arrays-'));
  const random = new RandomStream(seed, 'data', BINARY_FORMATS.indexOf(format) + 100);
  const result: FuzzResult = { accepted: 0, rejected: 0, failures: [] };
  const sources = whole[format]();
  try {
    const file = path.join(folder, `x.${format}`);
    for (let i = 0; i < count; i++) {
      const bytes = mutated(sources[i % sources.length] as Buffer, random);
      writeFileSync(file, bytes);
      const problem = await tried(format, file, result);
      if (problem !== undefined) result.failures.push(`${format} case ${i}: ${problem}: ${bytes.toString('base64')}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return result;
}

async function tried(format: BinaryFormat, file: string, result: FuzzResult): Promise<string | undefined> {
  try {
    const array = await open[format](file);
    if (array.elements > MOST_ELEMENTS) return `${array.elements} elements are believed`;
    const out = new Float32Array(array.elements);
    await readArray(array, out);
    if (out.length !== array.shape.reduce((product, size) => product * size, 1)) return 'elements and shape differ';
    if (!out.every(Number.isFinite)) return 'a number is not finite';
    result.accepted++;
    return undefined;
  } catch (error) {
    if (!(error instanceof GradloomError)) return `threw ${String(error)}`;
    if (error.exitCode !== 65) return `exit code ${error.exitCode}: ${error.message}`;
    const isName = error.code === 'E_DATA_MISMATCH' && error.where === file;
    if (!isName && !/\.(?:npy|npz|idx)(?:\([^)]*\))?:\d+$/.test(error.where ?? '')) return `no place: ${error.where} ${error.message}`;
    result.rejected++;
    return undefined;
  }
}

/** One to four changes: a byte, a run of bytes, a piece left out, doubled or moved, the end cut off. */
function mutated(bytes: Buffer, random: RandomStream): Buffer {
  let changed = Buffer.from(bytes);
  for (let times = 1 + nextBelow(random, 4); times > 0; times--) {
    const at = nextBelow(random, changed.length + 1);
    const length = 1 + nextBelow(random, 8);
    switch (nextBelow(random, 7)) {
      case 0:
        changed.subarray(at, at + 1).fill(nextBelow(random, 256));
        break;
      case 1:
        changed.subarray(at, at + length).fill(EDGES[nextBelow(random, EDGES.length)] as number);
        break;
      case 2:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + length)]);
        break;
      case 3:
        changed = Buffer.concat([changed.subarray(0, at + length), changed.subarray(at)]);
        break;
      case 4:
        changed = changed.subarray(0, at);
        break;
      case 5:
        // The header and the directory are where things go wrong.
        changed.subarray(at % 128, (at % 128) + 1).fill(nextBelow(random, 256));
        break;
      default:
        changed
          .subarray(Math.max(0, changed.length - 1 - (at % 160)))
          .subarray(0, 1)
          .fill(nextBelow(random, 256));
    }
  }
  return changed;
}
