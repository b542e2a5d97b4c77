import { normal } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { MeasuredRow, MeasuredTable, Repetition } from '../../../src/speedup/measurement/measured.ts';
import { predictSpeedup } from '../../../src/speedup/model.ts';

export const ROWS = 64_000;

/** What a row's time goes to, as shares of its workers times its wall time; one value a worker. */
export interface Shares {
  compute: readonly number[];
  wait?: readonly number[];
  reduce?: readonly number[];
}

export interface SyntheticRow {
  kind?: MeasuredRow['kind'];
  workers: number;
  /** Wall time of each repetition. */
  seconds: readonly number[];
  shares?: Shares;
  digest?: string;
  loss?: number;
  disturbance?: Partial<Repetition['disturbance']>;
  batchSize?: number;
}

export function makeRow({
  kind = 'workers',
  workers,
  seconds,
  shares,
  digest = 'd',
  loss = 0.5,
  disturbance,
  batchSize = 64,
}: SyntheticRow): MeasuredRow {
  const { compute, wait, reduce } = shares ?? { compute: Array.from({ length: workers }, () => 1) };
  const repetitions = seconds.map((wall) => ({
    seconds: wall,
    rows: ROWS,
    cpuSeconds: wall * workers,
    exchangeSeconds: 0,
    phases: compute.map((share, i) => ({ compute: share * wall, wait: (wait?.[i] ?? 0) * wall, reduce: (reduce?.[i] ?? 0) * wall })),
    evaluationSeconds: 0.01,
    loss,
    digest,
    disturbance: { otherCores: 0, stealSeconds: 0, throttled: 0, ...disturbance },
  }));
  return { kind, workers, batchSize, repetitions };
}

export function makeTable(
  rows: readonly MeasuredRow[],
  mode: MeasuredTable['mode'] = 'strong',
  target?: MeasuredTable['target'],
): MeasuredTable {
  return { mode, batchSize: 64, steps: 1000, rows, target };
}

/** Repetitions of one second of one worker's work, on a machine that follows the law, with relative normal noise. */
export function lawSeconds(workers: number, law: { sigma: number; kappa: number }, repeats: number, noise: number, seed: number): number[] {
  const stream = new RandomStream(seed, 'noise', workers);
  return Array.from({ length: repeats }, (_, i) => (1 + noise * normal(stream, i)) / predictSpeedup(law, workers));
}

export function same(seconds: number, repeats = 8): number[] {
  return Array.from({ length: repeats }, (_, i) => seconds * (1 + 0.002 * (i % 3)));
}
