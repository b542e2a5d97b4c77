import { experimentFromObject } from '../src/config/load.ts';
import type { Experiment } from '../src/config/schema/schema.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { Engine } from '../src/engine/coordinator/engine.ts';
import { stepAt } from '../src/engine/plan/batches.ts';
import { planEngine } from '../src/engine/plan/plan.ts';
import { initialState } from '../src/model/initializers.ts';
import { flopsPerRow } from '../src/model/network.ts';
import type { Runner } from '../src/speedup/measurement/measured.ts';
import { Sequential } from '../src/speedup/measurement/sequential.ts';

/** The networks and batches that every speed figure of the project speaks of. */
export interface Workload {
  name: string;
  layers: readonly number[];
  batch: number | 'full';
  /** Updates of one measured block. */
  steps: number;
  /** @default sgd with lr 0.01 */
  optimizer?: { type: 'sgd' | 'adam'; lr: number };
}

export const SGD = { type: 'sgd', lr: 0.01 } as const;

export const WORKLOADS: readonly Workload[] = [
  { name: 'W1 [784,45,10] b5000', layers: [45, 10], batch: 'full', steps: 12 },
  { name: 'W2 [784,128,10] b64', layers: [128, 10], batch: 64, steps: 600 },
  { name: 'W3 [784,512,256,10] b256 Adam', layers: [512, 256, 10], batch: 256, steps: 60, optimizer: { type: 'adam', lr: 0.001 } },
  { name: 'W4 [784,2048,2048,10] b1024', layers: [2048, 2048, 10], batch: 1024, steps: 3 },
];

/** Rows of MNIST that are trained on: the first ones, in the order of its file. */
export const TRAIN_ROWS = 5000;

/** @param shuffle  without it every epoch visits the rows in the file's order */
export function experimentOf(workload: Workload, overrides: readonly string[] = [], shuffle = true): Experiment {
  const { layers, batch, optimizer = SGD } = workload;
  const input = {
    data: {
      source: 'mnist',
      split: { train: TRAIN_ROWS, val: 0, test: 0, by: 'order' },
      normalize: 'unit256',
      shuffle: batch === 'full' || !shuffle ? 'none' : 'epoch',
    },
    model: {
      init: 'he_normal',
      layers: layers.map((units, i) => ({ type: 'dense', units, activation: i === layers.length - 1 ? 'identity' : 'relu' })),
    },
    optimizer,
    train: { batch_size: batch, epochs: 1_000_000, eval: { on: 'none', batch_size: 64 } },
  };
  return experimentFromObject(input, { overrides }).experiment;
}

/** The images that the workloads train on as their networks see them, [TRAIN_ROWS, 784]. */
export async function mnistRows(): Promise<Float32Array> {
  const [workload] = WORKLOADS;
  if (workload === undefined) throw new RangeError('there is always a workload');
  const { features } = await loadDataset(experimentOf(workload));
  return Float32Array.from(features, (pixel) => pixel / 256);
}

export interface StepRate {
  seconds: number;
  steps: number;
  samplesPerSecond: number;
  /** GFLOP/s over the whole step: gather, barriers, reduction and update included in the time, only the products in the count. */
  gflops: number;
  /** Shares of the workers' time. */
  phases: { compute: number; wait: number; reduce: number };
}

/** What runs a workload: the engine with some workers, or the sequential program. */
export type Program = number | 'sequential';

/** A workload with its threads up, at step 0. */
export class RunningWorkload {
  readonly runner: Runner;
  readonly dataset: Dataset;
  #step = 0;

  private constructor(runner: Runner, dataset: Dataset) {
    this.runner = runner;
    this.dataset = dataset;
  }

  /** @throws GradloomError where the experiment or the engine is refused */
  static async start(experiment: Experiment, program: Program): Promise<RunningWorkload> {
    const dataset = await loadDataset(experiment);
    const plan = planEngine(experiment, dataset, program === 'sequential' ? 1 : program);
    const initial = initialState(plan.network, experiment.model, experiment.seed);
    const runner = await (program === 'sequential' ? Sequential.start(plan, dataset, initial) : Engine.start(plan, dataset, initial));
    return new RunningWorkload(runner, dataset);
  }

  /** Trains a block of steps, at most a segment, and returns its rate. */
  async run(steps: number): Promise<StepRate> {
    const { plan } = this.runner;
    const before = this.runner.phaseSeconds();
    const started = performance.now();
    await this.runner.train(this.#step, this.#step + steps);
    const seconds = (performance.now() - started) / 1000;
    const rows = Array.from({ length: steps }, (_, i) => stepAt(plan.batches, this.#step + i).rows).reduce((sum, count) => sum + count, 0);
    this.#step += steps;
    const spent = (phase: 'compute' | 'wait' | 'reduce'): number =>
      this.runner.phaseSeconds().reduce((sum, now, rank) => sum + now[phase] - (before[rank]?.[phase] ?? 0), 0) / plan.workers / seconds;
    const phases = { compute: spent('compute'), wait: spent('wait'), reduce: spent('reduce') };
    const { forward, backward } = flopsPerRow(plan.network);
    return { seconds, steps, samplesPerSecond: rows / seconds, gflops: (rows * (forward + backward)) / seconds / 1e9, phases };
  }

  close(): Promise<void> {
    return this.runner.close();
  }
}

/** A workload with its threads up and warm; `measure` runs one block of steps and returns its rate. */
export async function startWorkload(workload: Workload, program: Program, overrides: readonly string[] = []) {
  const running = await RunningWorkload.start(experimentOf(workload, overrides), program);
  await running.run(Math.ceil(workload.steps / 4));
  return { measure: () => running.run(workload.steps), close: () => running.close() };
}
