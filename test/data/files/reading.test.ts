import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { experimentFromObject, loadDataset, READING_CHANNEL, type ReadingProgress } from '../../../src/index.ts';
import { greyPng } from '../images/support/png.ts';
import { npyBytes } from '../support/npy-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-reading-'));
// Pictures that an earlier test has decoded would be read from there.
process.env['GRADLOOM_CACHE_DIR'] = path.join(root, 'cache');
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const ROWS = 60_000;
const CSV = `a,y\n${Array.from({ length: ROWS }, (_, i) => `${Math.sin(i)},${i % 2}`).join('\n')}\n`;

function file(name: string, bytes: Uint8Array | string): string {
  const at = path.join(root, name);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, bytes);
  return at;
}

function pictures(): string {
  for (let i = 0; i < 6; i++)
    file(
      `pictures/${i % 2}/${i}.png`,
      greyPng(2, 2, () => i),
    );
  return path.join(root, 'pictures');
}

const columnData = [
  { name: 'a', data: Array.from({ length: ROWS }, (_, i) => i), type: 'DOUBLE' as const },
  { name: 'y', data: Array.from({ length: ROWS }, (_, i) => i % 2), type: 'INT32' as const },
];
const SOURCES: readonly { title: string; source: () => Record<string, unknown> }[] = [
  { title: 'a CSV', source: () => ({ type: 'csv', path: file('a.csv', CSV), target: 'y' }) },
  { title: 'a compressed CSV', source: () => ({ type: 'csv', path: file('a.csv.gz', gzipSync(CSV)), target: 'y' }) },
  {
    title: 'Parquet',
    source: () => ({
      type: 'parquet',
      path: file('a.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: ROWS / 3 }))),
      target: 'y',
    }),
  },
  {
    title: 'an array',
    source: () => ({
      type: 'npy',
      x: file(
        'x.npy',
        npyBytes(
          [ROWS, 10],
          Float64Array.from({ length: 10 * ROWS }, (_, i) => i % 7),
        ),
      ),
      y: file(
        'y.npy',
        npyBytes(
          [ROWS],
          Uint8Array.from({ length: ROWS }, (_, i) => i % 2),
        ),
      ),
    }),
  },
  { title: 'pictures', source: () => ({ type: 'images', path: pictures(), channels: 1 }) },
];

for (const { title, source } of SOURCES) {
  test.serial(`who subscribes is told how far ${title} is read, to its end`, async (t) => {
    const told: ReadingProgress[] = [];
    const listen = (message: unknown): void => {
      told.push(message as ReadingProgress);
    };
    const { experiment } = experimentFromObject({ data: { source: source() }, model: { layers: [{ type: 'dense', units: 2 }] } });
    subscribe(READING_CHANNEL, listen);
    try {
      await loadDataset(experiment);
    } finally {
      unsubscribe(READING_CHANNEL, listen);
    }
    t.true(told.some(({ done, total }) => done > 0 && done < total));
    t.true(told.every(({ done, total }) => done <= total));
    const last = told.at(-1);
    t.is(last?.done, last?.total);
    t.true(last?.path.startsWith(root));
  });
}
