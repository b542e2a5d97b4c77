import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { initOf } from '../../model/initializers.ts';

/** Inputs beyond this drive a network of the usual initial weights far out: standardized ones stay below. */
const LARGE_INPUT = 10;

/**
 * What most likely keeps a network from learning, and the change to make; undefined where the settings give no sign.
 *
 * @param layer  that shows it; without, it is the loss or the whole gradient
 */
export type LikelyCause = (layer?: number) => string | undefined;

/**
 * Looks for causes in the order in which they would hide each other: hidden layers whose weights start at 0, inputs out of range. The data is
 * looked through once, and only when asked.
 */
export function likelyCauseOf({ model }: Experiment, dataset: Pick<Dataset, 'features' | 'normalization'>): LikelyCause {
  let largest: number | undefined;
  return (layer) => {
    const zeros = model.layers.findIndex((_, i) => initOf(model, i).type === 'zeros' && i <= (layer ?? model.layers.length - 2));
    if (zeros >= 0) {
      const key = initOf(model, zeros) === model.init ? 'model.init' : `model.layers.${zeros}.init`;
      return `the weights of layers.${zeros} start at 0 (${key}: zeros); take another, such as he_normal`;
    }
    largest ??= largestInput(dataset);
    if (largest > LARGE_INPUT) {
      const remedy = dataset.features instanceof Uint8Array ? 'unit' : 'zscore';
      return `the inputs reach ${Number(largest.toPrecision(3))}; set data.normalize: ${remedy}`;
    }
    return undefined;
  };
}

/** The largest magnitude of what goes into the network; standardized inputs count as small. */
function largestInput({ features, normalization }: Pick<Dataset, 'features' | 'normalization'>): number {
  if (normalization.kind === 'affine') return 0;
  let largest = 0;
  for (const value of features) largest = Math.max(largest, Math.abs(value));
  return largest / normalization.divisor;
}
