import { experimentFromObject } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Dataset, SplitName } from '../../../src/data/dataset.ts';
import { Engine, type StepRecord } from '../../../src/engine/coordinator/engine.ts';
import { SharedState } from '../../../src/engine/coordinator/shared-state.ts';
import { stepAt } from '../../../src/engine/plan/batches.ts';
import { type EnginePlan, planEngine } from '../../../src/engine/plan/plan.ts';
import type { Evaluation } from '../../../src/engine/rank/evaluation.ts';
import { Rank } from '../../../src/engine/rank/rank.ts';
import { bindKernels } from '../../../src/kernels/bind.ts';
import { compileKernels } from '../../../src/kernels/module.ts';
import { reserveMemory } from '../../../src/machine/refusal.ts';
import { type InitialState, initialState } from '../../../src/model/initializers.ts';
import { permutation } from '../../../src/random/distributions.ts';
import { descend, evaluate64, type Layer64, layersOf } from './reference.ts';
import { rowOf } from './samples.ts';
import { threads } from './warm-threads.ts';

/** An experiment's tree as a test writes it: without data, which comes from `makeSamples`. */
export interface ExperimentTree {
  layers: { units: number; activation?: unknown }[];
  loss?: string | Record<string, unknown>;
  metrics?: string[];
  lr?: number;
  train?: Record<string, unknown>;
  data?: Record<string, unknown>;
  leaves?: number;
  seed?: number;
  notes?: string;
  regularization?: Record<string, unknown>;
  parallel?: Record<string, unknown>;
}

/** A validated experiment; its source is a placeholder. */
export function makeExperiment(tree: ExperimentTree): Experiment {
  const { layers, loss, metrics, lr, train, data, leaves, seed, notes, regularization, parallel } = tree;
  return experimentFromObject({
    seed: seed ?? 1,
    data: { source: { type: 'synthetic', kind: 'blobs' }, ...data },
    model: { layers: layers.map((layer) => ({ type: 'dense', ...layer })) },
    loss: loss ?? 'softmax_cross_entropy',
    optimizer: { type: 'sgd', lr: lr ?? 0.1 },
    train: { batch_size: 'full', steps: 3, eval: { on: 'none' }, ...train },
    numerics: { leaves: leaves ?? 16 },
    ...(metrics === undefined ? {} : { metrics }),
    ...(regularization === undefined ? {} : { regularization }),
    ...(parallel === undefined ? {} : { parallel }),
    ...(notes === undefined ? {} : { track: { notes } }),
  }).experiment;
}

/** A start from the given parameters, and from the running statistics that its layers start with. */
export function startingFrom({ network, experiment }: EnginePlan, parameters: Float32Array): InitialState {
  return { parameters, statistics: initialState(network, experiment.model, experiment.seed).statistics };
}

/** All that a run determines. */
export interface Outcome {
  steps: StepRecord[];
  parameters: Float32Array;
  statistics: Float32Array;
  evaluations: Partial<Record<SplitName, Evaluation>>;
}

export interface OutcomeOptions {
  experiment: Experiment;
  dataset: Dataset;
  workers: number;
  parameters: Float32Array;
  /** Segments end at these steps. @default one segment */
  cuts?: readonly number[];
  splits?: readonly SplitName[];
  spinUs?: number;
}

/** Trains all steps of the plan with the real engine, then evaluates the given splits. */
export async function outcomeOf(options: OutcomeOptions): Promise<Outcome> {
  const { experiment, dataset, workers, parameters, cuts = [], splits = [], spinUs = 20 } = options;
  const plan = planEngine(experiment, dataset, workers, spinUs);
  const engine = await Engine.start(plan, dataset, startingFrom(plan, parameters), { threads });
  try {
    const steps: StepRecord[] = [];
    let from = 0;
    for (const to of [...cuts, plan.batches.totalSteps]) {
      await engine.train(from, to);
      steps.push(...engine.takeSteps());
      from = to;
    }
    const evaluations: Outcome['evaluations'] = {};
    for (const split of splits) {
      const result = await engine.evaluate(split);
      if (result !== undefined) evaluations[split] = result;
    }
    const { parameters: trained, statistics } = engine.shared.snapshot();
    return { steps, parameters: trained, statistics, evaluations };
  } finally {
    await engine.close();
  }
}

