import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { type LoadedSweep, loadSweep } from '../../../src/sweep/file/load.ts';
import { workplace } from '../../cli/support/run-cli.ts';

/** An experiment with two layers; its optimizer is sgd. */
export const BASE = `name: base
data: {source: {type: synthetic, kind: blobs, samples: 1000}}
model:
  layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: 3}]
optimizer: {type: sgd, lr: 0.1}
train: {epochs: 3, batch_size: 32}
`;

/** Writes a sweep file beside the base experiment and loads it. */
export function load(t: ExecutionContext, text: string, overrides: readonly string[] = [], base = BASE): LoadedSweep {
  const directory = workplace(t, { 'base.yaml': base, 'sweep.yaml': text });
  return loadSweep(path.join(directory, 'sweep.yaml'), { overrides });
}
