import type { CallerData } from './caller-data.ts';
import type { DataInput } from './input/data.ts';
import type { ExperimentInput } from './input/experiment.ts';
import { experimentFromObject } from './load.ts';
import type { LoadOptions, ObjectOptions } from './object.ts';
import type { LoadedExperiment } from './validate.ts';

/** What a program may say in an experiment on rows that it passes: where they come from need not be said. */
export interface ArraysExperimentInput extends Omit<ExperimentInput, 'data'> {
  /** split, normalisation and order of the rows. */
  data?: (Omit<DataInput, 'source'> & { source?: Extract<DataInput['source'], 'arrays' | { type: 'arrays' }> | undefined }) | undefined;
}

/**
 * `experimentFromObject` with a type: an editor offers the keys of an experiment and tells what each is for, and unknown keys and words are
 * errors of the compiler. It accepts the shorthands of files: `optimizer: 'sgd'`, or a map that leaves its default `type` out.
 *
 * @throws GradloomError whose `problems` lists everything that is wrong; ranges of numbers are not among what a type tells
 * @example
 * const { experiment } = defineExperiment({
 *   data: { source: 'mnist' },
 *   model: { layers: [{ type: 'dense', units: 32, activation: 'relu' }, { type: 'dense', units: 10 }] },
 *   optimizer: { lr: 0.003 },
 * });
 * console.log(experiment.optimizer.type);
 */
export function defineExperiment(input: ArraysExperimentInput, options: ObjectOptions & { data: CallerData }): LoadedExperiment;
export function defineExperiment(input: ExperimentInput, options?: LoadOptions): LoadedExperiment;
export function defineExperiment(input: ExperimentInput | ArraysExperimentInput, options: ObjectOptions = {}): LoadedExperiment {
  return experimentFromObject(input, options);
}
