import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import type { SweepEvent, SweepSummary } from '../../../src/sweep/session/events.ts';
import type { SweepRun } from '../../../src/sweep/session/sweep.ts';
import type { SweepState, Trial } from '../../../src/sweep/trial.ts';

/** Small enough for a trial of some milliseconds. */
const BASE = `name: base
data: {source: {type: synthetic, kind: blobs, samples: 200}, split: {train: 120, val: 80, test: 0}}
model:
  layers: [{type: dense, units: 6, activation: relu}, {type: dense, units: 3}]
optimizer: {type: sgd, lr: 0.1}
train: {epochs: 4, batch_size: 20}
`;

const SWEEP = `name: small
base: ./base.yaml
method: random
run_cap: 8
seed: 5
metric: {name: val.loss}
parameters:
  optimizer.lr: {distribution: log_uniform_values, min: 0.001, max: 1}
  train.batch_size: {values: [10, 20, 40]}
`;

/** The last lines of a sweep file that halves. */
export const ASHA = 'early_terminate: {type: asha, min: 1, max: 4, eta: 2}\n';

/** Writes a sweep and its base. @returns the sweep file's path */
export function sweepFile(directory: string, more = '', { base = BASE, sweep = SWEEP } = {}): string {
  writeFileSync(path.join(directory, 'base.yaml'), base);
  const file = path.join(directory, 'sweep.yaml');
  writeFileSync(file, sweep + more);
  return file;
}

export function loaded(directory: string, more = '', overrides: readonly string[] = []): ReturnType<typeof loadSweep> {
  return loadSweep(sweepFile(directory, more), { overrides });
}

/** All events of a sweep, and its summary or error. */
export async function played(run: SweepRun): Promise<{ events: SweepEvent[]; summary: SweepSummary }> {
  const events: SweepEvent[] = [];
  for await (const event of run) events.push(event);
  return { events, summary: await run.result };
}

/** What of a sweep does not depend on time, machine or interruptions. */
export function table({ trials }: Pick<SweepState, 'trials'>): Omit<Trial, 'seconds' | 'retries'>[] {
  return trials.map(({ seconds: _seconds, retries: _retries, ...rest }) => rest);
}

/** What a trial came to, without the story of it. */
export function results(state: Pick<SweepState, 'trials'>): Omit<Trial, 'seconds' | 'retries' | 'reasons'>[] {
  return table(state).map(({ reasons: _reasons, ...rest }) => rest);
}

/** Digest of the final parameters of each run, by its directory. */
export function digests(directory: string, { trials }: Pick<SweepState, 'trials'>): Record<string, string> {
  const runs = trials.filter(({ status }) => status !== 'duplicate').flatMap((trial) => trial.runs);
  return Object.fromEntries(
    runs.map((run) => [run, (JSON.parse(readFileSync(path.join(directory, run, 'summary.json'), 'utf8')) as { digest: string }).digest]),
  );
}
