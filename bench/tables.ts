import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inferSchema, initParser } from 'udsv';
import { experimentFromObject } from '../src/config/load.ts';
import { loadSamples } from '../src/data/load.ts';

// How fast tables of numbers are read: `node dist/bench/tables.js [rows] [rounds]`. Both sides begin with the file, and end with its
// numbers; rounds take turns, and the median counts. Seconds are those of processors, of all threads together, so that a busy machine
// does not spoil them: rates are those of one core.
const ROWS = Number(process.argv[2] ?? 200_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const COLUMNS = 20;

/** Kinds of numbers; each gives the value of a cell. */
const KINDS: Readonly<Record<string, (i: number) => string>> = {
  'three decimals': (i) => (Math.sin(i) * 100).toFixed(3),
  'bytes (0 to 255)': (i) => `${(i * 2_654_435_761) % 256}`,
  'all digits of f64': (i) => `${Math.sin(i) * 100}`,
};

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-bench-tables-'));
try {
  for (const [kind, cell] of Object.entries(KINDS)) {
    const file = path.join(root, 'table.csv');
    const names = Array.from({ length: COLUMNS }, (_, j) => `c${j}`).join(',');
    const lines = Array.from({ length: ROWS }, (_, row) =>
      Array.from({ length: COLUMNS }, (_cell, j) => cell(row * COLUMNS + j)).join(','),
    );
    writeFileSync(file, `${names}\n${lines.join('\n')}\n`);
    const bytes = readFileSync(file).length;
    const own: number[] = [];
    const others: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      own.push(await seconds(() => ours(file)));
      others.push(await seconds(() => udsv(file)));
    }
    const [mine, theirs] = [bytes / 1e6 / median(own), bytes / 1e6 / median(others)];
    console.log(
      `${kind}: ${(bytes / 1e6).toFixed(0)} MB, gradloom ${mine.toFixed(0)} MB/s, udsv ${theirs.toFixed(0)} MB/s, ratio ${(mine / theirs).toFixed(1)}`,
    );
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function ours(file: string): Promise<number> {
  const source = { type: 'csv', path: file, target: 'c0' };
  const { experiment } = experimentFromObject({ data: { source }, loss: 'mse', model: { layers: [{ type: 'dense', units: 1 }] } });
  const samples = await loadSamples(experiment);
  return samples.featuresFor(Uint32Array.of(0)).features.length + samples.sampleCount;
}

function udsv(file: string): number {
  const text = readFileSync(file, 'utf8');
  return initParser(inferSchema(text)).typedArrs(text).length * COLUMNS;
}

/** @throws Error where a side did not read all of the file */
async function seconds(read: () => number | Promise<number>): Promise<number> {
  const from = process.cpuUsage();
  const count = await read();
  const { user, system } = process.cpuUsage(from);
  if (count !== ROWS * COLUMNS) throw new Error(`read ${count} of ${ROWS * COLUMNS} numbers`);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
