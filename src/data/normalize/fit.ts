import type { DataConfig } from '../../config/schema/schema.ts';
import type { Dataset, Normalization } from '../dataset.ts';
import { allocateShared } from '../shared.ts';
import { bandOf } from './quantiles.ts';

type Kind = Exclude<DataConfig['normalize'], 'auto'>;

/** What is fitted: the features of all samples, and the training rows, the only ones that are looked at. */
export interface Fitting {
  /** [N, D]. */
  features: Dataset['features'];
  featureCount: number;
  /** Rows of the training split, at least one. */
  train: Uint32Array;
  /** Neighbouring features that share a statistic: all pixels of a channel of an image, else 1. Divides D. */
  perStatistic: number;
  /** [D]: features that stay as they are. */
  kept?: readonly boolean[];
}

/** The normalisation that the experiment names; fitted on the training split, so that no knowledge of val or test enters the training. */
export function normalizationFor(kind: Kind, fitting: Fitting): Normalization {
  switch (kind) {
    case 'none':
      return { kind: 'divide', divisor: 1 };
    case 'unit':
      return { kind: 'divide', divisor: 255 };
    case 'unit256':
      return { kind: 'divide', divisor: 256 };
    case 'zscore':
      return spread(zscore(fitting), fitting);
    case 'minmax':
      return spread(minmax(fitting), fitting);
    case 'robust':
      return spread(robust(fitting), fitting);
  }
}

/** f64 statistics, one for every `perStatistic` features. */
interface Statistics {
  center: Float64Array;
  scale: Float64Array;
}

/** As f32, one of each a feature; a scale of 0, also below the smallest f32, becomes 1: a constant feature becomes 0 and not 0/0. */
function spread({ center, scale }: Statistics, { featureCount, perStatistic, kept }: Fitting): Normalization {
  const normalization = {
    kind: 'affine' as const,
    center: new Float32Array(allocateShared(featureCount * 4, 'data.normalize')),
    scale: new Float32Array(allocateShared(featureCount * 4, 'data.normalize')),
  };
  for (let j = 0; j < featureCount; j++) {
    const of = Math.floor(j / perStatistic);
    const isKept = kept?.[j] === true;
    normalization.center[j] = isKept ? 0 : (center[of] as number);
    normalization.scale[j] = isKept ? 1 : Math.fround(scale[of] as number) || 1;
  }
  return normalization;
}

/** Mean and population standard deviation, as scikit-learn's StandardScaler: two passes in f64, in the order of the rows. */
function zscore({ features, featureCount, train, perStatistic }: Fitting): Statistics {
  const count = featureCount / perStatistic;
  const values = train.length * perStatistic;
  const firstRow = (train[0] as number) * featureCount;
  // Differences from a first value: exactly 0 for a constant feature, where a mean of equal values may be off in its last bit.
  const first = Float64Array.from({ length: count }, (_, c) => features[firstRow + c * perStatistic] as number);
  const shift = new Float64Array(count);
  for (const row of train) {
    const from = row * featureCount;
    for (let c = 0, j = from; c < count; c++)
      for (const end = j + perStatistic; j < end; j++) shift[c] = (shift[c] as number) + ((features[j] as number) - (first[c] as number));
  }
  for (let c = 0; c < count; c++) shift[c] = (shift[c] as number) / values;

  const squares = new Float64Array(count);
  for (const row of train) {
    const from = row * featureCount;
    for (let c = 0, j = from; c < count; c++) {
      for (const end = j + perStatistic; j < end; j++) {
        const deviation = (features[j] as number) - (first[c] as number) - (shift[c] as number);
        squares[c] = (squares[c] as number) + deviation * deviation;
      }
    }
  }
  return { center: shift.map((value, c) => (first[c] as number) + value), scale: squares.map((value) => Math.sqrt(value / values)) };
}

/** Minimum, and maximum - minimum: training values come to lie in [0, 1], as with scikit-learn's MinMaxScaler. */
function minmax({ features, featureCount, train, perStatistic }: Fitting): Statistics {
  const count = featureCount / perStatistic;
  const center = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (const row of train) {
    for (let j = 0; j < featureCount; j++) {
      const c = Math.floor(j / perStatistic);
      const value = features[row * featureCount + j] as number;
      if (value < (center[c] as number)) center[c] = value;
      if (value > (most[c] as number)) most[c] = value;
    }
  }
  return { center, scale: most.map((value, c) => value - (center[c] as number)) };
}

/** Median, and the third quartile - the first, as scikit-learn's RobustScaler. */
function robust({ features, featureCount, train, perStatistic }: Fitting): Statistics {
  const count = featureCount / perStatistic;
  const center = new Float64Array(count);
  const scale = new Float64Array(count);
  const values =
    features instanceof Uint8Array ? new Uint8Array(train.length * perStatistic) : new Float32Array(train.length * perStatistic);
  for (let c = 0; c < count; c++) {
    let filled = 0;
    for (const row of train) {
      const from = row * featureCount + c * perStatistic;
      for (let j = from; j < from + perStatistic; j++) values[filled++] = features[j] as number;
    }
    const band = bandOf(values.sort());
    center[c] = band.median;
    scale[c] = band.high - band.low;
  }
  return { center, scale };
}
