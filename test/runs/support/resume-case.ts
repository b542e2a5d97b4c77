import path from 'node:path';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { determinedFiles } from './run-tree.ts';

/** Adam, dropout, batch norm, averages, plateau and early stopping on: 12 steps an epoch, the last smaller, and an evaluation every 5 steps. */
export function resumable(parent: string, others: Record<string, unknown> = {}): Experiment {
  return experimentFromObject({
    name: 'run',
    seed: 11,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 230, features: 12, classes: 4, noise: 1.5 }, normalize: 'zscore' },
    model: {
      layers: [
        { type: 'dense', units: 24, batch_norm: true, activation: 'relu', dropout: 0.2 },
        { type: 'dense', units: 16, activation: 'tanh', dropout: 0.1 },
        { type: 'dense', units: 4 },
      ],
    },
    metrics: ['accuracy', 'confusion'],
    optimizer: { type: 'adam', lr: 0.02 },
    schedule: { type: 'plateau', patience: 1, factor: 0.7 },
    numerics: { digest: { every: { steps: 7 } } },
    parallel: { workers: 1 },
    ...others,
    train: {
      batch_size: 16,
      steps: 200,
      eval: { every: { steps: 5 } },
      early_stop: { metric: 'val.loss', patience: 12 },
      average: { type: 'ema', decay: 0.9 },
      checkpoint: { every: { steps: 6 } },
      ...(others['train'] as object | undefined),
    },
    track: { dir: parent, log_every: { steps: 1 }, statistics: { every: { steps: 10 } }, ...(others['track'] as object | undefined) },
  }).experiment;
}

/** The files that a run determines, without its checkpoints, which hold times. */
export function resultFiles(directory: string): Record<string, string> {
  return determinedFiles(path.resolve(directory));
}
