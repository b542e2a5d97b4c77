import type { Experiment } from '../../config/schema/schema.ts';
import { permutation } from '../../random/distributions.ts';

/** The samples of a training set in the order in which an epoch visits them: a function of (seed, epoch), or the split's own order. */
export function epochOrder(experiment: Experiment, train: Uint32Array, epoch: number): Uint32Array {
  if (experiment.data.shuffle === 'none') return train;
  const order = new Uint32Array(train.length);
  permutation(experiment.seed, epoch, train.length, order);
  for (let i = 0; i < train.length; i++) order[i] = train[order[i] as number] as number;
  return order;
}
