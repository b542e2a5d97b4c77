import { createHash } from 'node:crypto';
import { resultKeys } from '../../config/resolved.ts';
import { factsOf } from '../../config/schema/key-facts.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { configValues } from '../../config/tree/values.ts';
import type { Dataset } from '../../data/dataset.ts';
import { KERNEL_VERSION } from '../../kernels/module.ts';
import { reductionOf } from '../checkpoint/basis.ts';
import { initHashes } from './initial.ts';

/** What a run's result follows from, as hashes: equal ones mean equal results, to the bit. */
export interface RunIdentity {
  /** sha256 (hex) over the result keys, the contents of the files they name, the data set and the version of the kernels. */
  identity: string;
  /** The same without the length of the training: of two runs that share it, the shorter may be a prefix of the longer. */
  lineage: string;
}

/**
 * The identity of the run that an experiment would be.
 *
 * @throws GradloomError E_DATA_READ if a file of initial weights cannot be read
 */
export function runIdentity(experiment: Experiment, { fingerprint }: Pick<Dataset, 'fingerprint'>): RunIdentity {
  const init = Object.values(initHashes(experiment));
  // A path counts by its content, in `init`, and by which other keys name the same one.
  const paths: unknown[] = [];
  const entries = Object.entries(configValues(resultKeys(experiment)))
    .filter(([key]) => !factsOf(key).isData)
    .map(([key, value]) => [key, factsOf(key).isPath ? ordinal(paths, value) : value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = (keys: readonly (readonly [string, unknown])[]): string =>
    createHash('sha256')
      .update(JSON.stringify({ kernels: KERNEL_VERSION, data: fingerprint, init, keys, ...reductionOf(experiment) }))
      .digest('hex');
  return { identity: hash(entries), lineage: hash(entries.filter(([key]) => !factsOf(key).isLength)) };
}

/** The number of a value among the distinct ones so far. */
function ordinal(values: unknown[], value: unknown): number {
  if (!values.includes(value)) values.push(value);
  return values.indexOf(value);
}
