import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Summary } from '../../../src/runs/events.ts';
import { train } from '../../../src/runs/training/train.ts';

const TREE = {
  seed: 3,
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 400, features: 5, classes: 4, noise: 0.4 }, normalize: 'zscore' },
  model: {
    layers: [
      { type: 'dense', units: 12, activation: 'relu', batch_norm: true, dropout: 0.1 },
      { type: 'dense', units: 4 },
    ],
  },
  optimizer: { lr: 0.2 },
  metrics: ['accuracy', 'macro_f1', 'confusion'],
  train: { batch_size: 37, epochs: 4, eval: { batch_size: 13 } },
};

/** A run of a moment; `changes` replace keys of its experiment. */
export async function trained(t: ExecutionContext, changes: Record<string, unknown> = {}): Promise<Summary & { directory: string }> {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-use-'));
  t.teardown(() => rmSync(place, { recursive: true, force: true }));
  const { experiment } = experimentFromObject({ ...TREE, ...changes, track: { dir: place } });
  const summary = await train({ experiment }).result;
  return { ...summary, directory: summary.directory ?? '' };
}
