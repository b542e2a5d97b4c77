import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Samples } from '../../../../src/data/samples.ts';
import { csv } from '../../../../src/data/sources/csv.ts';
import { parquet } from '../../../../src/data/sources/parquet.ts';
import { GradloomError } from '../../../../src/errors.ts';
import { nextBelow } from '../../../../src/random/distributions.ts';
import { RandomStream } from '../../../../src/random/stream.ts';
import { csvConfig, reading, rows } from './load.ts';

export interface FuzzResult {
  accepted: number;
  rejected: number;
  slowestMs: number;
  /** Largest resident set that was seen, in MiB. */
  mostMiB: number;
  failures: string[];
}

type Draw = (bound: number) => number;

/** Bytes that mean something in a table. */
const TELLING = [0, 9, 10, 13, 32, 34, 43, 44, 45, 46, 59, 63, 69, 101, 128, 195, 255];

/** Mutated files of a format: each is refused with a place, or read to finite numbers. */
export async function fuzzTables(format: 'csv' | 'parquet', seed: number, count: number): Promise<FuzzResult> {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-fuzz-tables-'));
  const stream = new RandomStream(seed, 'noise', format === 'csv' ? 1 : 2);
  const draw: Draw = (bound) => nextBelow(stream, bound);
  const result: FuzzResult = { accepted: 0, rejected: 0, slowestMs: 0, mostMiB: 0, failures: [] };
  const file = path.join(root, 'table');
  try {
    for (let i = 0; i < count; i++) {
      const bytes = mutated(format === 'csv' ? csvBytes(draw) : parquetBytes(draw), draw);
      writeFileSync(file, bytes);
      const began = performance.now();
      const problem = await problemOf(format, file);
      result.slowestMs = Math.max(result.slowestMs, performance.now() - began);
      result.mostMiB = Math.max(result.mostMiB, process.memoryUsage.rss() / 2 ** 20);
      if (problem === undefined) result.accepted++;
      else if (problem === '') result.rejected++;
      else result.failures.push(`${format} ${i}: ${problem}; ${Buffer.from(bytes).toString('base64').slice(0, 4000)}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return result;
}

/** undefined: read; empty: refused as it should be. */
async function problemOf(format: 'csv' | 'parquet', file: string): Promise<string | undefined> {
  const config = csvConfig(file, 'y', { categorical: ['k'], missing: 'mean', missing_indicator: true, unknown_category: 'zeros' });
  try {
    const samples =
      format === 'csv'
        ? await csv.load(config, reading('classification'))
        : await parquet.load({ ...config, type: 'parquet' }, reading('classification'));
    return faultOf(samples);
  } catch (error) {
    if (!(error instanceof GradloomError)) return `${String(error)} ${error instanceof Error ? error.stack : ''}`;
    return error.where?.includes(file) === true ? '' : `no place: ${error.code} ${error.where} ${error.message}`;
  }
}

function faultOf(samples: Samples): string | undefined {
  const { features, featureCount } = samples.featuresFor(rows(0, samples.sampleCount));
  if (features.length !== samples.sampleCount * featureCount) return `${features.length} features of ${samples.sampleCount} rows`;
  if (!features.every(Number.isFinite)) return 'a feature that is not finite';
  const { target } = samples;
  if (target.kind !== 'class' || !target.labels.every((label) => label >= 0 && label < target.classes)) return 'a label out of range';
  return undefined;
}

function csvBytes(draw: Draw): Uint8Array {
  const delimiter = [',', ';', '\t', '|'][draw(4)] ?? ',';
  const end = ['\n', '\r\n', '\r'][draw(3)] ?? '\n';
  const cell = (kind: number): string =>
    [`${draw(100)}`, `-${draw(9)}.${draw(1000)}`, `${draw(9)}e-${draw(30)}`, '', '"1.5"', ' 7 '][kind] ?? 'NA';
  const lines = Array.from({ length: 1 + draw(8) }, () => [
    cell(draw(7)),
    cell(draw(3)),
    `k${draw(3)}`,
    ['u', '"v, w"', '"x ""q"""'][draw(3)],
  ]);
  return Buffer.from([['a', 'b', 'k', 'y'], ...lines].map((line) => line.join(delimiter)).join(end) + (draw(2) === 0 ? end : ''));
}

function parquetBytes(draw: Draw): Uint8Array {
  const count = 1 + draw(30);
  const numbers = (): (number | null)[] => Array.from({ length: count }, () => (draw(9) === 0 ? null : draw(1000) / 8));
  const words = (letter: string): string[] => Array.from({ length: count }, () => `${letter}${draw(3)}`);
  const columnData = [
    { name: 'a', data: numbers(), type: 'DOUBLE' as const },
    { name: 'b', data: Array.from({ length: count }, () => draw(50)), type: 'INT32' as const },
    { name: 'k', data: words('k'), type: 'STRING' as const },
    { name: 'y', data: words('y'), type: 'STRING' as const },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, codec: draw(2) === 0 ? 'SNAPPY' : 'UNCOMPRESSED', rowGroupSize: 1 + draw(40) }));
}

/** Up to three changes: a bit, a byte that means something, bytes cut out, doubled or put in, the end cut off; sometimes none. */
function mutated(bytes: Uint8Array, draw: Draw): Uint8Array {
  let now = Buffer.from(bytes);
  for (let left = draw(4); left > 0 && now.length > 0; left--) {
    const at = draw(now.length);
    const to = Math.min(now.length, at + 1 + draw(12));
    const kind = draw(6);
    if (kind === 0) now[at] = (now[at] as number) ^ (1 << draw(8));
    else if (kind === 1) now[at] = TELLING[draw(TELLING.length)] as number;
    else if (kind === 2) now = Buffer.concat([now.subarray(0, at), now.subarray(to)]);
    else if (kind === 3) now = Buffer.concat([now.subarray(0, to), now.subarray(at)]);
    else if (kind === 4)
      now = Buffer.concat([now.subarray(0, at), Buffer.from([TELLING[draw(TELLING.length)] as number]), now.subarray(at)]);
    else now = now.subarray(0, at);
  }
  return now;
}
