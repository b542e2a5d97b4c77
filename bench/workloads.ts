import { experimentFromObject } from '../src/config/load.ts';
import type { Experiment } from '../src/config/schema.ts';
import { loadDataset } from '../src/data/load.ts';
import { Engine } from '../src/engine/engine.ts';
import { planEngine } from '../src/engine/plan.ts';
import { initialState } from '../src/model/initializers.ts';
import { flopsPerRow } from '../src/model/network.ts';

/** The networks and batches that every speed figure of the project speaks of. */
export interface Workload {
  name: string;
  layers: readonly number[];
  batch: number | 'full';
  steps: number;
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'W1 [784,45,10] b5000', layers: [45, 10], batch: 'full', steps: 12 },
  { name: 'W2 [784,128,10] b64', layers: [128, 10], batch: 64, steps: 600 },
  { name: 'W3 [784,512,256,10] b256', layers: [512, 256, 10], batch: 256, steps: 60 },
];

function experimentOf({ layers, batch }: Workload): Experiment {
  return experimentFromObject({
    data: {
      source: 'mnist',
      split: { train: 5000, val: 0, test: 0, by: 'order' },
      normalize: 'unit256',
      shuffle: batch === 'full' ? 'none' : 'epoch',
    },
    model: {
      init: 'he_normal',
      layers: layers.map((units, i) => ({ type: 'dense', units, activation: i === layers.length - 1 ? 'identity' : 'relu' })),
    },
    optimizer: { type: 'sgd', lr: 0.01 },
    train: { batch_size: batch, epochs: 1_000_000, eval: { on: 'none', batch_size: 64 } },
  }).experiment;
}

export interface StepRate {
  samplesPerSecond: number;
  /** GFLOP/s over the whole step: gather, barriers, reduction and update included in the time, only the products in the count. */
  gflops: number;
  phases: { compute: number; wait: number; reduce: number };
}

/** A workload with its threads up; `measure` runs one block of steps and returns its rate. */
export async function startWorkload(workload: Workload, workers: number) {
  const experiment = experimentOf(workload);
  const dataset = await loadDataset(experiment.data, experiment.seed);
  const plan = planEngine(experiment, dataset, workers);
  const engine = await Engine.start(plan, dataset, initialState(plan.network, experiment.model, experiment.seed));
  const { forward, backward } = flopsPerRow(plan.network);
  let step = 0;
  const run = async (steps: number): Promise<StepRate> => {
    const before = engine.phaseSeconds();
    const started = performance.now();
    await engine.train(step, step + steps);
    const seconds = (performance.now() - started) / 1000;
    step += steps;
    const rows = engine.takeSteps().reduce((sum, record) => sum + record.rows, 0);
    const spent = (phase: 'compute' | 'wait' | 'reduce'): number =>
      engine.phaseSeconds().reduce((sum, now, rank) => sum + now[phase] - (before[rank]?.[phase] ?? 0), 0) / workers / seconds;
    const phases = { compute: spent('compute'), wait: spent('wait'), reduce: spent('reduce') };
    return { samplesPerSecond: rows / seconds, gflops: (rows * (forward + backward)) / seconds / 1e9, phases };
  };
  await run(Math.ceil(workload.steps / 4));
  return { measure: () => run(workload.steps), close: () => engine.close() };
}