/** One worker's training without threads, the coordinator or its pool: what any number of workers must reproduce. */
export function outcomeInline({ experiment, dataset, parameters }: Pick<OutcomeOptions, 'experiment' | 'dataset' | 'parameters'>): Outcome {
  const plan = planEngine(experiment, dataset, 1);
  const memory = reserveMemory(plan.memory);
  const module = compileKernels();
  const shared = new SharedState(plan, memory);
  shared.begin(startingFrom(plan, parameters), dataset.normalization);
  const { totalSteps } = plan.batches;
  const result = new Rank(0, { plan, dataset, memory, module }, bindKernels(module, memory)).run({
    kind: 'train',
    rank: 0,
    fromStep: 0,
    toStep: totalSteps,
    plateauFactor: 1,
    lrFactor: 1,
    lossLimit: Number.POSITIVE_INFINITY,
  });
  if (result.status !== 'done') throw new Error(`the rank ended as ${JSON.stringify(result)}`);
  const steps = Array.from({ length: totalSteps }, (_, step) => {
    return { step, rows: stepAt(plan.batches, step).rows, ...shared.stepValues(step) };
  });
  const { parameters: trained, statistics } = shared.snapshot();
  return { steps, parameters: trained, statistics, evaluations: {} };
}

/** The bits of an outcome as text, so that a failing comparison shows where it starts. */
export function bitsOf({
  steps,
  parameters,
  statistics,
  evaluations,
}: Outcome): Record<'steps' | 'parameters' | 'statistics' | 'evaluations', string> {
  const hex = (array: Float32Array | Float64Array): string => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
  const evaluated = Object.values(evaluations).flatMap(({ loss, accuracy, rows, metrics, confusion = [] }) => {
    return [loss, accuracy, rows, ...Object.values(metrics), ...confusion.flat()];
  });
  const trained = steps.flatMap(({ step, loss, correct, rows, weight, gradientNorm = Number.NaN, penalty }) => {
    return [step, loss, correct, rows, weight, gradientNorm, penalty];
  });
  return {
    steps: hex(Float64Array.from(trained)),
    parameters: hex(parameters),
    statistics: hex(statistics),
    evaluations: hex(Float64Array.from(evaluated)),
  };
}

export interface Outcome64 {
  losses: number[];
  correct: number[];
  layers: Layer64[];
  /** See Result64: the closest that any unit came to its kink. */
  kinkDistance: number;
}

/** The same training in f64, from the same f32 parameters and samples. */
export function outcome64(plan: EnginePlan, dataset: Dataset, parameters: Float32Array): Outcome64 {
  const { experiment, network, batches } = plan;
  const layers = layersOf(network, parameters);
  const outcome: Outcome64 = { losses: [], correct: [], layers, kinkDistance: Infinity };
  for (let step = 0; step < batches.totalSteps; step++) {
    const { epoch, first, rows } = stepAt(batches, step);
    const order = epochOrder(experiment, dataset, epoch);
    const batch = Array.from(order.subarray(first, first + rows), (sample) => rowOf(dataset, sample));
    const { loss, correct, gradients, kinkDistance } = evaluate64(layers, experiment.loss.type, batch);
    outcome.losses.push(loss);
    outcome.correct.push(correct);
    outcome.kinkDistance = Math.min(outcome.kinkDistance, kinkDistance);
    descend(layers, gradients, experiment.optimizer.lr);
  }
  return outcome;
}

/** Samples in the order in which an epoch visits them. */
export function epochOrder(experiment: Experiment, dataset: Dataset, epoch: number): Uint32Array {
  const { train } = dataset.splits;
  if (experiment.data.shuffle === 'none') return train;
  const order = new Uint32Array(train.length);
  permutation(experiment.seed, epoch, train.length, order);
  return order.map((position) => train[position]!);
}
