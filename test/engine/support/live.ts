import { experimentFromObject } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { Engine, type StepRecord } from '../../../src/engine/coordinator/engine.ts';
import type { TrainingState } from '../../../src/engine/coordinator/shared-state.ts';
import { type EnginePlan, planEngine } from '../../../src/engine/plan/plan.ts';
import { type InitialState, initialState } from '../../../src/model/initializers.ts';
import type { Step64 } from './reference-layers.ts';
import { Training64 } from './reference-layers.ts';
import { threads } from './warm-threads.ts';

/** A validated experiment for samples of the test's own: every part as in a file, but the source, which is a placeholder. */
export function experimentOf(parts: Record<string, unknown>): Experiment {
  const { data, model, ...others } = parts as { data?: object; model: { layers: object[] } };
  return experimentFromObject({
    seed: 11,
    data: { source: { type: 'synthetic', kind: 'blobs' }, ...data },
    model: { ...model, layers: model.layers.map(complete) },
    ...others,
  }).experiment;
}

/** A layer of which nothing else is said is dense. */
function complete(layer: object): object {
  return 'residual' in layer && typeof layer.residual === 'object' ? layer : { type: 'dense', ...layer };
}

/** An engine under test with what it was made from. */
export interface Live {
  engine: Engine;
  plan: EnginePlan;
  initial: InitialState;
}

/** Starts a real engine, hands it over, and ends its threads whatever happens. */
export async function withEngine<T>(
  experiment: Experiment,
  dataset: Dataset,
  workers: number,
  use: (live: Live) => Promise<T>,
): Promise<T> {
  const plan = planEngine(experiment, dataset, workers, 20);
  const initial = initialState(plan.network, experiment.model, experiment.seed);
  const engine = await Engine.start(plan, dataset, initial, { threads });
  try {
    return await use({ engine, plan, initial });
  } finally {
    await engine.close();
  }
}

/** All steps of an experiment in one segment. */
export async function trained(
  experiment: Experiment,
  dataset: Dataset,
  workers: number,
): Promise<{ steps: StepRecord[]; state: TrainingState }> {
  return withEngine(experiment, dataset, workers, async ({ engine, plan }) => {
    await engine.train(0, plan.batches.totalSteps);
    return { steps: engine.takeSteps(), state: engine.shared.snapshot() };
  });
}

/** The same training in f64. */
export function trained64(experiment: Experiment, dataset: Dataset): { steps: Step64[]; training: Training64 } {
  const plan = planEngine(experiment, dataset, 1);
  const training = new Training64(plan, dataset, initialState(plan.network, experiment.model, experiment.seed));
  return { steps: Array.from({ length: plan.batches.totalSteps }, () => training.step()), training };
}

/** The bits of numbers as text. */
export function hex(values: Float32Array | readonly number[]): string {
  const { buffer, byteOffset, byteLength } = values instanceof Float32Array ? values : Float64Array.from(values);
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

/** The bits of everything that training changes. */
export function stateBits({ parameters, statistics, optimizer, averages }: TrainingState): string[] {
  return [parameters, statistics, ...optimizer, ...averages].map(hex);
}
