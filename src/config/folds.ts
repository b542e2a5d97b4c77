import type { Experiment } from './schema/schema.ts';

/** How many folds a training of the experiment is about, each a run of its own; undefined where it is one run. */
export function foldsToTrain({ data: { split } }: Pick<Experiment, 'data'>): number | undefined {
  return split.fold === undefined ? split.folds : undefined;
}

/** The experiment of one fold: with it written down, so that it can be trained, resumed and verified alone. */
export function ofFold(experiment: Experiment, fold: number): Experiment {
  return { ...experiment, data: { ...experiment.data, split: { ...experiment.data.split, fold } } };
}

/** An experiment to look at: where it has folds to train, the first of them. */
export function firstFold(experiment: Experiment): Experiment {
  return foldsToTrain(experiment) === undefined ? experiment : ofFold(experiment, 0);
}
