import type { DataConfig } from '../config/schema/schema.ts';
import type { Dataset, Normalization } from './dataset.ts';
import { allocateShared } from './shared.ts';

/**
 * The normalisation that the experiment names. zscore is fitted on the rows of the training split and on nothing else, so that no
 * knowledge of val or test enters the training.
 */
export function normalizationFor(
  kind: DataConfig['normalize'],
  { features, featureCount, splits }: Pick<Dataset, 'features' | 'featureCount' | 'splits'>,
): Normalization {
  switch (kind) {
    case 'none':
      return { kind: 'divide', divisor: 1 };
    case 'unit':
      return { kind: 'divide', divisor: 255 };
    case 'unit256':
      return { kind: 'divide', divisor: 256 };
    case 'zscore':
      return fitZscore(features, featureCount, splits.train);
  }
}

/**
 * Mean and population standard deviation of each feature over the given rows: two passes in f64, in the order of the rows; stored as f32.
 * A constant feature has std 1, so it becomes 0 and not 0/0.
 *
 * @param features  [N, D]
 * @param rows      indices into N, at least one
 */
export function fitZscore(features: Dataset['features'], featureCount: number, rows: Uint32Array): Normalization {
  const firstRow = (rows[0] as number) * featureCount;
  // Differences from the first row: exactly 0 for a constant feature, where a mean of equal values may be off in its last bit.
  const shift = new Float64Array(featureCount);
  for (const row of rows) {
    const from = row * featureCount;
    for (let j = 0; j < featureCount; j++)
      shift[j] = (shift[j] as number) + ((features[from + j] as number) - (features[firstRow + j] as number));
  }
  for (let j = 0; j < featureCount; j++) shift[j] = (shift[j] as number) / rows.length;

  const squares = new Float64Array(featureCount);
  for (const row of rows) {
    const from = row * featureCount;
    for (let j = 0; j < featureCount; j++) {
      const deviation = (features[from + j] as number) - (features[firstRow + j] as number) - (shift[j] as number);
      squares[j] = (squares[j] as number) + deviation * deviation;
    }
  }

  const mean = new Float32Array(allocateShared(featureCount * 4, 'data.normalize'));
  const std = new Float32Array(allocateShared(featureCount * 4, 'data.normalize'));
  for (let j = 0; j < featureCount; j++) {
    mean[j] = (features[firstRow + j] as number) + (shift[j] as number);
    std[j] = Math.sqrt((squares[j] as number) / rows.length);
    // Also where the deviation is below the smallest f32.
    if (std[j] === 0) std[j] = 1;
  }
  return { kind: 'zscore', mean, std };
}
