import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ExperimentInput } from '../../../src/config/input/experiment.ts';
import { experimentFromObject } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import type { Summary } from '../../../src/runs/events.ts';

/** What a run's files are to say; all that is left out is as after a run that went well. */
export interface RunText {
  config?: Partial<ExperimentInput>;
  /** null: none, as of a run that was killed. */
  summary?: Partial<Summary> | null;
  metrics?: readonly Record<string, number | null>[];
  digests?: readonly { step: number; digest: string; tensors?: Record<string, string> }[];
  environment?: Record<string, unknown>;
}

/** A directory for runs of the test's own. */
export function runsPlace(t: ExecutionContext): string {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-runs-'));
  t.teardown(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

/** Writes the files of a run as gradloom does, without training. */
export function writeRun(place: string, id: string, { config = {}, summary = {}, metrics, digests, environment }: RunText = {}): string {
  const directory = path.join(place, id);
  mkdirSync(directory, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);
  const { experiment } = experimentFromObject({
    name: 'fake',
    data: { source: { type: 'synthetic', kind: 'blobs' } },
    model: { layers: [{ type: 'dense', units: 3 }] },
    ...config,
  });
  write('config.yaml', resolvedYaml({ experiment }));
  const whole = {
    id,
    name: experiment.name,
    status: 'finished',
    directory,
    steps: 100,
    epochs: 4,
    seconds: 2.5,
    samples_per_second: 1000,
    workers: 2,
    digest: 'ab'.repeat(32),
    last: { 'train.loss': 0.5, 'val.loss': 0.6, 'val.accuracy': 0.75 },
    best: { 'val.loss': { value: 0.55, step: 75 }, 'val.accuracy': { value: 0.75, step: 100 } },
    phases: { compute: 1, wait: 0, reduce: 0 },
    ...summary,
  } satisfies Partial<Summary>;
  if (summary !== null) write('summary.json', JSON.stringify(whole));
  const lines = (items: readonly object[]): string => items.map((item) => `${JSON.stringify(item)}\n`).join('');
  if (metrics !== undefined) write('metrics.jsonl', lines(metrics));
  if (digests !== undefined) write('digests.jsonl', lines(digests.map((line) => ({ tensors: {}, ...line }))));
  if (environment !== undefined) write('env.json', JSON.stringify(environment));
  return directory;
}
