import { flatLayers } from '../../config/layers/flat-layers.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { featureNames } from '../../data/preprocess/preprocess.ts';
import { printable } from '../../errors.ts';
import { initOf } from '../../model/initializers.ts';

/** A feature of this size (its root mean square) drives a network of the usual initial weights far out; that of a standardized one is 1. */
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
export function likelyCauseOf({ model }: Experiment, dataset: InputData): LikelyCause {
  let range: { notice: string | undefined } | undefined;
  return (layer) => {
    const layers = flatLayers(model).filter(({ config: { type } }) => type === 'dense' || type === 'conv2d' || type === 'conv1d');
    const suspects = layer === undefined ? layers.slice(0, -1) : layers.filter(({ index }) => index <= layer);
    const zeros = suspects.find((one) => initOf(model, one).type === 'zeros');
    if (zeros !== undefined) {
      const key = initOf(model, zeros) === model.init ? 'model.init' : `${zeros.path}.init`;
      return `the weights of ${zeros.name} start at 0 (${key}: zeros); take another, such as he_normal`;
    }
    range ??= { notice: inputRangeNotice(dataset) };
    return range.notice;
  };
}

export type InputData = Pick<Dataset, 'features' | 'featureCount' | 'normalization' | 'preprocess' | 'splits'>;

/**
 * What to change if the network gets features of the training rows that are far from the usual range; undefined if it does not. Standardized
 * features never are, however far their outliers lie; others can be after any normalization: quartiles say nothing of outliers, and a
 * feature whose quartiles are equal is left as it is.
 */
export function inputRangeNotice(dataset: InputData): string | undefined {
  const { features, normalization, preprocess } = dataset;
  // Bytes that are divided by as much cannot be.
  if (features instanceof Uint8Array && normalization.kind === 'divide' && normalization.divisor * LARGE_INPUT >= 255) return undefined;
  const { feature, size, largest } = largestFeature(dataset);
  if (size <= LARGE_INPUT) return undefined;
  const column = preprocess.input.kind === 'table' ? featureNames(preprocess.input)[feature] : undefined;
  const where = column === undefined ? '' : ` in ${printable(column, 80)}`;
  const remedy = features instanceof Uint8Array && normalization.kind === 'divide' ? 'unit' : 'zscore';
  return `the inputs reach ${Number(largest.toPrecision(3))}${where}; set data.normalize: ${remedy}`;
}

/** The feature with the largest root mean square over the training rows, as the network gets it, and its largest magnitude. */
function largestFeature({ features, featureCount, normalization, splits }: InputData): { feature: number; size: number; largest: number } {
  const squares = new Float64Array(featureCount);
  const most = new Float64Array(featureCount);
  const isAffine = normalization.kind === 'affine';
  const divisor = isAffine ? 1 : normalization.divisor;
  for (const row of splits.train) {
    for (let j = 0, at = row * featureCount; j < featureCount; j++, at++) {
      const raw = features[at] as number;
      const value = isAffine ? (raw - (normalization.center[j] as number)) / (normalization.scale[j] as number) : raw / divisor;
      squares[j] = (squares[j] as number) + value * value;
      most[j] = Math.max(most[j] as number, Math.abs(value));
    }
  }
  const feature = squares.reduce((best, sum, j) => (sum > (squares[best] as number) ? j : best), 0);
  return { feature, size: Math.sqrt((squares[feature] ?? 0) / splits.train.length), largest: most[feature] ?? 0 };
}
