import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type LoadedSweep, loadSweep } from '../../src/sweep/file/load.ts';
import type { Assignment } from '../../src/sweep/trial.ts';

const BASE = `name: base
data: {source: {type: synthetic, kind: blobs, samples: 1000}}
model:
  layers: [{type: dense, units: 32, activation: relu, dropout: 0.1}, {type: dense, units: 3}]
optimizer: {type: adam, lr: 0.01}
train: {epochs: 9, batch_size: 32}
`;

export interface SweepKind {
  method: string;
  /** asha, hyperband, median, none */
  scheduler: string;
  trials: number;
  order: 'logical' | 'arrival';
}

/** Writes a sweep of five parameters into a folder, and loads it. */
export function sweepIn(directory: string, { method, scheduler, trials, order }: SweepKind): LoadedSweep {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'base.yaml'), BASE);
  const ends: Record<string, string> = { asha: ', min: 1, max: 9, eta: 3', hyperband: ', min: 1, max: 9, eta: 3', median: ', min: 1' };
  const text = `name: scale
base: ./base.yaml
method: ${method}
run_cap: ${trials}
seed: 5
metric: {name: val.loss}
early_terminate: {type: ${scheduler}${ends[scheduler] ?? ''}}
execution: {order: ${order}}
parameters:
  optimizer.lr: {distribution: log_uniform_values, min: 0.0001, max: 1}
  optimizer.weight_decay: {distribution: log_uniform_values, min: 0.00001, max: 0.1}
  model.layers.0.dropout: {min: 0, max: 0.5}
  model.layers.0.units: {distribution: q_log_uniform_values, min: 8, max: 256, q: 8}
  train.batch_size: {values: [16, 32, 64, 128]}
`;
  const file = path.join(directory, 'sweep.yaml');
  writeFileSync(file, text);
  return loadSweep(file);
}

/** What a trial comes to, by a formula in place of training: a bowl whose curves fall towards their ends, a twentieth of them diverges. */
export function lossOf(assignment: Assignment, epochs: number): number | undefined {
  const lr = Number(assignment['optimizer.lr']);
  if (lr > 0.6) return undefined;
  const far = (Math.log10(lr) + 2) ** 2 + (Number(assignment['model.layers.0.dropout']) - 0.2) ** 2;
  return Math.round(1e6 * (0.1 * far + 16 / Number(assignment['model.layers.0.units']) + 1 / (epochs + 1))) / 1e6;
}
