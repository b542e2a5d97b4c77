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

/** A layer as the experiment has it and as peers are told it. */
export type WorkloadLayer =
  | { type: 'dense'; units: number }
  | { type: 'conv2d'; filters: number; kernel: number }
  | { type: 'max_pool2d'; kernel: number };

/** The networks and batches that every speed figure of the project speaks of. */
export interface Workload {
  name: string;
  /** Behind each but the last and pools is a ReLU. */
  layers: readonly WorkloadLayer[];
  batch: number | 'full';
  /** Updates of one measured block. */
  steps: number;
  /** Updates after which all programs must have the same loss. @default those of two epochs, and a few more where one has few */
  agreedSteps?: number;
  /** @default sgd with lr 0.01 */
  optimizer?: { type: 'sgd' | 'adam'; lr: number };
}

export const SGD = { type: 'sgd', lr: 0.01 } as const;

const ADAM = { type: 'adam', lr: 0.001 } as const;

export const WORKLOADS: readonly Workload[] = [
  { name: 'W1 [784,45,10] b5000', layers: [dense(45), dense(10)], batch: 'full', steps: 12 },
  { name: 'W2 [784,128,10] b64', layers: [dense(128), dense(10)], batch: 64, steps: 600 },
  { name: 'W3 [784,512,256,10] b256 Adam', layers: [dense(512), dense(256), dense(10)], batch: 256, steps: 60, optimizer: ADAM },
  { name: 'W4 [784,2048,2048,10] b1024', layers: [dense(2048), dense(2048), dense(10)], batch: 1024, steps: 3 },
  {
    name: 'W5 LeNet b64',
    layers: [conv(6, 5), pool(2), conv(16, 5), pool(2), dense(120), dense(84), dense(10)],
    batch: 64,
    steps: 60,
  },
  {
    name: 'W6 [c32,c64,128,10] b128 Adam',
    layers: [conv(32, 3), conv(64, 3), pool(2), dense(128), dense(10)],
    batch: 128,
    steps: 4,
    // Two epochs take some programs longer than anyone waits, and Adam makes much of how they round.
    agreedSteps: 10,
    optimizer: ADAM,
  },
];

export function dense(units: number): WorkloadLayer {
  return { type: 'dense', units };
}

export function conv(filters: number, kernel: number): WorkloadLayer {
  return { type: 'conv2d', filters, kernel };
}

export function pool(kernel: number): WorkloadLayer {
  return { type: 'max_pool2d', kernel };
}

/** Whether a workload needs what only some peers have. */
export function hasPictures({ layers }: Workload): boolean {
  return layers.some(({ type }) => type !== 'dense');
}

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
      layers: layers.map((layer, i) =>
        layer.type === 'max_pool2d' ? layer : { ...layer, activation: i === layers.length - 1 ? 'identity' : 'relu' },
      ),
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
